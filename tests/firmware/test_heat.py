# Temperature: median of five, a row of bad readings ends the value, trips at the limit, clears
# below; slope, standstill and the pair are what no working sensor and no coil can do.
from firmware.core.bounds import (
    PAIR_C10,
    PAIR_COOLED_C10,
    PAIR_REST_US,
    PROVE_STILL_US,
    SENSOR_FROZEN_US,
    SENSOR_SAMPLES,
    SENSOR_SLEW_C10_S,
    SENSOR_SLEW_HOLD_US,
    STIMULATING_US,
    SURFACE_CLEAR_C10,
    WINDING_CLEAR_C10,
)
from firmware.core.heat import Heat, Sensor
from firmware.wire.codes import (
    F_NONE,
    F_SENSOR_FROZEN,
    F_SENSOR_PAIR,
    F_SENSOR_SLEW,
    SENSOR_NONE,
)
from firmware.wire.limits import (
    ADC_PERIOD_US,
    SENSOR_C10_MAX,
    SENSOR_C10_MIN,
    SURFACE_C10_MAX,
    WINDING_C10_MAX,
)
from tests.firmware.marks import control

pytestmark = [control("heat-trip"), control("sensor-plausibility")]

# The tenths that the limit of the slope allows between two medians one window apart.
WINDOW_C10 = SENSOR_SLEW_C10_S * SENSOR_SAMPLES * ADC_PERIOD_US // 1000000


def _feed(sensor: Sensor, now_us: int, *readings: int, stimulating: bool = False) -> int:
    for reading in readings:
        now_us += ADC_PERIOD_US
        sensor.take(reading, now_us, stimulating)
    return now_us


def _hold(sensor: Sensor, now_us: int, reading: int, count: int, stimulating: bool = False) -> int:
    for _ in range(count):
        now_us = _feed(sensor, now_us, reading, stimulating=stimulating)
    return now_us


def _fed(*readings: int) -> Sensor:
    sensor = Sensor()
    _feed(sensor, 0, *readings)
    return sensor


def _heat(surface_c10: int, winding_c10: int) -> Heat:
    heat = Heat()
    _take(heat, 0, SENSOR_SAMPLES, surface_c10, winding_c10)
    return heat


def _take(
    heat: Heat, now_us: int, count: int, surface_c10: int, winding_c10: int, last_us: int = -1
) -> int:
    for _ in range(count):
        now_us += ADC_PERIOD_US
        heat.take(now_us, surface_c10, winding_c10, last_us)
    return now_us


def test_sensor_is_unknown_until_five_good_readings() -> None:
    assert _fed(250, 250, 250, 250).value_c10 == SENSOR_NONE
    assert _fed(250, 250, 250, 250, 250).value_c10 == 250


def test_sensor_gives_the_median_so_that_one_spike_is_nothing() -> None:
    assert _fed(250, 251, 999, 252, 253).value_c10 == 252
    assert _fed(250, 251, 252, 253, 254, 260, 261, 262).value_c10 == 260


def test_sensor_s_median_is_of_the_last_five() -> None:
    # Catches: dropping another reading than the oldest.
    assert _fed(205, 203, 201, 202, 208, 209).value_c10 == 203


def test_sensor_open_or_short_ends_the_value_after_a_row_of_readings() -> None:
    # Catches: holding the last good value for ever.
    for bad in (SENSOR_NONE, SENSOR_C10_MIN - 1, SENSOR_C10_MAX + 1):
        sensor = _fed(250, 250, 250, 250, 250)
        for _ in range(SENSOR_SAMPLES - 1):
            _feed(sensor, 0, bad)
            assert sensor.value_c10 == 250
        _feed(sensor, 0, bad)
        assert sensor.value_c10 == SENSOR_NONE
        _feed(sensor, 0, bad)
        for _ in range(SENSOR_SAMPLES):
            assert sensor.value_c10 == SENSOR_NONE
            _feed(sensor, 0, 300)
        assert sensor.value_c10 == 300


def test_sensor_range_ends_are_plausible() -> None:
    assert _fed(*[SENSOR_C10_MIN] * 5).value_c10 == SENSOR_C10_MIN
    assert _fed(*[SENSOR_C10_MAX] * 5).value_c10 == SENSOR_C10_MAX


