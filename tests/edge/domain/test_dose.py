"""The dose ledger: exact where it can be, honest where it cannot, over every small history."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.dose import (
    UNSETTLED_REASONS,
    LedgerCount,
    Settled,
    TrainIntent,
    Unsettled,
    by_train,
    reconcile,
    totals,
)
from edge.domain.session import next_train, rest_of
from edge.domain.train_plan import Plan, plan_of

pytestmark = pytest.mark.control("dose-ledger")

PLAN = plan_of((3, 20_000), (2, 1_000_000), train_levels=1)
SID = "s1"


def ledger(pulses: int, *, plan: Plan = PLAN, sid: str = SID, is_valid: bool = True) -> LedgerCount:
    """The controller's count as it stands after so many pulses."""
    if pulses == 0:
        return LedgerCount(sid, 0, 0, 0, is_valid)
    train, index = divmod(pulses - 1, plan.pulses_per_train)
    return LedgerCount(sid, pulses, train, index + 1, is_valid)


def test_totals_keep_commanded_measured_and_uncertain_apart() -> None:
    sums = totals(PLAN, [TrainIntent(0, 0, 3, 3), TrainIntent(1, 0, 3, None)])

    assert (sums.prescribed, sums.commanded, sums.measured, sums.uncertain) == (6, 6, 3, 3)
    assert sums.remaining == 0


def test_reconcile_of_a_train_without_a_result_books_what_the_controller_counted() -> None:
    settled = reconcile(PLAN, SID, [TrainIntent(0, 0, 3, None)], ledger(2))

    # Catches booking what was asked for (3) instead of what was counted (2).
    assert settled == Settled(2, (TrainIntent(0, 0, 3, 2),))


def test_reconcile_with_all_results_needs_no_ledger() -> None:
    intents = (TrainIntent(0, 0, 3, 3),)

    assert reconcile(PLAN, SID, intents, None) == Settled(3, intents)
    assert reconcile(PLAN, SID, intents, ledger(9, sid="other")) == Settled(3, intents)
    assert reconcile(PLAN, SID, intents, ledger(0, is_valid=False)) == Settled(3, intents)
    assert reconcile(PLAN, SID, (), None) == Settled(0, ())


OPEN = (TrainIntent(0, 0, 3, 3), TrainIntent(1, 0, 3, None))


@pytest.mark.parametrize(
    ("intents", "count", "expected"),
    [
        (OPEN, None, Unsettled("ledger_missing", 3, 6)),
        (OPEN, ledger(4, is_valid=False), Unsettled("ledger_invalid", 3, 6)),
        (OPEN, ledger(4, sid="s2"), Unsettled("other_session", 3, 6)),
        (OPEN, ledger(2), Unsettled("ledger_behind", 3, 6)),
        (OPEN, LedgerCount(SID, 9, 2, 3, True), Unsettled("ledger_ahead", 3, 9)),
        (OPEN, LedgerCount(SID, 4, 0, 1, True), Unsettled("ledger_position", 3, 6)),
        (OPEN[:1], ledger(2), Unsettled("ledger_behind", 3, 3)),
        (OPEN[:1], ledger(4), Unsettled("ledger_ahead", 3, 4)),
        ((TrainIntent(1, 0, 3, 3),), ledger(3), Unsettled("bad_intents", 3, 3)),
        ((TrainIntent(0, 0, 4, 3),), ledger(3), Unsettled("bad_intents", 3, 3)),
        ((TrainIntent(0, 0, 0, 0),), ledger(0), Unsettled("bad_intents", 0, 0)),
        ((TrainIntent(0, 0, 3, 1), TrainIntent(0, 1, 3, 3)), ledger(4),
         Unsettled("bad_intents", 4, 4)),
        ((TrainIntent(0, 0, 2, 3),), ledger(3), Unsettled("bad_intents", 3, 3)),
        ((TrainIntent(0, 0, 3, None), TrainIntent(0, 0, 3, 3)), ledger(3),
         Unsettled("bad_intents", 3, 6)),
        ((*OPEN[:1], TrainIntent(1, 0, 3, 3), TrainIntent(2, 0, 3, 0)), ledger(6),
         Unsettled("bad_intents", 6, 6)),
    ],
)  # fmt: skip
def test_reconcile_of_what_cannot_be_explained_says_why_and_between_which_counts(
    intents: tuple[TrainIntent, ...], count: LedgerCount | None, expected: Unsettled
) -> None:
    assert reconcile(PLAN, SID, intents, count) == expected
    assert expected.reason in UNSETTLED_REASONS


def test_reconcile_at_a_train_boundary_takes_either_way_of_naming_the_place() -> None:
    # After 3 pulses: train 0 next pulse 3, or train 1 next pulse 0.
    intents = (TrainIntent(0, 0, 3, None),)

    assert isinstance(reconcile(PLAN, SID, intents, LedgerCount(SID, 3, 0, 3, True)), Settled)
    assert isinstance(reconcile(PLAN, SID, intents, LedgerCount(SID, 3, 1, 0, True)), Settled)


