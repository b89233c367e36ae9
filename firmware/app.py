# The application of one slot: puts the board's parts together, lets the board test itself, and
# runs the tasks (tasks.py). Decides nothing. Called by the loader (main.py), which resets the chip
# through the watchdog when this comes back; it does so only with an error, outputs closed.
import asyncio
import gc

import machine
from firmware.board.charger import Charger
from firmware.board.coil_chip import CoilChip, open_bus
from firmware.board.files import Files
from firmware.board.guard import Guard
from firmware.board.hal import BoardHal, random_u32
from firmware.board.identity import Identity
from firmware.board.inputs import Inputs
from firmware.board.ledger_store import LedgerStore
from firmware.board.pins import CLOCK_HZ
from firmware.board.pulses import Pulses
from firmware.board.self_test import SelfTest
from firmware.board.sensors import Sensors
from firmware.board.stage import Stage
from firmware.board.uart import SerialLine
from firmware.compat import TYPE_CHECKING, ThreadSafeFlag, const, sleep_ms, ticks_us
from firmware.tasks import Tasks, close_outputs
from firmware.wire.codes import STANDBY
from firmware.wire.ticks import Continuous

if TYPE_CHECKING:
    from typing import Protocol

    from firmware.board.files import Flash
    from firmware.board.slots import Choice

    class Watchdog(Protocol):
        def feed(self) -> None: ...


SCRUB_US = const(600000000)  # [P] ten minutes: a flash cell is lost in years, not in hours
# [P] A collection that nobody ordered comes after this many bytes; the orderly ones (tasks.py) come
# before it in every protocol with a gap of 60 ms. Below what is free (docs/firmware_budget.md).
COLLECT_BYTES = const(90112)
EMERGENCY_BYTES = const(100)  # sources.md firmware 7.2: an interrupt's exception finds its memory


class BoardClock:
    # MCU time: continuous microseconds since it was made.

    def __init__(self) -> None:
        self._continuous = Continuous(ticks_us())

    def us(self) -> int:
        """Now."""
        return self._continuous.us(ticks_us())


class Peak:
    # The coil current's peak-hold, for the pulses, which are made before the sensors.

    def __init__(self) -> None:
        self.sensors: "Sensors | None" = None

    def read_pm(self) -> int:
        """Per mille of full output; empties the peak-hold."""
        assert self.sensors is not None
        return self.sensors.take_peak_pm()


class ChipBoard:
    # What tasks.py calls a board: the parts, each named once.

    def __init__(self, files: "Flash", choice: "Choice", watchdog: "Watchdog") -> None:
        """Made once per boot: it counts the boot. Outputs are low already and stay so."""
        self.line_flag = ThreadSafeFlag()
        self.input_flag = ThreadSafeFlag()
        self._watchdog = watchdog
        self._clock = BoardClock()
        self._scrub_us = 0
        guard = Guard()
        peak = Peak()
        self._pulses = Pulses(self._clock, peak.read_pm)
        self._sensors = Sensors(self._clock, self._pulses)
        peak.sensors = self._sensors
        self._inputs = Inputs(self.input_flag)
        self._line = SerialLine(self._clock, self.line_flag)
        self._ledger = LedgerStore(files, guard.is_on)
        self.hal = BoardHal(
            self._clock,
            Identity(files, random_u32()),
            CoilChip(open_bus()),
            self._inputs,
            self._sensors,
            Charger(),
            guard,
            self._pulses,
            self._ledger,
            Stage(files, choice, watchdog.feed),
        )

    def now_us(self) -> int:
        """MCU time."""
        return self._clock.us()

    def read_line(self) -> bytes:
        """What the Pi has sent."""
        return self._line.read()

    def write_line(self, data: bytes) -> None:
        """To the Pi."""
        self._line.write(data)

    def work_line(self) -> None:
        """Send on what did not fit."""
        self._line.work()

    def read_inputs(self) -> int:
        """IN_* mask."""
        return self._inputs.mask()

    def sample_sensors(self) -> int:
        """One channel; milliseconds until the next."""
        return self._sensors.sample()

    def step_charger(self, now_us: int) -> None:
        """One step of regulation."""
        self.hal.step_charger(now_us)

    def next_pulse_us(self) -> int:
        """The nearest request, -1 when none waits."""
        return self._pulses.next_us()

    def keep_house(self, state: int) -> None:
        """A coil just plugged in is read at rest; so are the ledger's copies, now and then."""
        self.hal.look_at_coil(state == STANDBY)
        now_us = self._clock.us()
        if state == STANDBY and now_us - self._scrub_us >= SCRUB_US:
            self._scrub_us = now_us
            self._ledger.scrub()

    def collect(self) -> None:
        """Collect garbage, some 10 ms."""
        gc.collect()

    def feed_watchdog(self) -> None:
        """The hardware watchdog."""
        self._watchdog.feed()


async def self_test(board: ChipBoard) -> int:
    """Let the board test itself, about 0.1 s; SELF_TEST_* bits, which the core will be told."""
    hal = board.hal
    hal.look_at_coil(True)
    test = SelfTest(hal)
    wait_ms = test.step()
    while wait_ms:
        board.feed_watchdog()
        await sleep_ms(wait_ms)
        wait_ms = test.step()
    hal.self_test_bits = test.bits
    return test.bits


async def serve(board: ChipBoard) -> None:
    """Self-test, then the tasks; ends by raising, outputs closed."""
    try:
        await self_test(board)
        await Tasks(board).run()
    finally:
        close_outputs(board.hal)


def main(choice: "Choice", watchdog: "Watchdog") -> None:
    """From the loader; never returns in good health."""
    import micropython  # the stand-in chip has none

    machine.freq(CLOCK_HZ)
    micropython.alloc_emergency_exception_buf(EMERGENCY_BYTES)
    board = ChipBoard(Files(), choice, watchdog)
    gc.collect()
    gc.threshold(COLLECT_BYTES)  # type: ignore[attr-defined]
    try:
        asyncio.run(serve(board))
    finally:
        close_outputs(board.hal)  # Ctrl-C ends the loop without its tasks' own ends
