# The whole device from the outside: heat, bank, faults and their clearing, what it tells by itself.
# Each safety test says which planted bug it would catch.
from firmware.core.bounds import (
    BANK_STRAY_MV,
    DISCHARGE_US_MAX,
    QUIET_US,
    SENSOR_SLEW_HOLD_US,
    STATUS_GAP_US,
)
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    F_BANK_VOLTAGE,
    F_CHARGE_TIMEOUT,
    F_DOOR,
    F_INTERNAL,
    F_SENSOR,
    F_SENSOR_FROZEN,
    F_SENSOR_PAIR,
    F_SENSOR_SLEW,
    F_SURFACE_HOT,
    F_WINDING_HOT,
    FAULT,
    IN_DOOR,
    INPUTS_ALL,
    OK,
    READY,
    REJ_CAUSE,
    REJ_FAULT,
    REJ_HOT,
    SENSOR_NONE,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import (
    Charge,
    ClearFault,
    Discharge,
)
from firmware.wire.limits import (
    CHARGE_MS_MAX,
    SURFACE_C10_MAX,
    WINDING_C10_MAX,
)
from firmware.wire.reports import Status
from tests.firmware.bench import ONE_HZ_120
from tests.firmware.marks import control
from tests.firmware.states import assert_fault, in_state

pytestmark = control("bank-supervision")


def test_sensors_are_never_read_near_a_pulse() -> None:
    # Catches: a temperature or voltage sampled in the noise of a pulse.
    bench = in_state(ARMED)
    hal = bench.hal
    times: list[int] = []

    def noted() -> int:
        times.append(hal.now_us)
        return 250

    setattr(hal, "surface_c10", noted)  # noqa: B010
    # The first pulse falls on the moment at which the sensors are due.
    start_us = bench.device._unit._sensors_due_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us + 3000000)
    assert len(times) > 40
    for at_us in bench.pulse_times():
        assert not [read_us for read_us in times if abs(read_us - at_us) < QUIET_US]


def test_heat_at_the_limit_trips_in_every_state_and_clears_when_cool() -> None:
    for state in (STANDBY, READY, TRAIN):
        bench = in_state(state)
        bench.hal.surface = SURFACE_C10_MAX
        bench.run_ms(300)
        assert_fault(bench, F_SURFACE_HOT)
        assert bench.ask(ClearFault(fault=F_SURFACE_HOT)).code == REJ_CAUSE
        bench.hal.surface = SURFACE_C10_MAX - 60
        bench.run_ms(300)
        assert bench.ask(ClearFault(fault=F_SURFACE_HOT)).code == OK


def test_hot_winding_trips_and_a_second_fault_is_added() -> None:
    bench = in_state(ARMED)
    bench.hal.winding = WINDING_C10_MAX
    bench.run_ms(300)
    assert_fault(bench, F_WINDING_HOT)
    bench.hal.surface = SURFACE_C10_MAX
    bench.run_ms(300)
    assert bench.faults() == [F_WINDING_HOT, F_SURFACE_HOT]
    status = bench.status()
    assert status.fault == F_WINDING_HOT
    assert status.fault_bits == bench.device._unit.machine.fault_bits()
    bench.hal.winding = 250
    bench.run_ms(300)
    assert bench.ask(ClearFault(fault=F_WINDING_HOT)).code == OK
    assert bench.state() == FAULT
    assert bench.status().fault == F_SURFACE_HOT


def test_sensor_that_jumps_stops_a_charged_unit_and_holds_a_resting_one() -> None:
    bench = in_state(READY)
    bench.hal.winding += 60
    bench.run_ms(600)
    assert_fault(bench, F_SENSOR_SLEW)
    assert bench.ask(ClearFault(fault=F_SENSOR_SLEW)).code == REJ_CAUSE
    bench.run_ms(SENSOR_SLEW_HOLD_US // 1000 + 500)
    assert bench.ask(ClearFault(fault=F_SENSOR_SLEW)).code == OK
    bench = in_state(STANDBY)
    bench.hal.winding += 60
    bench.run_ms(600)
    assert bench.faults() == []
    assert bench.ask(Charge(level_pct_mso=60)).code == REJ_HOT


def test_sensor_frozen_clears_only_when_it_moves() -> None:
    bench = in_state(READY)
    bench.armed(ONE_HZ_120, 1)
    bench.hal.is_noiseless = True
    assert bench.fire(0, 0, 60, bench.now_us + 500000).code == OK
    bench.run_to_state(FAULT, 35000)
    assert_fault(bench, F_SENSOR_FROZEN)
    bench.run_ms(2000)
    assert bench.ask(ClearFault(fault=F_SENSOR_FROZEN)).code == REJ_CAUSE
    bench.hal.is_noiseless = False
    bench.run_ms(500)
    assert bench.ask(ClearFault(fault=F_SENSOR_FROZEN)).code == OK


def test_sensors_that_contradict_each_other_fault_a_resting_unit_too() -> None:
    bench = in_state(STANDBY)
    for _ in range(20):
        bench.hal.winding -= 10
        bench.run_ms(250)
    assert bench.faults() == []
    for _ in range(10):
        bench.hal.winding -= 10
        bench.run_ms(250)
    assert_fault(bench, F_SENSOR_PAIR)
    assert bench.ask(ClearFault(fault=F_SENSOR_PAIR)).code == REJ_CAUSE
    for _ in range(10):
        bench.hal.winding += 10
        bench.run_ms(250)
    assert bench.ask(ClearFault(fault=F_SENSOR_PAIR)).code == OK


def test_sensor_without_a_value_stops_a_charged_unit_only() -> None:
    bench = in_state(READY)
    bench.hal.winding = SENSOR_NONE
    bench.run_ms(1000)
    assert_fault(bench, F_SENSOR)
    assert bench.ask(ClearFault(fault=F_SENSOR)).code == REJ_CAUSE
    bench = in_state(STANDBY)
    bench.hal.winding = SENSOR_NONE
    bench.run_ms(1000)
    assert bench.state() == STANDBY
    assert bench.ask(Charge(level_pct_mso=60)).code != OK


def test_bank_leaving_its_tolerance_is_a_fault_that_clears_when_low() -> None:
    bench = in_state(READY)
    bench.hal.charger_rate = 0
    bench.hal.millivolts = 1000000
    bench.run_ms(300)
    assert_fault(bench, F_BANK_VOLTAGE)
    bench.hal.bleed_rate = 0
    bench.hal.millivolts = 500000
    bench.run_ms(100)
    assert bench.ask(ClearFault(fault=0)).code == REJ_CAUSE
    bench.hal.millivolts = 0
    bench.run_ms(100)
    assert bench.ask(ClearFault(fault=0)).code == OK


def test_bank_that_recovers_in_time_after_a_train_is_no_fault() -> None:
    bench = in_state(ARMED)
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us + 3900500)
    bench.hal.charger_rate = 0
    bench.hal.millivolts = 1000000
    bench.run_until(start_us + 4300000)
    bench.hal.millivolts = 1080000
    bench.run_ms(1000)
    assert bench.state() == ARMED
    bench.hal.millivolts = 1000000  # long after the train: no excuse
    bench.run_ms(300)
    assert bench.faults() == [F_BANK_VOLTAGE]


