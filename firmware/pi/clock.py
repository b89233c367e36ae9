"""The one clock of the process: nanoseconds since it was made, of CLOCK_MONOTONIC.

The only file of this folder that reads a clock or sleeps. Deadlines are absolute; nobody adds up
durations. Tests put an object with the same calls in its place.
"""

from __future__ import annotations

import time
from typing import Protocol

NS_PER_US = 1000


class Clock(Protocol):
    """What the rest of the folder knows of time."""

    def now_ns(self) -> int:
        """Nanoseconds since the process began."""

    def sleep_until_ns(self, at_ns: int) -> None:
        """Sleep to an absolute time; late by what the system makes of it."""


class MonotonicClock:
    """Clock of a real process."""

    def __init__(self) -> None:
        self._origin_ns = time.perf_counter_ns()

    def now_ns(self) -> int:
        """Nanoseconds since the process began."""
        return time.perf_counter_ns() - self._origin_ns

    def sleep_until_ns(self, at_ns: int) -> None:
        """One clock_nanosleep to this time."""
        left_ns = at_ns - self.now_ns()
        if left_ns > 0:
            # No event loop lives in this process, and the wait is the product here.
            time.sleep(left_ns / 1_000_000_000)  # noqa: TID251
