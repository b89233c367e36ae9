"""An image is read whole, unaltered and signed by a trusted key, or refused in words."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.firmware_image import (
    HEADER_BYTES_MAX,
    MAGIC,
    FirmwareImage,
    ImageError,
    pack_image,
    read_image,
)
from firmware.wire.image import IMAGE_FILE_BYTES_MAX, IMAGE_FILES_MAX, NAME_CHARS_MAX
from firmware.wire.limits import IMAGE_BYTES_MAX

pytestmark = pytest.mark.control("firmware-update")

SECRET = "11" * 32
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET)).public_key()
PUBLIC = KEY.public_bytes_raw().hex()
FILES = {"core/unit.mpy": b"unit", "__init__.mpy": b"", "app.mpy": b"app" * 100}
BODY = b"".join(FILES[name] for name in sorted(FILES))
DATA = pack_image(FILES, SECRET, "1.2.3", 0xDEADBEEF)


def why(data: bytes, trusted: tuple[str, ...] = (PUBLIC,)) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(data, trusted)
    return str(caught.value)


def signed(change: dict[str, object]) -> bytes:
    """A well signed image with a changed header."""
    header = json.loads(DATA[len(MAGIC) :].partition(b"\n")[0])
    header |= change
    del header["signature"]
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET))
    header["signature"] = key.sign(text).hex()
    line = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    return MAGIC + line + b"\n" + BODY


def test_packed_image_is_read_back() -> None:
    image = read_image(DATA, [PUBLIC.upper()])

    assert image == FirmwareImage(
        "1.2.3", 0xDEADBEEF, tuple((name, FILES[name]) for name in sorted(FILES)), PUBLIC
    )
    assert image.total_bytes == 304
    first = image.manifest.split(b"\n")[0]
    assert first == hashlib.sha256(b"").hexdigest().encode() + b" 0 __init__.mpy"
    assert image.image_hash == hashlib.sha256(image.manifest).digest()[:8]


def test_same_files_give_the_same_bytes() -> None:
    backwards = dict(sorted(FILES.items(), reverse=True))

    assert pack_image(backwards, SECRET, "1.2.3", 0xDEADBEEF) == DATA


def test_every_altered_byte_is_noticed() -> None:
    for at in range(len(DATA)):
        altered = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
        assert why(altered), at


def test_every_cut_is_noticed() -> None:
    for length in range(len(DATA)):
        assert why(DATA[:length])
    assert "too long" in why(DATA + b"x")


def test_signature_of_another_key_is_refused() -> None:
    assert "none of this unit's trusted keys" in why(DATA, ("22" * 32,))
    assert "none of this unit's trusted keys" in why(DATA, ())


def test_signature_is_over_the_whole_header() -> None:
    for key, value in (("version", b"9.9.9"), ("protocol", b"00000000")):
        old = json.loads(DATA[len(MAGIC) :].partition(b"\n")[0])[key].encode()
        assert "was altered" in why(DATA.replace(old, value, 1)), key


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "library"}, "another kind"),
        ({"version": 3}, "version must be text"),
        ({"protocol": "xyz"}, "not hexadecimal"),
        ({"protocol": "1ffffffff"}, "32 bits"),
        ({"more": 1}, "exactly the keys"),
        ({"files": {}}, "must be a list"),
        ({"files": []}, "0 files"),
        ({"files": ["a.py"]}, "a name, a size and a SHA-256"),
        ({"files": [["a.py", True, ""]]}, "a name, a size and a SHA-256"),
        ({"files": [["../a.py", 0, ""]]}, "no name"),
        ({"files": [["a.py", -1, ""]]}, "-1 bytes"),
        ({"files": [["a.py", IMAGE_FILE_BYTES_MAX + 1, ""]]}, "at most"),
        ({"files": [["b.py", 0, ""], ["a.py", 0, ""]]}, "order of their names"),
        ({"files": [["a.py", 0, ""], ["a.py", 0, ""]]}, "order of their names"),
        ({"files": [[f"f{i}.py", 0, ""] for i in range(IMAGE_FILES_MAX + 1)]}, "files"),
    ],
)
def test_well_signed_nonsense_is_refused_all_the_same(
    change: dict[str, object], words: str
) -> None:
    assert words in why(signed(change))


def test_image_larger_than_a_slot_is_refused() -> None:
    count = IMAGE_BYTES_MAX // IMAGE_FILE_BYTES_MAX + 1
    rows = [[f"f{i}.py", IMAGE_FILE_BYTES_MAX, ""] for i in range(count)]

    assert "bytes, at most" in why(signed({"files": rows}))


def test_header_is_bounded_and_json() -> None:
    assert "too long" in why(MAGIC + b" " * (HEADER_BYTES_MAX + 1) + b"\n")
    assert "not JSON" in why(MAGIC + b"{\n")
    assert "not JSON" in why(MAGIC + b"[" * 60_000 + b"\n")
    assert "exactly the keys" in why(MAGIC + b"[]\n")
    assert "no firmware image" in why(b"PK\x03\x04")


def test_nothing_is_packed_that_the_controller_would_refuse() -> None:
    for name in ("A.py", "a/../b.py", "n" * NAME_CHARS_MAX + ".py"):
        with pytest.raises(ImageError, match="no name"):
            pack_image({name: b""}, SECRET, "1", 1)
    with pytest.raises(ImageError, match="private key"):
        pack_image(FILES, "11", "1", 1)
    with pytest.raises(ImageError, match="private key"):
        pack_image(FILES, "zz", "1", 1)
