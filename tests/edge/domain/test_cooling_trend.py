"""Coolant that does not flow shows in the winding; a good or a slightly odd coil stays quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.cooling_trend import EXCESS_K_MAX, CoolingTrend
from edge.domain.thermal import NOMINAL, Heat
from edge.domain.thermal_learn import Reading
from tests.edge.domain.heat_bench import HeatBench

pytestmark = pytest.mark.control("cooling-trend")

COOLED = NOMINAL["figure8_cooled"]
DRY = replace(COOLED, winding_to_coolant=0.0)
PULSES_PER_S = 8.0  # at full output: as iTBS at 70 %
GENTLE_PER_S = 2.0


def play(
    trend: CoolingTrend,
    bench: HeatBench,
    trains: int,
    *,
    is_learned: bool = True,
    is_coolant_known: bool = False,
    pulses_per_s: float = PULSES_PER_S,
) -> float | None:
    """Seconds until the trend says that it failed; None when it never does."""
    began_s = bench.at_s
    for _ in range(trains):
        for part in (bench.train(2.0, pulses_per_s), bench.rest(8.0)):
            for reading in part:
                trend.take(
                    reading, COOLED, is_learned=is_learned, is_coolant_known=is_coolant_known
                )
                if trend.has_failed:
                    return bench.at_s - began_s
    return None


def stand(trend: CoolingTrend, bench: HeatBench, seconds: float, *, is_learned: bool) -> None:
    """Plugged in, without a pulse."""
    for reading in bench.rest(seconds):
        trend.take(reading, COOLED, is_learned=is_learned)


def test_a_good_coil_is_never_suspected() -> None:
    trend = CoolingTrend()

    assert play(trend, HeatBench(COOLED), 60) is None
    assert not trend.is_in_doubt


def test_a_coil_that_is_a_quarter_off_is_never_reported() -> None:
    odd = replace(
        COOLED, pulse_k=COOLED.pulse_k * 1.1, winding_to_coolant=COOLED.winding_to_coolant * 0.85
    )

    assert play(CoolingTrend(), HeatBench(odd), 60) is None


def test_a_dry_coil_is_found_within_half_a_minute() -> None:
    trend, bench = CoolingTrend(), HeatBench(COOLED)
    play(trend, bench, 6)

    bench.constants = DRY
    found_s = play(trend, bench, 20)

    assert found_s is not None
    assert found_s <= 30.0
    assert bench.heat.face_c < 35.0
    assert trend.is_in_doubt


def test_a_dry_coil_that_nobody_knows_is_found_too() -> None:
    trend, bench = CoolingTrend(), HeatBench(COOLED)
    stand(trend, bench, 120.0, is_learned=False)

    bench.constants = DRY
    found_s = play(trend, bench, 20, is_learned=False)

    assert found_s is not None
    assert found_s <= 90.0
    assert bench.heat.winding_c < 60.0


def test_a_coil_that_was_dry_before_it_was_plugged_in_is_found() -> None:
    bench = HeatBench(DRY)

    found_s = play(CoolingTrend(), bench, 20, is_learned=False)

    assert found_s is not None
    assert bench.heat.winding_c < 50.0


@pytest.mark.parametrize("is_learned", [False, True])
@pytest.mark.parametrize("winding_c", [15.0, 23.0, 26.0, 30.0])
def test_a_winding_that_stands_still_without_heat_proves_nothing(
    winding_c: float, is_learned: bool
) -> None:
    trend = CoolingTrend()
    for tick in range(6000):
        reading = Reading(tick * 0.1, 25.0, winding_c, 0.0)
        trend.take(reading, COOLED, is_learned=is_learned)
        assert not trend.has_failed

    assert trend.excess_k == 0.0


@pytest.mark.parametrize("pulses_per_s", [PULSES_PER_S, GENTLE_PER_S])
@pytest.mark.parametrize("coolant_c", [17.0, 24.0, 27.0])
def test_a_coolant_that_is_warmer_or_colder_than_usual_is_no_failure(
    coolant_c: float, pulses_per_s: float
) -> None:
    trend, bench = CoolingTrend(), HeatBench(replace(COOLED, coolant_c=coolant_c))

    stand(trend, bench, 120.0, is_learned=False)

    assert play(trend, bench, 3, is_learned=False, pulses_per_s=pulses_per_s) is None
    assert play(trend, bench, 57, pulses_per_s=pulses_per_s) is None


def test_without_the_bound_a_warm_coolant_would_be_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The planted bug: the coolant is believed to be as cold as its type's."""
    monkeypatch.setattr(CoolingTrend, "_coolant_c", lambda _self, constants: constants.coolant_c)
    trend, bench = CoolingTrend(), HeatBench(replace(COOLED, coolant_c=27.0))

    stand(trend, bench, 120.0, is_learned=True)

    assert play(trend, bench, 60, pulses_per_s=GENTLE_PER_S) is not None


