"""What is given next and when: exact totals and the plan's pauses, wherever a session is broken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.session import (
    NextTrain,
    Schedule,
    begin_schedule,
    next_train,
    plan_offset_us,
    position_after,
    resume_gap_us,
)
from edge.domain.train_plan import Plan, plan_of

pytestmark = [pytest.mark.control("train-pauses"), pytest.mark.control("resume")]

ITBS = plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)
ONE_HZ = plan_of((600, 1_000_000), train_levels=1)
CTBS = plan_of((3, 20_000), (200, 200_000), train_levels=2)
SETS = plan_of((4, 100_000), (3, 5_000_000), (2, 60_000_000), train_levels=1)
SINGLE = plan_of((4, 100_000), (1, 0), (2, 60_000_000), train_levels=1)


@pytest.mark.parametrize(
    ("delivered", "train"),
    [
        (0, NextTrain(0, 0, 30)),
        (29, NextTrain(0, 29, 1)),
        (30, NextTrain(1, 0, 30)),
        (599, NextTrain(19, 29, 1)),
        (600, None),
    ],
)
def test_next_train_after_so_many_pulses(delivered: int, train: NextTrain | None) -> None:
    assert next_train(ITBS, delivered) == train


@pytest.mark.parametrize("delivered", [-1, 601])
def test_next_train_after_an_impossible_count_is_an_error(delivered: int) -> None:
    with pytest.raises(ValueError, match="pulses delivered of 600"):
        next_train(ITBS, delivered)


def test_position_after_the_rest_of_a_train_is_the_next_train() -> None:
    assert position_after(ITBS, NextTrain(3, 12, 18)) == NextTrain(4, 0, 30)
    assert position_after(ITBS, NextTrain(19, 0, 30)) is None


def test_schedule_of_a_whole_session_has_the_plan_s_own_onsets() -> None:
    schedule = begin_schedule(ITBS, 0, not_before_us=5_000_000)
    starts = []
    train = next_train(ITBS, 0)
    while train is not None:
        starts.append(schedule.start_us(train))
        train = position_after(ITBS, train)

    assert starts == [5_000_000 + onset for onset in ITBS.train_onsets_us]
    assert schedule.last_pulse_us == 5_000_000 + 191_840_000


@pytest.mark.parametrize(
    ("plan", "delivered", "gap_us"),
    [
        (ITBS, 0, 0),
        (ITBS, 600, 0),
        (ITBS, 30, 8_160_000),  # the natural pause
        (ITBS, 31, 8_160_000),  # in the middle of a burst: not 20 ms
        (SETS, 5, 4_700_000),
        (SETS, 12, 49_700_000),  # the long pause between sets is kept too
        (SINGLE, 2, 59_700_000),
        (ONE_HZ, 7, 1_000_000),
        (CTBS, 2, 20_000),
        (CTBS, 3, 160_000),
    ],
)
def test_resume_gap_is_never_under_the_plan_s_pause(
    plan: Plan, delivered: int, gap_us: int
) -> None:
    assert resume_gap_us(plan, delivered) == gap_us


def test_schedule_after_a_pause_waits_for_the_gap_or_for_the_operator() -> None:
    soon = begin_schedule(ITBS, 31, not_before_us=1_000, last_pulse_us=50_000_000)
    late = begin_schedule(ITBS, 31, not_before_us=90_000_000, last_pulse_us=50_000_000)
    rest = NextTrain(1, 1, 29)

    # Catches a resumption that only looks at the clock: 20 ms after the last pulse.
    assert soon.start_us(rest) == 58_160_000
    assert late.start_us(rest) == 90_000_000
    # The following train keeps its onset relative to the interrupted one.
    assert late.start_us(NextTrain(2, 0, 30)) == 90_000_000 + 10_000_000 - 20_000


def test_schedule_of_a_complete_dose_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^the dose is complete$"):
        begin_schedule(ITBS, 600, not_before_us=0)


def test_moved_schedule_shifts_this_train_and_all_after_it() -> None:
    schedule = begin_schedule(ITBS, 0, not_before_us=0)
    third = NextTrain(2, 0, 30)

    moved = schedule.moved_to(third, 21_000_000)

    assert moved.start_us(third) == 21_000_000
    assert moved.start_us(NextTrain(3, 0, 30)) == 31_000_000
    assert moved.last_pulse_us == schedule.last_pulse_us + 1_000_000
    # Never earlier: nothing is caught up.
    assert schedule.moved_to(third, 19_000_000) is schedule
    assert schedule.moved_to(third, schedule.start_us(third)) is schedule


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    pulses = draw(st.integers(1, 4))
    period_us = draw(st.integers(10_000, 200_000)) if pulses > 1 else 0
    span_us = (pulses - 1) * period_us
    trains = draw(st.integers(1, 4))
    outer_us = span_us + draw(st.integers(10_000, 9_000_000)) if trains > 1 else 0
    return plan_of((pulses, period_us), (trains, outer_us), train_levels=1)


@given(plans(), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20_000_000)), max_size=30))
@settings(max_examples=300, deadline=None)
def test_session_broken_anywhere_gives_the_whole_dose_with_the_plan_s_gaps(
    plan: Plan, breaks: list[tuple[int, int]]
) -> None:
    given_us = run_session(plan, breaks)

    assert len(given_us) == plan.pulses
    shortest = [b - a for a, b in pairwise(plan.offsets_us())]
    for (a, b), least in zip(pairwise(given_us), shortest, strict=True):
        assert b - a >= least


def run_session(plan: Plan, breaks: list[tuple[int, int]]) -> list[int]:
    """Pulse times of a session in which each break lets a few pulses through, then waits."""
    given_us: list[int] = []
    schedule = begin_schedule(plan, 0, not_before_us=0)
    todo = list(breaks)
    while (train := next_train(plan, len(given_us))) is not None:
        pulses, wait_us = todo.pop(0) if todo else (train.pulse_count, 0)
        start_us = schedule.start_us(train)
        for index in range(min(pulses, train.pulse_count)):
            offset_us = plan.train_offsets_us[train.first_pulse + index]
            given_us.append(start_us + offset_us - plan.train_offsets_us[train.first_pulse])
        if pulses < train.pulse_count:
            now_us = (given_us[-1] if given_us else 0) + wait_us
            last_us = given_us[-1] if given_us else None
            schedule = begin_schedule(
                plan, len(given_us), not_before_us=now_us, last_pulse_us=last_us
            )
    return given_us


def test_planted_restart_of_the_whole_train_is_seen_by_the_count() -> None:
    # The planted bug: after a break the train is given again from its first pulse.
    delivered = 12
    whole_again = NextTrain(0, 0, 30)

    total = delivered + whole_again.pulse_count + 19 * 30

    assert total == 612 > ITBS.pulses
    assert next_train(ITBS, delivered) != whole_again


def test_schedule_keeps_no_drift_over_many_trains() -> None:
    schedule = Schedule(ITBS, 7, 0)

    for train_index in range(20):
        train = NextTrain(train_index, 0, 30)
        assert schedule.start_us(train) == 7 + 10_000_000 * train_index
        assert plan_offset_us(ITBS, train) == 10_000_000 * train_index
