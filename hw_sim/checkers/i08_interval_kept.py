"""I8: never two pulses closer than the minimum interval, by any clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

# One per mille for the controller's crystal, far above the 200 ppm of the catalogue.
CRYSTAL_PM = 1


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.ipi_us_min is not None
    true_ns_min = facts.ipi_us_min * (1000 - CRYSTAL_PM)
    for pulse, following in pairwise(truth.pulses):
        is_same_boot = pulse.boot_epoch == following.boot_epoch
        mcu_us = following.mcu_us - pulse.mcu_us
        true_ns = following.at_ns - pulse.at_ns
        if true_ns < true_ns_min or (is_same_boot and mcu_us < facts.ipi_us_min):
            yield Finding(following.at_ns, f"{true_ns / 1e6:.3f} ms after the last")


CHECKER = Checker(
    id="I8",
    name="interval-kept",
    rule="Two pulses never come closer than the least interval, so that no trigger gives two.",
    bound="configured least interval, by the controller's clock and by true time less 1 per mille",
    evidence="coil currents",
    judge=_judge,
    needs=("ipi_us_min",),
)
