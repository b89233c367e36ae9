# What flash and the board's own test do to the device: a write that stops the chip is nobody's
# silence, a write that fails and a test that fails keep the unit from treating.
from firmware.core.staging import Staging
from firmware.wire.codes import (
    ARMED,
    F_INPUT_STALE,
    F_LEDGER,
    F_LINK_LOST,
    F_SELF_TEST,
    OK,
    READY,
    REJ_CAUSE,
    REJ_STORE,
    SELF_TEST_PIO,
    SELF_TEST_SENSORS,
    STANDBY,
)
from firmware.wire.commands import ClearFault, Confirm, Hello
from firmware.wire.limits import FLASH_STALL_US_MAX
from firmware.wire.protocol import PROTOCOL_VERSION
from tests.firmware.bench import TEN_HZ_80, Bench, arm_of
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control
from tests.firmware.states import assert_fault

pytestmark = control("dose-ledger")


def _stopped_by_flash(bench: Bench, stall_us: int) -> None:
    # An Arm stores the ledger; the chip stands still meanwhile and nobody samples or listens.
    saves = len(bench.hal.saves)
    bench.send(arm_of(TEN_HZ_80, 1))
    while len(bench.hal.saves) == saves:
        bench.run_ms(1)
    bench.now_us += stall_us
    bench.hal.advance(bench.now_us)


def test_flash_write_is_no_silence_of_inputs_and_edge() -> None:
    # Catches: an Arm that ends in a fault because the write took longer than inputs stay fresh.
    bench = Bench().configured().charged()
    _stopped_by_flash(bench, 400000)
    bench.poll()
    assert bench.faults() == []
    bench.run_ms(100)
    assert bench.state() == READY
    echo = bench.reports[-1]
    for report in bench.reports:
        if report.TYPE == 0x84:
            echo = report
    assert bench.ask(Confirm(token=echo.token)).code == OK
    assert bench.state() == ARMED


def test_flash_write_forgives_a_bounded_time_only() -> None:
    bench = Bench().configured().charged()
    _stopped_by_flash(bench, FLASH_STALL_US_MAX + 600000)
    bench.poll()
    assert set(bench.faults()) == {F_INPUT_STALE, F_LINK_LOST}


def test_silence_after_the_flash_write_counts_again() -> None:
    bench = Bench().configured().charged()
    _stopped_by_flash(bench, 400000)
    bench.poll()
    bench.now_us += 150000
    bench.hal.advance(bench.now_us)
    bench.poll()
    assert bench.faults()[0] == F_INPUT_STALE


def test_stall_without_a_flash_write_is_silence() -> None:
    # Catches: forgiving any stall.
    bench = Bench().configured().charged()
    bench.now_us += 400000
    bench.hal.advance(bench.now_us)
    bench.poll()
    assert F_INPUT_STALE in bench.faults()


def test_arm_whose_ledger_cannot_be_stored_is_refused_and_a_fault() -> None:
    bench = Bench().configured().charged()
    bench.hal.is_flash_full = True
    answer = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    assert (answer.code, answer.detail) == (REJ_STORE, 0)
    assert 0 <= bench.now_us - bench.device._unit._entered_us <= 1000
    assert_fault(bench, F_LEDGER)
    bench.hal.is_flash_full = False
    bench.run_ms(2000)
    assert bench.ask(ClearFault(fault=F_LEDGER)).code == OK


def test_board_that_fails_its_own_test_never_leaves_the_fault() -> None:
    hal = FakeHal()
    hal.self_test_bits = SELF_TEST_PIO | SELF_TEST_SENSORS
    bench = Bench(hal)
    bench.send(Hello(protocol=PROTOCOL_VERSION))
    bench.run_ms(500)
    assert_fault(bench, F_SELF_TEST)
    answer = bench.ask(ClearFault(fault=0))
    assert (answer.code, answer.detail) == (REJ_CAUSE, F_SELF_TEST)


def test_restart_into_the_other_slot_is_asked_of_the_board() -> None:
    bench = Bench().configured()
    assert bench.state() == STANDBY
    due = [False]

    class Trying(Staging):
        def restart_due(self, now_us: int) -> bool:
            del now_us
            return due[0]

    bench.device._unit.staging = Trying(bench.hal)
    bench.poll()
    assert bench.hal.restarts == 0
    due[0] = True
    bench.poll()
    assert bench.hal.restarts == 1
