"""Frames of the change log: how one change lies in a segment file, and how a segment is read.

A segment is a head (magic, format, layout of the tables) and frames: length, CRC-32, number, hash
of the frame before, sealed body. The hash of a frame covers number, previous hash and body, so the
frames of all segments are one chain. Bytes only: no file, no key, no clock.
"""

from __future__ import annotations

import hashlib
import struct
from binascii import crc32
from collections.abc import Iterator
from dataclasses import dataclass

FORMAT = 1
MAGIC = b"TMSCHG"
GENESIS = bytes(32)  # the hash before the first frame
HASH_BYTES = 32
_HEAD = struct.Struct("<6sHH")  # magic, format, layout of the tables
_FRAME = struct.Struct("<II")  # bytes of the rest, CRC-32 of the rest
_REST = struct.Struct("<Q32s")  # number, hash of the frame before; the body follows
HEAD_BYTES = _HEAD.size
# A change is a few rows; a part of a snapshot is bounded by the writer (change_log.py).
REST_BYTES_MAX = 64 * 1024 * 1024
# [P] Changes that may be damaged one after the other and still be known for damage in the middle.
FOLLOWERS = 64


class SegmentError(Exception):
    """These bytes are no segment of ours; the text says why."""


@dataclass(frozen=True)
class Frame:
    """One change, sealed. at: offset in its segment."""

    number: int
    prev: bytes
    body: bytes
    hash: bytes
    at: int
    end: int


@dataclass(frozen=True)
class Scan:
    """Frames of a segment. is_torn: bytes follow the last whole frame that are not one."""

    frames: tuple[Frame, ...]
    end: int
    is_torn: bool


def head(layout_version: int) -> bytes:
    """The first bytes of a segment."""
    return _HEAD.pack(MAGIC, FORMAT, layout_version)


def layout_of(data: bytes) -> int:
    """Layout of the tables that the segment's changes are about. Raises SegmentError."""
    if len(data) < HEAD_BYTES:
        raise SegmentError("too short for a change log")
    magic, form, layout_version = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise SegmentError("is no change log")
    if form != FORMAT:
        raise SegmentError(f"was written by other software (form {form}, this one reads {FORMAT})")
    return int(layout_version)


def is_unborn(data: bytes) -> bool:
    """Cut while it was made: the head is synced before anything follows it."""
    return (data[: len(MAGIC)] != MAGIC and len(data) <= HEAD_BYTES) or len(data) < HEAD_BYTES


def frame(number: int, prev: bytes, body: bytes) -> tuple[bytes, bytes]:
    """The bytes of a frame, and its hash."""
    rest = _REST.pack(number, prev) + body
    return _FRAME.pack(len(rest), crc32(rest)) + rest, hashlib.sha256(rest).digest()


def scan(data: bytes) -> Scan:
    """Every whole frame from the head on; stops at the first that is not."""
    frames = tuple(_frames(data))
    end = frames[-1].end if frames else min(HEAD_BYTES, len(data))
    return Scan(frames, end, is_torn=end < len(data))


def has_frame_behind(data: bytes, at: int, number: int) -> bool:
    """Whether a whole frame with one of the next numbers lies anywhere behind this offset.

    A write that was cut short leaves none: so damage in the middle is told from a torn end.
    """
    for follower in range(number, number + FOLLOWERS):
        wanted = struct.pack("<Q", follower)
        found = data.find(wanted, at + 1)
        while found >= 0:
            if found - _FRAME.size > at and _frame_at(data, found - _FRAME.size) is not None:
                return True
            found = data.find(wanted, found + 1)
    return False


def _frames(data: bytes) -> Iterator[Frame]:
    at = HEAD_BYTES
    while (found := _frame_at(data, at)) is not None:
        yield found
        at = found.end


def _frame_at(data: bytes, at: int) -> Frame | None:
    if at + _FRAME.size + _REST.size > len(data):
        return None
    length, checksum = _FRAME.unpack_from(data, at)
    start, end = at + _FRAME.size, at + _FRAME.size + length
    if not _REST.size <= length <= REST_BYTES_MAX or end > len(data):
        return None
    rest = data[start:end]
    if crc32(rest) != checksum:
        return None
    number, prev = _REST.unpack_from(rest)
    return Frame(number, prev, rest[_REST.size :], hashlib.sha256(rest).digest(), at, end)
