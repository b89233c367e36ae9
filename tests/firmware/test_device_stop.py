# The whole device from the outside: stop, hold, interlocks, heartbeat. Each safety test says which
# planted bug it would catch; the last one plants one.
from firmware.core.watchdogs import HeartbeatWatch
from firmware.wire.codes import (
    ARMED,
    DISCHARGING,
    ENDED_FAULT,
    ENDED_HOLD,
    ENDED_STOP,
    F_COIL_ABSENT,
    F_COOLING,
    F_DOOR,
    F_ENCLOSURE,
    F_ESTOP,
    F_HOST_ENABLE,
    F_INPUT_STALE,
    F_INTERNAL,
    F_LEFT_CHARGED,
    F_LINK_LOST,
    F_PATIENT_STOP,
    FAULT,
    HOLD,
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
    INPUTS_ALL,
    OK,
    READY,
    REJ_CAUSE,
    REJ_INTERLOCK,
    REJ_SEQUENCE,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import (
    Charge,
    ClearFault,
    Discharge,
    Hold,
    Stop,
)
from firmware.wire.framing import Decoder, encode
from firmware.wire.limits import (
    GATE_LIFE_US,
    HEARTBEAT_MS_MAX,
    INPUT_STALE_US,
    LEFT_CHARGED_MS_MAX,
)
from firmware.wire.protocol import decode
from firmware.wire.reports import Status
from tests.firmware.bench import (
    Bench,
)
from tests.firmware.marks import control
from tests.firmware.states import ENERGISED, REACHABLE, assert_fault, in_state, is_safe

pytestmark = [control("stop-path"), control("interlocks-mcu")]


def test_stop_in_every_state_with_any_number_and_length_closes_everything() -> None:
    # Catches: a Stop that waits for its turn, its number or its state.
    for state in REACHABLE:
        for seq, payload in ((1, b""), (0, b"\x01\x02"), (65535, b"")):
            bench = in_state(state)
            mark = len(bench.reports)
            bench.send_bytes(b"\x00\x13\x00" + encode(Stop.TYPE, seq, payload))
            assert is_safe(bench), state
            answers = [r for r in bench.reports[mark:] if r.TYPE == 0x83]
            assert [(a.command, a.code) for a in answers] == [(Stop.TYPE, OK)]
            given = len(bench.hal.pulses)
            bench.run_ms(1000)
            assert len(bench.hal.pulses) == given
            assert bench.state() == (FAULT if state == FAULT else STANDBY)


def test_stop_in_a_train_reports_what_was_given() -> None:
    bench = in_state(TRAIN)
    bench.stop()
    bench.run_ms(10)
    result = bench.train_results()[-1]
    assert result.ended == ENDED_STOP
    assert result.asked == 40
    assert result.emitted == len(bench.hal.pulses) == 3
    assert result.session_pulses == 3
    assert (result.first_us, result.last_us) == (bench.pulse_times()[0], bench.pulse_times()[-1])


def test_stop_bars_commands_sent_before_it() -> None:
    # Catches: a delayed Charge that undoes a Stop.
    bench = in_state(STANDBY)
    bench.send(Stop(), 3000)
    assert bench.ask(Charge(level_pct_mso=60), 2999).code == REJ_SEQUENCE
    assert bench.state() == STANDBY
    assert bench.hal.target_mv == 0


def test_hold_lets_the_running_pulse_end_and_then_opens_the_gate() -> None:
    bench = in_state(ARMED)
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us + 200000 - 100)
    bench.hal.silent_next = 1  # the third pulse has begun, its result comes late
    bench.run_until(start_us + 200100)
    assert bench.ask(Hold()).code == OK
    assert bench.state() == TRAIN
    assert bench.hal.gate_is_on()
    assert bench.hal.queue == []
    bench.hal.results.append((start_us + 200000, 1, 600))
    bench.run_ms(3)
    assert bench.state() == HOLD
    assert not bench.hal.gate_is_on()
    result = bench.train_results()[-1]
    assert (result.ended, result.emitted) == (ENDED_HOLD, 3)
    assert bench.hal.target_mv > 0
    bench.run_ms(2000)
    assert bench.state() == HOLD


def test_hold_of_a_train_not_yet_begun_gives_nothing() -> None:
    bench = in_state(ARMED)
    bench.fire(0, 0, 40, bench.now_us + 1000000)
    assert bench.ask(Hold()).code == OK
    assert bench.state() == HOLD
    assert bench.ask(Hold()).code == OK
    bench.run_ms(2000)
    assert bench.hal.pulses == []
    assert bench.train_results()[-1].emitted == 0


