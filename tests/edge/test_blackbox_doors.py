"""What must never be on a tape: PINs, tokens that hold, codes of the link key. Pure."""

from __future__ import annotations

import base64

import pytest

from edge.api.operators import TOKEN_BYTES
from edge.blackbox.doors import veiled_text, without_pin, zeros
from edge.blackbox.frames import without_macs
from edge.blackbox.ports_device import veil
from firmware.wire.commands import ClearFault, Heartbeat
from firmware.wire.framing import decode_chunk, encode
from firmware.wire.seal import MAC_BYTES, seal


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (b'{"t":"wrap_up","id":3,"pin":"2468","note":"2468"}', b'"pin":"0000"'),
        (b'{"pin" : "12a4"}', b'"pin" : "00x0"'),
        (b'{"pin":""}', b'"pin":""'),
    ],
)
def test_pin_is_blotted_out_and_stays_as_long_and_as_wrong(message: bytes, kept: bytes) -> None:
    assert kept in without_pin(message)
    assert len(without_pin(message)) == len(message)


def test_message_without_a_pin_stays_as_it_is() -> None:
    assert without_pin(b'{"t":"stop","id":2468}') == b'{"t":"stop","id":2468}'
    assert zeros("24 68") == "00x00"


def test_token_on_the_tape_is_the_one_that_the_replayed_product_gives_out() -> None:
    """Entropy and cookie are veiled apart, and have to fit each other again."""
    secret = bytes(range(TOKEN_BYTES))
    cookie = base64.urlsafe_b64encode(secret).decode().strip("=")
    given_out = base64.urlsafe_b64encode(veil(secret)).decode().strip("=")

    assert veiled_text(cookie) == given_out
    assert cookie not in veiled_text(cookie)
    assert veiled_text("") == ""
    assert veiled_text("not a token") not in ("", "not a token")


def test_frames_of_two_keys_are_the_same_without_their_codes() -> None:
    def sealed(key: bytes, counter: int = 1) -> bytes:
        payload = seal(key, 5, 6, counter, ClearFault.TYPE, 9, ClearFault(fault=101).pack())
        return encode(ClearFault.TYPE, 9, payload)

    beat = encode(Heartbeat.TYPE, 10, Heartbeat(beat=7).pack())
    one, other = sealed(b"a" * 32), sealed(b"b" * 32)

    assert one != other
    assert without_macs(one + beat) == without_macs(other + beat)
    assert without_macs(one) != without_macs(sealed(b"a" * 32, counter=2))
    assert without_macs(beat) == beat
    frame = decode_chunk(without_macs(one)[:-1])
    assert frame is not None
    assert frame[2].endswith(bytes(MAC_BYTES))


def test_bytes_that_are_no_frame_stay() -> None:
    assert without_macs(b"\x03ab\x00") == b"\x03ab\x00"