def test_reconcile_of_a_train_refused_whole_lets_it_be_sent_again() -> None:
    intents = (TrainIntent(0, 0, 3, 0), TrainIntent(0, 0, 3, None))

    assert reconcile(PLAN, SID, intents, ledger(3)) == Settled(
        3, (TrainIntent(0, 0, 3, 0), TrainIntent(0, 0, 3, 3))
    )


# Every history of a small session: after each train any number of its pulses was given, and its
# result came or was lost (a crash, a cut line, a kill), at most MISHAPS times.
MISHAPS = 3
SMALL = (
    PLAN,
    plan_of((2, 20_000), (3, 1_000_000), train_levels=1),
    plan_of((1, 0), (3, 1_000_000), train_levels=1),
    plan_of((4, 1_000_000), train_levels=1),
)
Judge = Callable[..., Settled | Unsettled]


def histories(
    plan: Plan, truth: int, intents: tuple[TrainIntent, ...], mishaps: int
) -> Iterator[tuple[int, tuple[TrainIntent, ...]]]:
    """(pulses the coil gave, the edge's intents) at every point of every history."""
    yield truth, intents
    train = next_train(plan, truth)
    if train is None:
        return
    for emitted in range(train.pulse_count + 1):
        is_mishap = emitted < train.pulse_count
        for measured in (emitted, None):
            left = mishaps - (is_mishap or measured is None)
            if left < 0:
                continue
            sent = TrainIntent(train.train_index, train.first_pulse, train.pulse_count, measured)
            yield from settled_onwards(plan, truth + emitted, (*intents, sent), left)


def settled_onwards(
    plan: Plan, truth: int, intents: tuple[TrainIntent, ...], mishaps: int
) -> Iterator[tuple[int, tuple[TrainIntent, ...]]]:
    """The same history, and what follows after it was reconciled."""
    if intents[-1].measured is not None:
        yield from histories(plan, truth, intents, mishaps)
        return
    yield truth, intents
    settled = reconcile(plan, SID, intents, ledger(truth, plan=plan))
    if isinstance(settled, Settled):
        yield from histories(plan, truth, settled.intents, mishaps)


def violations(judge: Judge) -> list[str]:
    """What a judge gets wrong over all histories; empty for a right one."""
    found = []
    for plan in SMALL:
        for truth, intents in histories(plan, 0, (), MISHAPS):
            judged = judge(plan, SID, intents, ledger(truth, plan=plan))
            if not isinstance(judged, Settled):
                found.append(f"unsettled {truth} {intents}")
            elif judged.delivered != truth or judged.delivered > plan.pulses:
                found.append(f"{judged.delivered} for {truth}")
            for blind in (None, ledger(truth, plan=plan, sid="x")):
                guess = judge(plan, SID, intents, blind)
                if isinstance(guess, Settled):
                    is_right = guess.delivered == truth
                else:
                    is_right = guess.at_least <= truth <= guess.at_most
                if not is_right:
                    found.append(f"blind {guess} for {truth}")
    return found


def test_reconcile_over_every_small_history_is_exact_or_says_the_bounds() -> None:
    count = sum(1 for plan in SMALL for _ in histories(plan, 0, (), MISHAPS))

    assert count > 1_000
    assert violations(reconcile) == []


def test_planted_booking_of_commanded_pulses_is_found() -> None:
    def book_commanded(
        plan: Plan, sid: str, intents: tuple[TrainIntent, ...], count: LedgerCount | None
    ) -> Settled | Unsettled:
        asked = sum(i.commanded if i.measured is None else i.measured for i in intents)
        return Settled(asked, intents)

    assert violations(book_commanded)


@pytest.mark.parametrize("plan", SMALL, ids=str)
def test_pulses_add_up_to_the_prescribed_at_every_point_of_every_history(plan: Plan) -> None:
    """prescribed = delivered + uncertain + remaining, of the session and of each train, and the
    coil's truth lies between delivered and delivered + uncertain."""
    points = 0
    for truth, intents in histories(plan, 0, (), MISHAPS):
        sums, trains = totals(plan, intents), by_train(plan, intents)
        assert sums.measured + sums.uncertain + sums.remaining == sums.prescribed == plan.pulses
        assert sums.measured <= truth <= sums.measured + sums.uncertain
        for train in trains:
            assert train.measured + train.uncertain + train.remaining == plan.pulses_per_train
            assert min(train.measured, train.uncertain, train.remaining) >= 0
            assert train.commanded >= train.measured + train.uncertain
        for name in ("prescribed", "commanded", "measured", "uncertain", "remaining"):
            assert sum(getattr(train, name) for train in trains) == getattr(sums, name)
        points += 1
    assert points > plan.pulses


@given(
    st.sampled_from(
        [*SMALL, plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)]
    ),
    st.data(),
)
def test_rest_after_any_number_of_pulses_is_all_that_is_missing(
    plan: Plan, data: st.DataObject
) -> None:
    delivered = data.draw(st.integers(0, plan.pulses))
    rest = rest_of(plan, delivered)
    if rest is None:
        assert delivered == plan.pulses
        return
    assert delivered + rest.in_train + rest.trains * plan.pulses_per_train == plan.pulses
    assert rest.in_train < plan.pulses_per_train
    onsets = plan.offsets_us()
    assert rest.length_us == onsets[-1] - onsets[delivered]
    assert rest.train_index == delivered // plan.pulses_per_train
