# Identity and coil chip: what the files say, what happens when they say nonsense, and that a coil
# counts only when every check of its record is right.
import rig
from firmware.board.coil_chip import TRIES, crc8, pack_record, unpack_record
from firmware.board.identity import CONFIG_PATH, EPOCH_PATH, KEY_PATH, Identity
from firmware.wire.codes import (
    IN_COOLING,
    INPUTS_ALL,
    RESET_POWER,
    RESET_WATCHDOG,
)
from firmware.wire.reports import COIL_CIRCULAR, COIL_FIGURE8, COIL_FIGURE8_COOLED, COIL_NONE
from machine import WDT_RESET
from tests.firmware.chip_bench import SERIAL, DictFiles, Parts, new_rig, write_coil
from tests.firmware.marks import control

pytestmark = [control("safe-boot"), control("coil-identity")]

LOST = 987654


def _identity(files: DictFiles) -> Identity:
    new_rig()
    return Identity(files, LOST)


def test_board_without_files_has_the_chips_number_and_no_key() -> None:
    files = DictFiles()
    found = _identity(files)
    assert found.unit_id == b"48495030"  # the end of the stand-in's number, in hex
    assert found.key == b""
    assert found.boot_epoch == 1
    assert found.level_pct_max == 100
    assert found.reset_cause == RESET_POWER
    assert not found.is_store_bad and not found.is_config_bad


def test_stand_in_chip_cannot_look_real() -> None:
    assert _identity(DictFiles()).is_simulated == 1
    new_rig().unique_id = bytes((0xE6, 0x61, 0x38, 0x52, 0x83, 0x12, 0xA4, 0x2B))
    assert Identity(DictFiles(), LOST).is_simulated == 0


def test_unit_file_is_taken_with_comments_and_spaces() -> None:
    files = DictFiles()
    files.data[CONFIG_PATH] = (
        b"# bench 3\n\nunit_id = TMS-07  # left\nlevel_pct_max=80\ncooling_always = 1\n"
    )
    files.data[KEY_PATH] = bytes(range(32))
    found = _identity(files)
    assert found.unit_id == b"TMS-07\0\0"
    assert found.level_pct_max == 80
    assert found.inputs_fitted(True) == INPUTS_ALL
    assert found.key == bytes(range(32))


def test_unit_file_that_is_not_understood_holds_the_level_at_its_minimum() -> None:
    for text in (
        b"level_pct_max = 101",
        b"level_pct_max = 0",
        b"level_pct_max = much",
        b"unit_id = ",
        b"unit_id = NINELONG9",
        b"unit_id = B\xc3\xbcro",
        b"unit_id = A B",
        b"unit = X",
        b"inputs_fitted = 0",
        b"cooling_always = no",
        b"one line",
        b"a = b = c",
        b"\xff\xfe",
    ):
        files = DictFiles()
        files.data[CONFIG_PATH] = b"level_pct_max = 90\n" + text
        found = _identity(files)
        assert found.is_config_bad, text
        assert found.level_pct_max == 1, text


def test_second_mention_can_only_tighten() -> None:
    files = DictFiles()
    files.data[CONFIG_PATH] = b"level_pct_max = 40\nlevel_pct_max = 90\n"
    assert _identity(files).level_pct_max == 40


def test_cooling_is_needed_by_every_coil_that_is_not_known_to_be_passive() -> None:
    found = _identity(DictFiles())
    assert found.inputs_fitted(False) == INPUTS_ALL
    assert found.inputs_fitted(True) == INPUTS_ALL & ~IN_COOLING


def test_boot_number_grows_at_every_boot() -> None:
    files = DictFiles()
    assert [_identity(files).boot_epoch for _ in range(5)] == [1, 2, 3, 4, 5]


def test_boot_number_that_is_damaged_is_replaced_by_chance_and_reported() -> None:
    files = DictFiles()
    _identity(files)
    stored = files.data[EPOCH_PATH]
    for damaged in (b"", stored[:7], bytes((stored[0] ^ 1,)) + stored[1:], stored + b"\0"):
        files.data[EPOCH_PATH] = damaged
        found = _identity(files)
        assert found.boot_epoch == LOST
        assert found.is_store_bad
        assert _identity(files).boot_epoch == LOST + 1


