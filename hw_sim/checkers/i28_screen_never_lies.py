"""I28: no screen says stopped or safe while the coil fires, and none goes stale unnoticed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_MS, OPEN_END_NS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.screens import GONE_NS
from hw_sim.recorder import TruthRecorder

SAFE = ("idle", "patient", "checks", "ready", "paused", "stopped", "wrapup", "record")
FIRING_NS = 500 * NS_PER_MS
DRAWN_NS = 100 * NS_PER_MS  # sources.md design 5: way of a picture to the eye
NOTICED_NS = 500 * NS_PER_MS  # a service that stood still itself looks around first
HEARD_MS_MAX = 1_000  # older than that the controller counts as silent on the screen


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.pictures is not None
    onsets = [pulse.at_ns for pulse in truth.pulses]
    by_screen: dict[int, list[int]] = {}
    stale_ns: dict[int, int] = {}
    last_ns: dict[int, int] = {}
    for index, picture in enumerate(facts.pictures):
        by_screen.setdefault(picture.screen, []).append(index)
        unit = picture.shown.unit
        if unit.link != "live" or (unit.heard_ms_ago or 0) <= HEARD_MS_MAX:
            stale_ns.pop(picture.screen, None)
        elif picture.at_ns - last_ns.get(picture.screen, 0) > GONE_NS:
            stale_ns[picture.screen] = picture.at_ns  # the service itself stood still
        elif picture.at_ns - stale_ns.setdefault(picture.screen, picture.at_ns) > NOTICED_NS:
            yield Finding(picture.at_ns, f"live, and not heard for {unit.heard_ms_ago} ms")
        last_ns[picture.screen] = picture.at_ns
    for own in by_screen.values():
        ends = [facts.pictures[index].at_ns for index in own[1:]]
        for index, next_ns in zip(own, [*ends, OPEN_END_NS], strict=True):
            picture = facts.pictures[index]
            until_ns = min(next_ns, picture.at_ns + FIRING_NS)
            if picture.shown.phase in SAFE:
                first = bisect_left(onsets, picture.at_ns + DRAWN_NS)
                if first < len(onsets) and onsets[first] < until_ns:
                    text = f"pulse while a screen says {picture.shown.phase}"
                    yield Finding(onsets[first], text)


CHECKER = Checker(
    id="I28",
    name="screen-never-lies",
    rule="No screen says that it is safe while the coil fires; a silent controller is told as one.",
    bound="100 ms for the picture's way, 1 s for silence (sources.md design 5)",
    evidence="pictures of the screens, coil currents",
    judge=_judge,
    needs=("pictures",),
)
