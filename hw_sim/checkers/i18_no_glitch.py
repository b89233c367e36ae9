"""I18: no enable moves unless its owner was told to, at resets, port openings and hand-overs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from firmware.wire.limits import FLASH_STALL_US_MAX
from hw_sim.checkers.base import NS_PER_MS, NS_PER_US, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import gate_windows
from hw_sim.plant.host_enable import HOST_WIRE
from hw_sim.recorder import TruthRecorder

# A Confirm is obeyed at once; while flash is written it waits in the chip.
OBEYED_NS_MAX = FLASH_STALL_US_MAX * NS_PER_US + 10 * NS_PER_MS
EDGE_GONE, EDGE_THERE = "edge ended", "edge started"


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    confirms = [at_ns for at_ns, _ in truth.levels("rx_Confirm")]
    for on_ns, _ in gate_windows(truth):
        index = bisect_right(confirms, on_ns) - 1
        if index < 0 or on_ns - confirms[index] > OBEYED_NS_MAX:
            yield Finding(on_ns, "controller's enable moved, and nobody had confirmed anything")
    away_ns: int | None = None
    gone: list[tuple[int, int]] = []
    for mark in truth.marks:
        if mark.text == EDGE_GONE:
            away_ns = mark.at_ns
        elif mark.text == EDGE_THERE and away_ns is not None:
            gone.append((away_ns, mark.at_ns))
            away_ns = None
    hands = [mark.at_ns for mark in truth.marks if mark.text.startswith("host ")]
    for on_ns, _ in gate_windows(truth, HOST_WIRE):
        if any(begin < on_ns < end for begin, end in gone) and on_ns not in hands:
            yield Finding(on_ns, "the edge's enable moved while no edge was running")


CHECKER = Checker(
    id="I18",
    name="no-glitch",
    rule="Neither enable moves at a reset, a hand-over or an opening of the port, however briefly.",
    bound="none; a Confirm may wait 1.01 s for a flash write",
    evidence="both enables at the metal, Confirm frames, starts and ends of the edge",
    judge=_judge,
)
