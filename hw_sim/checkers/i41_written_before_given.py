"""I41: nothing is given that was not written down before; a full disk ends it safely."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.commands import Arm, FireTrain
from hw_sim.checkers.base import NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts, JournalEntry
from hw_sim.checkers.seals import sealed_commands
from hw_sim.recorder import TruthRecorder

INTENT = "train_intent"
BEFORE_NS = 3 * NS_PER_S  # [P] a command is repeated for less than that


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.frames is not None
    assert facts.link_key is not None
    assert facts.journal is not None
    opened = {row.session_id.replace("-", ""): row.at_ns for row in facts.journal}
    for sealed in sealed_commands(facts.frames, facts.link_key):
        command, at_ns = sealed.command, sealed.frame.at_ns
        if not sealed.is_accepted or sealed.is_repeat:
            continue
        if isinstance(command, Arm) and command.session_id.hex() not in opened:
            yield Finding(at_ns, "armed for a session that is not in the journal")
        elif isinstance(command, FireTrain):
            asked = (command.train_index, command.first_pulse, command.pulse_count)
            if not any(_is_intent(row, asked, at_ns) for row in facts.journal):
                yield Finding(at_ns, f"train {asked} fired, and not written down before")


def _is_intent(row: JournalEntry, asked: tuple[int, int, int], at_ns: int) -> bool:
    if row.kind != INTENT or not at_ns - BEFORE_NS <= row.at_ns <= at_ns:
        return False
    body = row.body
    return (body["train_index"], body["first_pulse"], body["commanded"]) == asked


CHECKER = Checker(
    id="I41",
    name="written-before-given",
    rule="A session and a train are durable before they are asked for: a full disk gives nothing.",
    bound="3 s before the command at most [P]",
    evidence="commands that the controller accepted, rows of the journal",
    judge=_judge,
    needs=("frames", "link_key", "journal"),
)
