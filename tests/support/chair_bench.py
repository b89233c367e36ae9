"""A whole chair on a simulated unit: real services, real client, real firmware, in-memory store.

For tests of the services in virtual time. A Bench outlives the service: crash() ends the edge as a
SIGKILL would (no goodbye reaches the unit), start() brings a new one up on the same store.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from edge.adapters.store.sqlite_store import SqliteStore
from edge.config import LimitsConfig, UnitConfig
from edge.domain.checks import QUESTIONS
from edge.domain.prescription import MotorThreshold, MtBasis, Order, Patient, Problem, Side
from edge.domain.record import SessionRecord
from edge.domain.session_states import S
from edge.domain.train_plan import Plan, plan_of
from edge.domain.verdict import Verdict
from edge.mcu.client import McuClient
from edge.ports import LinkOpener, WallTime
from edge.services.audit import Audit
from edge.services.certificates import Certificates
from edge.services.chair import Chair
from edge.services.chair_parts import ChairParts
from edge.services.chair_state import AppointmentRow, ChairState
from edge.services.journal import Journal, first_boot_of_machine, take_boot_number
from edge.services.tables import LAYOUT_VERSION, TABLES
from edge.services.texts import Texts
from hw_sim import vtime
from hw_sim.certificate import SIM_BOOT, SIM_SIGNER, grant
from hw_sim.sim_hal import SIM_LINK_KEY
from hw_sim.system import SimDisk
from hw_sim.unit import SimUnit

ITBS = plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)
# Two short trains: the same shape, quick to give.
SHORT = plan_of((3, 20_000), (4, 200_000), (3, 4_000_000), train_levels=2)
SIX_SECONDS = plan_of((3, 20_000), (30, 200_000), (3, 10_000_000), train_levels=2)
LONG_TRAIN = plan_of((60, 1_000_000), train_levels=1)
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
LIMITS = LimitsConfig(100, 9000, 1800, 6000, 18000, 410, 390, 800, 500, 120, 42, 900)
UNIT = UnitConfig("SIM-0001", "Example clinic", "Europe/Berlin", "en")
VALID_H = 24
NS_PER_US = 1000
SETTINGS_HASH = "c0ffee00" + "0" * 56
WORDS = Texts.load("en")
WHO = "Tina Tech"


class FakeWallClock:
    """Loop time since noon, and what a test sets wrong."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.is_trusted = True

    def now(self) -> WallTime:
        passed = timedelta(seconds=asyncio.get_running_loop().time())
        return WallTime(NOON + passed + self.offset, self.is_trusted)


class SeededEntropy:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token_bytes(self, n: int) -> bytes:
        return self._random.randbytes(n)


@dataclass
class Facts:
    """VisitFactsPort."""

    appointment: AppointmentRow
    patient: Patient
    order: Order | None
    threshold: MotorThreshold | None
    plan: Plan | None
    level_pct_mso: int | None
    problems: tuple[Problem, ...] = ()
    protocol_gap_s_max: int | None = None


def facts_of(plan: Plan, level_pct_mso: int = 55) -> Facts:
    patient = Patient("pat-1", "MRN-0001", "Muster", "Anna", date(1980, 5, 1))
    order = Order(
        "req-1", "1", "pat-1", "itbs-600", "1.0.0", Side.LEFT, "dlpfc-left", 120, MtBasis.RMT,
        "figure8_cooled", 36, 0, "F33.2", "Dr. Berg", NOON - timedelta(days=3), None,
    )  # fmt: skip
    threshold = MotorThreshold(
        46, MtBasis.RMT, "figure8_cooled", Side.LEFT, "visual", NOON - timedelta(days=2)
    )
    row = AppointmentRow(
        "apt-1", NOON.timestamp(), patient, "req-1", "iTBS 600", "left", 120, 1, 36, "booked", ()
    )
    return Facts(row, patient, order, threshold, plan, level_pct_mso)


