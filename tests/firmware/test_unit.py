# The unit's actions one by one: since when a state has been there, what is due when, what a train
# and a flash write leave behind. Each test says which planted bug it would catch.
from firmware.core.bounds import (
    BANK_LOW_MV,
    CHARGE_LOOK_US,
    DISCHARGE_US_MAX,
    GATE_CAUSE_US,
    HASH_PAUSE_US,
    SELF_TEST_US_MAX,
    SENSORS_EARLY_US,
)
from firmware.core.outbox import Outbox
from firmware.core.unit import Unit
from firmware.wire.codes import (
    ARMED,
    BOOT,
    CHARGING,
    DISCHARGING,
    ENDED_FAULT,
    ENDED_HOLD,
    ENDED_STOP,
    F_BANK_VOLTAGE,
    F_CHARGE_TIMEOUT,
    F_DOOR,
    F_INPUT_STALE,
    F_INTERNAL,
    F_LEDGER,
    F_LINK_LOST,
    F_NONE,
    F_SELF_TEST,
    FAULT,
    HOLD,
    IN_COOLING,
    INPUTS_ALL,
    PULSE_REFUSED,
    READY,
    SELF_TEST,
    STANDBY,
    TRAIN,
)
from firmware.wire.limits import ADC_PERIOD_US, CHARGE_MS_MAX, FLASH_STALL_US_MAX, GATE_FEED_US
from tests.firmware.bench import ITBS_600, Bench, arm_of, configure_of, sha_of
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control
from tests.firmware.states import in_state

pytestmark = [control("safe-boot"), control("stop-path"), control("bank-supervision")]


def _unit(state: int) -> "tuple[Bench, Unit, int]":
    """A bench in this state for 7 ms, its unit, and the time."""
    bench = in_state(state)
    bench.run_ms(7)
    assert bench.state() == state
    return bench, bench.device._unit, bench.now_us


def _is_in_since(unit: Unit, state: int, since_us: int) -> None:
    assert (unit.machine.state, unit._entered_us) == (state, since_us)


def test_asked_for_states_count_from_the_asking() -> None:
    # Catches: a deadline reckoned from the state before.
    for state, act, following in (
        (STANDBY, "charge", CHARGING),
        (HOLD, "charge", CHARGING),
        (READY, "discharge", DISCHARGING),
        (ARMED, "discharge", DISCHARGING),
        (CHARGING, "stop", DISCHARGING),
        (ARMED, "stop", DISCHARGING),
        (ARMED, "hold", HOLD),
        (READY, "latch", FAULT),
        (FAULT, "clear", DISCHARGING),
    ):
        _, unit, now_us = _unit(state)
        if act == "charge":
            unit.charge(30, now_us)
            assert unit._charge_due_us == now_us
        elif act == "latch":
            unit.latch(F_DOOR, now_us)
        elif act == "clear":
            unit.clear(F_NONE, now_us)
        elif act == "hold":
            unit.hold(now_us)
        elif act == "stop":
            unit.stop(now_us)
        else:
            unit.discharge(now_us)
        _is_in_since(unit, following, now_us)


def test_second_fault_does_not_restart_the_state() -> None:
    _, unit, now_us = _unit(READY)
    unit.latch(F_DOOR, now_us)
    unit.latch(F_INPUT_STALE, now_us + 5)
    _is_in_since(unit, FAULT, now_us)


def test_armed_and_treating_count_from_their_own_beginning() -> None:
    bench, unit, _ = _unit(READY)
    bench.armed(ITBS_600, 2)
    _is_in_since(unit, ARMED, bench.now_us)
    bench.run_ms(3)
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 1, start_us)
    _is_in_since(unit, TRAIN, bench.now_us)
    while bench.state() == TRAIN:
        bench.run_ms(1)
    _is_in_since(unit, ARMED, bench.now_us)
    assert unit.charged._since_us == bench.now_us


def test_held_train_counts_from_the_end_of_its_last_pulse() -> None:
    bench, unit, now_us = _unit(TRAIN)
    unit.hold(now_us)
    _is_in_since(unit, HOLD, now_us)
    assert not bench.hal.gate_is_on()
    assert unit.arming.plan is None


def test_unit_with_a_damaged_ledger_is_in_fault_from_the_first_moment() -> None:
    unit = Unit(FakeHal(b"rubbish"), 777, Outbox())
    _is_in_since(unit, FAULT, 777)
    assert unit.machine.faults == [F_LEDGER]


