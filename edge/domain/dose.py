"""The dose ledger: prescribed, commanded and measured pulses, and how the three are settled.

Each train sent is an intent; what came back is its measured count, or nothing. After a lost answer,
a crash or a cut the controller's own count decides, and only within what was commanded: a count
that cannot be explained stays uncertain with a reason (text uncertain-<reason>), never guessed.
What to give next is edge/domain/session.py. No clock. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.domain.train_plan import Plan

UNSETTLED_REASONS = (
    "bad_intents",  # the journal's own trains do not follow each other in the plan
    "ledger_missing",  # the controller has not been asked or did not answer
    "ledger_invalid",  # its stored copy failed the check: counts are a lower bound
    "other_session",  # it counted for another session
    "ledger_behind",  # it counted less than the edge has seen
    "ledger_ahead",  # it counted more than was ever commanded
    "ledger_position",  # its count and its place in the plan differ
)


@dataclass(frozen=True)
class TrainIntent:
    """A train (or the rest of one) that was commanded; measured is None until its result came."""

    train_index: int
    first_pulse: int
    commanded: int
    measured: int | None


@dataclass(frozen=True)
class LedgerCount:
    """The controller's own non-volatile count."""

    session_id: str
    session_pulses: int
    train_index: int
    train_next_pulse: int
    is_valid: bool


@dataclass(frozen=True)
class DoseTotals:
    """uncertain: commanded without a result; remaining: certainly not given."""

    prescribed: int
    commanded: int
    measured: int
    uncertain: int

    @property
    def remaining(self) -> int:
        return self.prescribed - self.measured - self.uncertain


@dataclass(frozen=True)
class TrainDose:
    """One train of the plan. A train that was cut and completed was asked for more than once."""

    prescribed: int
    commanded: int
    measured: int
    uncertain: int

    @property
    def remaining(self) -> int:
        """Certainly not given."""
        return self.prescribed - self.measured - self.uncertain


@dataclass(frozen=True)
class Settled:
    """Every intent has a measured count."""

    delivered: int
    intents: tuple[TrainIntent, ...]


@dataclass(frozen=True)
class Unsettled:
    """The delivered pulses lie between at_least and at_most."""

    reason: str
    at_least: int
    at_most: int


def totals(plan: Plan, intents: Sequence[TrainIntent]) -> DoseTotals:
    """Sums over the trains sent so far."""
    return DoseTotals(
        prescribed=plan.pulses,
        commanded=sum(intent.commanded for intent in intents),
        measured=sum(intent.measured or 0 for intent in intents),
        uncertain=sum(intent.commanded for intent in intents if intent.measured is None),
    )


def by_train(plan: Plan, intents: Sequence[TrainIntent]) -> tuple[TrainDose, ...]:
    """The ledger train by train; its sums are those of totals()."""
    return tuple(
        _train_dose(plan, [intent for intent in intents if intent.train_index == index])
        for index in range(plan.trains)
    )


def _train_dose(plan: Plan, mine: Sequence[TrainIntent]) -> TrainDose:
    sums = totals(plan, mine)
    return TrainDose(plan.pulses_per_train, sums.commanded, sums.measured, sums.uncertain)


def reconcile(
    plan: Plan, session_id: str, intents: Sequence[TrainIntent], ledger: LedgerCount | None
) -> Settled | Unsettled:
    """Settle the intents by the controller's count, or say why they cannot be settled."""
    sums = totals(plan, intents)
    reason = _intents_reason(plan, intents)
    if not reason and sums.uncertain:
        reason = _ledger_reason(plan, session_id, sums, ledger)
    elif not reason:
        reason = _disagreement(session_id, sums.measured, ledger)
    if reason:
        at_most = sums.measured + sums.uncertain
        if reason == "ledger_ahead" and ledger is not None:
            at_most = ledger.session_pulses
        return Unsettled(reason, sums.measured, at_most)
    if not sums.uncertain:
        return Settled(sums.measured, tuple(intents))
    assert ledger is not None
    return Settled(ledger.session_pulses, _booked(intents, ledger.session_pulses - sums.measured))


def _disagreement(session_id: str, measured: int, ledger: LedgerCount | None) -> str:
    """With a result for every train the edge knows the dose; a valid count must not contradict."""
    if ledger is None or not ledger.is_valid or ledger.session_id != session_id:
        return ""
    if ledger.session_pulses < measured:
        return "ledger_behind"
    return "ledger_ahead" if ledger.session_pulses > measured else ""


def _intents_reason(plan: Plan, intents: Sequence[TrainIntent]) -> str:
    """Trains follow each other in the plan; only the last may lack its result."""
    given = 0
    for index, intent in enumerate(intents):
        train_index, first_pulse = divmod(given, plan.pulses_per_train)
        room = plan.pulses_per_train - first_pulse
        is_next = (intent.train_index, intent.first_pulse) == (train_index, first_pulse)
        is_last = index == len(intents) - 1
        if not is_next or given >= plan.pulses or not 0 < intent.commanded <= room:
            return "bad_intents"
        if intent.measured is None and not is_last:
            return "bad_intents"
        if intent.measured is not None and not 0 <= intent.measured <= intent.commanded:
            return "bad_intents"
        given += intent.measured or 0
    return ""


def _ledger_reason(
    plan: Plan, session_id: str, sums: DoseTotals, ledger: LedgerCount | None
) -> str:
    if ledger is None:
        return "ledger_missing"
    if not ledger.is_valid:
        return "ledger_invalid"
    if ledger.session_id != session_id:
        return "other_session"
    if ledger.session_pulses < sums.measured:
        return "ledger_behind"
    if ledger.session_pulses > sums.measured + sums.uncertain:
        return "ledger_ahead"
    place = ledger.train_index * plan.pulses_per_train + ledger.train_next_pulse
    return "" if place == ledger.session_pulses else "ledger_position"


def _booked(intents: Sequence[TrainIntent], missing: int) -> tuple[TrainIntent, ...]:
    """The open intent, always the last, gets what the controller counted beyond the results."""
    return (*intents[:-1], replace(intents[-1], measured=missing))
