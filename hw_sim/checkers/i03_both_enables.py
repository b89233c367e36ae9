"""I3: each pulse lies inside the windows of both enables and was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import PULSE_NS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import AfterOff
from hw_sim.plant.host_enable import HOST_WIRE
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    gate, host = AfterOff(truth), AfterOff(truth, HOST_WIRE)
    for pulse in truth.pulses:
        # Complete means that it flowed for its whole length; cut, that it ended with the path.
        end_ns = pulse.at_ns + (PULSE_NS if pulse.is_complete else 0)
        if not gate.gate_on_at(pulse.at_ns):
            yield Finding(pulse.at_ns, "pulse outside an armed gate")
        elif not (host.gate_on_at(pulse.at_ns) and host.gate_on_at(end_ns)):
            yield Finding(pulse.at_ns, "pulse without the edge's enable")
        elif not pulse.is_asked:
            yield Finding(pulse.at_ns, "pulse that nobody asked for")


CHECKER = Checker(
    id="I3",
    name="both-enables",
    rule="Each pulse flows inside the controller's enable and the edge's, and was asked for.",
    bound="whole length of the pulse",
    evidence="both enables at the metal, coil currents",
    judge=_judge,
)
