"""I11: no pulse at a contact face that is, or by the train's end will be, above its limit."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

SENSING_MC = 1_000  # [P] noise, median and way of the heat to the sensor


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.surface_mc_max is not None
    limit_mc = facts.surface_mc_max + SENSING_MC
    for pulse in truth.pulses:
        if pulse.surface_mc > limit_mc:
            yield Finding(
                pulse.at_ns,
                f"pulse at a face of {pulse.surface_mc / 1000} C,"
                f" limit {facts.surface_mc_max / 1000} C",
            )


CHECKER = Checker(
    id="I11",
    name="cool-enough",
    rule="No train begins at a face that is above its limit, or would be before the train's end.",
    bound="configured limit of the face and 1 K for sensing",
    evidence="true temperature of the face at each pulse",
    judge=_judge,
    needs=("surface_mc_max",),
)