def test_boot_and_self_test_count_from_the_polls_that_moved_them() -> None:
    hal = FakeHal()
    unit = Unit(hal, 100, Outbox())
    assert unit.machine.state == BOOT
    unit.work(5000)
    _is_in_since(unit, SELF_TEST, 5000)
    unit.take_input(60000, 0)
    unit.work(60000)
    _is_in_since(unit, STANDBY, 60000)


def test_self_test_ends_at_its_deadline_and_not_before() -> None:
    for millivolts, fault in ((1000000, F_BANK_VOLTAGE), (0, F_INPUT_STALE)):
        hal = FakeHal()
        hal.millivolts = millivolts
        unit = Unit(hal, 0, Outbox())
        unit.work(1000)
        unit._sensors_due_us = 1000 + SELF_TEST_US_MAX - 1
        unit.work(1000 + SELF_TEST_US_MAX - 1)
        assert unit.machine.faults == []
        unit._sensors_due_us = 1000 + SELF_TEST_US_MAX
        unit.work(1000 + SELF_TEST_US_MAX)
        assert unit.machine.faults == [fault]
        _is_in_since(unit, FAULT, 1000 + SELF_TEST_US_MAX)


def test_bleed_ends_at_its_deadline_and_not_before() -> None:
    bench, unit, now_us = _unit(READY)
    bench.hal.bleed_rate = 0
    unit.discharge(now_us)
    for late_us, faults in ((-1, []), (0, [F_BANK_VOLTAGE])):
        at_us = now_us + DISCHARGE_US_MAX + late_us
        unit._sensors_due_us = at_us
        unit.host.is_stuck(at_us, False)
        unit.inputs.closed = 0
        unit.work(at_us)
        assert unit.machine.faults == faults
    _is_in_since(unit, FAULT, now_us + DISCHARGE_US_MAX)


def test_bled_unit_rests_from_the_reading_that_found_it_empty() -> None:
    bench, unit, now_us = _unit(READY)
    unit.discharge(now_us)
    bench.hal.millivolts = BANK_LOW_MV
    unit._sensors_due_us = now_us + 9
    unit.work(now_us + 9)
    _is_in_since(unit, STANDBY, now_us + 9)


def test_bank_is_watched_wherever_it_should_stand_still() -> None:
    # Catches: a bank that drifts unseen while the session is on hold.
    for state, bad_samples in ((READY, 1), (ARMED, 1), (HOLD, 1), (CHARGING, 0), (TRAIN, 0)):
        bench, unit, now_us = _unit(state)
        bench.hal.millivolts = 500000
        unit.power.bad_samples = 0
        unit.power._settled_us = 0
        unit._sensors_due_us = unit.pulser.quiet_us(now_us)
        unit._read_sensors(unit._sensors_due_us)
        assert unit.power.bad_samples == bad_samples, state


def test_self_test_of_the_board_is_a_fault_of_its_own() -> None:
    hal = FakeHal()
    hal.self_test_bits = 4
    unit = Unit(hal, 0, Outbox())
    unit.work(1000)
    unit._work_self_test(2000)
    assert unit.machine.faults == [F_SELF_TEST]
    _is_in_since(unit, FAULT, 2000)


def test_charger_is_looked_at_in_its_rhythm_and_ends_at_its_deadline() -> None:
    bench, unit, now_us = _unit(STANDBY)
    bench.hal.charger_rate = 0
    unit.charge(60, now_us)
    unit._work_charging(now_us)
    assert unit._charge_due_us == now_us + CHARGE_LOOK_US
    bench.hal.millivolts = 1080000
    unit._work_charging(now_us + CHARGE_LOOK_US - 1)
    assert unit.machine.state == CHARGING
    unit._work_charging(now_us + CHARGE_LOOK_US)
    _is_in_since(unit, READY, now_us + CHARGE_LOOK_US)
    bench, unit, now_us = _unit(STANDBY)
    bench.hal.charger_rate = 0
    unit.charge(60, now_us)
    unit._work_charging(now_us + CHARGE_MS_MAX * 1000 - 1)
    assert unit.machine.faults == []
    unit._charge_due_us = 0
    unit._work_charging(now_us + CHARGE_MS_MAX * 1000)
    assert unit.machine.faults == [F_CHARGE_TIMEOUT]
    _is_in_since(unit, FAULT, now_us + CHARGE_MS_MAX * 1000)


