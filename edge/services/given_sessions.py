"""What a patient was given already: our own signed sessions and the clinic's Procedures and doses.

Each session counts once: ours are known by their session id, which the clinic's copies carry as
identifier. Parsed bodies are remembered as long as they do not change, so that the day's list stays
cheap. Reads only. Clock: none; days come in as arguments.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import TypeVar

from edge.domain.fhir_codes import DELIVERED_DOSE, MOTOR_THRESHOLD
from edge.domain.fhir_history import (
    GivenDose,
    GivenSession,
    own_observation_code,
    read_dose,
    read_session,
)
from edge.domain.fhir_threshold import ReadThreshold, read_threshold
from edge.domain.held import HeldSession, counts_unknown
from edge.domain.prescription import Problem
from edge.domain.record import SessionRecord
from edge.ports import Store
from edge.services.clinic_copies import ClinicCopies, Copy
from edge.services.held_sessions import held_row
from edge.services.session_file import CLOSED, SessionFile, UnreadableError, decode_record

T = TypeVar("T")
REMEMBERED_MAX = 5_000  # bodies; about 20 patients with three uses of 36 sessions are half of it


@dataclass(frozen=True)
class Given:
    """Counts for one patient and order; the day is the unit's local day of `now`."""

    sessions_done: int
    day_pulses: int
    day_sessions: int
    last_end_utc: datetime | None
    problems: tuple[Problem, ...]