def test_boot_number_that_cannot_be_stored_is_reported() -> None:
    files = DictFiles()
    files.is_full = True
    assert _identity(files).is_store_bad


def test_key_of_another_length_is_no_key() -> None:
    for length in (0, 16, 31, 33):
        files = DictFiles()
        files.data[KEY_PATH] = bytes(length)
        assert _identity(files).key == b""


def test_watchdog_is_told_from_power() -> None:
    new_rig().reset_cause = WDT_RESET
    assert Identity(DictFiles(), LOST).reset_cause == RESET_WATCHDOG


def test_check_byte_of_the_rom_is_the_known_one() -> None:
    # The example that every maker's application note works through.
    assert crc8(bytes((0x02, 0x1C, 0xB8, 0x01, 0x00, 0x00, 0x00))) == 0xA2


def test_coil_is_read_once_and_forgotten_when_pulled() -> None:
    parts = Parts()
    coil = parts.coil
    coil.work(True, True)
    assert (coil.serial, coil.coil_type) == (SERIAL, COIL_FIGURE8_COOLED)
    coil.work(True, True)
    assert rig.the().plug.reads == 1
    coil.work(False, False)
    assert (coil.serial, coil.coil_type) == (bytes(8), COIL_NONE)
    write_coil(b"F8-00017", COIL_FIGURE8)
    coil.work(True, False)
    assert not coil.has_coil()  # not at rest: not read
    coil.work(True, True)
    assert coil.serial == b"F8-00017"
    assert coil.is_passive()


def test_only_known_passive_coils_are_passive() -> None:
    for coil_type in range(COIL_FIGURE8, COIL_CIRCULAR + 1):
        parts = Parts()
        write_coil(SERIAL, coil_type)
        parts.coil.work(True, True)
        assert parts.coil.has_coil()
        assert parts.coil.is_passive() == (coil_type in (COIL_FIGURE8, COIL_CIRCULAR))
    assert not Parts().coil.is_passive()


def test_every_single_wrong_bit_of_a_record_is_noticed() -> None:
    record = pack_record(SERIAL, COIL_FIGURE8_COOLED)
    assert unpack_record(record + bytes(9)) == (SERIAL, COIL_FIGURE8_COOLED)
    for index in range(len(record)):
        for bit in range(8):
            wrong = bytearray(record)
            wrong[index] ^= 1 << bit
            assert unpack_record(bytes(wrong)) is None, (index, bit)


def test_record_of_another_layout_or_type_is_no_coil() -> None:
    assert unpack_record(pack_record(SERIAL, COIL_NONE)) is None
    assert unpack_record(pack_record(SERIAL, COIL_CIRCULAR + 1)) is None
    assert unpack_record(b"") is None
    assert unpack_record(bytes(18)) is None
    assert unpack_record(b"\xff" * 18) is None


def test_bad_bits_on_the_wire_are_read_again_a_few_times_only() -> None:
    parts = Parts()
    rig.the().plug.flips = 1
    parts.coil.work(True, True)
    assert not parts.coil.has_coil()
    parts.coil.work(True, True)
    assert parts.coil.has_coil()
    assert parts.coil.bad_reads == 1
    parts.coil.work(False, True)
    rig.the().plug.flips = 1000
    for _ in range(10):
        parts.coil.work(True, True)
    assert parts.coil.bad_reads == 1 + TRIES
    assert not parts.coil.has_coil()


def test_plug_without_a_chip_or_with_another_chip_is_no_coil() -> None:
    parts = Parts()
    plug = rig.the().plug
    plug.is_there = False
    parts.coil.work(True, True)
    assert not parts.coil.has_coil()
    parts.coil.work(False, True)
    plug.is_there = True
    rom = b"\x28" + plug.rom[1:7]
    plug.rom = rom + bytes((crc8(rom),))
    parts.coil.work(True, True)
    assert not parts.coil.has_coil()
