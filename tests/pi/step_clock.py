"""A clock for tests of way b: time passes by a fixed step with each look at it, and by sleeping.

Planted: lateness of sleeps, and things that happen at a time. One context, no real time.
"""

from __future__ import annotations

from collections.abc import Callable

STEP_NS = 500  # one look at the clock, of the order of the real call


class StepClock:
    """firmware.pi.clock.Clock."""

    def __init__(self) -> None:
        self._now_ns = 1_000_000_000
        self.step_ns = STEP_NS
        self._events: list[tuple[int, Callable[[], None]]] = []
        self.sleep_late_ns = 0
        self.stalls_ns: list[int] = []  # taken one by one by the next sleeps

    def now_ns(self) -> int:
        """Time, which has passed a little by asking."""
        self._pass_to(self._now_ns + self.step_ns)
        return self._now_ns

    def peek_ns(self) -> int:
        """Time without its passing, for the plant."""
        return self._now_ns

    def sleep_until_ns(self, at_ns: int) -> None:
        """Jump, and be late as planted."""
        late_ns = self.stalls_ns.pop(0) if self.stalls_ns else self.sleep_late_ns
        self._pass_to(max(self._now_ns, at_ns + late_ns))

    def stall(self, duration_ns: int) -> None:
        """Nothing of this process runs for so long."""
        self._pass_to(self._now_ns + duration_ns)

    def at(self, at_ns: int, act: Callable[[], None]) -> None:
        """Something outside happens at this time."""
        self._events.append((at_ns, act))
        self._events.sort(key=lambda event: event[0])

    def _pass_to(self, to_ns: int) -> None:
        while self._events and self._events[0][0] <= to_ns:
            at_ns, act = self._events.pop(0)
            self._now_ns = max(self._now_ns, at_ns)
            act()
        self._now_ns = max(self._now_ns, to_ns)