def test_stop_during_a_hold_that_waits_ends_as_stop() -> None:
    bench = in_state(ARMED)
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us - 100)
    bench.hal.silent_next = 1
    bench.run_until(start_us + 100)
    bench.ask(Hold())
    bench.stop()
    bench.run_ms(10)
    assert bench.train_results()[-1].ended == ENDED_STOP
    assert bench.state() in (DISCHARGING, STANDBY)


def test_discharge_in_a_train_is_a_stop() -> None:
    bench = in_state(TRAIN)
    assert bench.ask(Discharge()).code == OK
    assert is_safe(bench)
    bench.run_ms(10)
    assert bench.train_results()[-1].ended == ENDED_STOP


def test_charge_down_bleeds_to_the_lower_level() -> None:
    bench = in_state(READY)
    bench.charged(30)
    assert abs(bench.hal.millivolts - 540000) <= 10800
    assert not bench.hal.is_bleeding
    status = bench.status()
    assert (status.level_pct_mso, status.state) == (30, READY)


INPUT_FAULTS = (
    (IN_ESTOP, F_ESTOP),
    (IN_DOOR, F_DOOR),
    (IN_COIL, F_COIL_ABSENT),
    (IN_PATIENT, F_PATIENT_STOP),
    (IN_COOLING, F_COOLING),
    (IN_ENCLOSURE, F_ENCLOSURE),
    (IN_HOST, F_HOST_ENABLE),
)


def test_input_opening_in_any_energised_state_acts_in_the_same_call() -> None:
    # Catches: reacting at the next poll, or not in some state.
    for state in ENERGISED:
        for bit, fault in INPUT_FAULTS:
            bench = in_state(state)
            bench.hal.inputs = INPUTS_ALL & ~bit
            bench.device.on_input(bench.now_us, bench.hal.inputs)
            assert bench.state() == FAULT
            assert bench.faults() == [fault]
            assert is_safe(bench)
            bench.poll()
            assert_fault(bench, fault)


def test_input_that_hardware_saw_first_is_named_as_the_cause() -> None:
    # The guard drops the gate before Python hears of the input.
    bench = in_state(TRAIN)
    bench.hal.set_inputs(INPUTS_ALL & ~IN_COIL)
    bench.poll()
    assert bench.state() == TRAIN
    bench.sample()
    assert_fault(bench, F_COIL_ABSENT)
    assert bench.train_results()[-1].fault == F_COIL_ABSENT
    assert bench.train_results()[-1].ended == ENDED_FAULT


def test_gate_lost_without_a_reason_is_internal() -> None:
    for state in (ARMED, TRAIN):
        bench = in_state(state)
        bench.hal.drop_gate()
        bench.poll()
        bench.run_ms(6)
        assert_fault(bench, F_INTERNAL)


def test_pulses_refused_by_the_gate_are_counted_as_refused() -> None:
    bench = in_state(ARMED)
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us - 1000)
    bench.hal.drop_gate()
    bench.run_until(start_us + 20000)
    result = bench.train_results()[-1]
    assert (result.emitted, result.refused, result.fault) == (0, 1, F_INTERNAL)
    report = bench.pulse_reports()[-1]
    assert (report.ordinal, report.result, report.amplitude_pm) == (0, 3, 0)
    assert bench.hal.pulses == []


