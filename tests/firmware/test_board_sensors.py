# Temperatures, bank and peak-hold on the stand-in chip: the curve, broken sensors, settling of the
# multiplexer, what a pulse spoils, and what grows old.
import rig
from firmware.board import ntc
from firmware.board.pins import GP_COIL
from firmware.board.sensors import AGE_US_MAX, QUIET_US, SURFACE, WINDING
from firmware.core import bounds
from firmware.wire.codes import SENSOR_NONE
from rig_plant import NTC_RATIOS, OPEN_COUNTS, ntc_counts
from tests.firmware.chip_bench import Parts, pass_us


def test_table_is_the_makers_curve_seen_through_the_divider() -> None:
    ratios = NTC_RATIOS[1:]  # the table begins 5 degrees below
    assert len(ntc.COUNTS) == len(ratios)
    for index in range(len(ratios)):
        computed = 65535 * ratios[index] / (ratios[index] + 1)
        assert abs(ntc.COUNTS[index] - computed) <= 0.51, index


def test_every_tenth_of_a_degree_comes_back_within_a_tenth_and_a_converter_step() -> None:
    worst = 0
    for c10 in range(-95, 1196):
        worst = max(worst, abs(ntc.c10(ntc_counts(c10)) - c10))
    assert worst <= 3, worst
    for c10 in range(200, 600):
        assert abs(ntc.c10(ntc_counts(c10)) - c10) <= 1, c10


def test_table_of_another_part_would_be_found() -> None:
    # 1 % of another curve is a quarter of a degree at the limit, and the bound above is a tenth.
    counts = ntc_counts(410)
    assert abs(ntc.c10(counts * 99 // 100) - 410) > 1


def test_counts_of_a_broken_circuit_are_no_temperature() -> None:
    for counts in (0, 16, ntc.COUNTS[-1] - 1, ntc.COUNTS[0] + 1, OPEN_COUNTS, 65535):
        assert ntc.c10(counts) == SENSOR_NONE, counts
    assert ntc.c10(ntc.COUNTS[0]) == -100
    assert ntc.c10(ntc.COUNTS[-1]) == 1200


def test_both_sensors_are_read_in_turn() -> None:
    parts = Parts()
    rig.the().temperatures_c10 = [612, 388]
    assert parts.sensors.winding_c10() == SENSOR_NONE
    parts.sample_for(100000)
    assert abs(parts.sensors.winding_c10() - 612) <= 1
    assert abs(parts.sensors.surface_c10() - 388) <= 1


def test_reading_before_the_multiplexer_has_settled_would_show_the_other_sensor() -> None:
    parts = Parts()
    rig.the().temperatures_c10 = [612, 388]
    parts.sample_for(50000)
    parts.sensors._selected_us -= 1000000  # planted: nobody waits
    for _ in range(4):
        parts.sensors.sample()
        parts.sensors._selected_us -= 1000000
    assert abs(parts.sensors.winding_c10() - 388) <= 1


def test_open_and_short_sensor_carry_no_value_and_the_other_still_does() -> None:
    for fault in (1, 2):
        for channel in (WINDING, SURFACE):
            parts = Parts()
            rig.the().faults.ntc[channel] = fault
            parts.sample_for(100000)
            found = (parts.sensors.winding_c10(), parts.sensors.surface_c10())
            assert found[channel] == SENSOR_NONE
            assert found[1 - channel] != SENSOR_NONE


def test_unplugged_coil_takes_both_sensors_along() -> None:
    parts = Parts()
    rig.set_contact(GP_COIL, False)
    parts.sample_for(100000)
    assert parts.sensors.winding_c10() == SENSOR_NONE
    assert parts.sensors.surface_c10() == SENSOR_NONE


def test_values_grow_old_when_the_task_stops() -> None:
    parts = Parts()
    parts.sample_for(100000)
    pass_us(AGE_US_MAX - 60000)
    assert parts.sensors.surface_c10() != SENSOR_NONE
    pass_us(60001)
    assert parts.sensors.surface_c10() == SENSOR_NONE
    assert parts.sensors.winding_c10() == SENSOR_NONE


def test_no_temperature_is_read_near_a_pulse() -> None:
    assert QUIET_US == bounds.QUIET_US
    parts = Parts()
    pass_us(20000)
    parts.pulses.last = parts.clock.us() - QUIET_US + 500
    assert parts.sensors.sample() < 5
    assert parts.sensors.winding_c10() == SENSOR_NONE
    parts.pulses.last = parts.clock.us() - QUIET_US
    parts.pulses.next = parts.clock.us() + QUIET_US
    assert parts.sensors.sample() < 5
    parts.pulses.next = parts.clock.us() + 2 * QUIET_US
    assert parts.sensors.sample() > 5
    assert parts.sensors.winding_c10() != SENSOR_NONE


def test_conversion_that_a_pulse_came_into_is_thrown_away() -> None:
    parts = Parts()
    pass_us(20000)
    parts.pulses.comes_in = 2  # looked at before, then once more after the conversions
    assert parts.sensors.sample() < 5
    assert parts.sensors.discarded == 1
    assert parts.sensors.winding_c10() == SENSOR_NONE


def test_temperatures_keep_coming_through_theta_burst() -> None:
    parts = Parts()
    end_us = 2000000
    oldest_us = 0
    burst_us = 0
    next_us = parts.sensors.sample() * 1000
    while parts.clock.us() < end_us:
        pass_us(1000)
        now_us = parts.clock.us()
        while burst_us + 40000 < now_us - 160000 + 40000:
            burst_us += 200000
        times = [burst_us + offset for offset in (0, 20000, 40000, 200000)]
        parts.pulses.last = max([t for t in times if t <= now_us] + [-1])
        parts.pulses.next = min([t for t in times if t > now_us])
        if now_us >= next_us:
            next_us = now_us + parts.sensors.sample() * 1000
        if now_us > 200000:
            oldest_us = max(oldest_us, now_us - min(parts.sensors._read_us))
    assert oldest_us < 120000, oldest_us


def test_bank_is_read_within_two_per_mille() -> None:
    parts = Parts()
    for mv in (0, 90000, 900000, 1800000, 2100000):
        rig.set_bank_mv(mv)
        assert abs(parts.sensors.bank_mv() - mv) <= 4000, mv


def test_bank_shows_its_last_value_while_pulses_come_into_every_reading() -> None:
    parts = Parts()
    rig.set_bank_mv(900000)
    before_mv = parts.sensors.bank_mv()
    rig.set_bank_mv(1200000)
    parts.pulses.comes_in = 1
    parts.sensors._pulses = _Restless()
    assert parts.sensors.bank_mv() == before_mv


class _Restless:
    def __init__(self) -> None:
        self.count = 0

    def last_us(self) -> int:
        self.count += 1
        return self.count

    def next_us(self) -> int:
        return -1


def test_peak_is_given_once_and_then_empty() -> None:
    parts = Parts()
    rig.the().peak_pm = 700
    assert abs(parts.sensors.take_peak_pm() - 700) <= 1
    assert parts.sensors.take_peak_pm() == 0


def test_plausible_needs_both_temperatures_only_with_a_coil() -> None:
    parts = Parts()
    assert not parts.sensors.is_plausible(True)
    assert parts.sensors.is_plausible(False)
    parts.sample_for(100000)
    assert parts.sensors.is_plausible(True)
    rig.set_bank_mv(2199000)
    assert not parts.sensors.is_plausible(True)
    rig.set_bank_mv(0)
    rig.the().peak_pm = 100
    assert not parts.sensors.is_plausible(True)
