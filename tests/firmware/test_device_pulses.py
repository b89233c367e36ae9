# The whole device from the outside: pulses and their results, ledger and session. Each safety test
# says which planted bug it would catch; the last one plants one.
from firmware.core.outbox import FRAMES_MAX
from firmware.wire.codes import (
    ARMED,
    F_AMPLITUDE,
    F_COUNT,
    F_INTERNAL,
    F_PULSE_MISSING,
    F_PULSE_UNASKED,
    HOLD,
    READY,
    REJ_LEDGER,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import (
    ClearFault,
    ReadLedger,
)
from firmware.wire.reports import ArmEcho
from tests.firmware.bench import (
    SESSION_A,
    SESSION_B,
    TEN_HZ_80,
    Bench,
    arm_of,
)
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control
from tests.firmware.states import assert_fault, in_state

pytestmark = control("pulse-check")


def _train_with(bench: Bench) -> None:
    start_us = bench.now_us + 100000
    bench.fire(0, 0, 40, start_us)
    bench.run_until(start_us + 1000000)


def test_pulse_not_sensed_stops_and_is_not_counted() -> None:
    # Catches: counting asked pulses as delivered pulses.
    bench = in_state(ARMED)
    bench.hal.misfires_next = 1
    _train_with(bench)
    assert_fault(bench, F_PULSE_MISSING)
    result = bench.train_results()[-1]
    assert (result.emitted, result.session_pulses, result.fault) == (1, 0, F_PULSE_MISSING)
    assert bench.ask(ReadLedger()).session_pulses == 0


def test_request_without_any_result_stops() -> None:
    bench = in_state(ARMED)
    bench.hal.silent_next = 1
    _train_with(bench)
    assert_fault(bench, F_PULSE_MISSING)


def test_amplitude_out_of_band_stops_after_one_pulse_that_counts() -> None:
    for scale_pm in (880, 1120):
        bench = in_state(ARMED)
        bench.hal.amplitude_scale_pm = scale_pm
        _train_with(bench)
        assert_fault(bench, F_AMPLITUDE)
        assert len(bench.hal.pulses) == 1
        assert bench.ask(ReadLedger()).session_pulses == 1


def test_pulse_off_its_time_stops() -> None:
    bench = in_state(ARMED)
    bench.hal.result_shift_us = 1001
    _train_with(bench)
    assert_fault(bench, F_PULSE_UNASKED)


def test_queue_that_refuses_stops_without_a_pulse() -> None:
    bench = in_state(ARMED)
    bench.hal.is_queue_refusing = True
    _train_with(bench)
    assert_fault(bench, F_COUNT)
    assert bench.hal.pulses == []


def test_pulse_nobody_asked_for_stops_in_every_state_and_counts() -> None:
    # Catches: looking at results only while a train runs.
    for state in (STANDBY, READY, ARMED, HOLD):
        bench = in_state(state)
        bench.hal.millivolts = 1080000 if state != STANDBY else 20000
        bench.hal.fire_unasked()
        bench.poll()
        assert F_PULSE_UNASKED in bench.faults()
        report = bench.pulse_reports()[-1]
        assert (report.ordinal, report.result) == (1, 0)
        bench.run_ms(100)
        assert bench.ask(ReadLedger()).lifetime_pulses == 1
        assert bench.hal.saves


def test_outbox_that_nobody_empties_stops() -> None:
    bench = in_state(ARMED)
    for _ in range(FRAMES_MAX + 1):
        bench.hal.fire_unasked()
    for _ in range(FRAMES_MAX):
        bench.device.poll(bench.now_us)
    assert F_INTERNAL in bench.faults()
    bench.run_ms(100)
    bench.ask(ClearFault(fault=0))
    bench.run_to_state(STANDBY)


def test_ledger_is_saved_as_open_at_arm_and_closed_when_the_gate_is_off() -> None:
    bench = in_state(TRAIN)
    assert len(bench.hal.saves) == 1
    assert Bench(FakeHal(bench.hal.ledger)).ask(ReadLedger()).is_valid == 0
    bench.stop()
    bench.run_ms(20)
    assert len(bench.hal.saves) == 2
    assert bench.device._unit._must_save is False
    back = Bench(FakeHal(bench.hal.ledger)).ask(ReadLedger())
    assert (back.is_valid, back.session_id, back.session_pulses) == (1, SESSION_A, 3)
    assert (back.train_index, back.train_next_pulse) == (0, 3)


def test_ledger_after_the_first_pulse_of_a_train_names_the_next() -> None:
    bench = in_state(ARMED)
    bench.fire(1, 0, 1, bench.now_us + 100000)
    bench.run_ms(200)
    ledger = bench.ask(ReadLedger())
    assert (ledger.session_pulses, ledger.train_index, ledger.train_next_pulse) == (1, 1, 1)


def test_session_resumed_after_a_reboot_goes_on_at_the_ledger() -> None:
    bench = in_state(TRAIN)
    bench.stop()
    bench.run_ms(20)
    again = Bench(FakeHal(bench.hal.ledger)).configured().charged()
    for delivered in (2, 4, 0):
        answer = again.ask_arm(arm_of(TEN_HZ_80, 1, delivered=delivered))
        assert (answer.code, answer.detail) == (REJ_LEDGER, 3)
    assert isinstance(again.ask_arm(arm_of(TEN_HZ_80, 1, delivered=3)), ArmEcho)


def test_new_session_starts_at_zero() -> None:
    bench = in_state(TRAIN)
    bench.stop()
    bench.run_to_state(STANDBY)
    bench.charged().armed(TEN_HZ_80, 1, session=SESSION_B)
    assert bench.status().session_pulses == 0
    assert bench.ask(ReadLedger()).session_id == SESSION_B


def test_planted_hal_that_fires_twice_is_caught() -> None:
    class Doubling(FakeHal):
        def _edge(self, at_us: int) -> None:
            FakeHal._edge(self, at_us)
            self.fire_unasked()

    bench = Bench(Doubling()).configured().charged().armed(TEN_HZ_80, 1)
    _train_with(bench)
    assert_fault(bench, F_PULSE_UNASKED)
    assert bench.ask(ReadLedger()).session_pulses == len(bench.hal.pulses) == 2