def test_heat_trips_at_the_limit_and_not_below() -> None:
    # Catches: > instead of >=.
    below = _heat(SURFACE_C10_MAX - 1, WINDING_C10_MAX - 1)
    assert below.is_cool()
    assert not below.is_surface_hot()
    assert not below.is_winding_hot()
    assert _heat(SURFACE_C10_MAX, 250).is_surface_hot()
    assert _heat(250, WINDING_C10_MAX).is_winding_hot()
    assert not _heat(SURFACE_C10_MAX, 250).is_cool()
    assert not _heat(250, WINDING_C10_MAX).is_cool()


def test_heat_unknown_is_not_cool_and_has_not_cooled() -> None:
    heat = Heat()
    assert not heat.is_known()
    assert not heat.is_cool()
    assert not heat.has_surface_cooled()
    assert not heat.has_winding_cooled()
    assert not _heat(250, SENSOR_NONE).is_known()


def test_heat_clears_only_well_below_the_limit() -> None:
    edge = _heat(SURFACE_C10_MAX - SURFACE_CLEAR_C10, WINDING_C10_MAX - WINDING_CLEAR_C10)
    assert edge.has_surface_cooled()
    assert edge.has_winding_cooled()
    above = _heat(SURFACE_C10_MAX - SURFACE_CLEAR_C10 + 1, WINDING_C10_MAX - WINDING_CLEAR_C10 + 1)
    assert not above.has_surface_cooled()
    assert not above.has_winding_cooled()


def test_sensor_that_was_lost_is_as_new_but_for_its_bad_readings() -> None:
    # Catches: a doubt, or a trust, carried over from the coil that was unplugged.
    sensor = _fed(*[250] * SENSOR_SAMPLES, *[350] * 2 * SENSOR_SAMPLES)
    now_us = _hold(sensor, 3 * SENSOR_SAMPLES * ADC_PERIOD_US, 350, 700, stimulating=True)
    assert sensor.is_frozen
    _feed(sensor, now_us, 250, 350, *[250] * SENSOR_SAMPLES)
    sensor.is_frozen = True
    _feed(sensor, now_us, *[SENSOR_NONE] * SENSOR_SAMPLES)
    fresh = Sensor()
    for name in ("value_c10", "is_slewing", "is_frozen", "_recent", "_raw_c10", "_window_c10"):
        assert getattr(sensor, name) == getattr(fresh, name), name
        assert type(getattr(sensor, name)) is type(getattr(fresh, name)), name
    assert sensor._bad == SENSOR_SAMPLES


def test_sensor_may_step_by_what_a_whole_window_allows_at_any_moment() -> None:
    # Catches: a window shorter than it should be, which a burst would trip.
    for phase in range(2 * SENSOR_SAMPLES):
        sensor = _fed(*[250] * (SENSOR_SAMPLES + phase), *[250 + WINDOW_C10] * 3 * SENSOR_SAMPLES)
        assert sensor.is_slewing is False


def test_sensor_is_believed_again_exactly_after_the_hold() -> None:
    sensor = _fed(*[250] * SENSOR_SAMPLES, *[350] * 3 * SENSOR_SAMPLES)
    slewed_us = sensor._slewed_us
    _feed(sensor, slewed_us + SENSOR_SLEW_HOLD_US - ADC_PERIOD_US - 1, 350)
    assert sensor.is_slewing is True
    _feed(sensor, slewed_us + SENSOR_SLEW_HOLD_US - ADC_PERIOD_US, 350)
    assert sensor.is_slewing is False


def test_sensor_at_the_steepest_slope_allowed_is_believed() -> None:
    # Catches: >= instead of >, and a window of one reading, which a burst would trip.
    sensor = _fed(*[250] * SENSOR_SAMPLES)
    step = WINDOW_C10 // SENSOR_SAMPLES
    _feed(sensor, SENSOR_SAMPLES * ADC_PERIOD_US, *[250 + step * n for n in range(1, 60)])
    assert not sensor.is_slewing


def test_sensor_that_runs_away_or_jumps_is_slewing_both_ways() -> None:
    for sign in (1, -1):
        for readings in (
            [400 + sign * 10 * n for n in range(1, 20)],  # 20 K/s
            [400 + sign * (WINDOW_C10 + 1)] * (2 * SENSOR_SAMPLES),
        ):
            sensor = _fed(*[400] * SENSOR_SAMPLES)
            _feed(sensor, SENSOR_SAMPLES * ADC_PERIOD_US, *readings)
            assert sensor.is_slewing


