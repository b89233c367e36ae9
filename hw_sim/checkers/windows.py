"""Arithmetic on wires that several rules share: when an enable was on, what a level was, when.

Pure looks at one truth record. Owns no rule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from hw_sim.checkers.base import OPEN_END_NS
from hw_sim.recorder import Pulse, TruthRecorder


def gate_windows(truth: TruthRecorder, wire: str = "gate") -> list[tuple[int, int]]:
    """(on, off) of an enable, the controller's by default; off is beyond everything while on."""
    windows: list[tuple[int, int]] = []
    on_ns: int | None = None
    for at_ns, level in truth.levels(wire):
        if level and on_ns is None:
            on_ns = at_ns
        elif not level and on_ns is not None:
            windows.append((on_ns, at_ns))
            on_ns = None
    if on_ns is not None:
        windows.append((on_ns, OPEN_END_NS))
    return windows


class Levels:
    """What a wire was at any moment; None before its first change."""

    def __init__(self, changes: Sequence[tuple[int, int]]) -> None:
        self._times = [at_ns for at_ns, _ in changes]
        self._values = [value for _, value in changes]

    def at(self, at_ns: int) -> int | None:
        """Its value in this nanosecond."""
        index = bisect_right(self._times, at_ns) - 1
        return self._values[index] if index >= 0 else None

    def since(self, at_ns: int) -> int:
        """When it came to that value; 0 before its first change."""
        index = bisect_right(self._times, at_ns) - 1
        return self._times[index] if index >= 0 else 0


class AfterOff:
    """What still happened after a moment that had to switch the output off?"""

    def __init__(self, truth: TruthRecorder, wire: str = "gate") -> None:
        self._windows = gate_windows(truth, wire)
        self._ons = [on_ns for on_ns, _ in self._windows]
        self._pulses = truth.pulses
        self._onsets = [pulse.at_ns for pulse in truth.pulses]

    def gate_on_at(self, at_ns: int) -> bool:
        index = bisect_right(self._ons, at_ns) - 1
        return index >= 0 and at_ns < self._windows[index][1]

    def lasting(self, at_ns: int, bound_ns: int) -> int | None:
        """When the enable that was on at this moment fell, if that was later than the bound."""
        index = bisect_right(self._ons, at_ns) - 1
        if index < 0:
            return None
        off_ns = self._windows[index][1]
        return off_ns if off_ns > at_ns + bound_ns else None

    def pulses_before_rearming(self, at_ns: int, bound_ns: int) -> Iterator[Pulse]:
        """Pulses later than the bound while nobody had armed anew."""
        index = bisect_right(self._ons, at_ns)
        armed_ns = self._ons[index] if index < len(self._ons) else OPEN_END_NS
        for pulse in self._pulses[bisect_right(self._onsets, at_ns + bound_ns) :]:
            if pulse.at_ns >= armed_ns:
                return
            yield pulse
