"""I14: STOP at the core ends output within 1 ms, on the screen within 100 ms."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_MS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import AfterOff
from hw_sim.recorder import TruthRecorder

SCREEN_STOP_NS_MAX = 100 * NS_PER_MS  # sources.md design 5: a press on the screen to output off


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    after = AfterOff(truth)
    stops = [(at_ns, facts.core_stop_ns_max, "at the core") for at_ns, _ in truth.levels("rx_Stop")]
    stops += [(at_ns, SCREEN_STOP_NS_MAX, "on screen") for at_ns in facts.screen_stops_ns]
    for at_ns, bound_ns, where in stops:
        if after.lasting(at_ns, bound_ns) is not None:
            yield Finding(at_ns, f"enable stayed on after STOP {where}")
        for pulse in after.pulses_before_rearming(at_ns, bound_ns):
            yield Finding(pulse.at_ns, f"pulse after STOP {where}")


CHECKER = Checker(
    id="I14",
    name="stop-works",
    rule="STOP ends the output in every state, whoever presses it and whatever else goes on.",
    bound="1 ms at the controller, 100 ms from the screen (sources.md design 5)",
    evidence="STOP frames that reached the controller, presses on screens, enable, currents",
    judge=_judge,
)
