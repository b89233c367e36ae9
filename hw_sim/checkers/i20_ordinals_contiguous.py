"""I20: what is given follows without a gap and without a repeat, over every interruption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firmware.wire.reports import PulseReport
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts, JournalEntry
from hw_sim.checkers.frames import read
from hw_sim.recorder import TruthRecorder

INTENT, RESULT = "train_intent", "train_result"


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    end_ns = truth.pulses[-1].at_ns if truth.pulses else 0
    for wanted, row in enumerate(facts.reported or (), start=1):
        if row.ordinal != wanted:
            yield Finding(end_ns, f"ordinal {row.ordinal} where {wanted} was due")
            return
    if facts.plan is not None and facts.journal is not None:
        yield from _booked(facts.journal, facts.plan.pulses_per_train)
    if facts.plan is not None and facts.frames is not None:
        last, boot = 0, None
        for frame in facts.frames:
            if frame.is_up and frame.kind == PulseReport.TYPE:
                report = read(frame, PulseReport)
                if not report.ordinal:
                    continue
                is_next = report.ordinal == last + 1 or report.ordinal == 1
                if boot == frame.boot_epoch and not is_next:
                    yield Finding(frame.at_ns, f"ordinal {report.ordinal} after {last}")
                last, boot = report.ordinal, frame.boot_epoch


def _booked(journal: Sequence[JournalEntry], pulses_per_train: int) -> Iterator[Finding]:
    """Each train begins where the last one ended."""
    given: dict[str, int] = {}
    for row in journal:
        if row.kind == RESULT:
            given[row.session_id] = given.get(row.session_id, 0) + row.body["measured"]
        elif row.kind == INTENT:
            due = divmod(given.get(row.session_id, 0), pulses_per_train)
            asked = (row.body["train_index"], row.body["first_pulse"])
            if asked != due:
                yield Finding(row.at_ns, f"train {asked} was begun where {due} was due")


CHECKER = Checker(
    id="I20",
    name="ordinals-contiguous",
    rule="A session that goes on begins with the very next pulse: none twice, none left out.",
    bound="none",
    evidence="trains in the journal, ordinals that the controller told, the plan",
    judge=_judge,
)