def test_inputs_nobody_samples_stop_a_charged_unit() -> None:
    # Catches: a permission without an age.
    for state in ENERGISED:
        bench = in_state(state)
        bench.is_sampling = False
        bench.run_ms(INPUT_STALE_US // 1000 + 50)
        assert bench.faults()[0] == F_INPUT_STALE
        assert bench.ask(ClearFault(fault=F_INPUT_STALE)).code == REJ_CAUSE
        bench.is_sampling = True
        bench.run_ms(100)
        assert bench.ask(ClearFault(fault=F_INPUT_STALE)).code == OK


def test_inputs_sampled_again_after_a_stall_do_not_hide_it() -> None:
    # Catches: looking at new levels before the overdue work.
    bench = in_state(READY)
    bench.hal.advance(bench.now_us + INPUT_STALE_US + 10000)
    bench.device.on_input(bench.now_us + INPUT_STALE_US + 10000, INPUTS_ALL)
    assert F_INPUT_STALE in bench.faults()


def test_input_fault_is_told_in_the_same_call() -> None:
    bench = in_state(READY)
    bench.device.on_input(bench.now_us, INPUTS_ALL & ~IN_DOOR)
    frames = Decoder().feed(bench.device.take_output())
    told = [decode(kind, payload)[0] for kind, _, payload in frames]
    assert [status.fault for status in told if isinstance(status, Status)] == [F_DOOR]


def test_input_opening_in_standby_is_no_fault_but_bars_charging() -> None:
    bench = in_state(STANDBY)
    bench.set_inputs(INPUTS_ALL & ~IN_DOOR)
    bench.run_ms(100)
    assert bench.state() == STANDBY
    answer = bench.ask(Charge(level_pct_mso=60))
    assert (answer.code, answer.detail) == (REJ_INTERLOCK, IN_DOOR)


def test_input_not_required_stops_nothing() -> None:
    bench = Bench().configured(inputs_required=INPUTS_ALL & ~IN_COOLING).charged()
    bench.device.on_input(bench.now_us, INPUTS_ALL & ~IN_COOLING)
    assert bench.state() == READY


def test_heartbeat_lost_disarms_within_its_bound_in_every_energised_state() -> None:
    # Catches: a watch that is off in some state; the margin leaves room for the line.
    for state in ENERGISED:
        bench = in_state(state)
        bench.beat()
        bench.is_beating = False
        until_us = bench.now_us + HEARTBEAT_MS_MAX * 1000
        assert not is_safe(bench)
        bench.run_until(until_us)
        assert is_safe(bench)
        assert bench.faults() == [F_LINK_LOST]
        late = [at_us for at_us in bench.pulse_times() if at_us > until_us]
        assert late == []


def test_heartbeat_lost_in_standby_is_no_fault() -> None:
    bench = in_state(STANDBY)
    bench.is_beating = False
    bench.run_ms(5000)
    assert bench.state() == STANDBY
    answer = bench.ask(Charge(level_pct_mso=60))
    assert (answer.code, answer.detail) == (REJ_CAUSE, F_LINK_LOST)


def test_heartbeat_after_a_stall_does_not_hide_the_loss() -> None:
    # Catches: looking at new bytes before the overdue work.
    bench = in_state(READY)
    bench.hal.advance(bench.now_us + HEARTBEAT_MS_MAX * 1000)
    bench.now_us += HEARTBEAT_MS_MAX * 1000
    bench.beat()
    assert F_LINK_LOST in bench.faults()


def test_link_fault_clears_only_with_heartbeats() -> None:
    bench = in_state(READY)
    bench.is_beating = False
    bench.run_ms(HEARTBEAT_MS_MAX)
    assert bench.faults() == [F_LINK_LOST]
    assert bench.ask(ClearFault(fault=F_LINK_LOST)).code == REJ_CAUSE
    bench.beat()
    assert bench.ask(ClearFault(fault=F_LINK_LOST)).code == OK
    bench.run_to_state(STANDBY)


def test_armed_without_a_train_disarms_after_a_minute() -> None:
    bench = in_state(ARMED)
    bench.run_ms(LEFT_CHARGED_MS_MAX - 1000)
    assert bench.state() == ARMED
    bench.run_ms(2000)
    assert_fault(bench, F_LEFT_CHARGED)
    assert bench.ask(ClearFault(fault=0)).code == OK


def test_ready_and_held_are_left_after_a_minute_like_armed() -> None:
    for state in (READY, HOLD):
        bench = in_state(state)
        bench.run_ms(LEFT_CHARGED_MS_MAX - 1000)
        assert bench.state() == state
        bench.run_ms(2000)
        assert_fault(bench, F_LEFT_CHARGED)


def test_armed_minute_starts_again_after_each_train() -> None:
    bench = in_state(ARMED)
    bench.fire(0, 0, 40, bench.now_us + 40000000)
    bench.run_ms(45000)
    assert bench.state() == ARMED
    bench.run_ms(LEFT_CHARGED_MS_MAX - 5000)
    assert bench.state() == ARMED
    bench.run_ms(5000)
    assert bench.faults() == [F_LEFT_CHARGED]


def test_gate_falls_by_itself_when_the_core_stops_polling() -> None:
    # The core feeds only from a healthy poll; nothing else may extend the gate.
    bench = in_state(ARMED)
    bench.hal.advance(bench.now_us + GATE_LIFE_US)
    assert not bench.hal.gate_is_on()


def test_planted_deaf_heartbeat_watch_is_caught() -> None:
    def never(watch: HeartbeatWatch, now_us: int) -> bool:
        return False

    right = HeartbeatWatch.is_lost
    setattr(HeartbeatWatch, "is_lost", never)  # noqa: B010
    try:
        test_heartbeat_lost_disarms_within_its_bound_in_every_energised_state()
    except AssertionError:
        return
    finally:
        setattr(HeartbeatWatch, "is_lost", right)  # noqa: B010
    raise AssertionError("a unit without a heartbeat watch passed")
