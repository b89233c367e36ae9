"""The hand-made HMAC against the standard library's and published vectors, and the seal's layout.

Needs hmac, which MicroPython has not; what is shown here for the functions holds there too because
the golden frames are the same on both interpreters.
"""

from __future__ import annotations

import hashlib
import hmac
import struct

import pytest

from firmware.wire.seal import (
    KEY_BYTES,
    MAC_BYTES,
    SEAL_BYTES,
    LinkKey,
    is_same,
    seal,
    unseal,
)
from tests.firmware.chance import Chance

# Keys and messages after RFC 4231, shorter and longer than a block; results from the library.
CASES = (
    (b"\x0b" * 20, b"Hi There"),
    (b"Jefe", b"what do ya want for nothing?"),
    (b"\xaa" * 20, b"\xdd" * 50),
    (bytes(range(1, 26)), b"\xcd" * 50),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First"),
    (b"\xaa" * 64, b"a key of exactly one block"),
    (b"\xaa" * 65, b"a key of one byte more"),
    (b"", b""),
)


@pytest.mark.parametrize(("key", "message"), CASES)
def test_hmac_is_the_standard_library_s(key: bytes, message: bytes) -> None:
    assert LinkKey(key).hmac(message) == hmac.new(key, message, hashlib.sha256).digest()


def test_hmac_of_the_first_published_case() -> None:
    """RFC 4231 section 4.2, written out: the standard library is not the only witness."""
    expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert LinkKey(b"\x0b" * 20).hmac(b"Hi There").hex() == expected


def test_hmac_of_random_keys_and_messages_is_the_standard_library_s() -> None:
    chance = Chance(4)
    for _ in range(200):
        key, message = chance.blob(chance.below(140)), chance.blob(chance.below(200))
        assert LinkKey(key).hmac(message) == hmac.new(key, message, hashlib.sha256).digest()


def test_seal_covers_label_boot_challenge_counter_type_number_and_payload_in_this_order() -> None:
    key = bytes(range(KEY_BYTES))
    sealed = seal(key, 7, 0xC0FFEE01, 5, 0x08, 513, b"payload")
    told = b"tms-edge 1" + struct.pack("<IIIBH", 7, 0xC0FFEE01, 5, 0x08, 513) + b"payload"
    mac = hmac.new(key, told, hashlib.sha256).digest()[:MAC_BYTES]
    assert sealed == b"payload" + struct.pack("<II", 7, 5) + mac
    assert len(sealed) == len(b"payload") + SEAL_BYTES
    assert unseal(sealed) == (b"payload", 7, 5, mac)


def test_every_part_changes_the_mac() -> None:
    key = LinkKey(bytes(KEY_BYTES))
    base = (7, 8, 9, 4, 10, b"x")
    macs = {key.mac(*base)}
    for index in range(5):
        changed = list(base)
        changed[index] = int(str(changed[index])) + 1
        macs.add(key.mac(*changed))  # type: ignore[arg-type]
    macs.add(key.mac(7, 8, 9, 4, 10, b"y"))
    macs.add(LinkKey(b"\1" * KEY_BYTES).mac(*base))
    assert len(macs) == 8


def test_same_means_every_byte_and_the_length() -> None:
    mac = bytes(range(MAC_BYTES))
    assert is_same(mac, bytes(mac))
    assert not is_same(mac, mac[:-1])
    assert not is_same(mac[:-1], mac)
    for index in range(MAC_BYTES):
        other = bytearray(mac)
        other[index] ^= 0x80
        assert not is_same(mac, bytes(other))
