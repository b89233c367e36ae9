"""The whole product of one plan, with notes of everything that passes, and its bench.

Adds to the campaign's system (hw_sim/faults/bench.py) what its catalogue does not break: the
scheduler, memory, the computing of PINs, the clinic's memory; and mends that too. Notes what the
edge, the screen and the clinic do. Judges nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from edge.adapters.pin_hash import InlinePins
from edge.adapters.store.sqlite_store import KEY_BYTES
from edge.api.doors import HubDoors
from edge.api.schema import Accepted, ClientMessage, Refused, Stop
from edge.domain.verdict import Verdict
from edge.ports import ClinicAnswer, ClinicUnreachableError, PinHasher, StoreError
from edge.services.tables import LOGGED_TABLES
from hw_sim.card.card import Card
from hw_sim.card.store import CardStore, OtherProcess, open_on
from hw_sim.clinic.line import ClinicLine
from hw_sim.explore.card_service import decide
from hw_sim.explore.notes import CLINIC, EDGE, SCREEN, Notes
from hw_sim.explore.plan import FaultPlan
from hw_sim.explore.reached import Reached
from hw_sim.faults.bench import FaultBench
from hw_sim.kernel import NS_PER_S
from hw_sim.kiosk_robot import KioskRobot, Line, RobotError, Watch
from hw_sim.system import TECHNICIAN, SimSystem, SystemOptions
from hw_sim.vtime import VirtualLoop

LOG_IN_S = 15.0
OFF_S = 1.0
HANGING_S = 0.5
CARD_KEY = bytes(range(KEY_BYTES))
STOP_SENT = "Stop sent"  # of a page whose line is whole
LEDGER_FILES = ("ledger.0", "ledger.1")
CHANGE_COIL_S = 0.5
# Above these a strike has made the coil hot, and a person has cooled it when all is mended.
WARM_SURFACE_C = 39.0
WARM_WINDING_C = 70.0
_TASK_NUMBER = re.compile(r"Task-(\d+)")


class _ClosingDoors:
    """The hub's doors; a page that the service closes is told, as a browser is."""

    def __init__(self, hub: HubDoors, on_close: Callable[[], None]) -> None:
        self._hub = hub
        self._on_close = on_close

    async def login(self, user_id: str, pin: str) -> tuple[str, object] | Verdict:
        return await self._hub.login(user_id, pin)

    def connect(self, send: Callable[[bytes], None], *, token: str = "") -> Line:
        return self._hub.connect(send, token=token, close=self._on_close)


class NotedRobot(KioskRobot):
    """A page whose commands and answers are noted; close() ends every wait for an answer."""

    def __init__(self, hub: HubDoors, notes: Notes, watch: Watch) -> None:
        self._notes = notes
        self._seen_by = watch
        self.is_closed = False
        super().__init__(_ClosingDoors(hub, self._closed_by_service), watch)

    def _closed_by_service(self) -> None:
        """The line is gone; whoever holds the page has to open another."""
        self._notes.add(SCREEN, "closed by the service")
        self.is_closed = True
        loop = asyncio.get_running_loop()
        loop.call_soon(self._connection.disconnect)
        self._seen_by.close()
        if self._beating is not None:
            self._beating.cancel()

    async def log_in(self, user_id: str, pin: str) -> None:
        try:
            async with asyncio.timeout(LOG_IN_S):
                await super().log_in(user_id, pin)
        except TimeoutError:
            raise RobotError("no answer to the log-in") from None
        except (RuntimeError, MemoryError, StoreError) as error:  # the server answers 500
            raise RobotError(f"log-in failed: {error}") from None

    async def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(RobotError("the page is gone"))
        await super().close()

    async def send(self, message: ClientMessage) -> Accepted | Refused:
        if self.is_closed:
            raise RobotError("the page is gone")
        answer = await super().send(message)
        what = type(message).__name__
        outcome = "done" if isinstance(answer, Accepted) else f"refused {answer.code}"
        self._notes.add(SCREEN, f"{what} {outcome}")
        return answer

    def post(self, message: ClientMessage) -> None:
        if not self.is_closed:
            self._notes.add(SCREEN, STOP_SENT if isinstance(message, Stop) else _sent(message))
            super().post(message)


def _sent(message: ClientMessage) -> str:
    return f"{type(message).__name__} sent"


class NotedLine(ClinicLine):
    """The way to the clinic, each request noted."""

    notes: Notes

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        what = f"{method} {path.partition('?')[0]}"
        try:
            answer = await super().request(
                method, path, body=body, headers=headers, timeout_s=timeout_s
            )
        except ClinicUnreachableError as error:
            self.notes.add(CLINIC, f"{what}: {error}")
            raise
        self.notes.add(CLINIC, f"{what}: {answer.status}")
        return answer


