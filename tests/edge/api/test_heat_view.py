"""The forecast as a screen gets it: as old as it is, thinned, and never a past point."""

from __future__ import annotations

from dataclasses import replace

from edge.api.heat_view import CURVE_POINTS, STARTS, view_heat
from edge.domain.device_facts import NOTHING_AHEAD, HeatAhead
from edge.services.chair_state import HeatForecast

AHEAD = HeatAhead("wait", 301.0, 420, 90.0, is_off_head_due=False, has_cooling_failed=False)
FORECAST = HeatForecast(
    made_at=100.0,
    ahead=AHEAD,
    peak_c=41.66,
    peak_in_s=120.4,
    points=tuple((float(s), 30.0 + s / 100) for s in range(0, 600, 5)),
    is_learned=True,
)


def test_forecast_is_shown_with_its_age_taken_off() -> None:
    seen = view_heat(AHEAD, FORECAST, 107.0)

    assert (seen.start, seen.ready_in_min) == ("wait", 6)
    assert (seen.peak_c, seen.peak_in_s) == (41.7, 113)
    assert seen.is_learned
    assert seen.curve[0].in_s >= 0
    assert seen.curve[-1].in_s == 588.0
    assert len(seen.curve) <= CURVE_POINTS + 1


def test_peak_that_has_passed_is_now() -> None:
    assert view_heat(AHEAD, FORECAST, 400.0).peak_in_s == 0


def test_without_a_forecast_there_is_no_curve() -> None:
    seen = view_heat(NOTHING_AHEAD, None, 5.0)

    assert (seen.start, seen.ready_in_min, seen.peak_c, seen.curve) == ("none", None, None, [])
    assert not seen.is_learned


def test_every_word_of_the_domain_has_one_on_the_page() -> None:
    for word in STARTS:
        assert view_heat(replace(AHEAD, start=word), None, 0.0).start == word
