"""How late the service itself runs: the worst lateness of a regular tick in the last seconds.

A loop that is held up renews no enable and feeds no train, so the run is at risk before anything
has failed. Measures on the loop's clock; decides nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque

TICK_S = 0.1  # [P] a stall longer than this is always seen
WINDOW_S = 10.0  # [P]


class LoopWatch:
    """One tick that is always due."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=round(WINDOW_S / TICK_S))

    @property
    def worst_ms(self) -> int:
        """Worst of the last seconds, whole milliseconds rounded down; 0 before the first tick."""
        return int(max(self._late_s, default=0.0) * 1000)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_at = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._late_s.append(max(0.0, loop.time() - due_at))