def test_a_coolant_that_was_learned_is_believed_sooner() -> None:
    found = []
    for is_known in (False, True):
        trend, bench = CoolingTrend(), HeatBench(COOLED)
        bench.heat = Heat(27.0, 27.0)
        play(trend, bench, 6, is_coolant_known=is_known)
        bench.constants = DRY
        found.append(play(trend, bench, 20, is_coolant_known=is_known))

    assert None not in found
    assert (found[1] or 0.0) <= (found[0] or 0.0)


def test_doubt_of_an_unknown_coil_does_not_stop_its_learning() -> None:
    trend = CoolingTrend()

    play(trend, HeatBench(DRY), 2, is_learned=False)

    assert not trend.is_in_doubt


def test_what_an_unknown_coil_summed_up_is_forgotten_when_it_is_known() -> None:
    trend = CoolingTrend()
    bench = HeatBench(DRY)
    bench.heat = Heat(30.0, 40.0)
    play(trend, bench, 1, is_learned=False)
    was_k = trend.excess_k

    trend.take(bench.reading(), COOLED, is_learned=True)

    assert was_k > 0
    assert trend.excess_k == 0.0


def test_a_failure_lasts_until_the_winding_cools_again_and_no_longer() -> None:
    trend, bench = CoolingTrend(), HeatBench(COOLED)
    play(trend, bench, 3)
    bench.constants = DRY
    play(trend, bench, 20)
    for reading in bench.rest(60.0):
        trend.take(reading, COOLED, is_learned=True)
    is_still_failed = trend.has_failed

    bench.constants = COOLED
    for reading in bench.rest(240.0):
        trend.take(reading, COOLED, is_learned=True)

    assert is_still_failed
    assert not trend.has_failed


def test_a_failure_is_tried_again_after_ten_minutes_of_rest() -> None:
    trend, bench = CoolingTrend(), HeatBench(DRY)
    play(trend, bench, 20)
    bench.constants = COOLED
    bench.heat = Heat(20.5, 20.5)  # nothing left that could cool

    for reading in bench.rest(620.0):
        trend.take(reading, COOLED, is_learned=True)

    assert not trend.has_failed


def test_excess_is_bounded_however_long_the_coil_is_dry() -> None:
    trend, bench = CoolingTrend(), HeatBench(DRY)
    for reading in bench.train(300.0, PULSES_PER_S / 5):
        trend.take(reading, COOLED, is_learned=True)

    assert trend.has_failed
    assert trend.excess_k == EXCESS_K_MAX


def test_a_long_train_is_compared_without_a_quiet_moment() -> None:
    trend, bench = CoolingTrend(), HeatBench(DRY)
    found_s = None
    for reading in bench.train(120.0, 2.0):
        trend.take(reading, COOLED, is_learned=True)
        if trend.has_failed and found_s is None:
            found_s = bench.at_s

    assert found_s is not None
    assert found_s < 60.0


def test_a_gap_in_the_readings_begins_anew() -> None:
    trend = CoolingTrend()
    trend.take(Reading(0.0, 23.0, 23.0, 0.0), COOLED, is_learned=True)

    trend.take(Reading(30.0, 40.0, 60.0, 0.0), COOLED, is_learned=True)
    trend.take(Reading(30.1, 40.0, 60.0, 0.0), COOLED, is_learned=True)

    assert trend.excess_k == 0.0