def test_sensor_one_burst_and_two_wild_readings_are_no_slope() -> None:
    sensor = _fed(*[250] * SENSOR_SAMPLES)
    now_us = SENSOR_SAMPLES * ADC_PERIOD_US
    now_us = _feed(sensor, now_us, 257, 257, 257, 257, 257)
    _feed(sensor, now_us, 900, 257, -50, 257, 257, 257, 257, 257)
    assert not sensor.is_slewing


def test_sensor_is_believed_again_after_a_calm_hold() -> None:
    sensor = _fed(*[250] * SENSOR_SAMPLES, *[350] * 2 * SENSOR_SAMPLES)
    assert sensor.is_slewing
    now_us = 3 * SENSOR_SAMPLES * ADC_PERIOD_US
    now_us = _hold(sensor, now_us, 350, SENSOR_SLEW_HOLD_US // ADC_PERIOD_US - 10)
    assert sensor.is_slewing
    _feed(sensor, now_us, *[350] * 10)
    assert not sensor.is_slewing


def test_sensor_that_was_lost_starts_without_a_slope() -> None:
    # Catches: comparing the first median after a plug was seated with the last one before.
    sensor = _fed(*[250] * SENSOR_SAMPLES, *[350] * 2 * SENSOR_SAMPLES)
    now_us = 3 * SENSOR_SAMPLES * ADC_PERIOD_US
    now_us = _feed(sensor, now_us, *[SENSOR_NONE] * SENSOR_SAMPLES)
    assert not sensor.is_slewing
    _feed(sensor, now_us, *[450] * 3 * SENSOR_SAMPLES)
    assert not sensor.is_slewing


def test_sensor_without_noise_while_stimulating_is_frozen_until_it_moves() -> None:
    readings = SENSOR_FROZEN_US // ADC_PERIOD_US
    sensor = _fed(*[250] * SENSOR_SAMPLES)
    now_us = _hold(sensor, SENSOR_SAMPLES * ADC_PERIOD_US, 250, readings - 1, stimulating=True)
    assert not sensor.is_frozen
    now_us = _hold(sensor, now_us, 250, 1, stimulating=True)
    assert sensor.is_frozen
    now_us = _hold(sensor, now_us, 250, 10)  # rest is no proof of life
    assert sensor.is_frozen
    _hold(sensor, now_us, 251, 1)
    assert sensor.is_frozen is False


def test_sensor_is_still_from_the_bound_on_and_a_move_at_zero_counts() -> None:
    for moved_us in (0, 5, 7 * PROVE_STILL_US):
        sensor = Sensor()
        sensor.take(250, moved_us, False)
        assert not sensor.is_still(moved_us + PROVE_STILL_US - 1)
        assert sensor.is_still(moved_us + PROVE_STILL_US)


def test_sensor_that_moves_or_rests_is_never_frozen() -> None:
    readings = SENSOR_FROZEN_US // ADC_PERIOD_US
    sensor = Sensor()
    now_us = _hold(sensor, 0, 250, 3 * readings)
    assert not sensor.is_frozen
    for _ in range(3):
        now_us = _hold(sensor, now_us, 250, readings - 1, stimulating=True)
        now_us = _hold(sensor, now_us, 251, 1, stimulating=True)
    assert not sensor.is_frozen


def test_heat_stimulates_until_half_a_minute_after_the_last_pulse() -> None:
    frozen = SENSOR_FROZEN_US // ADC_PERIOD_US
    heat = _heat(250, 260)
    now_us = SENSOR_SAMPLES * ADC_PERIOD_US
    _take(heat, now_us, 2 * frozen, 250, 260)
    assert heat.doubt() == F_NONE
    heat = _heat(250, 260)
    for index in range(frozen):
        now_us = _take(heat, now_us, 1, 250, 260 + index % 2, last_us=now_us)
    assert heat.doubt() == F_SENSOR_FROZEN
    assert not heat.is_cool()
    heat = _heat(250, 260)
    _take(heat, now_us, 2 * frozen, 250, 260, last_us=now_us + ADC_PERIOD_US - STIMULATING_US)
    assert heat.doubt() == F_NONE


def test_heat_watches_each_sensor_for_standstill() -> None:
    # Catches: one of the two never told that the coil is at work.
    frozen = SENSOR_FROZEN_US // ADC_PERIOD_US
    for surface_moves, winding_moves in ((1, 0), (0, 1)):
        heat = _heat(250, 260)
        now_us = SENSOR_SAMPLES * ADC_PERIOD_US
        for index in range(2 * frozen):
            step = index % 2
            now_us = _take(
                heat, now_us, 1, 250 + surface_moves * step, 260 + winding_moves * step, now_us
            )
        assert heat.surface.is_frozen is (surface_moves == 0)
        assert heat.winding.is_frozen is (winding_moves == 0)
        assert heat.is_frozen()


def test_heat_counts_a_pulse_at_the_first_microsecond() -> None:
    heat = Heat()
    for now_us in range(0, STIMULATING_US, ADC_PERIOD_US):
        heat.take(now_us, 250, 260, 0)
    assert heat.surface._still_us == 0
    heat.take(STIMULATING_US, 250, 260, 0)
    assert heat.surface._still_us == STIMULATING_US


def test_heat_names_a_slope_first() -> None:
    heat = _heat(250, 260)
    _take(heat, SENSOR_SAMPLES * ADC_PERIOD_US, 2 * SENSOR_SAMPLES, 250, 390)
    assert heat.doubt() == F_SENSOR_SLEW
    assert not heat.is_cool()


def test_heat_face_warmer_than_the_winding_is_odd_beyond_the_limit_of_its_cooling() -> None:
    for is_cooled, over_c10_max in ((True, PAIR_COOLED_C10), (False, PAIR_C10)):
        for over_c10 in (over_c10_max, over_c10_max + 1):
            heat = Heat()
            heat.is_cooled = is_cooled
            _take(heat, 0, SENSOR_SAMPLES, 120 + over_c10, 120)
            is_odd = over_c10 > over_c10_max
            assert heat.is_pair_odd == is_odd
            assert heat.is_cool() != is_odd
            assert heat.doubt() == (F_SENSOR_PAIR if is_odd else F_NONE)


def test_heat_pair_at_rest_must_agree_after_ten_minutes() -> None:
    # Catches: judging a winding that was just heated; judging in one direction only.
    for surface_c10, winding_c10 in ((250, 251 + PAIR_C10), (251 + PAIR_C10, 250)):
        heat = Heat()
        pulse_us = 5 * ADC_PERIOD_US
        _take(heat, 0, SENSOR_SAMPLES, surface_c10, winding_c10, last_us=pulse_us)
        heat.take(pulse_us + PAIR_REST_US - 1, surface_c10, winding_c10, pulse_us)
        assert not heat.is_pair_odd
        heat.take(pulse_us + PAIR_REST_US, surface_c10, winding_c10, pulse_us)
        assert heat.is_pair_odd
        heat.take(pulse_us + PAIR_REST_US, surface_c10, winding_c10, pulse_us + 1)
        assert not heat.is_pair_odd


def test_heat_pair_at_rest_may_differ_by_the_limit_both_ways() -> None:
    for over_c10 in (PAIR_C10, -PAIR_C10):
        heat = Heat()
        _take(heat, 0, SENSOR_SAMPLES, 250 + over_c10, 250)
        _take(heat, 2 * PAIR_REST_US, 1, 250 + over_c10, 250)
        assert heat.is_pair_odd is False
        _take(heat, 2 * PAIR_REST_US, 1, 250 + over_c10, 250)
        heat.surface.value_c10 += 1 if over_c10 > 0 else -1
        heat._watch_pair(2 * PAIR_REST_US, -1)
        assert heat.is_pair_odd is True


def test_heat_pair_of_which_one_is_unknown_is_not_odd() -> None:
    # Catches: a contradiction that outlives the readings it came from.
    heat = Heat()
    _take(heat, 0, SENSOR_SAMPLES, 500, 120)
    assert heat.is_pair_odd
    _take(heat, SENSOR_SAMPLES * ADC_PERIOD_US, SENSOR_SAMPLES, SENSOR_NONE, 120)
    assert heat.is_pair_odd is False


def test_heat_of_another_coil_rests_from_its_own_plugging_on() -> None:
    # Catches: a hot coil, just plugged in, judged by the rest of the one before.
    heat = _heat(250, 260)
    plugged_us = 2 * PAIR_REST_US
    now_us = _take(heat, plugged_us, SENSOR_SAMPLES, SENSOR_NONE, SENSOR_NONE)
    now_us = _take(heat, now_us, SENSOR_SAMPLES, 300, 500)
    assert not heat.is_pair_odd
    _take(heat, now_us + PAIR_REST_US, 1, 300, 500)
    assert heat.is_pair_odd
