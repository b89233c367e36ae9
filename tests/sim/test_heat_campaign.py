"""A few seeds of `python -m hw_sim heat`, and that its verdicts can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.cooling_trend import CoolingTrend
from edge.domain.thermal_learn import CoilLearner
from hw_sim.heat.campaign import (
    PEAK_ERROR_C_MAX,
    PLANT_ERROR_C_MAX,
    PREDICTOR_ERROR_C_MAX,
    TIME_ERROR_S_MAX,
    PumpResult,
    Sizes,
    SpreadResult,
    play_clean,
    play_pump,
    play_spread,
    summarise_clean,
    summarise_pump,
    summarise_spread,
    summarise_system,
)
from hw_sim.heat.figures import FIGURES, Figure, figure_errors
from hw_sim.heat.system import SystemTrial, play_system


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f"{f.session} {f.coil}")
def test_figures_of_the_reference_come_out_of_plant_and_predictor(figure: Figure) -> None:
    errors = figure_errors(figure)

    assert errors.plant_c <= PLANT_ERROR_C_MAX
    assert errors.predictor_c <= PREDICTOR_ERROR_C_MAX


# The sessions in turn, passive coil and cooled.
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6, 7, 16])
def test_forecast_of_a_spread_coil_is_near_after_three_trains(seed: int) -> None:
    result = play_spread(seed)

    assert abs(result.peak_error_c or 0.0) <= PEAK_ERROR_C_MAX
    assert abs(result.time_error_s or 0.0) <= TIME_ERROR_S_MAX


def test_stopped_pumps_are_warned_of_and_clean_sessions_are_not() -> None:
    stopped = summarise_pump(play_pump(seed) for seed in range(6))
    clean = summarise_clean(play_clean(seed) for seed in range(6))

    assert stopped["is_met"], stopped
    assert clean["is_met"], clean


def test_a_trend_that_never_speaks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: readings do not reach the trend."""
    monkeypatch.setattr(CoolingTrend, "_compare", lambda *_: None)

    assert not summarise_pump([*map(play_pump, range(3)), _warned(5.0)])["is_met"]


def test_constants_that_are_not_learned_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the learner forgets."""
    monkeypatch.setattr(CoilLearner, "constants", lambda self: self.nominal)
    results = [play_spread(seed) for seed in (0, 16)]

    assert not summarise_spread([*results, SpreadResult("", "", 0, 0.0, None)])["is_met"]


def test_a_coolant_that_counts_as_cold_brings_false_warnings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The planted bug: the trend believes in the coolant of the coil's type."""
    monkeypatch.setattr(CoolingTrend, "_coolant_c", lambda _self, _constants: 10.0)

    assert not summarise_clean(map(play_clean, range(6)))["is_met"]


def _warned(at_s: float) -> PumpResult:
    return PumpResult("iTBS 600", 9, 1.0, at_s, None)


def test_a_warning_before_the_pump_stopped_is_no_success() -> None:
    assert summarise_pump([_warned(2.0)])["is_met"]
    assert not summarise_pump([_warned(2.0), _warned(0.5)])["is_met"]
    assert not summarise_clean([_warned(2.0)])["is_met"]


@pytest.mark.parametrize("seed", [0, 1])
def test_whole_system_holds_for_a_stopped_pump_and_is_quiet_without(seed: int) -> None:
    trial = play_system(seed)

    assert trial.is_good, trial
    assert trial.face_c < 35.0


def test_system_trial_that_tripped_or_alarmed_is_bad() -> None:
    held = SystemTrial(0, 50.0, 62.0, "cooling_trend", 35.0, 26.0, ("cooling_trend",))
    quiet = replace(held, pump_stopped_at_s=None, ended="wrapup", alarms=())

    assert summarise_system([held, quiet])["is_met"]
    assert not replace(held, ended="201").is_good
    assert not replace(quiet, alarms=("heat_ahead",)).is_good


def test_a_share_of_the_campaign_keeps_every_kind_of_trial() -> None:
    assert Sizes().scaled(0.0) == Sizes(spread=8, pump=8, clean=8, system=2)
    assert Sizes().scaled(1.0) == Sizes()
