"""Single-train tables: next higher row and column, lower bounds apart, theta burst left out."""

from __future__ import annotations

import pytest

from edge.domain.train_plan import Plan, plan_of
from edge.domain.train_tables import CHEN, WASSERMANN, Advice, Reading, advise_train

pytestmark = pytest.mark.control("train-pauses")


def trains(period_us: int, pulses: int, onset_us: int = 30_000_000) -> Plan:
    return plan_of((pulses, period_us), (2, onset_us), train_levels=1)


STANDARD = trains(100_000, 40)
H1 = trains(55_556, 36, 22_000_000)
H4 = trains(100_000, 30, 18_000_000)
H7 = trains(50_000, 40, 22_000_000)


@pytest.mark.parametrize(
    ("plan", "percent", "main", "reduced"),
    [
        (STANDARD, 120, Reading.INSIDE, Reading.OUTSIDE),
        (H4, 120, Reading.INSIDE, Reading.INSIDE),
        (H7, 100, Reading.INSIDE, Reading.OUTSIDE),
        (H1, 120, Reading.OUTSIDE, Reading.OUTSIDE),
        (plan_of((900, 1_000_000), train_levels=1), 120, Reading.BEYOND_TESTED,
         Reading.BEYOND_TESTED),
        (plan_of((1800, 1_000_000), train_levels=1), 110, Reading.INSIDE, Reading.BEYOND_TESTED),
    ],
)  # fmt: skip
def test_advice_on_a_cleared_train_is_that_of_the_reference(
    plan: Plan, percent: int, main: Reading, reduced: Reading
) -> None:
    assert advise_train(plan, percent).reading is main
    assert advise_train(plan, percent, table=CHEN).reading is reduced


def test_advice_between_rows_and_columns_takes_the_next_higher_ones() -> None:
    # Catches interpolation: 18 Hz at 115 % lies between 10 and 20 Hz, 110 and 120 %.
    assert advise_train(H1, 115) == Advice(Reading.OUTSIDE, 1_000, 20, 120)


def test_advice_on_what_is_faster_or_stronger_than_the_table_says_so() -> None:
    assert advise_train(trains(39_000, 10), 100).reading is Reading.NOT_IN_TABLE
    assert advise_train(STANDARD, 131).reading is Reading.NOT_IN_TABLE
    assert advise_train(trains(40_000, 10), 130).row_hz == 25


def test_advice_on_theta_burst_and_single_pulses_does_not_apply() -> None:
    burst = plan_of((3, 20_000), (10, 200_000), train_levels=2)

    assert advise_train(burst, 100).reading is Reading.NOT_APPLICABLE
    assert advise_train(plan_of((1, 0), train_levels=1), 100).reading is Reading.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("onset_us", "period_us", "percent", "is_short"),
    [
        (6_600_000, 50_000, 110, False),  # 1.6 s and 5 s pause: safe in 1997
        (6_599_999, 50_000, 110, True),
        (6_599_999, 50_000, 100, False),
        (33_000_000, 1_000_000, 110, False),  # slower than 5 Hz
    ],
)
def test_pause_floor_is_five_seconds_for_fast_trains_above_the_threshold(
    onset_us: int, period_us: int, percent: int, is_short: bool
) -> None:
    assert advise_train(trains(period_us, 32, onset_us), percent).is_pause_short is is_short


def test_pause_floor_holds_between_all_trains_not_only_the_first_two() -> None:
    plan = plan_of((32, 50_000), (4, 6_599_999), train_levels=1)

    assert advise_train(plan, 110).is_pause_short


def test_tables_have_the_same_rows() -> None:
    assert list(WASSERMANN) == list(CHEN) == [1, 5, 10, 20, 25]
