"""A clinic for tests: strict server, faulty line, real store, real book and sync, virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from edge.adapters.store.sqlite_store import SqliteStore
from edge.config import LimitsConfig
from edge.domain.prescription import MotorThreshold, MtBasis, Order, Patient, Side
from edge.domain.record import SessionRecord, TrainRow
from edge.ports import Store, WallTime
from edge.services.clinic_book import BookSettings, ClinicBook
from edge.services.clinic_sync import ClinicSync, SyncSettings
from edge.services.library import ProtocolLibrary, read_library_files
from edge.services.tables import LAYOUT_VERSION, TABLES
from hw_sim import vtime
from hw_sim.clinic import seed
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.clinic.line import ClinicLine, Faults
from hw_sim.clinic.quirks import Quirks

T = TypeVar("T")
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, 11:00 in Berlin
BASE_URL = "http://clinic.example/fhir"
UNIT = "SIM-0001"
UNIT_SYSTEM = "https://tms.example.org/id/unit"
LIMITS = LimitsConfig(
    level_pct_max=100,
    ipi_us_min=9000,
    train_pulses_max=1800,
    session_pulses_max=6000,
    day_pulses_max=18000,
    surface_c10_max=410,
    surface_c10_warn=390,
    winding_c10_max=800,
    heartbeat_ms_max=500,
    percent_mt_max=120,
    threshold_age_days_max=42,
    pause_s_max=900,
)


class LoopClock:
    """Wall clock that goes with the loop; offset_s makes it wrong."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def true_utc(self) -> datetime:
        try:
            seconds = asyncio.get_running_loop().time()
        except RuntimeError:
            seconds = 0.0
        return START + timedelta(seconds=seconds)

    def now(self) -> WallTime:
        return WallTime(self.true_utc() + self.offset, is_trusted=True)


class SeededEntropy:
    def __init__(self, number: int = 1) -> None:
        self._rng = random.Random(number)

    def token_bytes(self, n: int) -> bytes:
        return self._rng.randbytes(n)


@cache
def library() -> ProtocolLibrary:
    files = read_library_files(Path("edge/protocols"))
    import json

    key = json.loads(files["library.json"])["public_key"]
    return ProtocolLibrary.load(files, [key])


def memory_store() -> SqliteStore:
    return SqliteStore(":memory:", None, tables=TABLES, layout_version=LAYOUT_VERSION)


