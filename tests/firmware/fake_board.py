# A board for the app's tasks around a fake HAL: one byte line, one set of inputs, counters of what
# the tasks did. Its time is the raw ticks of the running loop, virtual or real; the HAL's plant
# moves along whenever the time is read. Portable. Attributes named *_next plant failures.
from firmware.compat import TYPE_CHECKING, ThreadSafeFlag, ticks_us
from firmware.wire.ticks import Continuous
from tests.firmware.fake_hal import FakeHal

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeBoard:
    def __init__(self, hal: "FakeHal | None" = None) -> None:
        self.hal = hal or FakeHal()
        self.line_flag = ThreadSafeFlag()
        self.input_flag = ThreadSafeFlag()
        self.on_output: "Callable[[bytes], None]" = self._forget
        self.sent = 0  # bytes to the edge
        self.reads = 0
        self.input_reads = 0
        self.samples = 0
        self.charger_steps = 0
        self.house_states: "list[int]" = []
        self.collections: "list[int]" = []
        self.watchdog_us: "list[int]" = []
        self.error_next = ""  # name of the call that raises
        self._clock = Continuous(ticks_us())
        self.stall_next_us = 0  # how long the next house-keeping stops the chip
        self._stalled_us = 0
        self._inbox = b""

    # what the tasks call

    def now_us(self) -> int:
        now_us = self._clock.us(ticks_us()) + self._stalled_us
        self.hal.advance(now_us)
        return now_us

    def read_line(self) -> bytes:
        self._plant("read_line")
        self.reads += 1
        data = self._inbox
        self._inbox = b""
        return data

    def write_line(self, data: bytes) -> None:
        self._plant("write_line")
        self.sent += len(data)
        self.on_output(data)

    def work_line(self) -> None:
        self._plant("work_line")

    def read_inputs(self) -> int:
        self._plant("read_inputs")
        self.input_reads += 1
        return self.hal.levels()

    def sample_sensors(self) -> int:
        self._plant("sample_sensors")
        self.samples += 1
        return 25

    def step_charger(self, now_us: int) -> None:
        del now_us
        self._plant("step_charger")
        self.charger_steps += 1

    def next_pulse_us(self) -> int:
        return self.hal.queue[0] if self.hal.queue else -1

    def keep_house(self, state: int) -> None:
        self._plant("keep_house")
        self.house_states.append(state)
        self._stalled_us += self.stall_next_us
        self.stall_next_us = 0

    def collect(self) -> None:
        self.collections.append(self.now_us())

    def feed_watchdog(self) -> None:
        self._plant("feed_watchdog")
        self.watchdog_us.append(self.now_us())

    # what tests call

    def noted_us(self) -> int:
        """The time that was read last."""
        return self.hal.now_us

    def feed(self, data: bytes) -> None:
        """Bytes from the edge, with the interrupt."""
        self._inbox += data
        self.line_flag.set()

    def set_inputs(self, mask: int) -> None:
        """Contacts move, with the interrupt."""
        self.now_us()
        self.hal.set_inputs(mask)
        self.input_flag.set()

    def _plant(self, name: str) -> None:
        if self.error_next == name:
            raise ValueError(name)

    def _forget(self, data: bytes) -> None:
        del data
