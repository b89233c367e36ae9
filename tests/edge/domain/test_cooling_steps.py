"""The cooling's trend step by step: what is summed up of each reading, and when it is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.cooling_trend import (
    COOLANT_DRIFT_K_S,
    COOLANT_OVER_K,
    COOLANT_OVER_KNOWN_K,
    DOUBT_K,
    EXCESS_K_MAX,
    FAILED_K_LEARNED,
    FAILED_K_NOMINAL,
    FORGET_S,
    HEAT_DOUBT,
    SLACK_LEARNED,
    SLACK_NOMINAL,
    STEP_S_MAX,
    WARM_K_MIN,
    CoolingTrend,
)
from edge.domain.thermal import NOMINAL, copper
from edge.domain.thermal_learn import GAP_S, QUIET_S, Reading

pytestmark = pytest.mark.control("cooling-trend")

# A coil with round numbers: half of a difference to the face counts as much as one to the coolant.
COIL = replace(
    NOMINAL["figure8_cooled"],
    pulse_k=0.25,
    winding_to_face=0.125,
    winding_to_coolant=0.25,
    coolant_c=20.0,
)
FRESH = {
    "excess_k": 0.0,
    "has_failed": False,
    "_is_learned": False,
    "_from": None,
    "_last": None,
    "_over_k": COOLANT_OVER_K,
    "_heat_k": 0.0,
    "_coolant_c_max": None,
    "_pulse_at_s": 0.0,
    "_expected_k": 0.0,
    "_cooled_k": 0.0,
    "_pulsed_k": 0.0,
}


def _trend(**parts: float | bool | None) -> CoolingTrend:
    trend = CoolingTrend()
    for name, value in parts.items():
        assert name in FRESH
        setattr(trend, name, value)
    return trend


def _fed(*readings: Reading, is_learned: bool = True) -> CoolingTrend:
    trend = CoolingTrend()
    for reading in readings:
        trend.take(reading, COIL, is_learned=is_learned)
    return trend


def test_trend_starts_with_nothing_summed_up() -> None:
    found = vars(CoolingTrend())

    assert found == FRESH
    assert [type(value) for value in found.values()] == [type(v) for v in FRESH.values()]


def test_doubt_begins_above_its_bound_and_only_with_known_constants() -> None:
    assert not _trend(_is_learned=True, excess_k=DOUBT_K).is_in_doubt
    assert _trend(_is_learned=True, excess_k=DOUBT_K + 0.01).is_in_doubt
    assert not _trend(_is_learned=False, excess_k=DOUBT_K + 0.01).is_in_doubt


def test_coolant_that_was_learned_may_be_a_little_warmer_only() -> None:
    trend = CoolingTrend()
    trend.take(Reading(0.0, 23.0, 23.0, 0.0), COIL, is_learned=True)
    assert trend._over_k == COOLANT_OVER_K
    trend.take(Reading(0.1, 23.0, 23.0, 0.0), COIL, is_learned=True, is_coolant_known=True)
    assert trend._over_k == COOLANT_OVER_KNOWN_K


@pytest.mark.parametrize(
    ("span_s", "follows"), [(0.0, False), (0.1, True), (GAP_S, True), (GAP_S + 0.1, False)]
)
def test_readings_follow_each_other_up_to_the_gap(span_s: float, follows: bool) -> None:
    trend = _fed(Reading(0.0, 23.0, 23.0, 0.0))
    trend._expected_k = 5.0
    trend.take(Reading(span_s, 23.0, 23.0, 1.0), COIL, is_learned=True)

    assert (trend._coolant_c_max is not None) is follows
    assert (trend._expected_k > 4.0) is follows
    if not follows:
        assert (trend._expected_k, trend._cooled_k, trend._pulsed_k) == (0.0, 0.0, 0.0)


def test_stretch_that_ended_is_forgotten() -> None:
    trend = _fed(Reading(0.0, 23.0, 23.0, 0.0))
    trend.end_stretch()

    assert trend._from is None
    assert trend._last is None


def test_readings_are_judged_once_it_is_quiet() -> None:
    first = Reading(0.0, 23.0, 23.0, 0.0)
    for at_s, is_judged in ((QUIET_S - 0.1, False), (QUIET_S, True)):
        trend = _fed(first, Reading(at_s, 23.0, 23.0, 0.0))
        assert trend._from is not None
        assert trend._from.at_s == (at_s if is_judged else 0.0)


def test_readings_between_pulses_are_judged_every_few_seconds_at_any_hour() -> None:
    readings = [Reading(1000.0 + n, 23.0, 23.0, n) for n in range(int(STEP_S_MAX) + 1)]
    for count in range(2, len(readings) + 1):
        trend = _fed(*readings[:count])
        assert trend._from is readings[count - 1 if count == len(readings) else 0]


@pytest.mark.parametrize(
    ("face_c", "heat_k", "coolant_c_max", "expected_c"),
    [
        (30.0, 2.0, None, 22.5),
        (30.0, 0.0, 20.0, 22.5),  # a winding at rest tells it anew
        (30.0, 2.0, 20.0, 20.0 + COOLANT_DRIFT_K_S * 8),
        (30.0, 1.0, 40.0, 22.5),
        (25.0, 2.0, None, 25.0),
        (20.0, 2.0, None, 25.0),  # a colder face pulls nothing
    ],
)
def test_coolant_is_no_warmer_than_the_winding_at_rest_allows(
    face_c: float, heat_k: float, coolant_c_max: float | None, expected_c: float
) -> None:
    trend = _trend(_heat_k=heat_k, _coolant_c_max=coolant_c_max)

    trend._bound_coolant(Reading(0.0, face_c, 25.0, 0.0), COIL, 8.0)

    assert trend._coolant_c_max == expected_c


@pytest.mark.parametrize(
    ("coolant_c_max", "over_k", "expected_c"),
    [(25.0, 10.0, 25.0), (35.0, 10.0, 30.0), (15.0, 10.0, 20.0), (25.0, 1.0, 21.0)],
)
def test_coolant_counts_as_warm_as_it_can_be(
    coolant_c_max: float, over_k: float, expected_c: float
) -> None:
    assert _trend(_coolant_c_max=coolant_c_max, _over_k=over_k)._coolant_c(COIL) == expected_c
    with pytest.raises(AssertionError, match=r"^bounded before$"):
        CoolingTrend()._coolant_c(COIL)


def test_heat_and_cooling_are_summed_up_over_the_readings() -> None:
    trend = _trend(_coolant_c_max=20.0)
    last, now = Reading(0.0, 24.0, 29.0, 3.0), Reading(2.0, 26.0, 31.0, 7.0)
    trend._integrate(last, now, COIL)

    # Two seconds at 30 degrees under a face of 25, above a coolant of 20; four pulses.
    assert trend._pulsed_k == pytest.approx(0.25 * 4 * copper(30.0), abs=1e-12)
    assert trend._cooled_k == pytest.approx(0.25 * (10 - WARM_K_MIN) * 2, abs=1e-12)
    expected_k = trend._pulsed_k - 0.125 * 5 * 2 - 0.25 * 10 * 2
    assert trend._expected_k == pytest.approx(expected_k, abs=1e-12)
    sums = trend._pulsed_k, trend._cooled_k, trend._expected_k
    trend._integrate(last, now, COIL)
    assert (trend._pulsed_k, trend._cooled_k, trend._expected_k) == pytest.approx(
        tuple(2 * each for each in sums), abs=1e-12
    )


def test_winding_near_the_coolant_proves_no_cooling() -> None:
    trend = _trend(_coolant_c_max=20.0)
    cold = Reading(0.0, 20.0, 20.0 + WARM_K_MIN, 0.0)
    trend._integrate(cold, replace(cold, at_s=2.0), COIL)

    assert trend._cooled_k == 0.0


def _judged(trend: CoolingTrend, too_warm_k: float, span_s: float = 6.0) -> CoolingTrend:
    """After a stretch at whose end the winding is this much warmer than expected."""
    since = Reading(0.0, 25.0, 30.0, 0.0)
    trend._compare(Reading(span_s, 25.0, 30.0 + trend._expected_k + too_warm_k, 0.0), since)
    return trend


FORGOTTEN_K = EXCESS_K_MAX * 6.0 / FORGET_S


def test_excess_is_what_is_too_warm_less_a_share_of_the_cooling() -> None:
    parts = {"_cooled_k": 1.0, "_pulsed_k": 2.0, "_heat_k": 2.0, "_expected_k": 0.5}
    learned = _judged(_trend(_is_learned=True, excess_k=0.25, **parts), 2.0)
    nominal = _judged(_trend(_is_learned=False, excess_k=0.25, **parts), 2.0)

    expected_k = 0.25 + 2.0 - SLACK_LEARNED - FORGOTTEN_K
    assert learned.excess_k == pytest.approx(expected_k, abs=1e-12)
    expected_k = 0.25 + 2.0 - SLACK_NOMINAL - HEAT_DOUBT * 2.0 - FORGOTTEN_K
    assert nominal.excess_k == pytest.approx(expected_k, abs=1e-12)
    assert learned._heat_k == pytest.approx(4.0 - FORGOTTEN_K, abs=1e-12)
    assert (learned._expected_k, learned._cooled_k, learned._pulsed_k) == (0.0, 0.0, 0.0)


def test_excess_is_never_below_zero_nor_above_the_heat_of_the_pulses() -> None:
    assert _judged(_trend(_heat_k=2.0), -9.0).excess_k == 0.0
    assert _judged(_trend(_heat_k=2.0), 9.0).excess_k == pytest.approx(2.0 - FORGOTTEN_K)
    assert _judged(_trend(_heat_k=9.0), 9.0).excess_k == EXCESS_K_MAX
    assert _judged(_trend(_heat_k=0.0), 9.0)._heat_k == 0.0


@pytest.mark.parametrize(
    ("is_learned", "has_failed", "excess_k", "is_failed"),
    [
        (True, False, FAILED_K_LEARNED, False),
        (True, False, FAILED_K_LEARNED + 0.01, True),
        (False, False, FAILED_K_NOMINAL, False),
        (False, False, FAILED_K_NOMINAL + 0.01, True),
        (True, True, 0.01, True),  # until it cools as it should
        (True, True, 0.0, False),
    ],
)
def test_failure_begins_at_its_bound_and_lasts_until_nothing_is_left(
    is_learned: bool, has_failed: bool, excess_k: float, is_failed: bool
) -> None:
    trend = _trend(_is_learned=is_learned, has_failed=has_failed, _heat_k=EXCESS_K_MAX)
    since = Reading(0.0, 25.0, 0.0, 0.0)
    trend._compare(replace(since, winding_c=excess_k), since)

    assert trend.has_failed is is_failed