def test_bank_low_at_the_first_pulse_ends_the_train_before_it() -> None:
    bench = in_state(ARMED)
    start_us = bench.now_us + 200000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us - 60000)
    bench.hal.charger_rate = 0
    bench.hal.millivolts = 1000000
    bench.run_until(start_us + 100000)
    assert bench.hal.pulses == []
    assert_fault(bench, F_BANK_VOLTAGE)


def test_bank_charging_by_itself_in_standby_is_a_fault() -> None:
    bench = in_state(STANDBY)
    bench.hal.bleed_rate = 0
    bench.hal.millivolts = BANK_STRAY_MV
    bench.run_ms(100)
    assert bench.state() == STANDBY
    bench.hal.millivolts = BANK_STRAY_MV + 1
    bench.run_ms(100)
    assert bench.faults() == [F_BANK_VOLTAGE]


def test_charger_that_does_not_get_there_times_out() -> None:
    bench = in_state(STANDBY)
    bench.hal.charger_rate = 1
    bench.ask(Charge(level_pct_mso=60))
    bench.run_ms(CHARGE_MS_MAX - 100)
    assert bench.state() == CHARGING
    bench.run_ms(200)
    assert_fault(bench, F_CHARGE_TIMEOUT)


def test_bleed_that_does_not_get_there_times_out() -> None:
    bench = in_state(READY)
    bench.hal.bleed_rate = 0
    bench.ask(Discharge())
    bench.run_ms(DISCHARGE_US_MAX // 1000 + 100)
    assert bench.faults() == [F_BANK_VOLTAGE]


def test_gate_stuck_on_is_noticed_while_disarmed_and_saves_nothing() -> None:
    bench = in_state(STANDBY)
    bench.hal.is_gate_stuck = True
    bench.run_ms(100)
    assert bench.faults() == [F_INTERNAL]
    assert bench.ask(ClearFault(fault=F_INTERNAL)).code == REJ_CAUSE
    bench = in_state(ARMED)
    saves = len(bench.hal.saves)
    bench.hal.is_gate_stuck = True
    bench.stop()
    bench.run_ms(100)
    assert len(bench.hal.saves) == saves
    bench.hal.is_gate_stuck = False
    bench.run_ms(100)
    assert len(bench.hal.saves) == saves + 1


def test_fault_refuses_work_until_cleared_and_the_last_clear_discharges() -> None:
    bench = in_state(FAULT)
    answer = bench.ask(Charge(level_pct_mso=60))
    assert (answer.code, answer.detail) == (REJ_FAULT, F_DOOR)
    bench.run_ms(100)
    assert bench.ask(ClearFault(fault=F_DOOR)).code == OK
    assert bench.state() in (DISCHARGING, STANDBY)
    bench.run_to_state(STANDBY)
    assert bench.ask(Charge(level_pct_mso=60)).code == OK


def test_status_tells_changes_by_itself_at_a_bounded_rate() -> None:
    bench = in_state(STANDBY)
    bench.is_beating = False
    mark = len(bench.of(Status))
    # Two changes every 22 ms: at most one report in 20 ms, and the last state is told.
    for _ in range(20):
        bench.set_inputs(INPUTS_ALL & ~IN_DOOR)
        bench.run_ms(1)
        bench.set_inputs(INPUTS_ALL)
        bench.run_ms(21)
    told = bench.of(Status)[mark:]
    assert 10 <= len(told) <= 23
    for index in range(1, len(told)):
        assert told[index].mcu_us - told[index - 1].mcu_us >= STATUS_GAP_US
    bench.run_ms(100)
    assert bench.of(Status)[-1].inputs == INPUTS_ALL
    assert all(status.echo_beat == 0 for status in told)


def test_idle_unit_sleeps_between_sensor_readings() -> None:
    bench = in_state(STANDBY)
    bench.is_beating = bench.is_sampling = False
    bench.run_ms(200)
    polls = bench.polls
    bench.run_ms(1000)
    assert 19 <= bench.polls - polls <= 22
