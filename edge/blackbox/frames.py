"""Bytes of the line as they are kept: without the codes that only the holder of a key can make.

A developer who replays a recording does not have the unit's link key and must not need it. Nothing
else of a frame depends on the key, and nothing that comes back does. Pure.
"""

from __future__ import annotations

from firmware.wire.commands import COMMANDS
from firmware.wire.framing import DELIMITER, decode_chunk, encode
from firmware.wire.seal import MAC_BYTES

_SEALED = frozenset(kind.TYPE for kind in COMMANDS if kind.IS_SEALED)


def without_macs(data: bytes) -> bytes:
    """Frame by frame; bytes that are no frame stay as they are."""
    return b"".join(_plain(chunk) for chunk in data.split(DELIMITER) if chunk)


def _plain(chunk: bytes) -> bytes:
    frame = decode_chunk(chunk)
    if frame is None:
        return chunk + DELIMITER
    kind, seq, payload = frame
    if kind in _SEALED and len(payload) >= MAC_BYTES:
        payload = payload[:-MAC_BYTES] + bytes(MAC_BYTES)
    return encode(kind, seq, payload)
