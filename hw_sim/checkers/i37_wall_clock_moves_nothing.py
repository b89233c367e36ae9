"""I37: a jump of the wall clock changes no duration, no dose and no order of rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hw_sim.checkers.base import NS_PER_MS, NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts, JournalEntry
from hw_sim.recorder import TruthRecorder

LENGTH_NS = NS_PER_S  # [P] a start that was put off on the line
RESULT = "train_result"


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.journal is not None
    assert facts.sessions is not None
    rows = [(row.seq, row.boot, row.at_ns) for row in facts.journal]
    audit = [(row.seq, row.boot, row.at_ns) for row in facts.audit or () if row.boot]
    chains = [rows, audit]
    for chain in chains:
        for earlier, later in pairwise(chain):
            if later[1:] < earlier[1:]:
                yield Finding(later[2], f"row {later[0]} is older than the one before it")
    for session in facts.sessions:
        if session.record is None:
            continue
        own = [row for row in facts.journal if row.session_id == session.session_id]
        yield from _length(truth, own, session.record["duration_ms"])


def _length(truth: TruthRecorder, own: list[JournalEntry], told_ms: int) -> Iterator[Finding]:
    """The signed duration, where the service ran all the time."""
    results = [row for row in own if row.kind == RESULT and row.body["measured"]]
    if not results or len({row.boot for row in own}) > 1:
        return
    first_ns, last_ns = own[0].at_ns, results[-1].at_ns
    given = [pulse.at_ns for pulse in truth.pulses if first_ns <= pulse.at_ns <= last_ns]
    if not given:
        return
    true_ns, told_ns = given[-1] - given[0], told_ms * NS_PER_MS
    if abs(told_ns - true_ns) > LENGTH_NS:
        text = f"signed with {told_ms / 1000} s, the pulses took {true_ns / 1e9:.3f} s"
        yield Finding(last_ns, text)


CHECKER = Checker(
    id="I37",
    name="wall-clock-moves-nothing",
    rule="Setting the wall clock changes no duration and no order: both are told without it.",
    bound="1 s of a session's length [P]; order exact",
    evidence="coil currents, rows of journal and audit, signed record",
    judge=_judge,
    needs=("journal", "sessions"),
)