def test_sensors_are_read_as_early_as_promised_and_no_earlier() -> None:
    bench, unit, _ = _unit(STANDBY)
    due_us = unit._sensors_due_us
    bench.hal.millivolts = 5
    unit.work(due_us - SENSORS_EARLY_US - 1)
    assert unit.power.bank_mv == 0
    unit.work(due_us - SENSORS_EARLY_US)
    assert unit.power.bank_mv == 5
    assert unit._sensors_due_us == due_us - SENSORS_EARLY_US + ADC_PERIOD_US


def test_configuration_reaches_every_part_that_keeps_a_limit() -> None:
    # Catches: a limit tightened for the envelope and not for the trip.
    for inputs_required, is_cooled in ((INPUTS_ALL, True), (INPUTS_ALL & ~IN_COOLING, False)):
        unit = Unit(FakeHal(), 0, Outbox())
        unit.configure(
            configure_of(
                surface_c10_max=391,
                winding_c10_max=702,
                heartbeat_ms_max=300,
                inputs_required=inputs_required,
            )
        )
        assert (unit.heat.surface_c10_max, unit.heat.winding_c10_max) == (391, 702)
        assert unit.heat.is_cooled is is_cooled
        assert unit.beats.silence_us_max == 275000
        assert unit.settings.inputs_required == inputs_required


def test_confirm_without_an_enable_keeps_nothing_armed() -> None:
    bench, unit, now_us = _unit(READY)
    echo = bench.ask_arm(arm_of(ITBS_600, 2))
    assert echo.token
    bench.hal.is_gate_dead = True
    assert unit.confirm(bench.now_us) is False
    assert (unit.machine.state, unit.arming.plan, unit.arming.token(0)) == (READY, None, 0)
    assert unit._entered_us < now_us


def test_confirm_starts_the_minute_and_forgets_the_last_pulse() -> None:
    bench, unit, _ = _unit(READY)
    bench.ask_arm(arm_of(ITBS_600, 2))
    unit.armed_pulse_us = 5
    token = unit.arming.token(bench.now_us)
    assert unit.confirm(bench.now_us) is True
    assert unit.charged._since_us == bench.now_us
    assert unit.armed_pulse_us < 0
    assert unit.arming.token(1 << 60) not in (0, token)


def test_ended_trains_say_why() -> None:
    for act, ended, fault in (("stop", ENDED_STOP, F_NONE), ("latch", ENDED_FAULT, F_DOOR)):
        bench, unit, now_us = _unit(TRAIN)
        if act == "stop":
            unit.stop(now_us)
        else:
            unit.latch(F_DOOR, now_us)
        assert (unit.pulser.ended, unit.pulser.fault) == (ended, fault)
        assert (unit.power.level_pct, bench.hal.target_mv) == (0, 0)
    _, unit, now_us = _unit(TRAIN)
    unit.discharge(now_us)
    assert (unit.pulser.ended, unit.pulser.fault) == (ENDED_STOP, F_NONE)
    _, unit, now_us = _unit(TRAIN)
    unit.hold(now_us)
    assert (unit.pulser.ended, unit.pulser.fault) == (ENDED_HOLD, F_NONE)


def test_delivered_pulse_is_noted_for_the_pauses_and_refused_ones_are_not() -> None:
    # Catches: a pause between trains reckoned from nothing; a refused pulse told as delivered.
    bench, unit, _ = _unit(ARMED)
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us + 2000)
    assert unit.last_pulse_us == unit.armed_pulse_us == start_us
    assert bench.pulse_reports()[-1].ordinal == 1
    bench.run_until(start_us + 99000)
    bench.hal.drop_gate()
    bench.run_until(start_us + 102000)
    report = bench.pulse_reports()[-1]
    assert (report.result, report.ordinal) == (PULSE_REFUSED, 0)
    assert unit.last_pulse_us == unit.armed_pulse_us == start_us


def test_flash_write_is_forgiven_once_and_up_to_its_bound() -> None:
    for stall_us, forgiven_us in (
        (0, 0),
        (FLASH_STALL_US_MAX, FLASH_STALL_US_MAX),
        (FLASH_STALL_US_MAX + 1, FLASH_STALL_US_MAX),
    ):
        _, unit, now_us = _unit(READY)
        unit.beats.hear(now_us, 999)
        unit.inputs.sample(now_us, INPUTS_ALL)
        unit._stalled_us = now_us
        unit.wake(now_us + stall_us)
        assert unit.beats._heard_us == now_us + forgiven_us
        assert unit.inputs._sampled_us == now_us + forgiven_us
        assert unit._stalled_us == -1
        unit.wake(now_us + stall_us + 10)
        assert unit.beats._heard_us == now_us + forgiven_us
    _, unit, _ = _unit(READY)
    unit._stalled_us = 0  # written in the first microsecond
    unit.wake(10)
    assert unit._stalled_us == -1


