"""A chair, a clock and screens for tests of the API; virtual time throughout."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from edge.adapters.pin_hash import InlinePins
from edge.adapters.store.sqlite_store import MEMORY, SqliteStore
from edge.api import schema
from edge.api.connection import Connection
from edge.api.hub import Hub, HubParts
from edge.config import KioskConfig, LimitsConfig
from edge.domain.device_facts import DeviceFacts
from edge.domain.prescription import MotorThreshold, MtBasis, Order, Patient, Side
from edge.domain.protocol import Protocol
from edge.domain.session_states import S
from edge.domain.train_plan import plan_of
from edge.domain.verdict import ACCEPTED, Verdict
from edge.ports import WallTime
from edge.services.accounts import Accounts
from edge.services.audit import Audit
from edge.services.chair_state import (
    AppointmentRow,
    ChairState,
    CheckState,
    LogLine,
    SessionState,
    VisitState,
)
from edge.services.tables import LAYOUT_VERSION, TABLES
from hw_sim import vtime
from tests.edge.domain.builders import device

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
# Strings that must never leave the service before log-in, or unmasked after it.
FAMILY, GIVEN, MRN, BORN = "Zyxcanaryfam", "Qanarygiven", "MRN-7788990", date(1971, 3, 9)
CANARIES = (FAMILY, GIVEN, MRN, MRN[-4:], "1971", "Q. Z.", "Canaryproblem", "Canarynote")
ORIGIN = "http://127.0.0.1:8080"
TECH, ENGI, DOCT = "tech", "engi", "doct"
PINS = {TECH: "1111", ENGI: "2222", DOCT: "3333"}
ROLE_OF = {TECH: "technician", ENGI: "engineer", DOCT: "clinician"}
LIMITS = LimitsConfig(100, 9000, 1800, 6000, 18000, 410, 390, 800, 500, 120, 42, 900)

decode_server = msgspec.json.Decoder(schema.ServerMessage).decode


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in virtual time."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        vtime.run(test(*args, **kwargs))

    return run


class FixedClock:
    def now(self) -> WallTime:
        at = NOON + timedelta(seconds=asyncio.get_running_loop().time())
        return WallTime(at, is_trusted=True)


class CountedEntropy:
    def __init__(self) -> None:
        self.count = 0

    def token_bytes(self, n: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(n, "big")


class SlowPins:
    """Half a second for each check, as the product takes."""

    async def hash_pin(self, pin: str) -> str:
        raise NotImplementedError

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        await asyncio.sleep(0.5)
        return True


class EmptyLibrary:
    def get(self, protocol_id: str, version: str | None = None) -> Protocol | None:
        return None


def patient(patient_id: str = "p1") -> Patient:
    return Patient(patient_id, MRN, FAMILY, GIVEN, BORN)


def appointment(appointment_id: str = "apt-1", state: str = "booked") -> AppointmentRow:
    return AppointmentRow(
        appointment_id, NOON.timestamp(), patient(), "o1", "iTBS 600", "left", 120, 3, 30, state, ()
    )


def visit(appointment_id: str = "apt-1") -> VisitState:
    order = Order(
        "o1", "1", "p1", "itbs-600", "1.0.0", Side.LEFT, "dlpfc-left", 120, MtBasis.RMT,
        "figure8", 30, 2, "F32.2", "Dr. A", NOON, NOON + timedelta(days=30),
    )  # fmt: skip
    threshold = MotorThreshold(50, MtBasis.RMT, "figure8", Side.LEFT, "visual", NOON)
    return VisitState(
        appointment=appointment(appointment_id),
        patient=patient(),
        order=order,
        threshold=threshold,
        plan=plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2),
        level_pct_mso=60,
        problems=(),
        checks=[CheckState("identity", "question"), CheckState("link", "machine", state="ok")],
        session=SessionState(log=[LogLine(NOON.timestamp(), "note", {"text": "Canarynote"})]),
        operator="Tess",
    )


class FakeChair:
    """Accepts everything unless told otherwise, and remembers what it was asked."""

    def __init__(self) -> None:
        self.state = ChairState(today=(appointment(),))
        self.state.device.link = "live"
        self.calls: list[tuple[object, ...]] = []
        self.answers: dict[str, Verdict] = {}
        self.refused: dict[str, str] = {}
        self.pages_seen = 0
        self.hold: asyncio.Event | None = None  # makes arm wait
        self.bug: Exception | None = None
        self._callbacks: list[Callable[[], None]] = []

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def change(self, **fields: object) -> None:
        for name, value in fields.items():
            setattr(self.state, name, value)
        self.state.rev += 1
        for callback in self._callbacks:
            callback()

    def refusals(self) -> dict[str, str]:
        return dict(self.refused)

    def device_facts(self) -> DeviceFacts:
        inputs = dict.fromkeys(("estop", "door", "coil", "patient"), True)
        return device(
            inputs=inputs,
            panel=inputs,
            inputs_fitted=tuple(inputs),
            surface_c10=312,
            winding_c10=300,
            clock_uncertainty_us=100,
        )

    def page_seen(self) -> None:
        self.pages_seen += 1

    def trace(self) -> list[tuple[float, int | None, int | None]]:
        return [(asyncio.get_running_loop().time() - 1.0, 312, None)]

    def health(self) -> dict[str, object]:
        return {"state": self.state.state.value}

    def _note(self, *call: object) -> Verdict:
        if self.bug is not None:
            raise self.bug
        self.calls.append(call)
        return self.answers.get(str(call[0]), ACCEPTED)

    def open_visit(self, who: str, appointment_id: str) -> Verdict:
        return self._note("open_visit", who, appointment_id)

    def leave_visit(self, who: str) -> Verdict:
        return self._note("leave_visit", who)

    def begin_checks(self, who: str) -> Verdict:
        verdict = self._note("begin_checks", who)
        self.change(state=S.CHECKS)
        return verdict

    def answer_check(self, who: str, key: str, answer: str) -> Verdict:
        return self._note("answer_check", who, key, answer)

    def release_check(self, who: str, key: str, reason: str) -> Verdict:
        return self._note("release_check", who, key, reason)

    def release_gap(self, who: str, reason: str) -> Verdict:
        return self._note("release_gap", who, reason)

    def decide_held(self, who: str, reason: str) -> Verdict:
        return self._note("decide_held", who, reason)

    def finish_checks(self, who: str) -> Verdict:
        return self._note("finish_checks", who)

    def back(self, who: str) -> Verdict:
        return self._note("back", who)

    async def arm(self, who: str) -> Verdict:
        verdict = self._note("arm", who)
        if self.hold is not None:
            await self.hold.wait()
        return verdict

    async def start(self, who: str) -> Verdict:
        return self._note("start", who)

    async def pause(self, who: str) -> Verdict:
        return self._note("pause", who)

    async def resume(self, who: str) -> Verdict:
        return self._note("resume", who)

    async def stop(self, source: str) -> Verdict:
        verdict = self._note("stop", source)
        await asyncio.sleep(0.05)  # the controller's answer
        return verdict

    async def acknowledge(self, who: str) -> Verdict:
        return self._note("acknowledge", who)

    def acknowledge_alarm(self, who: str, alarm_id: str) -> Verdict:
        return self._note("acknowledge_alarm", who, alarm_id)

    def test_alarms(self, who: str) -> Verdict:
        return self._note("test_alarms", who)

    def start_safety_test(self, who: str, variant: str) -> Verdict:
        kind = {"daily": "start_safety_test", "full": "start_full_safety_test"}[variant]
        return self._note(kind, who)

    def repeat_safety_step(self, who: str) -> Verdict:
        return self._note("repeat_safety_step", who)

    def end_safety_test(self, who: str) -> Verdict:
        return self._note("end_safety_test", who)

    def pause_audio(self, who: str) -> Verdict:
        return self._note("pause_audio", who)

    def end_session(self, who: str, reason: str) -> Verdict:
        return self._note("end_session", who, reason)

    def add_note(self, who: str, note: str) -> Verdict:
        return self._note("add_note", who, note)

    def wrap_up(self, who: str, pain_0_10: int, note: str) -> Verdict:
        return self._note("wrap_up", who, pain_0_10, note)


class Screen:
    """A page without HTTP: keeps what it was sent, answers for itself."""

    def __init__(self, hub: Hub, token: str = "") -> None:
        self.raw: list[bytes] = []
        self.messages: list[Any] = []
        self.is_closed = False
        self._id = 0
        self._arrived = asyncio.Event()
        self.connection: Connection = hub.connect(self._take, token=token, close=self._close)

    def _take(self, data: bytes) -> None:
        self.raw.append(data)
        self.messages.append(decode_server(data))
        self._arrived.set()

    def _close(self) -> None:
        self.is_closed = True

    @property
    def snapshots(self) -> list[schema.Snapshot]:
        return [m for m in self.messages if isinstance(m, schema.Snapshot)]

    @property
    def snapshot(self) -> schema.Snapshot:
        return self.snapshots[-1]

    @property
    def control(self) -> str:
        return self.snapshot.control

    @property
    def malformed(self) -> list[schema.Malformed]:
        return [m for m in self.messages if isinstance(m, schema.Malformed)]

    def send(self, kind: type[schema.Command], rev: int | None = None, **fields: Any) -> int:
        self._id += 1
        shown = self.snapshot.rev if rev is None else rev
        self.connection.receive(schema.encode(kind(id=self._id, rev=shown, **fields)))
        return self._id

    def stop(self) -> int:
        self._id += 1
        self.connection.receive(schema.encode(schema.Stop(id=self._id)))
        return self._id

    def beat(self, frames: int, *, touches: int = 0, shown_rev: int | None = None) -> None:
        shown = self.snapshot.rev if shown_rev is None else shown_rev
        message = schema.Beat(frames=frames, screen="x", shown_rev=shown, touches=touches)
        self.connection.receive(schema.encode(message))

    def answer(self, command_id: int) -> schema.Accepted | schema.Refused | None:
        for message in self.messages:
            is_answer = isinstance(message, schema.Accepted | schema.Refused)
            if is_answer and message.id == command_id:
                return message  # type: ignore[no-any-return]
        return None

    async def ask(self, kind: type[schema.Command], rev: int | None = None, **fields: Any) -> str:
        """Send and wait; '' when accepted, else the code."""
        command_id = self.send(kind, rev, **fields)
        async with asyncio.timeout(10):
            while (answer := self.answer(command_id)) is None:
                self._arrived.clear()
                await self._arrived.wait()
        return answer.code if isinstance(answer, schema.Refused) else ""


class Bench:
    """A hub on a fake chair and a real store in memory."""

    def __init__(self, lock_after_s: int = 300) -> None:
        self.chair = FakeChair()
        self.store = SqliteStore(MEMORY, None, tables=TABLES, layout_version=LAYOUT_VERSION)
        self.accounts = Accounts(self.store, InlinePins(memory_kib=8, rounds=1))
        self.audit = Audit(self.store, FixedClock(), boot=1)
        self.kiosk = KioskConfig("127.0.0.1", 8080, "none", (ORIGIN,), lock_after_s)
        self.hub = Hub(
            HubParts(
                chair=self.chair,
                accounts=self.accounts,
                audit=self.audit,
                wall_clock=FixedClock(),
                entropy=CountedEntropy(),
                library=EmptyLibrary(),
                sentence=lambda key, args: f"{key} {dict(args)}",
                kiosk=self.kiosk,
                limits=LIMITS,
                time_zone=ZoneInfo("Europe/Berlin"),
                software_version="0.1.0",
            )
        )

    async def add_accounts(self) -> None:
        names = {TECH: "Tess", ENGI: "Egon", DOCT: "Dora"}
        for user_id, pin in PINS.items():
            await self.accounts.add(user_id, names[user_id], ROLE_OF[user_id], pin)

    async def token(self, user_id: str) -> str:
        done = await self.hub.login(user_id, PINS[user_id])
        assert not isinstance(done, Verdict)
        return done[0]

    async def screen(self, user_id: str = "") -> Screen:
        """A screen, logged in when a user is named."""
        return Screen(self.hub, await self.token(user_id) if user_id else "")

    def audited(self) -> list[tuple[object, object]]:
        found = self.store.rows("SELECT who, action FROM audit ORDER BY seq")
        return [(row[0], row[1]) for row in found]

    def with_origins(self, *origins: str) -> KioskConfig:
        return replace(self.kiosk, origins=origins)


@contextlib.asynccontextmanager
async def bench(lock_after_s: int = 300) -> AsyncIterator[Bench]:
    """A running hub with three accounts; a bug in a handler fails the test."""
    made = Bench(lock_after_s)
    await made.add_accounts()
    running = asyncio.create_task(made.hub.run())
    await asyncio.sleep(0)
    try:
        yield made
        if running.done():
            running.result()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        made.store.close()
