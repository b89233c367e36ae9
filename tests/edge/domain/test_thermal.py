"""The look-ahead on coils that are exactly as their type, against sources.md domain 3.5 and 3.6."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from edge.domain import thermal
from edge.domain.thermal import (
    FIGURE8,
    NOMINAL,
    POINTS_MAX,
    Block,
    CoilModel,
    Forecast,
    Heat,
    blocks_of,
    copper,
    first_seconds,
    level_square,
    predict,
    ready_in_s,
    with_margin,
)
from edge.domain.train_plan import Plan, plan_of

pytestmark = pytest.mark.control("heat-look-ahead")

PASSIVE, COOLED = NOMINAL["figure8"], NOMINAL["figure8_cooled"]
TEN_HZ = plan_of((40, 100_000), (75, 30_000_000), train_levels=1)
FAST_TEN_HZ = plan_of((40, 100_000), (75, 15_000_000), train_levels=1)
ITBS_600 = plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)
ITBS_1800 = plan_of((3, 20_000), (10, 200_000), (60, 10_000_000), train_levels=2)
ONE_HZ = plan_of((1200, 1_000_000), train_levels=1)
ROOM = Heat(23.0, 23.0)


def after_plan(plan: Plan, kind: str, level_pct: float = 70.0, limit_c: float = 41.0) -> Forecast:
    return predict(
        CoilModel(NOMINAL[kind]),
        ROOM,
        blocks_of(plan, 0, 0.0),
        level_pct_mso=level_pct,
        limit_c=limit_c,
    )


@pytest.mark.parametrize(
    ("plan", "level_pct", "limit_s"),
    [
        (TEN_HZ, 70, 516),
        (ITBS_1800, 70, 238),
        (ONE_HZ, 70, 755),
        (TEN_HZ, 60, 765),
        (FAST_TEN_HZ, 60, 349),
        (ITBS_1800, 60, 313),
    ],
)
def test_time_to_the_limit_is_that_of_the_reference(
    plan: Plan, level_pct: int, limit_s: float
) -> None:
    ahead = after_plan(plan, "figure8", level_pct)

    assert ahead.limit_at_s == pytest.approx(limit_s, abs=2)


@pytest.mark.parametrize(
    ("plan", "kind", "level_pct"),
    [
        (ITBS_600, "figure8", 70),
        (ONE_HZ, "figure8", 60),
        (TEN_HZ, "figure8_cooled", 70),
        (ITBS_1800, "figure8_cooled", 70),
    ],
)
def test_a_session_that_stays_below_the_limit_names_no_time(
    plan: Plan, kind: str, level_pct: int
) -> None:
    assert after_plan(plan, kind, level_pct).limit_at_s is None


def test_passive_face_peaks_two_minutes_after_the_last_pulse_of_itbs() -> None:
    ahead = after_plan(ITBS_600, "figure8")

    assert ahead.peak_c == pytest.approx(40.7, abs=0.1)
    assert ahead.peak_at_s == pytest.approx(304, abs=3)
    assert ahead.points[-1][0] > ahead.peak_at_s + 100


def test_winding_peak_is_that_of_the_reference() -> None:
    assert after_plan(TEN_HZ, "figure8").winding_peak_c == pytest.approx(81.2, abs=0.3)


def test_points_are_bounded_and_end_with_the_forecast() -> None:
    ahead = after_plan(TEN_HZ, "figure8")

    times = [at_s for at_s, _ in ahead.points]
    assert len(times) <= POINTS_MAX
    assert times == sorted(times)
    assert times[0] == 0.0


def test_a_face_above_the_limit_passes_it_now() -> None:
    ahead = predict(CoilModel(PASSIVE), Heat(42.0, 42.0), (), level_pct_mso=0, limit_c=41.0)

    assert ahead.limit_at_s == 0.0
    assert (ahead.peak_c, ahead.peak_at_s) == (42.0, 0.0)


def test_single_pulses_far_apart_heat_one_by_one() -> None:
    plan = plan_of((3, 10_000_000), train_levels=1)
    singles = plan_of((1, 0), (3, 10_000_000), train_levels=1)

    together, one_by_one = after_plan(plan, "figure8", 100), after_plan(singles, "figure8", 100)

    assert len(blocks_of(singles, 0, 0.0)) == 3
    assert one_by_one.peak_c == pytest.approx(together.peak_c, abs=0.02)
    assert one_by_one.winding_peak_c > 23.4


@pytest.mark.parametrize("plan", [TEN_HZ, plan_of((3000, 100_000), train_levels=1)])
def test_forecast_of_3000_pulses_takes_few_steps(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 5 microseconds each [M]; python -m hw_sim heat measures the whole.
    steps: list[float] = []
    after = CoilModel.after

    def counted(self: CoilModel, heat: Heat, t_s: float, *, watts_k: float = 0.0) -> Heat:
        steps.append(t_s)
        return after(self, heat, t_s, watts_k=watts_k)

    monkeypatch.setattr(CoilModel, "after", counted)

    after_plan(plan, "figure8")

    assert len(steps) < 600


def test_heat_flows_as_small_steps_say() -> None:
    model, heat = CoilModel(COOLED), Heat(30.0, 60.0)
    face_c, winding_c, dt_s = heat.face_c, heat.winding_c, 0.01
    for _ in range(6000):
        to_face = 0.01 * (winding_c - face_c)
        face_c += dt_s * (
            3 / 700 * (winding_c - face_c) - 1.6 / 700 * (face_c - COOLED.face_rest_c)
        )
        winding_c += dt_s * (-to_face - 8 / 300 * (winding_c - 20) + 0.2)

    exact = model.after(heat, 60.0, watts_k=0.2)

    assert exact.face_c == pytest.approx(face_c, abs=0.01)
    assert exact.winding_c == pytest.approx(winding_c, abs=0.01)


def test_a_warm_parked_coil_cools_as_the_reference_says() -> None:
    parked = CoilModel(PASSIVE.parked())

    assert parked.after(Heat(65, 65), 21 * 60).face_c == pytest.approx(35, abs=1)
    assert parked.after(Heat(65, 65), 30 * 60).face_c == pytest.approx(30, abs=1)


def test_face_that_only_warms_towards_its_rest_has_no_turn_within_the_bound() -> None:
    model = CoilModel(PASSIVE)

    at_s, peak_c = model.face_peak(Heat(20.0, 20.0))

    assert at_s == 1200.0
    assert peak_c == model.after(Heat(20.0, 20.0), 1200.0).face_c


def test_face_peak_on_the_fast_wave_alone_is_found() -> None:
    model = CoilModel(PASSIVE)
    turn_s, peak_c = model.face_peak(Heat(23.0, 60.0))

    around = [model.after(Heat(23.0, 60.0), turn_s + d).face_c for d in (-1.0, 1.0)]

    assert peak_c > max(around)


def test_blocks_of_the_rest_begin_with_the_interrupted_train() -> None:
    blocks = blocks_of(ITBS_600, 45, 4.0)

    assert blocks[0].start_s == 4.0
    assert blocks[0].pulses == 15
    assert blocks[0].length_s == pytest.approx(0.84)  # five bursts are left
    assert sum(block.pulses for block in blocks) == 555
    assert blocks[1].start_s - blocks[0].start_s == pytest.approx(9.0)


def test_blocks_begin_and_last_as_the_plan_says() -> None:
    plan = plan_of((40, 100_000), (3, 30_000_000), train_levels=1)

    assert blocks_of(plan, 0, 2.0) == (
        Block(2.0, 3.9, 40),
        Block(32.0, 3.9, 40),
        Block(62.0, 3.9, 40),
    )


@pytest.mark.parametrize(
    ("pause_us", "blocks"),
    [
        (2_999_999, (Block(0.0, 3.999999, 4),)),
        (3_000_000, (Block(0.0, 0.5, 2), Block(3.5, 0.5, 2))),
    ],
)
def test_trains_three_seconds_apart_are_blocks_of_their_own(
    pause_us: int, blocks: tuple[Block, ...]
) -> None:
    plan = plan_of((2, 500_000), (2, 500_000 + pause_us), train_levels=1)

    assert blocks_of(plan, 0, 0.0) == blocks


def test_a_complete_dose_has_no_blocks() -> None:
    assert blocks_of(ITBS_600, 600, 0.0) == ()
    assert first_seconds((), 10.0) == ()


def test_trains_that_are_close_are_one_block() -> None:
    plan = plan_of((5, 50_000), (30, 1_000_000), train_levels=1)

    (block,) = blocks_of(plan, 0, 1.0)

    assert (block.start_s, block.pulses) == (1.0, 150)
    assert block.length_s == pytest.approx(29.2)


def test_first_seconds_of_a_short_block_are_all_of_it() -> None:
    short, long = Block(1.0, 2.0, 30), Block(0.0, 100.0, 100)

    assert first_seconds((short, long), 10.0) == (short,)
    assert first_seconds((long, short), 10.0) == (Block(0.0, 10.0, 10),)


def test_a_single_pulse_is_whole_in_no_time() -> None:
    single = Block(1.0, 0.0, 1)

    assert first_seconds((single,), 0.0) == (single,)


def wait_for(plan: Plan, kind: str, now: Heat, winding_limit_c: float = 80.0) -> float | None:
    return ready_in_s(
        CoilModel(NOMINAL[kind]),
        now,
        blocks_of(plan, 0, 3.0),
        level_pct_mso=60,
        limit_c=41.0,
        winding_limit_c=winding_limit_c,
        margin_share=0.0,
        margin_c=0.5,
    )


def test_a_cool_coil_may_start_at_once() -> None:
    assert wait_for(ITBS_600, "figure8", ROOM) == 0.0


def test_a_warm_coil_is_ready_when_the_peak_fits() -> None:
    warm = Heat(36.0, 45.0)

    wait_s = wait_for(ITBS_600, "figure8", warm)

    assert wait_s is not None
    parked = CoilModel(PASSIVE.parked())
    peaks = [
        predict(
            CoilModel(PASSIVE),
            parked.after(warm, at_s),
            blocks_of(ITBS_600, 0, 3.0),
            level_pct_mso=60,
            limit_c=41.0,
        ).peak_c
        for at_s in (wait_s - 30.0, wait_s)
    ]
    assert peaks[0] > 40.5 >= peaks[1]


def wait_without_pulses(
    now: Heat, limit_c: float, margin_c: float = 0.0, winding_limit_c: float = 80.0
) -> float | None:
    return ready_in_s(
        CoilModel(PASSIVE),
        now,
        (),
        level_pct_mso=60,
        limit_c=limit_c,
        winding_limit_c=winding_limit_c,
        margin_share=0.0,
        margin_c=margin_c,
    )


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 20, 40])
def test_the_first_half_minute_that_fits_is_told(steps: int) -> None:
    """A face that only cools: it fits at the step where it is at the limit."""
    warm = Heat(65.0, 65.0)
    limit_c = CoilModel(PASSIVE.parked()).after(warm, 30.0 * steps).face_c

    assert wait_without_pulses(warm, limit_c) == 30.0 * steps


def test_a_peak_at_the_limit_fits_with_its_margin() -> None:
    assert wait_without_pulses(Heat(40.5, 30.0), 41.0, margin_c=0.5) == 0.0


def test_a_coil_that_fits_in_a_second_does_not_fit_now() -> None:
    warm = Heat(40.51, 30.0)
    assert CoilModel(PASSIVE.parked()).after(warm, 1.0).face_c < 40.5

    assert wait_without_pulses(warm, 41.0, margin_c=0.5) == 30.0


def test_a_winding_at_its_limit_does_not_fit() -> None:
    assert wait_without_pulses(Heat(30.0, 50.0), 41.0, winding_limit_c=50.0) == 30.0
    assert wait_without_pulses(Heat(30.0, 50.0), 41.0, winding_limit_c=50.1) == 0.0


def test_a_waiting_time_takes_few_forecasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Now, in an hour, and seven to halve the 120 half minutes between."""
    calls: list[Heat] = []

    def counted(model: CoilModel, now: Heat, *args: Any, **named: Any) -> Forecast:
        calls.append(now)
        return predict(model, now, *args, **named)

    monkeypatch.setattr(thermal, "predict", counted)

    assert wait_for(ITBS_600, "figure8", Heat(36.0, 45.0)) is not None
    assert len(calls) <= 9


def test_waiting_does_not_help_a_session_that_is_too_much() -> None:
    assert wait_for(TEN_HZ, "figure8", ROOM) is None


def test_a_winding_over_its_limit_refuses_a_cool_face() -> None:
    assert wait_for(ITBS_600, "figure8", ROOM, winding_limit_c=50.0) is None


def test_margin_grows_with_the_rise() -> None:
    assert with_margin(40.0, 30.0, 0.1, 0.5) == pytest.approx(41.5)
    assert with_margin(30.0, 35.0, 0.1, 0.5) == pytest.approx(30.5)


def test_pulse_heat_follows_level_and_copper() -> None:
    assert level_square(70) == pytest.approx(0.49)
    assert copper(20.0) == 1.0
    assert copper(120.0) == pytest.approx(1.393)


def test_only_a_cooled_coil_has_coolant() -> None:
    assert COOLED.is_cooled
    assert not PASSIVE.is_cooled
    assert math.isclose(replace(FIGURE8, parked_share=0.5).parked().face_to_room, 0.8 / 700)
