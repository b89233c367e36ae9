# Charger, bleed and bank voltage: moves the bank to a level and says whether it is there. Decides
# no reaction (supervision.py, unit.py). Millivolts; the level is linear in voltage (sources.md
# domain 3.3).
from firmware.compat import TYPE_CHECKING
from firmware.core.bounds import BANK_LOW_MV, BANK_SETTLE_US
from firmware.wire.limits import BANK_TOLERANCE_PM, LEVEL_PCT_MAX, V_FULL_MV

if TYPE_CHECKING:
    from firmware.core.hal import Hal


class Power:
    # level_pct is the set point, 0 with the charger open. bank_mv is the last reading.

    def __init__(self, hal: "Hal") -> None:
        self._hal = hal
        self.level_pct = 0
        self.bank_mv = hal.bank_mv()
        self.bad_samples = 0  # readings outside the tolerance in a row
        self._target_mv = 0
        self._is_bleeding = False
        self._settled_us = 0

    def charge_to(self, level_pct: int) -> None:
        """Regulate the bank to this level."""
        self.level_pct = level_pct
        self._target_mv = level_pct * V_FULL_MV // LEVEL_PCT_MAX
        self.bad_samples = 0
        self._bleed(False)
        self._hal.set_charger(self._target_mv)

    def discharge(self) -> None:
        """Open the charger and bleed; said again each time, whatever it was before."""
        self.level_pct = 0
        self._target_mv = 0
        self.bad_samples = 0
        self._hal.set_charger(0)
        self._is_bleeding = False
        self._bleed(True)

    def _bleed(self, on: bool) -> None:
        if on != self._is_bleeding:
            self._is_bleeding = on
            self._hal.set_bleed(on)

    def look(self) -> None:
        """Read the bank."""
        self.bank_mv = self._hal.bank_mv()

    def is_within(self) -> bool:
        """The last reading lies within the tolerance of the set point."""
        deviation_mv = abs(self.bank_mv - self._target_mv)
        return deviation_mv * 1000 <= self._target_mv * BANK_TOLERANCE_PM

    def is_low(self) -> bool:
        """The last reading counts as empty."""
        return self.bank_mv <= BANK_LOW_MV

    def steer(self) -> bool:
        """One step towards the set point; True when it is reached and the bleed is off."""
        self.look()
        is_within = self.is_within()
        self._bleed(not is_within and self.bank_mv > self._target_mv)
        return is_within

    def rest(self, now_us: int) -> None:
        """A pulse took charge out: the bank has a moment to recover."""
        self._settled_us = now_us + BANK_SETTLE_US
        self.bad_samples = 0

    def watch(self, now_us: int) -> None:
        """Judge the last reading of a bank that should stand at its set point."""
        if self.is_within() or now_us < self._settled_us:
            self.bad_samples = 0
        else:
            self.bad_samples += 1
