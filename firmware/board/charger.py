# Charger and bleed: set point, on and off, and the rule that the two never work against each other.
# The charger regulates by itself to the level of a filtered PWM; step(), called by the charge task,
# trims what its set point is off by, and cuts it when the bank is too high. Decides neither target
# nor fault (firmware/core does). Board clock; Python tasks only.
from firmware.board.pins import (
    CHARGER_FULL_MV,
    COUNTS_FULL,
    GP_BLEED_OPEN,
    GP_CHARGER_LEVEL,
    GP_CHARGER_ON,
)
from firmware.compat import const
from firmware.wire.limits import V_FULL_MV
from machine import PWM, Pin

PWM_HZ = const(20000)  # [P] 6250 steps at 125 MHz: 0.3 V; above what one hears
STEP_MS = const(10)  # how often the charge task calls step()
RELAY_US = const(15000)  # [K] a relay has let go after 10 ms; the charger waits until then
# [P] 5 % above full output: no set point explains it, so the charger stays off until asked anew.
OVER_MV = const(1890000)
ABOVE_PM = const(30)  # [P] the charger pauses 3 % above its target
NEAR_PM = const(50)  # [P] only within 5 % of the target is a difference the set point's fault
TRIM_US = const(50000)  # [P] longer than the bank takes to follow a trim
TRIM_PM_MAX = const(30)  # [P] 3 %: more is not a tolerance but a defect, which the core finds
TRIM_PART = const(4)  # a quarter of the difference each time: no overshoot


class Charger:
    # target_mv 0: open. is_over stays until a new target is given.

    def __init__(self) -> None:
        self._on = Pin(GP_CHARGER_ON, Pin.OUT, value=0)
        self._bleed_open = Pin(GP_BLEED_OPEN, Pin.OUT, value=0)
        self._level = PWM(Pin(GP_CHARGER_LEVEL), freq=PWM_HZ, duty_u16=0)
        self.target_mv = 0
        self.is_over = False
        self._is_bleeding = True
        self._is_on = False
        self._trim_mv = 0
        self._trimmed_us = 0
        self._opened_us = -1  # the bleed was first seen open by step()

    def set_target(self, target_mv: int) -> None:
        """Regulate the bank to this voltage; 0 opens the charger at once."""
        target_mv = max(0, min(target_mv, V_FULL_MV))
        self._switch(False)
        self.is_over = False
        self._trim_mv = 0
        self.target_mv = target_mv
        self._write_level()
        if target_mv > 0 and not self._is_bleeding:
            self._bleed_open.value(1)

    def set_bleed(self, on: bool) -> None:
        """Close or open the bleed; while it is closed the charger is off."""
        self._is_bleeding = bool(on)
        self._opened_us = -1
        if on:
            self._switch(False)
            self._bleed_open.value(0)
        elif not self.is_over:
            self._bleed_open.value(1)

    def is_on(self) -> bool:
        """The charger runs."""
        return self._is_on

    def step(self, now_us: int, bank_mv: int, is_quiet: bool) -> None:
        """One look at the bank. is_quiet: no pulse has taken charge out for a while."""
        if bank_mv > OVER_MV:
            self.is_over = True
        if self.is_over:
            self._switch(False)
            self._bleed_open.value(0)
            self._opened_us = -1
            return
        if self._is_bleeding or self.target_mv == 0:
            return
        if self._opened_us < 0:
            self._opened_us = now_us
            self._trimmed_us = now_us
        if now_us - self._opened_us < RELAY_US:
            return
        is_above = bank_mv * 1000 > self.target_mv * (1000 + ABOVE_PM)
        self._switch(not is_above and (self._is_on or bank_mv <= self.target_mv))
        if self._is_on and is_quiet:
            self._trim(now_us, bank_mv)

    def _trim(self, now_us: int, bank_mv: int) -> None:
        difference_mv = self.target_mv - bank_mv
        if abs(difference_mv) * 1000 > self.target_mv * NEAR_PM:
            self._trimmed_us = now_us
        elif now_us - self._trimmed_us >= TRIM_US:
            self._trimmed_us = now_us
            bound_mv = self.target_mv * TRIM_PM_MAX // 1000
            trim_mv = self._trim_mv + difference_mv // TRIM_PART
            self._trim_mv = max(-bound_mv, min(trim_mv, bound_mv))
            self._write_level()

    def _switch(self, on: bool) -> None:
        if on != self._is_on or not on:
            self._is_on = on
            self._on.value(1 if on else 0)

    def _write_level(self) -> None:
        level_mv = self.target_mv + self._trim_mv if self.target_mv else 0
        self._level.duty_u16(min(COUNTS_FULL, level_mv * COUNTS_FULL // CHARGER_FULL_MV))
