"""I30: at any moment at most one screen is in control."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_MS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.screens import Screens
from hw_sim.recorder import TruthRecorder

HANDED_NS = 150 * NS_PER_MS  # both screens are told within one picture's pace


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.pictures is not None
    screens = Screens(facts.pictures, facts.screens_closed_ns)
    told = False
    for picture in facts.pictures:
        if picture.shown.control != "here":
            continue
        now, later = (
            [each.screen for each in screens.newest(at_ns) if each.shown.control == "here"]
            for at_ns in (picture.at_ns, picture.at_ns + HANDED_NS)
        )
        holders = [screen for screen in later if screen in now]
        if len(holders) > 1 and not told:
            told = True
            yield Finding(picture.at_ns, f"screens {holders} are in control at once")


CHECKER = Checker(
    id="I30",
    name="one-in-control",
    rule="At most one screen is in control; whoever takes it takes it away.",
    bound="150 ms until both have been told",
    evidence="pictures of all screens",
    judge=_judge,
    needs=("pictures",),
)
