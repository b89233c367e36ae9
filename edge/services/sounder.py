"""The bursts of the unit's own sounder, by priority.

Pulse counts and times are those of IEC 60601-1-8 as collected in the reference. Runs on the loop's
clock by timers; silent unless told. Decides no alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from edge.domain.faults import Priority
from edge.ports import Indicators

# Seconds on, off, on, off, ...; the last off is the pause before the burst repeats.
_X = 0.10  # spacing in a high burst, 50 to 125 ms [V]
_HIGH_GROUP = (
    0.15,
    _X,
    0.15,
    _X,
    0.15,
    2 * _X + 0.15,
    0.15,
    _X,
    0.15,
)  # 3+2 pulses of 75-200 ms [V]
BURSTS: Mapping[Priority, tuple[float, ...]] = {
    Priority.HIGH: (*_HIGH_GROUP, 0.8, *_HIGH_GROUP, 5.0),  # pause 350-1300 ms [V], 2.5-15 s [V]
    Priority.MEDIUM: (0.2, 0.2, 0.2, 0.2, 0.2, 10.0),  # 3 pulses, 125-250 ms [V], 2.5-30 s [K]
    Priority.LOW: (0.2, 0.2, 0.2, 20.0),  # 2 pulses, again after more than 15 s [K]
}


class Sounder:
    """The one sounder."""

    def __init__(self, indicators: Indicators) -> None:
        self._indicators = indicators
        self._priority: Priority | None = None
        self._step = 0
        self._timer: asyncio.TimerHandle | None = None

    def sound(self, priority: Priority | None) -> None:
        """Give bursts of this priority from now on; None is silence."""
        if priority is self._priority:
            return
        self._priority = priority
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._indicators.set_sounder(False)
        if priority is not None:
            self._step = 0
            self._next(BURSTS[priority])

    def _next(self, burst: tuple[float, ...]) -> None:
        self._indicators.set_sounder(self._step % 2 == 0)
        wait_s = burst[self._step]
        self._step = (self._step + 1) % len(burst)
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._next, burst)
