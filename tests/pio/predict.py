"""What trig must do, worked out from the constants next to the programs; no instruction is run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tests.pio.jobs import Trace
from tests.pio.programs import Programs


@dataclass(frozen=True)
class Request:
    available: int  # both words are in the FIFO from this cycle on
    delay: int
    width: int


class Line:
    """Level of a wire over time, from (cycle, level) changes; low before the first."""

    def __init__(self, changes: Sequence[tuple[int, int]]) -> None:
        self._cycles = [cycle for cycle, _ in changes]
        self._levels = [level for _, level in changes]

    def at(self, cycle: int) -> int:
        """Level that an instruction of this cycle sees."""
        index = bisect_right(self._cycles, cycle)
        return self._levels[index - 1] if index else 0


def trig(p: Programs, requests: Sequence[Request], chain: Line, idle: int) -> Trace:
    """Edges and words; the machine is first able to pull in the cycle `idle`."""
    edges: list[tuple[int, int]] = []
    words: list[tuple[int, int]] = []
    for request in requests:
        pull = max(idle, request.available)
        rise = pull + request.delay + p.TRIG_RISE_CYCLES
        fall, result = _pulse(p, rise, request.width, chain)
        if result != p.TRIG_REFUSED:
            edges += [(rise, 1), (fall, 0)]
        words.append((rise + p.TRIG_WIDTH_CYCLES * request.width + p.TRIG_RESULT_FIXED, result))
        idle = rise + p.TRIG_IDLE_CYCLES
    return Trace(tuple(edges), tuple(words))


def _pulse(p: Programs, rise: int, width: int, chain: Line) -> tuple[int, int]:
    if not chain.at(rise - 1):
        return -1, p.TRIG_REFUSED
    for look in range(rise + 2, rise + 2 * width + 1, 2):
        if not chain.at(look):
            return look + 1, p.TRIG_CUT
    return rise + p.TRIG_WIDTH_CYCLES * width + p.TRIG_WIDTH_FIXED, p.TRIG_COMPLETE
