# Golden frames of tests/vectors/frames.txt: the bytes mean what the text says, and the text makes
# the same bytes, on both interpreters. Their seals were made with another implementation of HMAC.
from binascii import hexlify, unhexlify

from firmware.wire.commands import COMMANDS
from firmware.wire.framing import Decoder, encode
from firmware.wire.protocol import message_class
from firmware.wire.reports import REPORTS
from firmware.wire.seal import seal, unseal

PATH = __file__.split("firmware/test_vectors")[0] + "vectors/frames.txt"
KEY = bytes(range(32))
CHALLENGE = 0xC0FFEE01
BOOT_EPOCH = 7


def _vectors() -> "list[tuple[bytes, list[str]]]":
    with open(PATH) as file:  # noqa: PTH123
        lines = [line.strip() for line in file if line.strip() and line[0] != "#"]
    assert len(lines) % 2 == 0
    return [(unhexlify(lines[n]), lines[n + 1].split(" ")) for n in range(0, len(lines), 2)]


def _text(value: "int | bytes") -> str:
    return str(value) if isinstance(value, int) else hexlify(value).decode()


def test_golden_frames_mean_what_the_text_says() -> None:
    for frame, words in _vectors():
        found = Decoder().feed(frame)
        assert len(found) == 1
        kind, seq, payload = found[0]
        message_type = message_class(kind)
        assert message_type is not None
        counter = []
        if message_type.IS_SEALED:
            payload, boot_epoch, count, _ = unseal(payload)
            assert boot_epoch == BOOT_EPOCH
            counter = [f"counter={count}"]
        message = message_type.unpack(payload)
        told = [message.__class__.__name__, f"seq={seq}"]
        told += [f"{name}={_text(getattr(message, name))}" for name in message.FIELDS]
        assert told + counter == [word for word in words if word]


def test_golden_text_makes_the_same_bytes() -> None:
    for frame, words in _vectors():
        kind, seq, _ = Decoder().feed(frame)[0]
        found = message_class(kind)
        assert found is not None
        values: dict[str, int | bytes] = {}
        for index in range(len(found.FIELDS)):
            name, text = words[2 + index].split("=")
            assert name == found.FIELDS[index]
            is_bytes = found.CODES[index] == "s"
            values[name] = unhexlify(text) if is_bytes else int(text)
        payload = found(**values).pack()
        if found.IS_SEALED:
            counter = int(words[-1].split("=")[1])
            payload = seal(KEY, BOOT_EPOCH, CHALLENGE, counter, kind, seq, payload)
        assert encode(found.TYPE, seq, payload) == frame


def test_golden_frames_cover_every_message() -> None:
    told = [words[0] for _, words in _vectors()]
    for message in COMMANDS + REPORTS:
        assert message.__name__ in told
