# Messages: every field at its bounds survives the wire, everything outside is refused, and the
# protocol version follows the table.
from binascii import crc32

from firmware.wire import protocol
from firmware.wire.codes import (
    FAULTS,
    INPUT_BITS,
    INPUT_NAMES,
    INPUTS_ALL,
    OK,
    REJ_LENGTH,
    REJ_STORE,
    REJ_UNKNOWN,
    REJECTION_NAMES,
)
from firmware.wire.commands import COMMANDS, Heartbeat, Stop
from firmware.wire.framing import PAYLOAD_BYTES_MAX
from firmware.wire.message import Message, WireError
from firmware.wire.reports import REPORTS, Status
from firmware.wire.seal import SEAL_BYTES

ALL = COMMANDS + REPORTS


def _values(message: "type[Message]", side: int) -> "dict[str, int | bytes]":
    # side 0 the lowest, side 1 the highest value of each field.
    values: dict[str, int | bytes] = {}
    for name, low, high in message.layout()[2]:
        if high == -1:
            values[name] = (b"\x00" if side == 0 else b"\xff") * low
        else:
            values[name] = low if side == 0 else high
    return values


def _raises(message: "type[Message]", values: "dict[str, int | bytes]") -> bool:
    try:
        message(**values).pack()
    except WireError:
        return True
    return False


def test_message_at_both_ends_of_every_field_comes_back() -> None:
    for message in ALL:
        for side in (0, 1):
            values = _values(message, side)
            payload = message(**values).pack()
            on_the_line = message.size() + (SEAL_BYTES if message.IS_SEALED else 0)
            assert len(payload) == message.size()
            assert on_the_line <= PAYLOAD_BYTES_MAX
            back = message.unpack(payload)
            for name in message.FIELDS:
                assert getattr(back, name) == values[name]


def test_message_beyond_the_end_of_any_field_is_refused() -> None:
    # Catches: trusting struct.pack, which wraps silently on MicroPython.
    for message in ALL:
        for name, low, high in message.layout()[2]:
            for bad in (b"\x01" * (low + 1), b"") if high == -1 else (low - 1, high + 1):
                values = _values(message, 0)
                values[name] = bad
                assert _raises(message, values), f"{message.__name__}.{name}"


def test_message_with_missing_or_foreign_field_is_refused() -> None:
    for values in ({}, {"beat": 1, "heart": 2}, {"heart": 2}):
        assert _raises(Heartbeat, dict(values))


def test_message_of_wrong_length_is_refused() -> None:
    for message in ALL:
        for size in (message.size() + 1, max(message.size() - 1, 0)):
            if size != message.size():
                try:
                    message.unpack(bytes(size))
                except WireError:
                    continue
                raise AssertionError(message.__name__)


def test_message_codes_fields_and_sizes_fit_each_other() -> None:
    for message in ALL:
        assert len(message.CODES) == len(message.FIELDS)
        assert message.CODES.count("s") == len(message.SIZES)
        assert len(set(message.FIELDS)) == len(message.FIELDS)
        assert message.format()[0] == "<"


def test_type_numbers_are_unique_and_split_at_the_report_minimum() -> None:
    numbers = [message.TYPE for message in ALL]
    assert len(set(numbers)) == len(numbers)
    assert max([message.TYPE for message in COMMANDS]) < protocol.REPORT_TYPE_MIN
    assert min([message.TYPE for message in REPORTS]) >= protocol.REPORT_TYPE_MIN


def test_decode_unknown_type_and_wrong_length_name_the_reason() -> None:
    assert protocol.decode(0x7F, b"") == (None, REJ_UNKNOWN, 0)
    assert protocol.decode(Status.TYPE, b"") == (None, REJ_LENGTH, Status.size())
    message, code, detail = protocol.decode(Stop.TYPE, b"")
    assert isinstance(message, Stop)
    assert (code, detail) == (OK, 0)
    assert protocol.message_class(Stop.TYPE) is Stop
    assert protocol.message_class(0x7F) is None


def test_protocol_version_covers_every_message_and_number() -> None:
    # Catches: a message left out of the table, or a version written by hand.
    table = protocol.canonical_table()
    for message in ALL:
        sealed = " sealed" if message.IS_SEALED else ""
        line = f"{message.TYPE}{sealed} {message.CODES} "
        assert len([one for one in table.split("\n") if one.startswith(line)]) >= 1
        for name in message.FIELDS:
            assert name in table
    assert crc32(table.encode()) == protocol.PROTOCOL_VERSION
    assert crc32(table.replace("beat", "beet", 1).encode()) != protocol.PROTOCOL_VERSION


def test_protocol_version_covers_which_commands_are_sealed() -> None:
    # Catches: two sides of which only one expects a seal, under the same version.
    assert " sealed " in protocol.canonical_table()
    bare = protocol.canonical_table().replace(" sealed", "", 1)
    assert crc32(bare.encode()) != protocol.PROTOCOL_VERSION


def test_code_tables_are_dense_and_unique() -> None:
    assert len(REJECTION_NAMES) == REJ_STORE + 1
    assert len(set(FAULTS)) == len(FAULTS) <= 32
    assert len(INPUT_BITS) == len(INPUT_NAMES)
    assert sum(INPUT_BITS) == INPUTS_ALL
