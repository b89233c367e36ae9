"""I36: what was begun is finished as it was begun, whatever the clinic changes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.commands import Arm
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.frames import read
from hw_sim.checkers.windows import Levels, gate_windows
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.frames is not None
    targets = Levels(truth.levels("target_mv"))
    for on_ns, off_ns in gate_windows(truth):
        own = [pulse for pulse in truth.pulses if on_ns <= pulse.at_ns < off_ns and pulse.is_asked]
        levels = [targets.at(pulse.at_ns) for pulse in own]
        for pulse, level in zip(own, levels, strict=True):
            if level != levels[0]:
                yield Finding(pulse.at_ns, f"set point {level} mV, begun with {levels[0]} mV")
    first: dict[bytes, Arm] = {}
    for frame in facts.frames:
        if frame.is_up or frame.kind != Arm.TYPE or len(frame.payload) < Arm.size():
            continue
        arm = read(frame, Arm)
        begun = first.setdefault(arm.session_id, arm)
        if (arm.level_pct_mso, arm.plan_sha256) != (begun.level_pct_mso, begun.plan_sha256):
            text = f"armed anew with {arm.level_pct_mso} %, begun with {begun.level_pct_mso} %"
            yield Finding(frame.at_ns, text)


CHECKER = Checker(
    id="I36",
    name="order-stands-still",
    rule="Level and plan of a session stay those it was begun with, in a train and over a pause.",
    bound="none",
    evidence="set point of the charger at each pulse, Arm frames",
    judge=_judge,
    needs=("frames",),
)
