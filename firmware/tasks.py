# The app's tasks over one board: line, inputs, pace of the core, sensors, charger, house-keeping,
# and the supervisor that has to hear from all of them before it feeds the watchdog. Decides nothing
# about treatment. One asyncio context: the core is called from several tasks, never within a call
# of itself. Whatever ends a task ends everything: outputs closed first, nothing is fed any more,
# run() raises, and the watchdog resets the chip.
import asyncio

from firmware.compat import TYPE_CHECKING, const, running_loop, sleep_ms
from firmware.core.device import Device
from firmware.roll_call import EVERYBODY, RollCall
from firmware.wire.codes import TRAIN
from firmware.wire.limits import FLASH_STALL_US_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, Protocol

    from firmware.compat import ThreadSafeFlag
    from firmware.core.hal import Hal

    class Board(Protocol):
        line_flag: ThreadSafeFlag  # set by interrupts: bytes have arrived
        input_flag: ThreadSafeFlag  # set by interrupts: an input changed

        @property
        def hal(self) -> Hal:
            """What the core drives."""

        def now_us(self) -> int:
            """Continuous MCU time."""

        def read_line(self) -> bytes:
            """What has arrived, b"" when nothing has."""

        def write_line(self, data: bytes) -> None:
            """Queue for sending."""

        def work_line(self) -> None:
            """Send on what is left."""

        def read_inputs(self) -> int:
            """Levels now, IN_* mask."""

        def sample_sensors(self) -> int:
            """Read an analogue channel, clear of pulses; milliseconds until the next call."""

        def step_charger(self, now_us: int) -> None:
            """One step of regulation."""

        def next_pulse_us(self) -> int:
            """The nearest request that waits in the trigger, -1 when none does."""

        def keep_house(self, state: int) -> None:
            """What has time: coil chip, second ledger copy. Only with the gate open."""

        def collect(self) -> None:
            """Collect garbage."""

        def feed_watchdog(self) -> None:
            """The hardware watchdog."""


# The roll: index of each task, and how long it may be silent.
LINE = const(0)
INPUTS = const(1)
PACE = const(2)
SENSORS = const(3)
CHARGER = const(4)
HOUSE = const(5)
SUPERVISOR = const(6)
TASK_NAMES = ("line", "inputs", "pace", "sensors", "charger", "house", "supervisor")
# [P] The pace: as long as the gate lives without a feed (GATE_LIFE_US). The others: five periods,
# at least a quarter of a second, so that a collection of garbage (20 ms) never looks like a death.
DEADLINES_US = (250000, 250000, 100000, 250000, 250000, 2000000, 500000)

# [P] Inputs are read this often even when no interrupt said so; well below INPUT_STALE_US / 2.
SAMPLE_US = const(25000)
# [P] Longest sleep of the pace: another task may have made the next wake earlier meanwhile. Two
# switches of tasks cost 0.4 ms (sources.md firmware 7.1).
SLICE_MS = const(5)
CHARGER_MS = const(10)  # [P] the bank moves 0.4 percent in it at full rate (CHARGE_MS_MAX)
HOUSE_MS = const(250)
SUPERVISOR_MS = const(50)  # [P] calls the roll; far below every deadline
# [P] Garbage is collected this often where no pulse is near, before it collects itself in the
# middle of a burst: in a second a train of theta burst leaves some 80 kB (docs/firmware_budget.md).
COLLECT_US = const(1000000)
QUIET_US = const(60000)  # [P] two collections of 30 ms: the next pulse is farther away than this
STALL_US = const(5000)  # a turn longer than this stopped everybody: flash, not work


class TaskLateError(Exception):
    # A task gave no sign of life; the argument is its name.
    pass


class TaskEndedError(Exception):
    # A task came to an end, or goes on after the end of all.
    pass


