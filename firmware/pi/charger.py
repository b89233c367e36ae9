"""Charger and bleed on their pins: never both at work, and no charging above what was asked.

The charger regulates by itself to its level input. This opens it when the bank stands too high, and
waits for the bleed relay before it charges. Decides neither target nor fault (firmware/core does).
step() comes with every reading of the bank.
"""

from __future__ import annotations

from firmware.pi.clock import NS_PER_US, Clock
from firmware.pi.wiring import Wiring
from firmware.wire.limits import V_FULL_MV

# As in firmware/board/charger.py, which cannot be imported here; a test compares them.
RELAY_US = 15000
OVER_MV = 1_890_000
ABOVE_PM = 30


class Charger:
    """Set point and bleed of one unit."""

    def __init__(self, clock: Clock, wiring: Wiring) -> None:
        self._clock = clock
        self._wiring = wiring
        self._target_mv = 0
        self._is_bleeding = True
        self._opened_ns = 0
        self.is_over = False

    def set_target(self, target_mv: int) -> None:
        """Regulate to this voltage; 0 opens the charger at once."""
        self._wiring.set_charger(False)
        self._target_mv = max(0, min(target_mv, V_FULL_MV))
        self.is_over = False
        self._wiring.set_charger_level(self._target_mv)
        if self._target_mv and not self._is_bleeding:
            self._wiring.set_bleed_open(True)

    def set_bleed(self, on: bool) -> None:
        """Close or open the bleed."""
        self._is_bleeding = on
        self._opened_ns = self._clock.now_ns()
        if on:
            self._wiring.set_charger(False)
        self._wiring.set_bleed_open(not on and not self.is_over)

    def step(self, bank_mv: int) -> None:
        """One look at the bank."""
        if bank_mv > OVER_MV:
            # No set point explains it: open and bleeding until a new target is given.
            self.is_over = True
            self._wiring.set_charger(False)
            self._wiring.set_bleed_open(False)
        if self.is_over or self._is_bleeding or self._target_mv == 0:
            return
        if self._clock.now_ns() - self._opened_ns < RELAY_US * NS_PER_US:
            return
        is_above = bank_mv * 1000 > self._target_mv * (1000 + ABOVE_PM)
        self._wiring.set_charger(not is_above)
