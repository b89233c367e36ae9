# Temperature: median of five, a row of bad readings ends the value, trips at the limit, clears
# below.
from firmware.core.bounds import SENSOR_SAMPLES, SURFACE_CLEAR_C10, WINDING_CLEAR_C10
from firmware.core.heat import Heat, Sensor
from firmware.wire.codes import SENSOR_NONE
from firmware.wire.limits import (
    SENSOR_C10_MAX,
    SENSOR_C10_MIN,
    SURFACE_C10_MAX,
    WINDING_C10_MAX,
)


def _fed(*readings: int) -> Sensor:
    sensor = Sensor()
    for reading in readings:
        sensor.take(reading)
    return sensor


def _heat(surface_c10: int, winding_c10: int) -> Heat:
    heat = Heat()
    for _ in range(SENSOR_SAMPLES):
        heat.take(surface_c10, winding_c10)
    return heat


def test_sensor_is_unknown_until_five_good_readings() -> None:
    assert _fed(250, 250, 250, 250).value_c10 == SENSOR_NONE
    assert _fed(250, 250, 250, 250, 250).value_c10 == 250


def test_sensor_gives_the_median_so_that_one_spike_is_nothing() -> None:
    assert _fed(250, 251, 999, 252, 253).value_c10 == 252
    assert _fed(250, 251, 252, 253, 254, 260, 261, 262).value_c10 == 260


def test_sensor_open_or_short_ends_the_value_after_a_row_of_readings() -> None:
    # Catches: holding the last good value for ever.
    for bad in (SENSOR_NONE, SENSOR_C10_MIN - 1, SENSOR_C10_MAX + 1):
        sensor = _fed(250, 250, 250, 250, 250)
        for _ in range(SENSOR_SAMPLES - 1):
            sensor.take(bad)
            assert sensor.value_c10 == 250
        sensor.take(bad)
        assert sensor.value_c10 == SENSOR_NONE
        sensor.take(bad)
        for _ in range(SENSOR_SAMPLES):
            assert sensor.value_c10 == SENSOR_NONE
            sensor.take(300)
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