class Tasks:
    # reason: what ended everything, None while nothing has.

    def __init__(self, board: "Board") -> None:
        self._board = board
        now_us = board.now_us()
        self.device = Device(board.hal, now_us)
        self.roll = RollCall(DEADLINES_US, now_us)
        self.reason: "BaseException | None" = None
        self._ended = asyncio.Event()
        self._wake_us = now_us
        self._sample_us = now_us
        self._collected_us = now_us

    async def run(self) -> None:
        """Until something fails, which is raised, or this is cancelled; outputs are closed."""
        running_loop().set_exception_handler(self._on_lost_exception)
        self.roll = RollCall(DEADLINES_US, self._board.now_us())  # nobody was asked before
        bodies = (
            self._line,
            self._inputs,
            self._pace,
            self._sensors,
            self._charger,
            self._house,
            self._supervisor,
        )
        tasks = [asyncio.create_task(self._guarded(body)) for body in bodies]
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            close_outputs(self._board.hal)
        assert self.reason is not None
        raise self.reason

    def fail(self, error: BaseException) -> None:
        """Outputs closed and nothing fed from here on; the first reason is kept."""
        if self.reason is None:
            self.reason = error
            try:
                close_outputs(self._board.hal)
            finally:
                self._ended.set()

    # --- the core: each entry calls the roll first, because it may feed the gate ---

    def take_line(self) -> None:
        """Bytes from the edge into the core."""
        now_us = self._begin()
        data = self._board.read_line()
        if data:
            self.device.on_bytes(now_us, data)
            self._poll(now_us)

    def take_inputs(self) -> None:
        """Levels into the core."""
        now_us = self._begin()
        self._sample_us = now_us + SAMPLE_US
        self.device.on_input(now_us, self._board.read_inputs())
        self._poll(now_us)

    def poll(self) -> None:
        """What is due in the core."""
        self._poll(self._begin())

    def _begin(self) -> int:
        if self.reason is not None:
            raise TaskEndedError
        now_us = self._board.now_us()
        late = self.roll.late(now_us)
        if late != EVERYBODY:
            raise TaskLateError(TASK_NAMES[late])
        return now_us

    def _poll(self, now_us: int) -> None:
        self._wake_us = self.device.poll(now_us)
        output = self.device.take_output()
        if output:
            self._board.write_line(output)
        self._forgive_stall(now_us)

    def _forgive_stall(self, since_us: int) -> None:
        # Flash stops the chip and is written only with the gate open; with it closed nothing that
        # takes long is forgiven.
        stall_us = self._board.now_us() - since_us
        if stall_us >= STALL_US and not self._board.hal.gate_is_on():
            self.roll.forgive(min(stall_us, FLASH_STALL_US_MAX))

    # --- the tasks ---

    async def _guarded(self, body: "Callable[[], Coroutine[Any, Any, None]]") -> None:
        try:
            await body()
            self.fail(TaskEndedError())
        except Exception as error:  # noqa: BLE001 - the supervisor of tasks
            self.fail(error)

    def _on_lost_exception(self, loop: object, context: "dict[str, Any]") -> None:
        # Of a task that nobody awaits and that is none of ours.
        del loop
        self.fail(context.get("exception") or TaskEndedError())

    async def _line(self) -> None:
        while True:
            await self._board.line_flag.wait()
            self.take_line()
            self._board.work_line()
            self.roll.tick(LINE, self._board.now_us())

    async def _inputs(self) -> None:
        while True:
            await self._board.input_flag.wait()
            self.take_inputs()
            self.roll.tick(INPUTS, self._board.now_us())

    async def _pace(self) -> None:
        board = self._board
        while True:
            now_us = board.now_us()
            if now_us >= self._sample_us:
                self.take_inputs()
            elif now_us >= self._wake_us:
                self.poll()
            self._collect_when_quiet()
            now_us = board.now_us()
            self.roll.tick(PACE, now_us)
            # Rounded up: an early wake would only have to wait again.
            wait_ms = (min(self._wake_us, self._sample_us) - now_us + 999) // 1000
            await sleep_ms(max(1, min(wait_ms, SLICE_MS)))

    async def _sensors(self) -> None:
        while True:
            wait_ms = self._board.sample_sensors()
            self.roll.tick(SENSORS, self._board.now_us())
            await sleep_ms(wait_ms)

    async def _charger(self) -> None:
        while True:
            now_us = self._board.now_us()
            self._board.step_charger(now_us)
            self.roll.tick(CHARGER, now_us)
            await sleep_ms(CHARGER_MS)

    async def _house(self) -> None:
        while True:
            self._keep_house()
            self.roll.tick(HOUSE, self._board.now_us())
            await sleep_ms(HOUSE_MS)

    async def _supervisor(self) -> None:
        board = self._board
        while True:
            if not self.device.is_starving(self._begin()):
                board.feed_watchdog()
            # Those who wait for an interrupt have to answer as well.
            board.line_flag.set()
            board.input_flag.set()
            self.roll.tick(SUPERVISOR, board.now_us())
            await sleep_ms(SUPERVISOR_MS)

    def _keep_house(self) -> None:
        now_us = self._board.now_us()
        if not self._board.hal.gate_is_on():
            self._board.keep_house(self.device.state())
            self._forgive_stall(now_us)

    def _collect_when_quiet(self) -> None:
        # 30 ms without Python: never shortly before a pulse, whose result has to be read in time.
        now_us = self._board.now_us()
        if now_us - self._collected_us < COLLECT_US:
            return
        is_quiet = self.device.state() != TRAIN
        if is_quiet or self._board.next_pulse_us() - now_us >= QUIET_US:
            self._collected_us = now_us
            self._board.collect()


def close_outputs(hal: "Hal") -> None:
    """Gate first, then everything that could follow; one that fails does not spare the rest."""
    try:
        hal.drop_gate()
    finally:
        try:
            hal.cancel_pulses()
        finally:
            try:
                hal.set_charger(0)
            finally:
                hal.set_bleed(True)
