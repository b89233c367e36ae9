"""The look-ahead to the digit, where what it must answer can be written down."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from edge.domain.thermal import (
    NOMINAL,
    POINTS_MAX,
    STEP_S_MAX,
    TAIL_S,
    Block,
    CoilModel,
    Forecast,
    Heat,
    predict,
)

pytestmark = pytest.mark.control("heat-look-ahead")

PASSIVE, COOLED = NOMINAL["figure8"], NOMINAL["figure8_cooled"]
# Rates that are powers of two, so that what its two waves make is exact: both nodes come to 24
# degrees, together at 1/64 a second and against each other at 3/64.
EVEN = replace(
    COOLED, winding_to_face=1 / 64, face_from_winding=1 / 64, winding_to_coolant=1 / 64,
    face_to_room=1 / 64, face_rest_c=24.0, coolant_c=24.0,
)  # fmt: skip


def at_rest(blocks: tuple[Block, ...] = ()) -> Forecast:
    """Of a coil that stays as warm as it is."""
    return predict(CoilModel(EVEN), Heat(24.0, 24.0), blocks, level_pct_mso=0, limit_c=41.0)


def test_a_coil_at_its_rest_has_its_peak_now() -> None:
    ahead = at_rest()

    assert (ahead.peak_at_s, ahead.peak_c) == (0.0, 24.0)


def steps_of(count: int) -> Forecast:
    """A curve of so many points: one is now, and each step of the block and the tail adds one."""
    tail = TAIL_S / STEP_S_MAX
    return at_rest((Block(0.0, STEP_S_MAX * (count - 1 - tail), 0),))


def test_a_curve_below_its_bound_has_every_point() -> None:
    points = steps_of(POINTS_MAX - 1).points

    assert points == tuple((15.0 * i, 24.0) for i in range(119))


def test_a_curve_at_its_bound_has_every_second_point_and_its_last() -> None:
    points = steps_of(POINTS_MAX).points

    assert points == (*((30.0 * i, 24.0) for i in range(60)), (15.0 * 119, 24.0))


@pytest.mark.parametrize("count", [POINTS_MAX + 1, 2 * POINTS_MAX - 1, 2 * POINTS_MAX + 1])
def test_a_longer_curve_has_no_more_points(count: int) -> None:
    assert len(steps_of(count).points) <= POINTS_MAX


def test_a_face_at_its_limit_passes_it_now() -> None:
    ahead = predict(CoilModel(PASSIVE), Heat(41.0, 30.0), (), level_pct_mso=0, limit_c=41.0)

    assert ahead.limit_at_s == 0.0


def test_a_face_that_just_comes_to_its_limit_passes_it_at_its_peak() -> None:
    model, hot = CoilModel(PASSIVE), Heat(23.0, 60.0)
    peak_c = predict(model, hot, (), level_pct_mso=0, limit_c=41.0).peak_c

    ahead = predict(model, hot, (), level_pct_mso=0, limit_c=peak_c)

    assert ahead.limit_at_s == pytest.approx(ahead.peak_at_s)


def test_a_face_that_cools_peaks_now() -> None:
    assert CoilModel(PASSIVE).face_peak(Heat(40.0, 30.0)) == (0.0, 40.0)


def test_a_face_that_warms_on_the_fast_wave_alone_comes_to_its_rest() -> None:
    """As far below its rest as the winding is above: they meet, and neither passes it."""
    assert CoilModel(EVEN).face_peak(Heat(16.0, 32.0)) == (1200.0, 24.0)


@pytest.mark.parametrize("winding_c", [60.0, 26.0])
def test_a_coil_left_alone_peaks_where_its_two_waves_do(winding_c: float) -> None:
    """Above its rest the face is slow exp(-t/64) - fast exp(-3t/64), the winding the sum of both.

    The face's slope is 0 where exp(t/32) is 3 fast/slow.
    """
    slow, fast = (winding_c - 24 - 1) / 2, (winding_c - 24 + 1) / 2
    turn_s = 32 * math.log(3 * fast / slow)
    peak_c = 24 + slow * math.exp(-turn_s / 64) - fast * math.exp(-3 * turn_s / 64)

    ahead = predict(CoilModel(EVEN), Heat(23.0, winding_c), (), level_pct_mso=0, limit_c=41.0)

    assert ahead.peak_at_s == pytest.approx(turn_s)
    assert ahead.peak_c == pytest.approx(peak_c)


def test_a_single_pulse_heats_the_winding_alone_and_at_once() -> None:
    """By its rise at 20 degrees, times what copper of 60 degrees makes of it."""
    warm_c = 60.0 + PASSIVE.pulse_k * (1 + 0.00393 * 40)

    ahead = predict(
        CoilModel(PASSIVE), Heat(30.0, 60.0), (Block(0.0, 0.0, 1),), level_pct_mso=100, limit_c=41.0
    )

    assert ahead.winding_peak_c == pytest.approx(warm_c, rel=1e-12)


def test_a_length_within_rounding_is_a_single_pulse() -> None:
    model, hot = CoilModel(PASSIVE), Heat(30.0, 60.0)
    blocks = [(Block(0.0, length_s, 3),) for length_s in (0.0, 1e-9)]

    single, short = (
        predict(model, hot, block, level_pct_mso=100, limit_c=41.0) for block in blocks
    )

    assert short == single
    assert model.heated(hot, 1e-9, 3.0) == model.heated(hot, 0.0, 3.0)


def test_hot_copper_makes_more_heat_as_small_steps_say() -> None:
    """Forty pulses within two seconds, in a winding of 100 degrees that warms under them."""
    face_c, winding_c, dt_s = 40.0, 100.0, 0.001
    for _ in range(2000):
        pulses_k = 20 * PASSIVE.pulse_k * (1 + 0.00393 * (winding_c - 20))
        to_face = 0.01 * (winding_c - face_c)
        face_c += dt_s * (
            3 / 700 * (winding_c - face_c) - 1.6 / 700 * (face_c - PASSIVE.face_rest_c)
        )
        winding_c += dt_s * (pulses_k - to_face)

    heated = CoilModel(PASSIVE).heated(Heat(40.0, 100.0), 2.0, 40.0)

    assert heated.winding_c == pytest.approx(winding_c, abs=0.01)
    assert heated.face_c == pytest.approx(face_c, abs=0.01)
