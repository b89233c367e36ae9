"""I9: intervals are the plan's: exact inside an unbroken train, never shorter anywhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder

ONSET_US_MAX = 50  # sources.md design 9: onset of a train against its schedule


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.plan is not None
    plan, offsets = facts.plan, facts.plan.offsets_us()
    offs_ns = [off_ns for _, off_ns in gate_windows(truth)]
    for ordinal, (pulse, following) in enumerate(pairwise(truth.pulses[: len(offsets)])):
        wanted_us = offsets[ordinal + 1] - offsets[ordinal]
        if pulse.boot_epoch != following.boot_epoch:
            continue  # another counter: I8 holds the true interval against the minimum
        given_us = following.mcu_us - pulse.mcu_us
        is_same_train = (ordinal + 1) % plan.pulses_per_train != 0
        is_unbroken = bisect_right(offs_ns, pulse.at_ns) == bisect_right(offs_ns, following.at_ns)
        slack_us = 0 if is_same_train else ONSET_US_MAX
        is_late = is_same_train and is_unbroken and given_us > wanted_us
        if given_us < wanted_us - slack_us or is_late:
            text = f"pulse {ordinal + 2} after {given_us} us, plan {wanted_us} us"
            yield Finding(following.at_ns, text)


CHECKER = Checker(
    id="I9",
    name="plan-kept",
    rule="Trains and the pauses between them are the prescription's; nothing is ever caught up.",
    bound="0 us inside a train, 50 us between trains (sources.md design 9)",
    evidence="coil currents by the controller's counter, the prescribed plan",
    judge=_judge,
    needs=("plan",),
)
