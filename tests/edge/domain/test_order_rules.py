"""Orders: each thing that keeps one from being given is found, together with all the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from edge.domain.order_rules import age_years, judge_order, order_level_pct, order_step
from edge.domain.prescription import MtBasis, Side, level_from_threshold
from edge.domain.protocol import PercentRange
from edge.domain.train_plan import plan_of
from tests.edge.domain.builders import NOW, Limits, itbs, order, threshold

pytestmark = pytest.mark.control("order-judgement")


def codes(**changes: Any) -> list[str]:
    """Problem codes of the ordinary case with these changes."""
    case: dict[str, Any] = {
        "order": order(),
        "threshold": threshold(),
        "protocol": itbs(),
        "limits": Limits(),
        "now_utc": NOW,
    }
    case |= changes
    args = [case.pop(key) for key in ("order", "threshold", "protocol", "limits")]
    return [problem.code for problem in judge_order(*args, **case)]


def step(**changes: Any) -> Any:
    """The ordinary protocol with its one step changed."""
    return itbs(steps=(replace(itbs().steps[0], **changes),))


TWO = itbs(steps=itbs().steps * 2)
SNT = itbs(gap_s_min=3000, sessions_per_day_max=10)
LEG = order(side=Side.MIDLINE, site="dmpfc", mt_basis=MtBasis.LEG_RMT)
LEG_PROTOCOL = itbs(side=Side.MIDLINE, site="dmpfc", mt_basis=MtBasis.LEG_RMT)
BOTH = order(side=Side.BILATERAL)
BOTH_PROTOCOL = itbs(side=Side.BILATERAL)


def test_order_that_fits_has_no_problems() -> None:
    assert codes() == []
    assert order_level_pct(order(), threshold()) == 60


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"protocol": None}, "unknown_protocol"),
        ({"order": order(protocol_version="0.9.0")}, "protocol_version"),
        ({"protocol": itbs(steps=(), open=("steps",))}, "protocol_needs_order"),
        ({"protocol": TWO}, "two_steps"),
        ({"protocol": itbs(coil_types=("h1",))}, "coil_mismatch"),
        ({"protocol": itbs(side=Side.RIGHT)}, "side_mismatch"),
        ({"protocol": itbs(site="m1-left")}, "site_mismatch"),
        ({"protocol": itbs(mt_basis=MtBasis.AMT)}, "basis_mismatch"),
        ({"protocol": itbs(age_years_min=15, age_years_max=21), "birth_date": date(1990, 1, 1)},
         "age_outside"),
        ({"protocol": itbs(age_years_min=12), "birth_date": date(2015, 1, 1)}, "age_outside"),
        ({"order": order(percent_mt=79)}, "percent_below"),
        ({"order": order(percent_mt=121)}, "percent_override"),
        ({"order": order(percent_mt=130)}, "percent_override"),
        ({"order": order(percent_mt=131)}, "percent_above"),
        ({"order": order(percent_mt=121), "limits": Limits(percent_mt_max=120)}, "percent_above"),
        ({"order": order(percent_mt=120), "limits": Limits(percent_mt_max=110)}, "percent_above"),
        ({"protocol": itbs(percent=PercentRange(80, 90, 90))}, "percent_above"),
        ({"threshold": None}, "threshold_missing"),
        ({"threshold": threshold(measured_utc=NOW - timedelta(days=30, seconds=1))},
         "threshold_old"),
        ({"threshold": threshold(measured_utc=NOW + timedelta(minutes=6))}, "threshold_future"),
        ({"threshold": threshold(coil_type="figure8_cooled")}, "threshold_coil"),
        ({"threshold": threshold(basis=MtBasis.AMT)}, "threshold_basis"),
        ({"threshold": threshold(side=Side.RIGHT)}, "threshold_side"),
        ({"order": BOTH, "protocol": BOTH_PROTOCOL, "threshold": threshold(side=Side.MIDLINE)},
         "threshold_side"),
        ({"threshold": threshold(mt_pct_mso=0)}, "threshold_range"),
        ({"threshold": threshold(mt_pct_mso=101)}, "threshold_range"),
        ({"threshold": threshold(mt_pct_mso=84)}, "level_above"),  # 100.8 %
        ({"limits": Limits(level_pct_max=59)}, "level_above"),
        ({"order": order(percent_mt=40), "threshold": threshold(mt_pct_mso=1),
          "protocol": itbs(percent=None)}, "level_below"),
        ({"limits": Limits(session_pulses_max=599)}, "session_limit"),
        ({"limits": Limits(day_pulses_max=599)}, "day_limit"),
        ({"day_pulses_done": 1201, "protocol": SNT, "limits": Limits(day_pulses_max=1800)},
         "day_limit"),
        ({"day_sessions_done": 1}, "day_sessions"),
        ({"day_pulses_done": 1}, "day_sessions"),  # broken off: the rest of a day is not a session
        ({"order": order(valid_until_utc=NOW)}, "expired"),
        ({"order": order(authored_utc=NOW + timedelta(seconds=1))}, "not_yet_valid"),
        ({"order": order(sessions_done=36)}, "sessions_exhausted"),
        ({"timing_us_min": 20_001}, "interval_short"),
        ({"protocol": SNT, "last_session_end_utc": NOW - timedelta(seconds=2999)}, "gap_short"),
        ({"protocol": SNT, "last_session_end_utc": NOW + timedelta(seconds=5)}, "gap_short"),
    ],
)  # fmt: skip
def test_order_that_does_not_fit_has_exactly_this_problem(
    changes: dict[str, Any], code: str
) -> None:
    assert codes(**changes) == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"order": order(valid_until_utc=None)},
        {"order": order(authored_utc=NOW)},
        {"order": order(percent_mt=80)},
        {"threshold": threshold(measured_utc=NOW - timedelta(days=30))},
        {"threshold": threshold(mt_pct_mso=83)},  # 99.6 % is 100 %
        {"protocol": itbs(mt_basis=None)},
        {"protocol": itbs(sessions_per_day_max=None), "day_sessions_done": 3},
        {"protocol": SNT, "last_session_end_utc": NOW - timedelta(seconds=3000)},
        {"protocol": SNT, "day_pulses_done": 5400, "day_sessions_done": 9},
        {"last_session_end_utc": NOW},
        {"protocol": itbs(age_years_min=15, age_years_max=21), "birth_date": date(2005, 11, 21)},
        {"protocol": itbs(age_years_min=15), "birth_date": date(1950, 1, 1)},
        {"birth_date": date(1950, 1, 1)},
        {"order": LEG, "protocol": LEG_PROTOCOL, "threshold": threshold(basis=MtBasis.LEG_RMT)},
        {"order": BOTH, "protocol": BOTH_PROTOCOL, "threshold": threshold(side=Side.RIGHT)},
        {"threshold": threshold(measured_utc=NOW + timedelta(minutes=5))},
    ],
)
def test_order_at_the_edge_of_what_is_allowed_has_no_problems(changes: dict[str, Any]) -> None:
    assert codes(**changes) == []


def test_order_with_many_faults_reports_all_of_them() -> None:
    bad = order(percent_mt=140, protocol_version="9", coil_type="h1", sessions_done=40)

    assert codes(order=bad, threshold=None) == [
        "sessions_exhausted",
        "protocol_version",
        "coil_mismatch",
        "percent_above",
        "threshold_missing",
    ]


def test_order_of_no_percent_at_all_is_refused_where_the_protocol_leaves_it_open() -> None:
    found = codes(order=order(percent_mt=0), protocol=itbs(percent=None))

    assert found == ["percent_below", "level_below"]


def test_order_of_an_unknown_protocol_still_judges_its_threshold() -> None:
    assert codes(protocol=None, threshold=None) == ["unknown_protocol", "threshold_missing"]


@pytest.mark.control("level-arithmetic")
def test_level_above_the_output_names_the_level_and_is_not_clamped() -> None:
    (problem,) = judge_order(order(), threshold(mt_pct_mso=90), itbs(), Limits(), now_utc=NOW)

    # Catches min(level, 100): the order would then pass at a dose nobody prescribed.
    assert (problem.code, problem.value, problem.limit) == ("level_above", "108 %", "100 %")


def test_order_step_is_none_for_two_steps_and_for_another_side() -> None:
    assert order_step(order(), itbs()) == itbs().steps[0]
    assert order_step(order(), TWO) is None
    assert order_step(order(), step(side=Side.RIGHT)) is None


@pytest.mark.control("day-limit")
def test_day_of_a_long_session_is_counted_in_pulses() -> None:
    # Catches a fixed cap of 3000 a day, and a missing one: reference 12, no. 35.
    plan = plan_of((40, 100_000), (75, 30_000_000), train_levels=1)

    assert codes(protocol=step(plan=plan)) == []
    assert codes(protocol=step(plan=plan), day_pulses_done=3000) == ["day_sessions"]


def test_age_outside_names_age_and_range() -> None:
    adolescent = itbs(age_years_min=15, age_years_max=21)
    twelve = itbs(age_years_min=12)
    child = date(2016, 1, 1)

    (first,) = judge_order(
        order(), threshold(), adolescent, Limits(), now_utc=NOW, birth_date=child
    )
    (second,) = judge_order(order(), threshold(), twelve, Limits(), now_utc=NOW, birth_date=child)

    assert (first.value, first.limit) == ("10", "15 to 21")
    assert (second.value, second.limit) == ("10", "12 to …")


def test_age_counts_completed_years() -> None:
    assert age_years(date(2005, 11, 22), date(2026, 11, 21)) == 20
    assert age_years(date(2005, 11, 21), date(2026, 11, 21)) == 21


@pytest.mark.control("level-arithmetic")
@pytest.mark.parametrize(
    ("mt", "percent", "level"), [(62, 120, 74), (50, 80, 40), (45, 90, 41), (84, 120, 101)]
)
def test_level_is_rounded_to_the_nearest_percent(mt: int, percent: int, level: int) -> None:
    # 62 x 1.2 is 74.39999999999999 in binary floating point, 45 x 0.9 is 40.5.
    assert level_from_threshold(mt, percent) == level


def test_validity_is_judged_by_the_moment_not_by_the_day() -> None:
    late = datetime(2026, 11, 21, 9, 0, 1, tzinfo=UTC)

    assert codes(order=order(valid_until_utc=late)) == []


def test_controller_that_is_too_slow_for_the_protocol_is_named_with_both_intervals() -> None:
    """Catches: an order that is offered, checked, charged for, and then refused at Arm."""
    (problem,) = judge_order(
        order(), threshold(), itbs(), Limits(), now_utc=NOW, timing_us_min=25_500
    )
    assert (problem.code, problem.value, problem.limit) == ("interval_short", "20 ms", "25.5 ms")


def test_controller_that_is_fast_enough_or_not_known_yet_is_no_problem() -> None:
    single = step(plan=plan_of((1, 0), train_levels=1))
    assert codes(timing_us_min=20_000) == codes(timing_us_min=None) == []
    assert "interval_short" not in codes(protocol=single, timing_us_min=10**9)
    assert "interval_short" not in codes(protocol=TWO, timing_us_min=10**9)
