"""I27: silence that was asked for one alarm never keeps a later one from being heard."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.screens import Screens
from hw_sim.recorder import TruthRecorder

HEARD_NS_MAX = 3 * NS_PER_S  # [P] of the first burst of the sounder
PAUSE_NS_MAX = 120 * NS_PER_S  # [P] edge/domain/alarms.py


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.pictures is not None
    assert facts.audit is not None
    screens = Screens(facts.pictures, facts.screens_closed_ns)
    heard = [at_ns for at_ns, level in truth.levels("sounder") if level]
    pauses = [row for row in facts.audit if row.action == "alarm_paused"]
    for pause in pauses:
        later = [
            row
            for row in facts.audit
            if row.action == "alarm_on"
            and row.boot == pause.boot
            and pause.at_ns < row.at_ns < pause.at_ns + PAUSE_NS_MAX
        ]
        for row in later[:1]:
            due_ns = row.at_ns + HEARD_NS_MAX
            is_there = all(
                any(
                    alarm.alarm_id == row.detail["alarm"] and not alarm.is_acknowledged
                    for alarm in shown.alarms
                )
                for shown in screens.at(due_ns)
            )
            if is_there and not any(row.at_ns <= at_ns <= due_ns for at_ns in heard):
                yield Finding(row.at_ns, f"alarm {row.detail['alarm']} was silent in a pause")
    for picture in facts.pictures:
        if picture.shown.audio_paused_ms * 1_000_000 > PAUSE_NS_MAX:
            yield Finding(picture.at_ns, f"a pause of {picture.shown.audio_paused_ms} ms")


CHECKER = Checker(
    id="I27",
    name="pause-hides-nothing",
    rule="An alarm that comes up after its sound was paused is heard; no pause is without end.",
    bound="3 s, 120 s [P]",
    evidence="audit, pictures, current of the sounder",
    judge=_judge,
    needs=("pictures", "audit"),
)
