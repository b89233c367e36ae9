"""I40: every arming asks for the ordered level and plan, also after any restart."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.commands import Arm
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.frames import read
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.frames is not None
    assert facts.plan is not None
    for frame in facts.frames:
        if frame.is_up or frame.kind != Arm.TYPE or len(frame.payload) < Arm.size():
            continue
        arm = read(frame, Arm)
        if arm.level_pct_mso != facts.level_pct_order:
            text = f"armed with {arm.level_pct_mso} %, ordered are {facts.level_pct_order} %"
            yield Finding(frame.at_ns, text)
        if arm.plan_sha256.hex() != facts.plan.sha256:
            yield Finding(frame.at_ns, "armed with another plan than the order's")


CHECKER = Checker(
    id="I40",
    name="dose-is-ordered",
    rule="Level and plan of every arming are the signed order's, or there is no arming.",
    bound="exact",
    evidence="Arm frames, the clinic's order worked out anew",
    judge=_judge,
    needs=("frames", "plan", "level_pct_order"),
)