@dataclass
class FakeBook:
    """ClinicBookPort with one appointment; timings: what controllers were fitted."""

    facts: Facts
    timings: list[int] = field(default_factory=list)

    def today(self) -> tuple[AppointmentRow, ...]:
        return (self.facts.appointment,)

    def visit(self, appointment_id: str) -> Facts | None:
        return self.facts if appointment_id == "apt-1" else None

    def invalidate(self) -> None:
        pass

    def fit_controller(self, timing_us_min: int) -> bool:
        self.timings.append(timing_us_min)
        return False


@dataclass
class FakeClinic:
    """ClinicSyncPort that keeps what it gets."""

    records: list[SessionRecord] = field(default_factory=list)

    def enqueue_session(self, record: SessionRecord) -> None:
        self.records.append(record)

    def session_state(self, session_id: str) -> str:
        return "queued" if any(r.session_id == session_id for r in self.records) else ""


class Bench:
    """One unit and, while started, one edge."""

    def __init__(
        self, plan: Plan = SHORT, *, seed: int = 1, ppm: float = 20.0, has_attend: bool = False
    ) -> None:
        self.unit = SimUnit(seed=seed, ppm=ppm, has_attend=has_attend)
        self.store = SqliteStore(":memory:", None, tables=TABLES, layout_version=LAYOUT_VERSION)
        self.book = FakeBook(facts_of(plan))
        self.clinic = FakeClinic()
        self.opener: LinkOpener = self.unit.link_opener()
        self._entropy = SeededEntropy(seed)
        self.disk = SimDisk()
        self.has_certificate = True  # somebody has tested the unit this morning
        self.machine_boot = SIM_BOOT
        self.wall_clock = FakeWallClock()
        self._run: asyncio.Task[None] | None = None

    def start(self, *, limits: LimitsConfig = LIMITS) -> None:
        """A new edge process on the same store."""
        self.state = ChairState()
        self.client = McuClient(
            self.opener,
            unit_id=UNIT.unit_id,
            limits=limits,
            settings_hash=SETTINGS_HASH,
            link_key=SIM_LINK_KEY,
        )
        boot = take_boot_number(self.store)
        since = first_boot_of_machine(self.store, boot, self.machine_boot)
        self.journal = Journal(self.store, self.wall_clock, boot, since)
        audit = Audit(self.store, self.wall_clock, boot)
        if self.has_certificate:
            grant(
                self.store,
                SIM_SIGNER,
                self.wall_clock,
                unit_id=UNIT.unit_id,
                settings_hash=SETTINGS_HASH,
                valid_h=VALID_H,
                software_version="0.1.0",
            )
        self.chair = Chair(
            ChairParts(
                UNIT,
                limits,
                SETTINGS_HASH,
                "0.1.0",
                self.state,
                self.client,
                self.unit.edge_panel(),
                self.unit.edge_indicators(),
                self.unit.edge_host_enable(),
                self.unit.edge_thermometer(),
                self.store,
                self.journal,
                self.wall_clock,
                self._entropy,
                self.book,
                self.clinic,
                audit=audit,
                certificates=Certificates(
                    self.store, audit, SIM_SIGNER, self.wall_clock, VALID_H, SIM_BOOT
                ),
                disk=self.disk,
                sentence=WORDS.sentence,
            )
        )
        self._run = asyncio.ensure_future(self.chair.run())

    async def crash(self) -> None:
        """The process is gone: nothing is said to the unit, the port is free."""
        assert self._run is not None
        if self.unit.link.end is not None:
            self.unit.link.end.lose("process gone")
        self._run.cancel()
        with suppress(asyncio.CancelledError):
            await self._run
        self._run = None

    async def close(self) -> None:
        if self._run is not None:
            if self._run.done():
                self._run.result()
            await self.crash()
        self.unit.close()
        self.store.close()

    # What a technician does.

    async def ready(self) -> None:
        """To READY: unit found, checks answered."""
        await self.until(lambda: not self.not_ready())
        self.accept(self.chair.open_visit(WHO, "apt-1"))
        self.accept(self.chair.begin_checks(WHO))
        for question in QUESTIONS:
            self.accept(self.chair.answer_check(WHO, question.key, question.choices[0]))
        self.accept(self.chair.finish_checks(WHO))

    async def armed(self) -> None:
        await self.ready()
        self.accept(await self.chair.arm(WHO))
        await self.until_state(S.ARMED)

    async def treating(self, pulses: int = 0) -> None:
        """Until this many pulses have truly been given."""
        await self.armed()
        self.accept(await self.chair.start(WHO))
        await self.until(lambda: self.pulses >= pulses)

    async def resumed(self) -> None:
        """Out of STOPPED or PAUSED to TREATING."""
        if self.state.state is S.STOPPED:
            await self.acknowledged()
        await self.until(lambda: "resume" not in self.chair.refusals())
        self.accept(await self.chair.resume(WHO))
        await self.until_state(S.TREATING)

    async def acknowledged(self) -> None:
        """STOPPED is understood, as soon as the screen offers it."""
        await self.until(lambda: "acknowledge" not in self.chair.refusals())
        self.accept(await self.chair.acknowledge(WHO))

    async def finished(self, within_s: float = 400.0) -> None:
        """The dose is complete and the record signed."""
        await self.until_state(S.WRAPUP, within_s)
        self.accept(self.chair.wrap_up(WHO, 2, "fine"))

    # What a test asks.

    @property
    def pulses(self) -> int:
        """Coil current pulses on the truth recorder."""
        return len(self.unit.recorder.pulses)

    def onsets_us(self) -> list[int]:
        """Pulse onsets in whole microseconds from the first, on the true clock."""
        pulses = self.unit.recorder.pulses
        return [round((pulse.at_ns - pulses[0].at_ns) / NS_PER_US) for pulse in pulses]

    def gaps_us(self) -> list[int]:
        """Between the onsets."""
        return [after - before for before, after in pairwise(self.onsets_us())]

    def given(self) -> tuple[int, int, int]:
        """Prescribed, delivered and uncertain, as the edge believes."""
        assert self.state.visit is not None
        dose = self.state.visit.session.dose
        return dose.prescribed, dose.delivered, dose.uncertain

    def not_ready(self) -> tuple[str, ...]:
        from edge.domain.device_facts import not_ready_reasons

        return not_ready_reasons(self.chair.device_facts())

    def accept(self, verdict: Verdict) -> None:
        assert verdict.is_accepted, verdict

    async def until(self, condition: Callable[[], bool], within_s: float = 60.0) -> None:
        """Poll in virtual time; page beats go on meanwhile."""
        loop = asyncio.get_running_loop()
        end_at = loop.time() + within_s
        while not condition():
            assert self._run is not None
            if self._run.done():
                self._run.result()
            assert loop.time() < end_at, f"not within {within_s} s: {self.where()}"
            self.beat()
            await asyncio.sleep(0.01)

    def beat(self) -> None:
        self.chair.page_seen()

    async def until_state(self, state: S, within_s: float = 60.0) -> None:
        await self.until(lambda: self.state.state is state, within_s)

    async def sleep(self, seconds: float) -> None:
        """Time goes by, with a live page."""
        loop = asyncio.get_running_loop()
        end_at = loop.time() + seconds
        while loop.time() < end_at:
            self.beat()
            await asyncio.sleep(min(0.5, max(0.0, end_at - loop.time())))

    def where(self) -> str:
        visit = self.state.visit
        story = [] if visit is None else [(line.kind, line.args) for line in visit.session.log]
        return f"{self.state.state} mcu={self.state.device.mcu_state} {story[-6:]}"

    def kinds(self) -> list[str]:
        """Kinds of the session's journal rows."""
        visit = self.state.visit
        assert visit is not None
        return [row.kind for row in self.journal.rows(visit.session.session_id)]


def bench(
    scenario: Callable[[Bench], Awaitable[None]],
    plan: Plan = SHORT,
    *,
    seed: int = 1,
    limits: LimitsConfig = LIMITS,
    has_attend: bool = False,
) -> None:
    """Run a scenario on a started bench, in virtual time."""

    async def main() -> None:
        made = Bench(plan, seed=seed, has_attend=has_attend)
        made.start(limits=limits)
        try:
            await scenario(made)
        finally:
            await made.close()

    vtime.run(main())


def with_problem(facts: Facts, code: str) -> Facts:
    return replace(facts, problems=(Problem(code, "ServiceRequest/req-1"),))
