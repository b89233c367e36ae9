"""Requests of whole trains as the controller makes them: true offsets of a plan, in cycles."""

from __future__ import annotations

from itertools import pairwise

from firmware.core.train import TrainPlan
from tests.pio.jobs import Job, in_order, levels, puts
from tests.pio.programs import Programs

CYCLES_PER_US = 125
WIDTH_US = 300  # a little more than one period of the coil current (sources.md domain 3.3)
PLANS = {
    # sources.md domain 1.3 and 1.4; as many trains as 3,000 pulses need
    "iTBS": TrainPlan(((3, 20_000), (10, 200_000), (100, 10_000_000), (1, 0)), 2),
    "10 Hz": TrainPlan(((40, 100_000), (75, 30_000_000), (1, 0), (1, 0)), 1),
}


def offsets_us(plan: TrainPlan, pulses: int) -> list[int]:
    """Onsets of the first pulses, from the first one."""
    return [plan.session_offset_us(ordinal) for ordinal in range(pulses)]


def job(p: Programs, offsets: list[int]) -> Job:
    """Every pulse chained to the last one; the chain stays closed."""
    width = (WIDTH_US * CYCLES_PER_US - p.TRIG_WIDTH_FIXED) // p.TRIG_WIDTH_CYCLES
    words = [0, width]
    for before, onset in pairwise(offsets):
        words += [(onset - before) * CYCLES_PER_US - p.TRIG_CHAIN_FIXED, width]
    cycles = p.TRIG_CANCEL_CYCLES + (offsets[-1] + 10_000) * CYCLES_PER_US
    return Job(p.trig, cycles, in_order(levels([(0, 1)]), puts(0, words)))


def jitter_cycles(offsets: list[int], rises: list[int]) -> int:
    """Largest distance of a rise from its place, the first one taken as right."""
    assert len(rises) == len(offsets), f"{len(rises)} pulses, {len(offsets)} asked for"
    return max(
        abs(rise - rises[0] - onset * CYCLES_PER_US)
        for rise, onset in zip(rises, offsets, strict=True)
    )
