"""I39: after a restart each side is in a known state within its time."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_S, OPEN_END_NS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

CHIP_NS_MAX = 5 * NS_PER_S  # [P] of the controller, its self-test left out
EDGE_NS_MAX = 10 * NS_PER_S  # [P] from the start of the service to a live controller on screen
DISTURBED = ("link ", "mcu ", "fault ", "press ", "store ", "edge ", "edges ", "wire ")


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.pictures is not None
    end_ns = facts.end_ns or 0
    for index, mark in enumerate(truth.marks):
        later = truth.marks[index + 1 :]
        if mark.text.startswith("mcu booting"):
            up_ns = next((m.at_ns for m in later if m.text.startswith("mcu ")), OPEN_END_NS)
            if up_ns - mark.at_ns > CHIP_NS_MAX and end_ns - mark.at_ns > CHIP_NS_MAX:
                yield Finding(mark.at_ns, "controller was not up again within 5 s")
        elif mark.text == "edge started":
            due_ns = mark.at_ns + EDGE_NS_MAX
            is_disturbed = any(
                m.at_ns <= due_ns and m.text.startswith(DISTURBED) for m in later
            ) or _is_cut(truth, mark.at_ns)
            shown = [p for p in facts.pictures if mark.at_ns <= p.at_ns <= due_ns]
            is_seen = any(p.shown.unit.link == "live" for p in shown)
            if due_ns < end_ns and shown and not is_disturbed and not is_seen:
                yield Finding(mark.at_ns, "no live controller on a screen within 10 s of a start")


def _is_cut(truth: TruthRecorder, at_ns: int) -> bool:
    """Whether the line was down when this happened."""
    words = [m.text for m in truth.marks if m.at_ns <= at_ns and m.text.startswith("link ")]
    return bool(words) and words[-1] != "link restored"


CHECKER = Checker(
    id="I39",
    name="back-in-time",
    rule="A restart of either side ends in a known state that a screen shows, within its time.",
    bound="5 s for the controller, 10 s for the edge [P]",
    evidence="starts of chip and service, pictures",
    judge=_judge,
    needs=("pictures",),
)
