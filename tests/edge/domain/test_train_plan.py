"""Plans: the published arithmetic of every protocol row, and what holds for any plan."""

from __future__ import annotations

import struct
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.train_plan import Level, Plan, PlanError, plan_of

S_US = 1_000_000


def clock_us(text: str) -> int:
    """Microseconds of "m:ss.mmm"."""
    minutes, seconds = text.split(":")
    whole, milli = seconds.split(".")
    return ((int(minutes) * 60 + int(whole)) * 1000 + int(milli)) * 1000


def train_s(text: str) -> int:
    whole, milli = text.split(".")
    return (int(whole) * 1000 + int(milli)) * 1000


ITBS_20 = plan_of((3, 20_000), (10, 200_000), (20, 10 * S_US), train_levels=2)
# All rows of the reference's session arithmetic [C]: pulses, span, A, N, P, G.
ROWS: list[tuple[str, Plan, int, str, str, str, str, str]] = [
    ("10 Hz 4/26 x75", plan_of((40, 100_000), (75, 30 * S_US), train_levels=1), 3000, "3.900",
     "37:30.000", "37:04.000", "37:03.900", "36:56.500"),
    ("10 Hz 4/11 x75", plan_of((40, 100_000), (75, 15 * S_US), train_levels=1), 3000, "3.900",
     "18:45.000", "18:34.000", "18:33.900", "18:26.500"),
    ("iTBS 600", ITBS_20, 600, "1.840",
     "3:20.000", "3:12.000", "3:11.840", "3:08.800"),
    ("iTBS 1800", plan_of((3, 20_000), (10, 200_000), (60, 10 * S_US), train_levels=2), 1800,
     "1.840", "10:00.000", "9:52.000", "9:51.840", "9:42.400"),
    ("cTBS 300", plan_of((3, 20_000), (100, 200_000), train_levels=2), 300, "19.840",
     "0:20.000", "0:20.000", "0:19.840", "0:19.840"),
    ("cTBS 600", plan_of((3, 20_000), (200, 200_000), train_levels=2), 600, "39.840",
     "0:40.000", "0:40.000", "0:39.840", "0:39.840"),
    ("1 Hz 600", plan_of((600, S_US), train_levels=1), 600, "599.000",
     "10:00.000", "10:00.000", "9:59.000", "9:59.000"),
    ("1 Hz 900", plan_of((900, S_US), train_levels=1), 900, "899.000",
     "15:00.000", "15:00.000", "14:59.000", "14:59.000"),
    ("1 Hz 1200", plan_of((1200, S_US), train_levels=1), 1200, "1199.000",
     "20:00.000", "20:00.000", "19:59.000", "19:59.000"),
    ("1 Hz 1800", plan_of((1800, S_US), train_levels=1), 1800, "1799.000",
     "30:00.000", "30:00.000", "29:59.000", "29:59.000"),
    ("H7 20 Hz 2/20 x50", plan_of((40, 50_000), (50, 22 * S_US), train_levels=1), 2000, "1.950",
     "18:20.000", "18:00.000", "17:59.950", "17:57.500"),
    ("H4 10 Hz 3/15 x60", plan_of((30, 100_000), (60, 18 * S_US), train_levels=1), 1800, "2.900",
     "18:00.000", "17:45.000", "17:44.900", "17:39.000"),
    ("10 Hz 5/25 x30", plan_of((50, 100_000), (30, 30 * S_US), train_levels=1), 1500, "4.900",
     "15:00.000", "14:35.000", "14:34.900", "14:32.000"),
    ("10 Hz 4/26 x60", plan_of((40, 100_000), (60, 30 * S_US), train_levels=1), 2400, "3.900",
     "30:00.000", "29:34.000", "29:33.900", "29:28.000"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_plan_of_a_published_protocol_gives_the_published_durations(
    row: tuple[str, Plan, int, str, str, str, str, str],
) -> None:
    _, plan, pulses, span, a, n, p, g = row

    durations = plan.durations()

    assert plan.pulses == pulses
    assert plan.train_span_us == train_s(span)
    assert durations.a_us == clock_us(a)
    assert durations.n_us == clock_us(n)
    assert durations.p_us == clock_us(p)
    assert durations.g_us == clock_us(g)
    assert plan.last_pulse_us == durations.p_us == plan.offsets_us()[-1]


def test_plan_of_itbs_600_puts_each_pulse_where_the_formula_says() -> None:
    offsets = iter(ITBS_20.offsets_us())

    for k in range(20):
        for b in range(10):
            for p in range(3):
                assert next(offsets) == 10_000_000 * k + 200_000 * b + 20_000 * p

    assert ITBS_20.last_pulse_us == 191_840_000


def test_plan_of_itbs_600_by_convention_g_ends_earlier() -> None:
    plan = plan_of((3, 20_000), (10, 200_000), (20, 9_840_000), train_levels=2)

    assert plan.last_pulse_us == 188_800_000


def test_plan_of_theta_burst_leaves_160_ms_between_bursts() -> None:
    offsets = ITBS_20.train_offsets_us

    assert offsets[3] - offsets[2] == 160_000


def test_sha256_of_itbs_600_is_the_golden_one() -> None:
    # Catches any change of order, width or byte order: the controller hashes the same way.
    by_hand = sha256(
        b"".join(
            struct.pack("<Q", 10_000_000 * k + 200_000 * b + 20_000 * p)
            for k in range(20)
            for b in range(10)
            for p in range(3)
        )
    ).hexdigest()

    assert ITBS_20.sha256 == by_hand
    assert ITBS_20.sha256 == "fde6f1a352c66fa0165f5608656468537e5d468a21a88dfbbe6058f349502efe"


@pytest.mark.parametrize(
    ("levels", "train_levels", "words"),
    [
        ((), 1, "1 to 4 levels"),
        (((1, 0),) * 5, 1, "1 to 4 levels"),
        (((3, 20_000),), 0, "train_levels"),
        (((3, 20_000),), 2, "train_levels"),
        (((0, 20_000),), 1, "levels[0].count"),
        (((1, 5),), 1, "levels[0].period_us: 0 for a single onset"),
        (((2, 0),), 1, "levels[0].period_us"),
        (((2, 120_000_001),), 1, "levels[0].period_us"),
        (((3, 20_000), (2, 40_000)), 1, "levels[1].period_us: 40000 µs overlaps"),
        (((3001, 10_000), (2, 60_000_000)), 1, "6002 pulses"),
    ],
)
def test_plan_with_levels_that_do_not_fit_is_refused_with_the_place(
    levels: tuple[tuple[int, int], ...], train_levels: int, words: str
) -> None:
    with pytest.raises(PlanError) as caught:
        plan_of(*levels, train_levels=train_levels)

    assert words in str(caught.value)


def test_durations_of_a_single_pulse_are_zero() -> None:
    assert plan_of((1, 0), train_levels=1).durations().a_us == 0


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any small plan that Plan accepts."""
    levels: list[Level] = []
    span_us = 0
    for _ in range(draw(st.integers(1, 4))):
        count = draw(st.integers(1, 5))
        period_us = span_us + draw(st.integers(1, 1_000_000)) if count > 1 else 0
        levels.append(Level(count, period_us))
        span_us += (count - 1) * period_us
    return Plan(tuple(levels), draw(st.integers(1, len(levels))))


@given(plans())
@settings(max_examples=200, deadline=None)
def test_offsets_of_any_plan_grow_strictly_and_match_the_counts(plan: Plan) -> None:
    offsets = plan.offsets_us()

    assert offsets[0] == 0
    assert len(offsets) == plan.pulses == plan.trains * plan.pulses_per_train
    assert all(a < b for a, b in pairwise(offsets))
    assert offsets[-1] == plan.last_pulse_us
    assert len(plan.train_offsets_us) == plan.pulses_per_train
    assert plan.train_offsets_us[-1] == plan.train_span_us


@given(plans())
@settings(max_examples=50, deadline=None)
def test_sha256_of_equal_levels_is_equal_and_of_a_moved_pulse_is_not(plan: Plan) -> None:
    again = Plan(plan.levels, plan.train_levels)
    moved = [offset + (index > 0) for index, offset in enumerate(plan.offsets_us())]

    assert again.sha256 == plan.sha256
    digest = sha256(b"".join(struct.pack("<Q", offset) for offset in moved)).hexdigest()
    assert (digest == plan.sha256) == (plan.pulses == 1)
