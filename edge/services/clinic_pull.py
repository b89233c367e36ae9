"""Pulls what this unit needs from the clinic: the questions, and what of the answers is kept.

Appointments of the coming days for this unit, their patients, orders, thresholds, and the sessions
already given. A pull is a proposal: bodies are kept as received and judged when a visit is opened
(edge/services/clinic_book.py). What vanished at the clinic is asked for by id and then marked as
withdrawn. Only what was asked for is kept, because a server may ignore a filter. Between full pulls
only what changed, by the server's own time. Clock: wall clock for the window, loop for periods.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from edge.domain.fhir_appointment import read_appointment
from edge.domain.fhir_codes import DELIVERED_DOSE, ID_COIL, MOTOR_THRESHOLD, TMS
from edge.domain.fhir_read import ID
from edge.ports import ClinicHttp, WallClock
from edge.services.clinic_copies import ClinicCopies, Copy, Key
from edge.services.clinic_request import LaneError
from edge.services.clinic_search import (
    ClinicSearch,
    Resource,
    actors,
    has_identifier,
    references,
)

DAYS = 14  # sources.md clinic 4.3: the coming 14 days
FULL_PERIOD_S = 6 * 3600.0  # [P]; searches show no deletions, so everything is read anew
OVERLAP = timedelta(minutes=5)  # sources.md clinic 4.2
PAGE = 50
IDS_PER_QUERY = 20  # keeps an address under 2 kB
DOSE_DAYS = 2  # doses of today and, across time zones, of yesterday


class ClinicPull:
    """pull() brings the copies up to date."""

    def __init__(
        self,
        copies: ClinicCopies,
        http: ClinicHttp,
        wall_clock: WallClock,
        *,
        base_url: str,
        unit: Key,
        time_zone: str,
    ) -> None:
        """unit: identifier system and value of this unit's Device at the clinic."""
        self._copies = copies
        self._http = http
        self._wall_clock = wall_clock
        self._base_url = base_url
        self._unit = unit
        self._zone = ZoneInfo(time_zone)
        self._watermark: datetime | None = None  # server time
        self._full_at: float | None = None  # loop time
        self._full_window: tuple[datetime, datetime] | None = None

    async def pull(self) -> bool:
        """Whether anything changed. Raises LaneError; then the copies are as they were."""
        now = asyncio.get_running_loop().time()
        window = self._window()
        questions = ClinicSearch(self._http, self._base_url)
        is_fresh = self._full_at is not None and now - self._full_at < FULL_PERIOD_S
        changed: bool | None = None
        if is_fresh and window == self._full_window and self._watermark is not None:
            changed = await self._delta(questions, window, self._watermark)
        if changed is None:
            changed = await self._full(questions, window)
            self._full_at, self._full_window = now, window
        server_now = questions.server_now
        self._watermark = server_now - OVERLAP if server_now is not None else None
        return changed

    def _window(self) -> tuple[datetime, datetime]:
        """Today's midnight of the unit's time zone, and the end of the last day."""
        local = self._wall_clock.now().utc.astimezone(self._zone)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return start, start + timedelta(days=DAYS)

    async def _full(self, ask: ClinicSearch, window: tuple[datetime, datetime]) -> bool:
        devices = await self._devices(ask)
        appointments, patients = await self._appointments(ask, devices[0], window)
        patient_ids = sorted({str(patient["id"]) for patient in patients})
        order_ids = _order_ids(appointments)
        requested = "ServiceRequest?status=active&_include=ServiceRequest:requester"
        found = [*devices, *appointments, *patients]
        found += [
            resource
            for resource in await self._about(ask, patient_ids, requested)
            if resource["resourceType"] == "Practitioner" or resource["id"] in order_ids
        ]
        found += await self._observations(ask, patient_ids)
        found += await self._sessions(ask, order_ids)
        wanted = [("ServiceRequest", order_id) for order_id in sorted(order_ids)]
        wanted += [("Appointment", copy.resource_id) for copy in self._ahead(window)]
        found += await self._missing(ask, wanted, found)
        have = {(str(r["resourceType"]), str(r["id"])) for r in found}
        known = [
            (kind, known_id)
            for kind in ("ServiceRequest", "Observation", "Procedure", "Device")
            for known_id in self._copies.ids(kind)
        ]
        gone = [key for key in dict.fromkeys([*wanted, *known]) if key not in have]
        return await self._copies.keep(found, gone, is_full=True)

    async def _delta(
        self, ask: ClinicSearch, window: tuple[datetime, datetime], since: datetime
    ) -> bool | None:
        """None: appointments changed, so everything must be asked for."""
        mark = "&_lastUpdated=gt" + _escaped(since.isoformat().replace("+00:00", "Z"))
        devices = [json.loads(copy.body) for copy in self._copies.all("Device")]
        units = [device for device in devices if self._is_unit(device)]
        if len(units) != 1:
            return None
        unit: Resource = units[0]
        appointments, _ = await self._appointments(ask, unit, window, mark)
        if any(self._copies.differs(appointment) for appointment in appointments):
            return None
        patient_ids = self._copies.ids("Patient")
        order_ids = set(self._copies.ids("ServiceRequest"))
        found = [
            resource
            for resource in await self._about(ask, patient_ids, f"ServiceRequest?{mark[1:]}")
            if resource["id"] in order_ids
        ]
        found += await self._observations(ask, patient_ids, mark)
        found += await self._sessions(ask, order_ids, mark)
        for part in _parts(patient_ids):
            found += [
                patient
                for patient in await ask.search(f"Patient?_id={','.join(part)}{mark}", "Patient")
                if patient["id"] in part
            ]
        return await self._copies.keep(found, [], is_full=False)

    async def _devices(self, ask: ClinicSearch) -> list[Resource]:
        """The unit's own entry, then those of coils."""
        key = _escaped("|".join(self._unit))
        units = await ask.search(f"Device?identifier={key}", "Device")
        mine = [unit for unit in units if self._is_unit(unit)]
        if len(mine) != 1:
            detail = f"the clinic has {len(mine)} Device entries for unit {self._unit[1]}, not one"
            raise LaneError("refused", detail)
        coils = await ask.search(f"Device?parent=Device/{mine[0]['id']}", "Device")
        return [mine[0], *(coil for coil in coils if has_identifier(coil, ID_COIL))]

    def _is_unit(self, device: Resource) -> bool:
        return has_identifier(device, *self._unit)

    async def _appointments(
        self,
        ask: ClinicSearch,
        unit: Resource,
        window: tuple[datetime, datetime],
        more: str = "",
    ) -> tuple[list[Resource], list[Resource]]:
        """Appointments for this unit, and their patients."""
        start, end = (_escaped(moment.isoformat()) for moment in window)
        found = await ask.search(
            f"Appointment?actor=Device/{unit['id']}&date=ge{start}&date=lt{end}"
            f"&_include=Appointment:patient&_count={PAGE}{more}",
            "Appointment",
            "Patient",
        )
        own = f"Device/{unit['id']}"
        appointments = [r for r in found if r["resourceType"] == "Appointment" and own in actors(r)]
        named = {actor for appointment in appointments for actor in actors(appointment)}
        patients = [
            r for r in found if r["resourceType"] == "Patient" and f"Patient/{r['id']}" in named
        ]
        return appointments, patients

    async def _about(self, ask: ClinicSearch, patient_ids: list[str], path: str) -> list[Resource]:
        """Resources whose subject is one of the patients, and the practitioners included."""
        found: list[Resource] = []
        kind = path.partition("?")[0]
        for part in _parts(patient_ids):
            subjects = {f"Patient/{patient_id}" for patient_id in part}
            query = f"{path}&patient={','.join(part)}&_count={PAGE}"
            found += [
                resource
                for resource in await ask.search(query, kind, "Practitioner")
                if resource["resourceType"] != kind
                or ((named := references(resource, "subject")) and subjects.issuperset(named))
            ]
        return found

    async def _observations(
        self, ask: ClinicSearch, patient_ids: list[str], more: str = ""
    ) -> list[Resource]:
        """Thresholds, and recent doses (of whatever unit)."""
        since = (self._wall_clock.now().utc - timedelta(days=DOSE_DAYS)).date().isoformat()
        codes = (_own(MOTOR_THRESHOLD), f"{_own(DELIVERED_DOSE)}&date=ge{since}")
        found: list[Resource] = []
        for code in codes:
            found += await self._about(ask, patient_ids, f"Observation?code={code}{more}")
        return found

    async def _sessions(
        self, ask: ClinicSearch, order_ids: Iterable[str], more: str = ""
    ) -> list[Resource]:
        """Sessions given under these orders, by whatever unit."""
        found: list[Resource] = []
        for part in _parts(sorted(order_ids)):
            orders = [f"ServiceRequest/{order_id}" for order_id in part]
            query = f"Procedure?based-on={','.join(orders)}{more}&_count={PAGE}"
            found += [
                procedure
                for procedure in await ask.search(query, "Procedure")
                if not set(orders).isdisjoint(references(procedure, "basedOn"))
            ]
        return found

    async def _missing(
        self, ask: ClinicSearch, wanted: Iterable[Key], found: Iterable[Resource]
    ) -> list[Resource]:
        """What no search showed, asked for by id: on hold, moved to another unit, cancelled."""
        have = {(r["resourceType"], r["id"]) for r in found}
        read = [await ask.read(*key) for key in wanted if key not in have]
        return [resource for resource in read if resource is not None]

    def _ahead(self, window: tuple[datetime, datetime]) -> list[Copy]:
        """Appointments that we know and that a search of this window should have shown."""
        ahead = []
        for copy in self._copies.all("Appointment"):
            start = read_appointment(copy.body, copy.resource_id)[0].start_utc
            if start is None or window[0] <= start < window[1]:
                ahead.append(copy)
        return ahead


def _order_ids(appointments: Iterable[Resource]) -> set[str]:
    """Ids of the orders that the appointments name, where they are ids."""
    parts = [
        reference.split("/")
        for appointment in appointments
        for reference in references(appointment, "basedOn")
    ]
    return {
        part[1]
        for part in parts
        if len(part) > 1 and part[0] == "ServiceRequest" and ID.fullmatch(part[1])
    }


def _escaped(text: str) -> str:
    return quote(text, safe="")


def _own(code: str) -> str:
    return _escaped(f"{TMS}|{code}")


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[at : at + IDS_PER_QUERY] for at in range(0, len(ids), IDS_PER_QUERY)]