class ClinicBench:
    """One unit and one clinic."""

    def __init__(
        self,
        quirks: Quirks | None = None,
        faults: Faults | None = None,
        number: int = 1,
        store: Store | None = None,
    ) -> None:
        self.clock = LoopClock()
        self.server = ClinicServer(self.clock.true_utc, quirks or Quirks(), base_url=BASE_URL)
        self.server.load(seed.day(START, UNIT))
        self.line = ClinicLine(self.server, faults, random.Random(number))
        self.store = store or memory_store()
        self.number = number
        self.changes = 0
        self.start_edge()

    def start_edge(self) -> None:
        """A fresh edge on the same store, as after a restart."""
        self.book = ClinicBook(
            self.store,
            library(),
            LIMITS,
            self.clock,
            BookSettings("Europe/Berlin", 7, UNIT_SYSTEM, UNIT),
        )
        self.number += 1
        self.sync = ClinicSync(
            self.store,
            self.line,
            self.clock,
            SeededEntropy(self.number),
            self.book,
            SyncSettings(BASE_URL, UNIT, UNIT_SYSTEM, "Europe/Berlin", 30),
        )
        self.sync.on_change(self._count_change)

    def _count_change(self) -> None:
        self.changes += 1

    def enqueue(self, record: SessionRecord) -> None:
        with self.store.transaction():
            self.sync.enqueue_session(record)

    async def until(self, condition: Callable[[], bool], limit_s: float = 7200.0) -> None:
        """Let time pass until it holds."""
        end = asyncio.get_running_loop().time() + limit_s
        while not condition():
            assert asyncio.get_running_loop().time() < end, "did not happen in time"
            await asyncio.sleep(0.25)

    async def running(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do work while the sync runs; then end it."""
        task = asyncio.create_task(self.sync.run())
        job = asyncio.create_task(work())
        await asyncio.wait([task, job], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            job.cancel()
            await task  # the sync never ends by itself: raise its failure
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.line.settle()
        return await job

    async def pull(self) -> None:
        """One successful pull."""

        async def wait() -> None:
            await self.until(lambda: self.sync.clinic_state == "ok")

        await self.running(wait)

    def sessions(self) -> list[str]:
        """Session ids received, in order of arrival."""
        return [
            str(r["identifier"][0]["value"])
            for r in self.server.resources("Procedure")
            if "tag" in r["meta"]
        ]

    def copies_of(self, kind: str) -> dict[str, int]:
        """How often each of our identifiers is at the clinic."""
        counts: dict[str, int] = {}
        for resource in self.server.resources(kind):
            if "tag" in resource["meta"]:
                key = str(resource["identifier"][0]["value"])
                counts[key] = counts.get(key, 0) + 1
        return counts


def run(main: Coroutine[Any, Any, T]) -> T:
    """In virtual time."""
    return vtime.run(main)


def session_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def record(number: int = 1, patient: Patient | None = None, **changes: Any) -> SessionRecord:
    """A finished iTBS session of the seed's third patient."""
    began = START + timedelta(minutes=number)
    person = patient or seeded_patient(3)
    values: dict[str, Any] = {
        "session_id": session_id(number),
        "unit_id": UNIT,
        "coil_serial": "F8C-0042",
        "coil_type": "figure8_cooled",
        "software_version": "0.1.0",
        "firmware_version": "0.1.0",
        "settings_hash": "ab" * 32,
        "appointment_id": "apt-20261123-3",
        "operator": "Tess Technician",
        "patient": person,
        "order": Order(
            order_id=f"order-{person.patient_id.removeprefix('pat-')}",
            order_version="1",
            patient_id=person.patient_id,
            protocol_id="itbs-600",
            protocol_version="1.0.0",
            side=Side.LEFT,
            site="dlpfc-left",
            percent_mt=120,
            mt_basis=MtBasis.RMT,
            coil_type="figure8_cooled",
            sessions_total=36,
            sessions_done=11,
            diagnosis="F33.2 Major depressive disorder",
            prescriber="Dr Omar Hadid",
            authored_utc=START - timedelta(days=18),
            valid_until_utc=START + timedelta(days=60),
        ),
        "threshold": MotorThreshold(
            50, MtBasis.RMT, "figure8_cooled", Side.LEFT, "visual", START - timedelta(days=5)
        ),
        "protocol_id": "itbs-600",
        "protocol_version": "1.0.0",
        "plan_sha256": "cd" * 32,
        "level_pct_mso": 60,
        "percent_mt": 120,
        "pulses_prescribed": 600,
        "pulses_commanded": 600,
        "pulses_measured": 600,
        "pulses_uncertain": 0,
        "trains": tuple(TrainRow(k, 0, 30, 30, k * 10_000_000, "complete") for k in range(20)),
        "started_utc": began,
        "ended_utc": began + timedelta(seconds=192),
        "duration_ms": 191_840,
        "peak_surface_c10": 312,
        "outcome": "completed",
        "stop_reasons": (),
        "pauses": 0,
        "pain_0_10": 2,
        "notes": ("Tolerated <well> & calm",),
        "checks": {"identity": "confirmed"},
        "signed_by": "Tess Technician",
        "signed_utc": began + timedelta(minutes=6),
    }
    return SessionRecord(**{**values, **changes})


@cache
def seeded_patient(number: int) -> Patient:
    """As the clinic's seed has it."""
    resource = next(r for r in seed.day(START, UNIT) if r["id"] == f"pat-{number}")
    name = resource["name"][0]
    return Patient(
        resource["id"],
        resource["identifier"][0]["value"],
        name["family"],
        name["given"][0],
        date.fromisoformat(resource["birthDate"]),
    )