def test_arm_is_worked_on_with_pauses_and_its_ledger_is_stored_open() -> None:
    bench, unit, now_us = _unit(READY)
    assert unit._state_wake_us(READY, now_us) == unit.charged.due_us()
    unit.begin_arm(arm_of(ITBS_600, 2))
    assert unit._state_wake_us(READY, now_us) == now_us + HASH_PAUSE_US
    while unit.arming.is_busy():
        unit.work(now_us)
    assert unit._stalled_us == now_us
    assert unit._must_save is True
    assert unit.counters.session_id == b"A" * 16
    assert len(bench.hal.saves) == 1
    unit._stalled_us = -1
    unit.begin_arm(arm_of(ITBS_600, 2, plan_sha256=bytes(32)))
    while unit.arming.is_busy():
        unit.work(now_us)
    assert unit._stalled_us == -1
    assert sha_of(ITBS_600, 2) != bytes(32)


def test_wake_of_every_state_is_its_own_deadline() -> None:
    _, unit, now_us = _unit(ARMED)
    assert unit._state_wake_us(TRAIN, now_us) == unit.gate.feed_due_us
    assert unit._state_wake_us(ARMED, now_us) == unit.gate.feed_due_us
    unit.gate.feed_due_us = 1 << 40
    assert unit._state_wake_us(ARMED, now_us) == unit.charged.due_us()
    assert unit._state_wake_us(HOLD, now_us) == unit.charged.due_us()
    assert unit._state_wake_us(CHARGING, now_us) == unit._charge_due_us
    assert GATE_FEED_US < 1 << 40


def test_wake_is_the_soonest_of_all_and_never_the_present() -> None:
    _, unit, now_us = _unit(STANDBY)
    unit.inputs._closing = 0
    assert unit.next_wake_us(now_us) == unit._sensors_due_us
    unit.inputs.sample(now_us, 0)
    unit.inputs.sample(now_us, INPUTS_ALL)
    assert unit.next_wake_us(now_us) == unit.inputs.next_wake_us() < unit._sensors_due_us
    soonest_us = unit.inputs.next_wake_us()
    assert unit.next_wake_us(soonest_us - 1) == soonest_us
    assert unit.next_wake_us(soonest_us) == soonest_us + 1
    assert unit.next_wake_us(unit._sensors_due_us + 9) == unit._sensors_due_us + 10
    for state, which in ((READY, "beats"), (ARMED, "sensors"), (CHARGING, "bank"), (ARMED, "gate")):
        _, unit, now_us = _unit(state)
        unit.inputs._closing = 0
        unit._sensors_due_us = now_us + (3 if which == "sensors" else 90000)
        unit.beats._heard_us = now_us + (3 if which == "beats" else 90000)
        unit.beats._heard_us -= unit.beats.silence_us_max
        unit._charge_due_us = now_us + (3 if which == "bank" else 90000)
        unit.gate.feed_due_us = now_us + (3 if which == "gate" else 90000)
        assert unit.next_wake_us(now_us) == now_us + 3, which


def test_enable_lost_without_a_reason_is_a_fault_when_its_time_is_over() -> None:
    bench, unit, now_us = _unit(ARMED)
    bench.hal.drop_gate()
    unit.work(now_us)
    unit.work(now_us + GATE_CAUSE_US - 1)
    assert unit.machine.faults == []
    unit.work(now_us + GATE_CAUSE_US)
    assert unit.machine.faults == [F_INTERNAL]
    _is_in_since(unit, FAULT, now_us + GATE_CAUSE_US)


def test_faults_found_by_a_poll_count_from_it() -> None:
    _, unit, now_us = _unit(READY)
    unit.beats._heard_us = -1
    unit.work(now_us + 1)
    assert unit.machine.faults == [F_LINK_LOST]
    _is_in_since(unit, FAULT, now_us + 1)
    _, unit, now_us = _unit(READY)
    unit.outbox.is_overrun = True
    unit.work(now_us + 1)
    assert unit.machine.faults == [F_INTERNAL]
    _is_in_since(unit, FAULT, now_us + 1)
    bench, unit, _ = _unit(ARMED)
    bench.hal.is_queue_refusing = True
    bench.fire(0, 0, 1, bench.now_us + 20000)  # near enough to be handed over at once
    _is_in_since(unit, FAULT, bench.now_us)