class HangingPins:
    """edge.ports.PinHasher whose worker can stop to answer."""

    def __init__(self, system: ExploreSystem) -> None:
        self._system = system
        self._inner = InlinePins(memory_kib=64, rounds=1)

    async def hash_pin(self, pin: str) -> str:
        await self._wait()
        return self._inner.hash_now(pin)

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        await self._wait()
        return self._inner.verify_now(pin_hash, pin)

    async def _wait(self) -> None:
        while True:
            if not self._system.are_pins_hanging:
                return
            await asyncio.sleep(HANGING_S)


class ExploreSystem(SimSystem):
    """Make it on the running virtual loop."""

    card_key = CARD_KEY

    def __init__(self, plan: FaultPlan) -> None:
        self.are_pins_hanging = False
        self.losses: list[str] = []  # what the record has lost of that was acknowledged
        self._acknowledged, self._is_struck = 0, False
        self.deaths: list[str] = []  # what ended the edge when nobody had asked for it
        self._told: asyncio.Future[None] | None = None  # the task whose end is no news
        super().__init__(
            SystemOptions(
                seed=plan.seed,
                protocol=plan.protocol,
                has_attend=plan.has_attend,
                quirks=plan.quirks,
            )
        )
        self.notes = Notes(lambda: self.unit.kernel.now_ns)
        line = NotedLine(self.clinic, None, self.streams.get("clinic"))
        line.notes = self.notes
        self.line = line
        self.backup = self.clinic.shelf.mark()
        self.coil_kind = self.unit.plant.coil.kind
        self.orders = self.clinic.resources("ServiceRequest")
        self.reached = Reached(self.notes)

    def open_store(self) -> CardStore:
        """Sealed as on a unit: without that the engine does not see that a byte has changed."""
        store = open_on(self.card, self.card_key)
        self._look_at_record(store)
        return store

    def pins(self) -> PinHasher:
        return HangingPins(self)

    async def start(self) -> None:
        await super().start()
        # Whoever comes up without one later has lost it, and somebody has to make the test.
        self.options = replace(self.options, has_certificate=False)
        self.notes.add(EDGE, "service starts")
        self.reached.service_starts()
        self.app.chair.on_change(lambda: self.reached.look(self.app.chair.state))

    def _look_at_record(self, store: CardStore) -> None:
        """What was acknowledged is there, whatever had to be repaired."""
        code, sentence = store.repair
        if code:
            self.notes.add(EDGE, sentence)
            self.reached.repaired(code)
        last = store.end(LOGGED_TABLES).last_change
        if last < self._acknowledged:
            self.losses.append(
                f"I23: change {self._acknowledged} was acknowledged, the record ends at {last}"
                f" ({code or 'nothing told'})"
            )
        self._acknowledged = last

    def strike_dead(self) -> None:
        self._keep_acknowledged()
        self._is_struck = True
        super().strike_dead()

    def _keep_acknowledged(self) -> None:
        """By the process that ends now; a struck one's phantom goes on and counts for nothing."""
        if not self._is_struck:
            assert isinstance(self._store, CardStore)
            self._acknowledged = max(self._acknowledged, self._store.acknowledged)

    async def bury(self) -> None:
        await super().bury()
        self._is_struck = False

    async def stop(self) -> None:
        self.note_death()
        if self._task is not None and not self._task.done():
            self.notes.add(EDGE, "service is ended")
        await super().stop()
        self._keep_acknowledged()
        self._told = self._task

    def note_death(self) -> None:
        """Keep what ended the edge, once."""
        task = self._task
        if task is None or not task.done() or task is self._told:
            return
        self._told = task
        error = None if task.cancelled() else task.exception()
        words = f"{type(error).__name__}: {error}" if error is not None else "cancelled"
        self.deaths.append(words)
        self.notes.add(EDGE, f"service died: {words}")

    async def robot(self) -> KioskRobot:
        robot = NotedRobot(self.app.hub, self.notes, self.pictures.screen())
        try:
            await robot.log_in(TECHNICIAN[0], TECHNICIAN[3])
        except RobotError:
            await robot.close()
            raise
        return robot

    def tasks_of_edge(self) -> list[asyncio.Task[object]]:
        """The service's tasks, by their code and name: the same order in every process."""
        found = []
        for task in asyncio.all_tasks():
            code = getattr(task.get_coro(), "cr_code", None)
            if code is not None and "/edge/" in code.co_filename:
                found.append((code.co_filename, code.co_firstlineno, _number_of(task), task))
        return [task for _, _, _, task in sorted(found, key=lambda each: each[:3])]


