"""Whether a broken-off session may go on: gap, day, limit, release, and what the clinic says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.prescription import MtBasis, Order, Problem, Side
from edge.domain.resume import (
    CLOCK_FIRST,
    GAP_DOUBTS,
    GAP_S_MAX,
    RELEASABLE,
    RELEASE_S,
    TIME_PROBLEMS,
    WITHDRAWN_PROBLEMS,
    Agreed,
    Gap,
    GapLimit,
    Instant,
    Release,
    gap_between,
    gap_limit,
    judge_agreed,
    judge_gap,
    release_left_s,
)

pytestmark = pytest.mark.control("resume")

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
LIMIT = GapLimit(900, "unit")
ORDER = Order(
    "req-1", "1", "pat-1", "itbs-600", "1.0.0", Side.LEFT, "dlpfc-left", 120, MtBasis.RMT,
    "figure8_cooled", 36, 0, "F33.2", "Dr. Berg", NOON - timedelta(days=3), None,
)  # fmt: skip
AGREED = Agreed(ORDER, 62)


def at(after_s: float, *, mono: bool = False, trusted: bool = True) -> Instant:
    mono_us = round(after_s * 1e6) if mono else None
    return Instant(NOON + timedelta(seconds=after_s), trusted, mono_us)


def test_gap_in_one_start_of_the_machine_is_monotonic_whatever_the_wall_clock_says() -> None:
    then = Instant(NOON, True, 5_000_000)
    for wrong in (NOON - timedelta(days=400), NOON, datetime(1970, 1, 1, tzinfo=UTC)):
        assert gap_between(then, Instant(wrong, False, 47_000_000)) == Gap(42.0)


def test_gap_of_no_time_or_a_microsecond_is_known() -> None:
    assert gap_between(at(5, mono=True), at(5, mono=True)) == Gap(0.0)
    assert gap_between(at(0, mono=True), at(0.000001, mono=True)) == Gap(0.000001)


def test_gap_across_starts_of_the_machine_is_the_trusted_wall_clocks() -> None:
    assert gap_between(at(0), at(61)) == Gap(61.0)
    assert gap_between(at(0, mono=True), at(61)) == Gap(61.0)
    assert gap_between(at(0), at(61, mono=True)) == Gap(61.0)
    assert gap_between(at(7), at(7)) == Gap(0.0)


@pytest.mark.parametrize(
    ("then", "now", "doubt"),
    [
        (at(0, trusted=False), at(61), "clock_untrusted"),
        (at(0), at(61, trusted=False), "clock_untrusted"),
        (at(61), at(0), "clock_back"),
        (at(61, trusted=False), at(0, trusted=False), "clock_back"),
        (at(0), Instant(CLOCK_FIRST - timedelta(seconds=1), True, None), "clock_unset"),
        (Instant(CLOCK_FIRST - timedelta(seconds=1), True, None), at(0), "clock_unset"),
        (at(61, mono=True), at(0, mono=True), "clock_back"),
    ],
)
def test_gap_by_a_clock_that_cannot_be_believed_is_never_a_number(
    then: Instant, now: Instant, doubt: str
) -> None:
    assert gap_between(then, now) == Gap(None, doubt)
    assert doubt in GAP_DOUBTS


def test_gap_of_two_moments_at_the_first_believable_second_is_known() -> None:
    first = Instant(CLOCK_FIRST, True, None)
    assert gap_between(first, first) == Gap(0.0)


moments = st.builds(
    Instant,
    st.integers(0, 3_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.booleans(),
    st.none() | st.integers(0, 10**13),
)


@given(moments, moments)
def test_gap_is_never_negative_and_never_short_by_a_clock_nobody_keeps(
    then: Instant, now: Instant
) -> None:
    gap = gap_between(then, now)
    if gap.s is None:
        assert gap.doubt in GAP_DOUBTS
        return
    assert (gap.s >= 0, gap.doubt) == (True, "")
    if then.mono_us is not None and now.mono_us is not None:
        assert gap.s == (now.mono_us - then.mono_us) / 1e6
    else:
        assert then.is_trusted
        assert now.is_trusted
        assert min(then.utc, now.utc) >= CLOCK_FIRST
        assert gap.s == (now.utc - then.utc).total_seconds()


def test_limit_is_the_orders_then_the_protocols_then_the_units_and_never_above_an_hour() -> None:
    assert gap_limit(120, 300, 900) == GapLimit(120, "order")
    assert gap_limit(0, 300, 900) == GapLimit(0, "order")
    assert gap_limit(None, 300, 900) == GapLimit(300, "protocol")
    assert gap_limit(None, None, 900) == GapLimit(900, "unit")
    assert gap_limit(None, None, 90_000) == GapLimit(GAP_S_MAX, "unit")
    assert gap_limit(90_000, None, 900) == GapLimit(GAP_S_MAX, "order")
    assert GAP_S_MAX == 3600


def judged(gap: Gap, **also: bool) -> str:
    flags = {"is_other_day": False, "is_released": False} | also
    return judge_gap(gap, LIMIT, **flags).code


def test_gap_up_to_the_limit_may_be_resumed_and_a_longer_one_says_by_how_much() -> None:
    assert judged(Gap(0.0)) == ""
    assert judged(Gap(900.0)) == ""
    verdict = judge_gap(Gap(959.9), LIMIT, is_other_day=False, is_released=False)
    assert verdict.code == "pause_too_long"
    assert verdict.args == {"minutes": 15, "limit": 15, "source": "unit"}
    assert judged(Gap(900.001)) == "pause_too_long"
    assert judge_gap(
        Gap(901.0), GapLimit(150, "order"), is_other_day=False, is_released=False
    ).args == {"minutes": 15, "limit": 2, "source": "order"}


def test_gap_nobody_knows_asks_a_clinician_with_the_doubt() -> None:
    verdict = judge_gap(Gap(None, "clock_back"), LIMIT, is_other_day=False, is_released=False)
    assert (verdict.code, verdict.args) == ("gap_unknown", {"why": "clock_back"})


def test_release_lifts_a_gap_and_never_another_day() -> None:
    assert judged(Gap(5000.0), is_released=True) == ""
    assert judged(Gap(None, "clock_back"), is_released=True) == ""
    assert judged(Gap(1.0), is_other_day=True) == "other_day"
    assert judged(Gap(1.0), is_other_day=True, is_released=True) == "other_day"
    assert RELEASABLE == ("pause_too_long", "gap_unknown")


def test_release_holds_for_its_break_and_its_time_only() -> None:
    release = Release("Dr. Berg", "seen", 423, 1000.0)
    assert release_left_s(release, 423, 1000.0) == RELEASE_S == 900
    assert release_left_s(release, 423, 1899.0) == 1.0
    assert release_left_s(release, 423, 1900.0) == 0.0
    assert release_left_s(release, 423, 5000.0) == 0.0
    assert release_left_s(release, 423, 999.9) == 0.0
    assert release_left_s(release, 424, 1000.0) == 0.0
    assert release_left_s(None, 423, 1000.0) == 0.0


def said(order: Order | None, level: int | None = 62, *codes: str) -> tuple[str, dict[str, object]]:
    verdict = judge_agreed(AGREED, order, level, [Problem(code, "x") for code in codes])
    return verdict.code, dict(verdict.args)


def test_order_that_asks_for_the_same_treatment_goes_on_whatever_else_the_clinic_wrote() -> None:
    rewritten = replace(
        ORDER,
        order_version="7",
        sessions_total=40,
        sessions_done=3,
        diagnosis="F33.1",
        prescriber="Dr. Lind",
        authored_utc=NOON,
        valid_until_utc=NOON,
        resume_gap_s_max=1800,
    )
    assert said(rewritten) == ("", {})
    assert said(ORDER, None) == ("", {})


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": "req-2"},
        {"patient_id": "pat-2"},
        {"protocol_id": "10hz-standard"},
        {"protocol_version": "1.0.1"},
        {"side": Side.RIGHT},
        {"site": "dlpfc-right"},
        {"percent_mt": 110},
        {"mt_basis": MtBasis.AMT},
        {"coil_type": "figure8"},
    ],
    ids=str,
)
def test_order_that_asks_for_another_treatment_ends_the_session(change: dict[str, object]) -> None:
    assert said(replace(ORDER, **change))[0] == "order_changed"  # type: ignore[arg-type]


def test_order_withdrawn_unreadable_or_of_another_level_is_refused_with_its_reason() -> None:
    for code in WITHDRAWN_PROBLEMS:
        assert said(ORDER, 62, "expired", code)[0] == "order_withdrawn"
        assert said(None, None, code)[0] == "order_withdrawn"
    assert said(ORDER, 63) == ("level_changed", {"then": 62, "now": 63})
    assert said(None, None) == ("order_has_problems", {"problem": "missing", "count": 0})
    assert said(None, 62, "wrong_unit") == (
        "order_has_problems",
        {"problem": "wrong_unit", "count": 1},
    )
    assert said(ORDER, 62, "expired", "day_limit", "percent_above") == (
        "order_has_problems",
        {"problem": "day_limit", "count": 2},
    )


def test_problems_that_time_alone_brings_do_not_end_a_session_that_began_without_them() -> None:
    assert said(ORDER, 62, *TIME_PROBLEMS) == ("", {})
