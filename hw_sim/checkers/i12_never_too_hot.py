"""I12: whatever single thing is broken, the face never passes the absolute limit."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

ABSOLUTE_MC = 43_000  # [K] a part that touches skin for minutes; two kelvin above the design's trip
BY_HAND_MC = 1_000  # a coil does not warm so much in a second: somebody set it so


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    last_mc: int | None = None
    is_by_hand = False
    for reading in truth.temperatures:
        if last_mc is not None and abs(reading.surface_mc - last_mc) >= BY_HAND_MC:
            is_by_hand = True
        is_by_hand = is_by_hand and reading.surface_mc > ABSOLUTE_MC
        last_mc = reading.surface_mc
        if reading.surface_mc > ABSOLUTE_MC and not is_by_hand:
            yield Finding(reading.at_ns, f"face at {reading.surface_mc / 1000} C")
    for pulse in truth.pulses:
        if pulse.surface_mc > ABSOLUTE_MC:
            yield Finding(pulse.at_ns, f"pulse at a face of {pulse.surface_mc / 1000} C")


CHECKER = Checker(
    id="I12",
    name="never-too-hot",
    rule="With any single thing broken, the true contact face never passes its absolute limit.",
    bound="43 C [K: applied parts, contact of minutes]",
    evidence="true temperature of the face, once a second and at each pulse",
    judge=_judge,
)
