"""I23: what a screen has told the operator is in the store after any loss of power."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

INTENT, RESULT = "train_intent", "train_result"
SIGNED = ("signed", "queued", "sent")


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.pictures is not None
    assert facts.journal is not None
    assert facts.sessions is not None
    kept: dict[str, int] = {}
    for row in facts.journal:
        if row.kind == INTENT:
            kept[row.session_id] = kept.get(row.session_id, 0) + row.body["commanded"]
        elif row.kind == RESULT:
            # What was asked stays possible until its result: only that says how many they were.
            asked = [
                intent.body["commanded"]
                for intent in facts.journal
                if intent.kind == INTENT
                and intent.session_id == row.session_id
                and intent.seq < row.seq
            ]
            before = kept.get(row.session_id, 0) - (asked[-1] if asked else 0)
            kept[row.session_id] = before + row.body["measured"]
    signed = [session.session_id for session in facts.sessions if session.record is not None]
    worst: dict[str, int] = {}
    lost: list[str] = []
    for picture in facts.pictures:
        visit = picture.shown.visit
        if visit is None or not visit.session.session_id:
            continue
        session_id, shown = visit.session.session_id, visit.session.delivered
        if shown > max(kept.get(session_id, 0), worst.get(session_id, 0)):
            worst[session_id] = shown
            text = f"shown {shown} pulses, kept are {kept.get(session_id, 0)}"
            yield Finding(picture.at_ns, text)
        if visit.record_state in SIGNED and session_id not in (*signed, *lost):
            lost.append(session_id)
            yield Finding(picture.at_ns, "shown as signed, and the record is not there")


CHECKER = Checker(
    id="I23",
    name="shown-is-kept",
    rule="No pulse and no signature that a screen has told of is missing after power was lost.",
    bound="exact",
    evidence="pictures of the screens, rows of journal and session read after the run",
    judge=_judge,
    needs=("pictures", "journal", "sessions"),
)
