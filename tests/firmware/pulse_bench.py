# Guard and pulses of the board on the stand-in chip, driven as the device core drives them: two
# requests ahead at any distance, four within 200 ms, results 1 ms after each pulse. Portable.
import clock
import rig
import rp2
from firmware.board.guard import Guard
from firmware.board.pins import GP_TRIGGER
from firmware.board.pulses import Pulses
from firmware.compat import TYPE_CHECKING
from firmware.core.bounds import (
    CHAIN_AHEAD_US,
    CHAIN_PULSES,
    QUEUE_AHEAD_US,
    QUEUE_PULSES,
    RESULT_LOOK_US,
)
from firmware.core.train import TrainPlan
from firmware.wire.codes import PULSE_EMITTED
from tests.firmware.chip_bench import BoardClock, new_rig, pass_us

if TYPE_CHECKING:
    from collections.abc import Sequence

    Result = tuple[int, int, int]

LIFE_US = 100000
FEED_US = 45000
FULL_MV = 1800000
US = clock.CYCLES_PER_US
ITBS = TrainPlan(((3, 20000), (10, 200000), (20, 10000000), (1, 0)), 2)
TEN_HZ = TrainPlan(((40, 100000), (3, 30000000), (1, 0), (1, 0)), 1)
START_ERROR_US = 50  # of a start from rest


class CostlyClock(BoardClock):
    # Reading it costs time, as every call does on the chip; once, jump_us go by after a reading.

    def __init__(self) -> None:
        self.jump_at = -1
        self.jump_us = 0

    def us(self) -> int:
        clock.spend()
        now_us = super().us()
        if self.jump_at == 0:
            clock.advance_us(self.jump_us)
        self.jump_at -= 1
        return now_us


class PulseBench:
    def __init__(self, board_clock: "BoardClock | None" = None) -> None:
        new_rig()
        self.clock = board_clock or BoardClock()
        self.guard = Guard()
        self.pulses = Pulses(self.clock, self.read_peak_pm)
        self.trigger = self.pulses.trigger
        self.results: "list[Result]" = []
        self._fed_us = -FEED_US
        pass_us(10000)  # the lock-out that every start begins with
        self.charge()

    def read_peak_pm(self) -> int:
        peak_pm = rig.the().peak_pm
        rig.the().peak_pm = 0
        return peak_pm

    def charge(self) -> None:
        """Full bank, and nothing that takes from it."""
        rig.the().bank.is_bleeding = False
        rig.set_bank_mv(FULL_MV)

    def now_us(self) -> int:
        return rig.now_cycles() // US

    def arm(self) -> None:
        """Enable on."""
        self.guard.arm(LIFE_US)
        assert self.guard.is_on()
        self._fed_us = self.now_us()

    def feed(self) -> None:
        """Feed when it is due."""
        if self.now_us() - self._fed_us >= FEED_US:
            self.guard.feed(LIFE_US)
            self._fed_us = self.now_us()

    def rises(self) -> "list[int]":
        """Cycles of the trigger's rising edges."""
        rig.sync()
        return rig.net(GP_TRIGGER).rises()

    def errors_us(self, times_us: "Sequence[int]") -> "list[int]":
        """How far each rise is from the time asked for, rounded down."""
        rises = self.rises()
        assert len(rises) == len(times_us), (rises, times_us)
        return [(rises[index] - times_us[index] * US) // US for index in range(len(rises))]

    def wait(self, us: int, step_us: int = 1000) -> None:
        """Let time go by with the guard fed; results are collected."""
        end_us = self.now_us() + us
        while self.now_us() < end_us:
            self.feed()
            self.take_all()
            pass_us(min(step_us, end_us - self.now_us()))
        self.take_all()

    def take_all(self) -> None:
        """Collect what is finished."""
        result = self.pulses.take_result()
        while result is not None:
            self.results.append(result)
            result = self.pulses.take_result()

    def run(self, times_us: "Sequence[int]") -> "list[Result]":
        """Give these pulses as the core would; their results."""
        asked = 0
        over_us = times_us[-1] + 20000
        first = len(self.results)
        while self.now_us() < over_us and len(self.results) - first < len(times_us):
            self.feed()
            self.take_all()
            self.charge()
            waiting = asked - (len(self.results) - first)
            while asked < len(times_us) and waiting < QUEUE_PULSES:
                ahead_us = CHAIN_AHEAD_US if waiting < CHAIN_PULSES else QUEUE_AHEAD_US
                if times_us[asked] - self.now_us() > ahead_us:
                    break
                assert self.pulses.queue_pulse(times_us[asked]), asked
                asked += 1
                waiting += 1
            self._sleep(times_us, asked, waiting)
        return self.results[first:]

    def _sleep(self, times_us: "Sequence[int]", asked: int, waiting: int) -> None:
        now_us = self.now_us()
        wakes = [self._fed_us + FEED_US]
        if waiting:
            due_us = times_us[asked - waiting] + RESULT_LOOK_US
            wakes.append(due_us if due_us > now_us else now_us + 100)
        if asked < len(times_us) and waiting < QUEUE_PULSES:
            ahead_us = CHAIN_AHEAD_US if waiting < CHAIN_PULSES else QUEUE_AHEAD_US
            wakes.append(times_us[asked] - ahead_us)
        pass_us(max(1, min(wakes) - now_us))


def slow_dma(cycles: int) -> None:
    """Each word reaches the FIFO so much later."""
    rp2.chip().dma_cycles = cycles


def exact(bench: PulseBench, times_us: "list[int]", trains: int) -> None:
    # Within a train not one cycle off; the trains' first pulses start from rest.
    rises = bench.rises()
    assert len(rises) == len(times_us)
    count = len(times_us) // trains
    for train in range(trains):
        first = train * count
        start = rises[first]
        assert abs(start - times_us[first] * US) < START_ERROR_US * US
        for index in range(first, first + count):
            assert rises[index] - start == (times_us[index] - times_us[first]) * US, index


def give(bench: PulseBench, plan: TrainPlan, trains: int) -> "list[int]":
    bench.arm()
    start_us = bench.now_us() + 50000
    times_us = []
    for train in range(trains):
        first = train * plan.train_pulses
        train_us = [start_us + plan.session_offset_us(first + n) for n in range(plan.train_pulses)]
        bench.wait(train_us[0] - 50000 - bench.now_us(), 40000)
        results = bench.run(train_us)
        assert [result[1] for result in results] == [PULSE_EMITTED] * plan.train_pulses
        for index in range(plan.train_pulses):
            assert abs(results[index][0] - train_us[index]) <= START_ERROR_US
            assert results[index][2] > 990
        times_us += train_us
    return times_us