class GivenSessions:
    """of() and is_signed()."""

    def __init__(self, store: Store, copies: ClinicCopies) -> None:
        self._store = store
        self._file = SessionFile(store)
        self._copies = copies
        self._memo: dict[tuple[str, str], tuple[bytes, object]] = {}
        self._records: dict[str, SessionRecord] = {}  # signed records never change
        self._of_code: dict[str, list[Copy]] = {}
        self._sessions: list[GivenSession] | None = None

    def forget(self) -> None:
        """The copies changed."""
        self._of_code, self._sessions = {}, None

    def of(self, patient_id: str, order_id: str, now: datetime, zone: tzinfo) -> Given:
        """Completed sessions under the order; pulses and sessions of the day of the patient."""

        def is_today(moment: datetime | None) -> bool:
            """A time nobody can read counts as today: better one session too few."""
            return moment is None or moment.astimezone(zone).date() == now.astimezone(zone).date()

        records, unread = self._kept(patient_id)
        own = {record.session_id for record in records}
        clinic = [s for s in self._clinic_sessions() if s.session_id not in own]
        under_order = [s for s in clinic if order_id in s.order_ids]
        doses = [d for d in self._clinic_doses(patient_id) if d.session_id not in own]
        treated = [r for r in records if r.pulses_measured + r.pulses_uncertain > 0]
        ends = [r.ended_utc for r in treated]
        ends += [s.ended_utc for s in under_order if s.was_given and s.ended_utc is not None]
        done = sum(r.outcome == "completed" and r.order.order_id == order_id for r in records)
        today = [r for r in treated if is_today(r.ended_utc)]
        dosed_today = [d for d in doses if is_today(d.given_utc)]
        given_today = [s for s in under_order if s.was_given and is_today(s.ended_utc)]
        return Given(
            sessions_done=done + sum(s.is_complete for s in under_order),
            day_pulses=sum(r.pulses_measured + r.pulses_uncertain for r in today)
            + sum(d.pulses or 0 for d in dosed_today),
            day_sessions=len(today) + len(given_today),
            last_end_utc=max((end for end in ends if end <= now), default=None),
            problems=(
                *(p for d in dosed_today if d.pulses is None for p in d.problems),
                *(
                    Problem("held_session", f"Session/{each.session_id}", each.opened[:10])
                    for each in unread
                    if counts_unknown(each, is_today=is_today(_moment(each.opened)))
                ),
            ),
        )

    def is_signed(self, appointment_id: str) -> bool:
        """Whether a session of this appointment was signed in which pulses were given."""
        rows = self._store.rows(
            "SELECT session_id, record FROM session WHERE appointment_id = ? AND state = ?",
            (appointment_id, CLOSED),
        )
        found = [self._record(str(key), str(text)) for key, text in rows]
        return any(record is None or record.outcome != "not_done" for record in found)

    def thresholds(self, patient_id: str) -> list[ReadThreshold]:
        """Readings of the patient, and those that do not say whose they are."""
        copies = self._observations(MOTOR_THRESHOLD)
        readings = [self._parsed(copy, "threshold", read_threshold) for copy in copies]
        return [r for r in readings if r is not None and r.patient_id in (patient_id, "")]

    def _observations(self, code: str) -> list[Copy]:
        """Observations that carry this code of ours."""
        if not self._of_code:
            for copy in self._copies.all("Observation"):
                found = self._parsed(copy, "code", own_observation_code)
                self._of_code.setdefault(found, []).append(copy)
        return self._of_code.get(code, [])

    def device_id(self, system: str, value: str) -> str:
        """The clinic's id of the one device with this identifier; '' while unknown."""
        found = [
            copy.resource_id
            for copy in self._copies.all("Device")
            if {"system": system, "value": value} in self._parsed(copy, "device", _identifiers)
        ]
        return found[0] if len(found) == 1 else ""

    def _kept(self, patient_id: str) -> tuple[list[SessionRecord], list[HeldSession]]:
        """Signed records, and whatever cannot be read."""
        records, unread = [], []
        decided = self._decided()
        for row in self._file.of_patient(patient_id):
            try:
                if row.state != CLOSED:
                    row.facts()
                    continue
                records.append(self._remembered(row.session_id, row.record_text or ""))
            except UnreadableError as error:
                held = held_row(row, error, is_open=row.state != CLOSED)
                unread.append(replace(held, is_decided=row.session_id in decided))
        return records, unread

    def _decided(self) -> set[str]:
        return {str(row[0]) for row in self._store.rows("SELECT session_id FROM held_decision")}

    def _record(self, session_id: str, text: str) -> SessionRecord | None:
        """None for one that cannot be read: it counts as given."""
        try:
            return self._remembered(session_id, text)
        except UnreadableError:
            return None

    def _remembered(self, session_id: str, text: str) -> SessionRecord:
        if session_id not in self._records:
            if len(self._records) >= REMEMBERED_MAX:
                self._records.clear()
            self._records[session_id] = decode_record(text)
        return self._records[session_id]

    def _clinic_sessions(self) -> list[GivenSession]:
        if self._sessions is None:
            copies = self._copies.all("Procedure")
            self._sessions = [self._parsed(copy, "session", read_session) for copy in copies]
        return self._sessions

    def _clinic_doses(self, patient_id: str) -> list[GivenDose]:
        doses = [
            self._parsed(copy, "dose", read_dose) for copy in self._observations(DELIVERED_DOSE)
        ]
        return [dose for dose in doses if dose.patient_id == patient_id]

    def _parsed(self, copy: Copy, use: str, read: Callable[[bytes, str], T]) -> T:
        key = (use, f"{copy.kind}/{copy.resource_id}")
        kept = self._memo.get(key)
        if kept is None or kept[0] != copy.body:
            if len(self._memo) >= REMEMBERED_MAX:
                self._memo.clear()
            kept = (copy.body, read(copy.body, copy.resource_id))
            self._memo[key] = kept
        value: T = kept[1]  # type: ignore[assignment]
        return value


def _identifiers(body: bytes, _device_id: str) -> list[dict[str, str]]:
    """System and value of each identifier; our own canonical bytes, so no strict reading."""
    found = json.loads(body).get("identifier")
    items = found if isinstance(found, list) else []
    return [
        {"system": str(item.get("system")), "value": str(item.get("value"))}
        for item in items
        if isinstance(item, dict)
    ]


def _moment(text: str) -> datetime | None:
    """None for a time that nobody can read."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
