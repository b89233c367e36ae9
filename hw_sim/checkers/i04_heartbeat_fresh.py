"""I4: no enable and no pulse on an old heartbeat, nor on an old edge of the host enable."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from firmware.wire.limits import HEARTBEAT_MS_MAX
from hw_sim.checkers.base import NS_PER_MS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import AfterOff
from hw_sim.plant.host_enable import HOST_EDGE_WIRE, HOST_LIFE_NS
from hw_sim.recorder import TruthRecorder
from hw_sim.wire_watch import RX_BEAT

BEAT_AGE_NS_MAX = HEARTBEAT_MS_MAX * NS_PER_MS  # sources.md design 5: heartbeat loss to disarm


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    after = AfterOff(truth)
    beats = [at_ns for at_ns, _ in truth.levels(RX_BEAT)]
    for at_ns, following_ns in pairwise([*beats, 1 << 62]):
        is_gap = following_ns - at_ns > BEAT_AGE_NS_MAX
        if is_gap and after.lasting(at_ns, BEAT_AGE_NS_MAX) is not None:
            yield Finding(at_ns, "enable outlived the last heartbeat by over 500 ms")
    for pulse in truth.pulses:
        if _age_ns(beats, pulse.at_ns) > BEAT_AGE_NS_MAX:
            yield Finding(pulse.at_ns, "pulse on a stale heartbeat")
    edges = [at_ns for at_ns, _ in truth.levels(HOST_EDGE_WIRE)]
    for pulse in truth.pulses:
        if _age_ns(edges, pulse.at_ns) > HOST_LIFE_NS:
            yield Finding(pulse.at_ns, "pulse on a stale edge of the host enable")


def _age_ns(times: list[int], at_ns: int) -> int:
    index = bisect_right(times, at_ns) - 1
    return at_ns - times[index] if index >= 0 else 1 << 62


CHECKER = Checker(
    id="I4",
    name="heartbeat-fresh",
    rule="No enable and no pulse on a heartbeat, or an edge of the edge's enable, that is too old.",
    bound="500 ms and 250 ms (sources.md design 5, life of the one-shot)",
    evidence="new heartbeats that reached the controller, edges of the host pin, enable, currents",
    judge=_judge,
)
