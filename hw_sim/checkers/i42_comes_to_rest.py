"""I42: with everything mended the session ends, the queue drains and the alarms settle."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    end_ns = facts.end_ns or (truth.wires[-1].at_ns if truth.wires else 0)
    if facts.stuck:
        yield Finding(end_ns, f"stuck: {facts.stuck}")
        return
    for item in facts.outbox or ():
        if item.state in ("ready", "sending"):
            yield Finding(end_ns, f"record {item.session_id} still waits: {item.state}")
    for session in facts.sessions or ():
        if session.state == "open":
            yield Finding(end_ns, f"session {session.session_id} is still open")


CHECKER = Checker(
    id="I42",
    name="comes-to-rest",
    rule="When nothing is broken any more, the session ends, records arrive and alarms settle.",
    bound="deadline of the scenario; 1800 s for the clinic (hw_sim/session.py)",
    evidence="where the screen's way ended, rows of outbox and session",
    judge=_judge,
    needs=("stuck",),
)
