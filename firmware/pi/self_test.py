"""What a unit of this kind can find out about itself before its core starts, as SELF_TEST_* bits.

Done once, with the gate open and the bleed closed; makes no edge. Bits that name parts of the
microcontroller (PIO, DMA) are never set here. Decides nothing: a bit keeps the core in FAULT.
"""

from __future__ import annotations

from firmware.pi.analogue import Converter
from firmware.pi.memory import Memory
from firmware.pi.timing import Timing
from firmware.pi.wiring import Wiring
from firmware.wire.codes import (
    SELF_TEST_BLEED,
    SELF_TEST_CLOCK,
    SELF_TEST_ENABLE,
    SELF_TEST_KEY,
    SELF_TEST_LEDGER,
    SELF_TEST_SENSORS,
    SELF_TEST_TRIGGER,
)
from firmware.wire.limits import PERIOD_US_MAX

# As in firmware/board, which cannot be imported here; a test compares them.
BLEED_LOOK_MV = 20000
BLEED_FALL_PM = 100
PEAK_EMPTY_PM = 30


class SelfTest:
    """Begin before lateness is measured, finish after: the bleed needs that time."""

    def __init__(self, wiring: Wiring, converter: Converter) -> None:
        self._wiring = wiring
        self._converter = converter
        self._bank_mv = converter.bank_mv()

    def finish(self, memory: Memory, timing: Timing) -> int:
        """All bits."""
        wiring = self._wiring
        wiring.reset_peak()
        is_peak_empty = self._converter.peak_pm() <= PEAK_EMPTY_PM
        found = (
            (SELF_TEST_CLOCK, timing.ipi_us_min >= PERIOD_US_MAX),
            (SELF_TEST_ENABLE, wiring.is_chain_closed()),
            (SELF_TEST_TRIGGER, wiring.is_trigger_high()),
            (SELF_TEST_SENSORS, not (self._converter.is_plausible() and is_peak_empty)),
            (SELF_TEST_LEDGER, memory.is_ledger_bad),
            (SELF_TEST_KEY, not memory.key),
            (SELF_TEST_BLEED, not self._is_bleeding()),
        )
        return sum(bit for bit, is_bad in found if is_bad)

    def _is_bleeding(self) -> bool:
        if self._bank_mv < BLEED_LOOK_MV:
            return True  # nothing to bleed
        fallen_mv = self._bank_mv - self._converter.bank_mv()
        return fallen_mv * 1000 >= self._bank_mv * BLEED_FALL_PM
