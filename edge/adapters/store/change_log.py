"""The store's second copy: every change, sealed, numbered and chained, in append-only segments.

A change is SQLite's changeset of one transaction; a snapshot is the whole content as changesets, at
the start of a log that was written anew from the store. Owns segments, sealing and the chain; what
a changeset means is the engine's, what to do when the two copies differ is
edge/domain/store_repair.py. Synchronous, on the loop; no clock.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge.adapters.store import frames
from edge.adapters.store.frames import GENESIS, Frame, SegmentError
from edge.domain.store_repair import LogEnd, LogKind
from edge.ports import LogFolder, StoreError

# [P] A start reads the last two segments: 0.1 s of hashing on a slow core.
SEGMENT_BYTES_MAX = 16 * 1024 * 1024
CHANGE, SNAPSHOT_PART, SNAPSHOT_END = b"c", b"s", b"e"
_NONCE_BYTES = 12
_PREFIX, _SUFFIX, _ASIDE = "changes-", ".log", ".aside"
_ENDED = struct.Struct("<32s")  # hash of the store's last change when the snapshot was taken


@dataclass(frozen=True)
class Change:
    """One entry, opened. kind: CHANGE, SNAPSHOT_PART or SNAPSHOT_END."""

    number: int
    kind: bytes
    data: bytes
    hash: bytes


class ChangeLog:
    """Of one store. look() first; then append() in the order of the commits."""

    def __init__(self, folder: LogFolder, key: bytes | None, layout_version: int) -> None:
        self._folder = folder
        self._seal = None if key is None else ChaCha20Poly1305(_own_key(key))
        self._layout_version = layout_version
        self._number = 0
        self._hash = GENESIS
        self._segment = ""
        self._segment_bytes = 0
        self._before: tuple[int, bytes, int] | None = None

    @property
    def last_change(self) -> int:
        """Number of the newest change; 0 before the first."""
        return self._number

    @property
    def last_hash(self) -> bytes:
        """Hash of the newest entry."""
        return self._hash

    def look(self, store_change: int) -> LogEnd:
        """Read the newest segments and cut off an unfinished end. Raises StoreError.

        store_change: the last change that the store knows of.
        """
        names = self._segments()
        if not names:
            return LogEnd(LogKind.EMPTY)
        try:
            found = self._chained(names[-2:])
        except SegmentError as error:
            raise StoreError(f"change log {names[-1]}: {error}") from error
        if found == []:
            return LogEnd(LogKind.EMPTY)
        if found is None or found[-1].body[:1] == SNAPSHOT_PART:  # or never written to its end
            return LogEnd(LogKind.DAMAGED)
        self._number, self._hash = found[-1].number, found[-1].hash
        return LogEnd(
            LogKind.WHOLE,
            self._number,
            self._hash_at(names, found, store_change),
            self._hash_at(names, found, self._number),
        )

    def append(self, kind: bytes, number: int, data: bytes) -> bytes:
        """Add an entry durably; returns its hash. Raises StoreError: then nothing was added."""
        body = kind + self._sealed(kind, number, data)
        entry, entry_hash = frames.frame(number, self._hash, body)
        if not self._segment or self._segment_bytes + len(entry) > SEGMENT_BYTES_MAX:
            self._begin_segment(number)
        try:
            self._folder.append(self._segment, entry)
        except StoreError:
            self._folder.truncate(self._segment, self._segment_bytes)
            raise
        self._before = (self._number, self._hash, self._segment_bytes)
        self._segment_bytes += len(entry)
        self._number, self._hash = number, entry_hash
        return entry_hash

    def take_back(self) -> None:
        """Remove the entry just added, durably; once. Raises StoreError."""
        assert self._before is not None, "nothing was just added"
        number, before_hash, size = self._before
        self._folder.truncate(self._segment, size)
        self._number, self._hash, self._segment_bytes = number, before_hash, size
        self._before = None

    def end_snapshot(self, number: int, store_hash: bytes) -> None:
        """The snapshot is complete and stands for this change of the store."""
        self.append(SNAPSHOT_END, number, _ENDED.pack(store_hash))

    def changes(self, after: int = -1) -> Iterator[Change]:
        """Every entry above this number, oldest first, the whole chain checked. StoreError."""
        prev, number = GENESIS, -1
        for name in self._segments():
            data = self._folder.read(name)
            self._check_layout(name, data)
            scan = frames.scan(data)
            for entry in scan.frames:
                if entry.prev != prev or not _follows(number, entry):
                    raise StoreError(f"change log {name}: change {entry.number} does not follow")
                prev, number = entry.hash, entry.number
                if entry.number > after:
                    yield self._opened(name, entry)
            if scan.is_torn:
                raise StoreError(f"change log {name}: damaged after change {number}")

    def set_aside(self) -> None:
        """Keep what is there under other names, and begin anew."""
        taken = {name for name in self._folder.names() if _ASIDE in name}
        for name in self._segments():
            number = 1
            while f"{name}{_ASIDE}{number}" in taken:
                number += 1
            self._folder.rename(name, f"{name}{_ASIDE}{number}")
        self._number, self._hash, self._segment, self._segment_bytes = 0, GENESIS, "", 0

    def close(self) -> None:
        self._folder.close()

    def _segments(self) -> list[str]:
        names = self._folder.names()
        return [name for name in names if name.startswith(_PREFIX) and name.endswith(_SUFFIX)]

    def _chained(self, names: list[str]) -> list[Frame] | None:
        """Frames of these segments; None when they are damaged. Cuts off an unfinished end."""
        found: list[Frame] = []
        for name in names:
            data = self._folder.read(name)
            is_last = name == names[-1]
            if is_last and frames.is_unborn(data):
                self._cut(name, 0)
                continue
            self._check_layout(name, data)
            scan = frames.scan(data)
            number = scan.frames[-1].number if scan.frames else 0
            if scan.is_torn and (not is_last or frames.has_frame_behind(data, scan.end, number)):
                return None
            if scan.is_torn:
                self._cut(name, scan.end)
            self._segment, self._segment_bytes = name, scan.end
            found += scan.frames
        is_chain = all(b.prev == a.hash and _follows(a.number, b) for a, b in pairwise(found))
        return found if is_chain else None

    def _frames(self, name: str) -> tuple[Frame, ...]:
        return frames.scan(self._folder.read(name)).frames

    def _cut(self, name: str, size: int) -> None:
        self._folder.truncate(name, size)
        self._segment, self._segment_bytes = name, size

    def _check_layout(self, name: str, data: bytes) -> None:
        try:
            layout = frames.layout_of(data)
        except SegmentError as error:
            raise StoreError(f"change log {name}: {error}") from error
        if layout != self._layout_version:
            raise StoreError(
                f"change log {name}: has layout {layout}, this software needs"
                f" {self._layout_version}"
            )

    def _hash_at(self, names: list[str], found: list[Frame], number: int) -> bytes | None:
        """The store's own hash of this change, as the log has it."""
        if found[0].number > number:  # an old copy of the store
            found = [entry for name in names for entry in self._frames(name)]
        for entry in reversed(found):
            if entry.number == number and entry.body[:1] == CHANGE:
                return entry.hash
            if entry.number == number and entry.body[:1] == SNAPSHOT_END:
                return snapshot_hash(self._opened("snapshot", entry))
        return None

    def _begin_segment(self, number: int) -> None:
        if self._segment_bytes < frames.HEAD_BYTES and self._segment:
            name = self._segment  # its head was cut short
        else:
            name = f"{_PREFIX}{number:012d}{_SUFFIX}"
        self._folder.append(name, frames.head(self._layout_version))
        self._segment, self._segment_bytes = name, frames.HEAD_BYTES

    def _sealed(self, kind: bytes, number: int, data: bytes) -> bytes:
        if self._seal is None:
            return data
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, data, _context(kind, number))

    def _opened(self, name: str, entry: Frame) -> Change:
        kind, body = entry.body[:1], entry.body[1:]
        if self._seal is not None:
            nonce, sealed = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
            try:
                body = self._seal.decrypt(nonce, sealed, _context(kind, entry.number))
            except (InvalidTag, ValueError) as error:
                raise StoreError(
                    f"change log {name}: the key does not fit change {entry.number}"
                ) from error
        return Change(entry.number, kind, body, entry.hash)


def snapshot_hash(end: Change) -> bytes:
    """The hash that the store had noted for its last change when the snapshot was taken."""
    return bytes(_ENDED.unpack(end.data)[0])


def _follows(number: int, entry: Frame) -> bool:
    """Changes count up by one; all parts of a snapshot carry the number it stands for."""
    if entry.body[:1] == CHANGE:
        return entry.number == number + 1 or number < 0
    return entry.number == number or number < 0


def _context(kind: bytes, number: int) -> bytes:
    return b"tms-edge change " + kind + struct.pack("<Q", number)


def _own_key(key: bytes) -> bytes:
    """Another key than the database's, from the same secret."""
    return HKDF(SHA256(), 32, salt=None, info=b"tms-edge change log").derive(key)