def _number_of(task: asyncio.Task[object]) -> tuple[int, str]:
    """Which of several tasks of the same code came first; names that were given sort themselves."""
    number = _TASK_NUMBER.fullmatch(task.get_name())
    return (int(number.group(1)), "") if number is not None else (0, task.get_name())


@dataclass
class ExploreBench(FaultBench):
    """The system, the screen, the dice; strikes of the explorer work on it."""

    system: ExploreSystem
    found: list[str] = field(default_factory=list)  # what a strike itself saw go wrong
    ledger: dict[str, bytes] | None = None  # of the controller, before its damage
    # Strikes, mending and reviving, one at a time: each may end and start the service.
    hands: asyncio.Lock = field(default_factory=asyncio.Lock)
    morning: dict[str, bytes] = field(default_factory=dict)  # what was on the card before the visit
    other_process: OtherProcess | None = None  # that holds our database

    @property
    def loop(self) -> VirtualLoop:
        """The scheduler."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return loop

    @property
    def now_s(self) -> float:
        return self.now_ns / NS_PER_S

    async def new_page(self) -> bool:
        """Open the page anew and log in; False when that does not work now."""
        await self.robot.close()
        if self.system.is_dead:
            return False
        try:
            self.robot = await self.system.robot()
        except (RobotError, StoreError):
            return False
        return True

    async def start_edge(self) -> bool:
        try:
            return await super().start_edge()
        except MemoryError as error:  # planted; a process that cannot start is started again
            self.system.notes.add(EDGE, f"service does not start: {error}")
            return False

    async def kill_edge(self) -> None:
        self.system.notes.add(EDGE, "service is killed")
        await super().kill_edge()

    def keep_ledger(self) -> None:
        """The controller's count is about to be damaged; service can write this one back."""
        contents = self.system.unit.hal.flash.files.contents
        if self.ledger is None:
            self.ledger = {path: contents[path] for path in LEDGER_FILES if path in contents}

    def _mend_metal(self) -> None:
        """As the campaign's, but a coil that is no warmer than treatment makes it stays so.

        A temperature that jumps is a fault of its own, and here it may be mended in a train.
        """
        if self.ledger is not None:
            contents = self.system.unit.hal.flash.files.contents
            for path in LEDGER_FILES:
                contents.pop(path, None)
            contents.update(self.ledger)
            self.ledger, self.must_restart = None, True
        coil = self.system.unit.plant.coil
        coil.advance(self.now_ns)
        surface_c, winding_c = coil.surface_c, coil.winding_c
        super()._mend_metal()
        if surface_c < WARM_SURFACE_C and winding_c < WARM_WINDING_C:
            coil.surface_c, coil.winding_c = surface_c, winding_c
            self.system.unit.plant.write_down_heat()

    async def mend(self) -> None:
        loop, system = self.loop, self.system
        if self.other_process is not None:
            self.other_process.close()
            self.other_process = None
        loop.order, loop.timer_grid_ns = None, 0
        system.unit.link.trouble = ""
        system.are_pins_hanging = False
        system.clock.offset = timedelta()
        system.clinic.load(system.orders)
        system.note_death()
        await self._fit_own_coil()
        if system.app.chair.state.device.self_test_found:
            self.must_restart = True  # a finding of the controller's own test stays until the next
        await super().mend()
        if system.is_dead and decide(system):
            self.starts = 0
            await self.revive()

    async def cut_power(self, spoil: Callable[[Card], None], *, with_unit: bool = False) -> None:
        """The computer goes dark in this instant, the card is spoilt, and it comes up again.

        with_unit: the controller hangs on the same supply.
        """
        system = self.system
        system.notes.add(EDGE, "power cut")
        system.strike_dead()
        spoil(system.card)
        if with_unit:
            system.unit.power_off()
        await self._close_pages()
        await system.bury()
        if with_unit:
            await asyncio.sleep(OFF_S)
            system.unit.power_on()
        await self.start_edge()

    async def _fit_own_coil(self) -> None:
        """The coil that belongs here is plugged in again, in the room it belongs in."""
        unit, own = self.system.unit, self.system.coil_kind
        kind = unit.plant.coil.kind
        if (kind.coil_type, kind.serial) != (own.coil_type, own.serial):
            unit.plug_coil(is_plugged=False)
            await asyncio.sleep(CHANGE_COIL_S)
        if kind != own:
            unit.plant.coil.set_kind(self.now_ns, own)
