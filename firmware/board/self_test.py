# What the board finds out about itself before the core starts, as SELF_TEST_* bits. The words of a
# PIO program cannot be read back (that memory is write-only, sources.md board 2), so the machines
# are asked something whose answer and time are known. Nothing here can make an edge: the enable
# stays low, and that is part of the test. A step machine: the caller waits between steps.
import machine
from firmware.board.pins import CLOCK_HZ, GP_CHAIN, GP_ENABLE, GP_TRIGGER, GP_TRIGGER_BACK
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import (
    PULSE_REFUSED,
    SELF_TEST_BLEED,
    SELF_TEST_CLOCK,
    SELF_TEST_DMA,
    SELF_TEST_ENABLE,
    SELF_TEST_KEY,
    SELF_TEST_LEDGER,
    SELF_TEST_PIO,
    SELF_TEST_SENSORS,
    SELF_TEST_TRIGGER,
)

if TYPE_CHECKING:
    from firmware.board.hal import BoardHal

LEAD_US = const(30000)  # of the request that must be refused; a machine just started locks out 9 ms
LIFE_US = const(10000)  # of the feed that must not enable
WAIT_MS = const(12)  # longer than a sensor takes to settle
STEPS = const(10)  # [C] 108 ms: the bleed takes a bank down by a quarter in that time
BLEED_LOOK_MV = const(20000)  # [P] below that a falling bank is lost in the converter's noise
BLEED_FALL_PM = const(100)  # [P] 10 % at least; 25 % is what 2 kohm and 185 uF give


class SelfTest:
    # bits is right after step() has returned 0.

    def __init__(self, hal: "BoardHal") -> None:
        self._hal = hal
        self._steps_left = STEPS
        self._asked_us = -1
        self._bank_mv = 0
        self._results = 0
        self._enable = machine.Pin(GP_ENABLE)
        self._chain = machine.Pin(GP_CHAIN)
        self._trigger = machine.Pin(GP_TRIGGER)
        self._trigger_back = machine.Pin(GP_TRIGGER_BACK)
        self.bits = 0

    def step(self) -> int:
        """Do the next part; milliseconds until the one after, 0 when all is known."""
        if self._steps_left == STEPS:
            self._begin()
        self._look_at_outputs()
        self._look_for_result()
        self._hal.sensors.sample()
        self._steps_left -= 1
        if self._steps_left:
            return WAIT_MS
        self._finish()
        return 0

    def _begin(self) -> None:
        hal = self._hal
        if machine.freq() != CLOCK_HZ:
            self.bits |= SELF_TEST_CLOCK
        if hal.key() == b"":
            self.bits |= SELF_TEST_KEY
        hal.set_charger(0)
        hal.set_bleed(True)
        self._bank_mv = hal.bank_mv()
        hal.feed_gate(LIFE_US)  # feeding alone must not enable
        self._asked_us = hal.clock.us() + LEAD_US
        if not hal.queue_pulse(self._asked_us):
            self.bits |= SELF_TEST_DMA

    def _look_at_outputs(self) -> None:
        if self._enable.value() or self._chain.value() or self._hal.gate_is_on():
            self.bits |= SELF_TEST_ENABLE
        if self._trigger.value() or self._trigger_back.value():
            self.bits |= SELF_TEST_TRIGGER

    def _look_for_result(self) -> None:
        # One request, refused in its own time: words went in, ran, and came out, and no edge.
        result = self._hal.take_result()
        if result is None:
            return
        self._results += 1
        if result[1] != PULSE_REFUSED or self._results > 1:
            self.bits |= SELF_TEST_TRIGGER
        if self._hal.clock.us() < self._asked_us:
            self.bits |= SELF_TEST_PIO  # the machine does not count as long as it was told

    def _finish(self) -> None:
        hal = self._hal
        if not self._results:
            self.bits |= SELF_TEST_DMA
        if not hal.sensors.is_plausible(hal.coil.has_coil()):
            self.bits |= SELF_TEST_SENSORS
        hal.load_ledger()
        if hal.ledger.is_damaged or hal.facts.is_store_bad:
            self.bits |= SELF_TEST_LEDGER
        left_mv = self._bank_mv * (1000 - BLEED_FALL_PM) // 1000
        if self._bank_mv > BLEED_LOOK_MV and hal.bank_mv() > left_mv:
            self.bits |= SELF_TEST_BLEED
