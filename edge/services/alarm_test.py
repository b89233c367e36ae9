"""The test of the alarm signals themselves: all lamps, and a tone whose current is read back.

Silence before, current during, silence after: anything else is a dead or a stuck sounder. Judges
the sounder only; that the lamps are lit is for people to see. An alarm that must sound cuts the
test off, and it counts as not made. Runs on the loop's clock.
"""

from __future__ import annotations

import asyncio

from edge.domain.alarm_sounds import TEST_TONE
from edge.ports import Indicators, Lamp

QUIET_S = 0.1  # [P] before the tone
TONE_S = 0.4  # [P] long enough to be heard, and for a loaded machine to see the current
SETTLE_S = 0.4  # [P] the current sense is held for 50 ms behind the last edge


class AlarmTest:
    """Made by the alarm service, which owns lamp and sounder otherwise."""

    def __init__(self, indicators: Indicators) -> None:
        self._indicators = indicators
        self._is_cut = False
        self.is_running = False

    def cut(self) -> None:
        """Something real must be heard."""
        self._is_cut = True

    async def run(self) -> bool | None:
        """True: heard and silent again; False: not; None: cut off."""
        self._is_cut = False
        self.is_running = True
        try:
            return await self._try()
        finally:
            self.is_running = False

    async def _try(self) -> bool | None:
        self._indicators.set_lamp(Lamp.ARMED)  # both lamps
        before = await self._sense(QUIET_S)
        if self._is_cut:
            return None
        self._indicators.set_sounder(TEST_TONE)
        during = await self._sense(TONE_S)
        if self._is_cut:
            return None
        self._indicators.set_sounder(None)
        after = await self._sense(SETTLE_S)
        return None if self._is_cut else (before, during, after) == (False, True, False)

    async def _sense(self, after_s: float) -> bool | None:
        await asyncio.sleep(after_s)
        return self._indicators.sounder_current()
