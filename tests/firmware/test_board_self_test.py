# The board's own test at boot, on the stand-in chip with the real PIO programs: a good board passes
# without an edge, and each defect shows in its own bit.
import rig
from firmware.board import pins
from firmware.board.identity import EPOCH_PATH, KEY_PATH
from firmware.board.self_test import SelfTest
from firmware.wire.codes import (
    SELF_TEST_BLEED,
    SELF_TEST_CLOCK,
    SELF_TEST_DMA,
    SELF_TEST_ENABLE,
    SELF_TEST_KEY,
    SELF_TEST_LEDGER,
    SELF_TEST_PIO,
    SELF_TEST_SENSORS,
    SELF_TEST_TRIGGER,
)
from firmware.wire.reports import COIL_FIGURE8, COIL_FIGURE8_COOLED, COIL_NONE
from tests.firmware.chip_bench import ChipUnit, DictFiles, new_rig, pass_us, write_coil
from tests.firmware.marks import control

pytestmark = control("self-test")


def _unit(files: "DictFiles | None" = None) -> ChipUnit:
    new_rig()
    write_coil()
    return ChipUnit(files)


def _run(unit: ChipUnit) -> int:
    test = SelfTest(unit.hal)
    wait_ms = test.step()
    while wait_ms:
        pass_us(wait_ms * 1000)
        wait_ms = test.step()
    return test.bits


def test_good_board_passes_without_an_edge_and_within_a_fifth_of_a_second() -> None:
    unit = _unit()
    assert _run(unit) == 0
    for gp in (pins.GP_TRIGGER, pins.GP_ENABLE, pins.GP_CHAIN, pins.GP_TRIGGER_BACK):
        assert rig.net(gp).rises() == [], gp
    assert rig.the().pulses == []
    assert unit.now_us() < 200000
    assert unit.hal.take_result() is None


def test_good_board_passes_again_and_its_first_pulse_is_as_good_as_any() -> None:
    unit = _unit()
    assert _run(unit) == 0
    assert _run(unit) == 0
    at_us = unit.now_us() + 20000
    assert unit.hal.queue_pulse(at_us)
    unit.run_us(30000)
    assert unit.hal.take_result() is not None


def test_board_without_a_coil_passes() -> None:
    new_rig()
    write_coil()
    rig.set_contact(pins.GP_COIL, False)
    assert _run(ChipUnit()) == 0


def test_other_frequency_is_found() -> None:
    unit = _unit()
    rig.the().freq_hz = 150000000
    assert _run(unit) == SELF_TEST_CLOCK


def test_chain_that_is_closed_by_itself_is_found() -> None:
    unit = _unit()
    rig.the().faults.chain_stuck = 1
    bits = _run(unit)
    assert bits & SELF_TEST_ENABLE
    assert bits & SELF_TEST_TRIGGER  # the request was not refused


def test_enable_that_feeding_closes_is_found() -> None:
    unit = _unit()
    unit.guard.feed = unit.guard.arm  # type: ignore[method-assign]
    assert _run(unit) & SELF_TEST_ENABLE


def test_trigger_that_is_high_is_found() -> None:
    unit = _unit()
    rig.net(pins.GP_TRIGGER).drive(rig.now_cycles(), 1)
    assert _run(unit) & SELF_TEST_TRIGGER


def test_result_that_does_not_come_is_found() -> None:
    unit = _unit()
    unit.pulses.take_result = _none  # type: ignore[method-assign]
    assert _run(unit) == SELF_TEST_DMA


def test_request_that_is_not_taken_is_found() -> None:
    unit = _unit()
    unit.pulses.queue_pulse = _no  # type: ignore[method-assign]
    assert _run(unit) == SELF_TEST_DMA


def test_machine_that_does_not_wait_is_found() -> None:
    unit = _unit()
    queue = unit.pulses.queue_pulse

    def too_early(at_us: int) -> bool:
        return queue(at_us - 18000)

    unit.pulses.queue_pulse = too_early  # type: ignore[method-assign]
    assert _run(unit) == SELF_TEST_PIO


def _none() -> None:
    return None


def _no(at_us: int) -> bool:
    del at_us
    return False


def test_broken_sensors_are_found() -> None:
    for fault in (1, 2):
        for channel in (0, 1):
            unit = _unit()
            rig.the().faults.ntc[channel] = fault
            assert _run(unit) == SELF_TEST_SENSORS


def test_peak_hold_that_does_not_empty_is_found() -> None:
    unit = _unit()
    unit.sensors.take_peak_pm = _stuck  # type: ignore[method-assign]
    assert _run(unit) == SELF_TEST_SENSORS


def _stuck() -> int:
    return 400


def test_damaged_ledger_and_lost_boot_number_are_found() -> None:
    files = DictFiles()
    assert _unit(files).hal.save_ledger(b"12345678")
    for path in ("ledger.0", "ledger.1"):
        if files.data.get(path):
            files.data[path] = files.data[path][:-1] + b"?"
    assert _run(_unit(files)) == SELF_TEST_LEDGER
    files = DictFiles()
    files.data[EPOCH_PATH] = b"rubbish!"
    assert _run(_unit(files)) == SELF_TEST_LEDGER


def test_missing_key_is_found() -> None:
    unit = _unit()
    unit.hal.facts.key = b""
    assert _run(unit) == SELF_TEST_KEY
    assert unit.files.read(KEY_PATH) is not None


def test_bank_left_charged_must_fall() -> None:
    for start_mv in (100000, 900000, 1800000):
        unit = _unit()
        rig.set_bank_mv(start_mv)
        assert _run(unit) == 0
        unit = _unit()
        rig.the().faults.is_bleed_dead = True
        rig.the()._follow(pins.GP_BLEED_OPEN)
        rig.set_bank_mv(start_mv)
        assert _run(unit) == SELF_TEST_BLEED


def test_bank_that_is_nearly_empty_is_not_judged() -> None:
    unit = _unit()
    rig.the().faults.is_bleed_dead = True
    rig.the()._follow(pins.GP_BLEED_OPEN)
    rig.set_bank_mv(15000)
    assert _run(unit) == 0


def test_coil_swapped_between_two_looks_is_not_taken_for_the_old_one() -> None:
    unit = _unit()
    assert unit.hal.identity()[6] == COIL_FIGURE8_COOLED
    rig.set_contact(pins.GP_COIL, False)
    write_coil(b"F8-00017", COIL_FIGURE8)
    rig.set_contact(pins.GP_COIL, True)
    assert unit.hal.identity()[5:7] == (bytes(8), COIL_NONE)
    unit.hal.look_at_coil(True)
    assert unit.hal.identity()[5:7] == (b"F8-00017", COIL_FIGURE8)
