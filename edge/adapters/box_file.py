"""The file of one recording: frames with length, CRC and a chain of hashes, append-only.

Each frame closes over all before it, so that a changed, removed or swapped one is found; with a key
each is sealed (AES-256-GCM), and nothing of it can be read without. Frames are compressed as one
stream. Writing is flushed to the system at each frame and to the disk at the end only: a power cut
may take the last second, never a treatment's time. Knows nothing of what is in it. No clock.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"TMSBOX"
VERSION = 1
PLAIN, SEALED = 0, 1
_HEAD = struct.Struct("<6sBB16s")  # magic, version, plain or sealed, salt
_FRAME = struct.Struct("<II")  # length of the body, CRC-32 of it
_CHAIN_BYTES = 16
FRAME_BYTES_MAX = 16 * 1024 * 1024  # far above a chunk; guards against a length that is noise
_LEVEL = 6  # zlib; a second's worth of tape takes well under a millisecond
_USE = b"tms-edge black box 1"


class BoxError(Exception):
    """The file cannot be read, or not to its end; a sentence that says where and why."""


class BoxFile:
    """Being written."""

    def __init__(self, file: BinaryIO, salt: bytes, key: bytes | None) -> None:
        self._file = file
        self._seal = None if key is None else AESGCM(_own_key(key, salt))
        self._stream = zlib.compressobj(_LEVEL)
        self._frames = 0
        head = _HEAD.pack(MAGIC, VERSION, PLAIN if key is None else SEALED, salt)
        self._chain = hashlib.sha256(head).digest()
        self._file.write(head)
        self.size = len(head)

    @classmethod
    def create(cls, path: Path, key: bytes | None, header: bytes) -> BoxFile:
        """A new file, for its owner alone. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        box = cls(os.fdopen(handle, "wb", buffering=0), secrets.token_bytes(16), key)
        box.append(header)
        return box

    def append(self, chunk: bytes) -> None:
        """One frame more. Raises OSError."""
        packed = self._stream.compress(chunk) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        if self._seal is not None:
            packed = self._seal.encrypt(_nonce(self._frames), packed, None)
        self._chain = hashlib.sha256(self._chain + packed).digest()
        body = packed + self._chain[:_CHAIN_BYTES]
        frame = _FRAME.pack(len(body), zlib.crc32(body)) + body
        self._file.write(frame)
        self._frames += 1
        self.size += len(frame)

    def sync(self) -> None:
        """Everything so far is on the disk. Raises OSError."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class InlineSink:
    """edge.blackbox.recording.Sink that writes where it is called: for virtual time and tests."""

    def __init__(self, box: BoxFile, bytes_max: int = 1 << 40) -> None:
        self._box = box
        self._bytes_max = bytes_max

    def put(self, chunk: bytes) -> str:
        """Keep it."""
        try:
            self._box.append(chunk)
        except OSError as error:
            return f"the recording cannot be written: {error.strerror}"
        return "" if self._box.size < self._bytes_max else FULL

    def close(self, chunk: bytes) -> None:
        """The last one; a disk that refuses it has been told before."""
        try:
            self._box.append(chunk)
            self._box.sync()
        except OSError:
            pass
        finally:
            self._box.close()


FULL = "the recording is as long as it may become; it begins anew with the service"


class BoxReader:
    """One file: its first chunk, then the others. Raises BoxError where it ends being whole."""

    def __init__(self, path: Path, key: bytes | None = None) -> None:
        self._path = path
        self._key = key
        self._seal: AESGCM | None = None
        self._stream = zlib.decompressobj()
        self._chain = b""
        self._frames = 0

    def chunks(self) -> Iterator[bytes]:
        """All chunks, the header first. Raises BoxError at the first one that is not whole."""
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise BoxError(f"{self._path}: cannot be opened: {error.strerror}") from error
        with file:
            self._begin(file.read(_HEAD.size))
            while True:
                at = file.tell()
                head = file.read(_FRAME.size)
                if not head:
                    return
                yield self._frame(file, at, head)

    def _begin(self, head: bytes) -> None:
        if len(head) < _HEAD.size or not head.startswith(MAGIC):
            raise BoxError(f"{self._path}: is no recording")
        _, version, kind, salt = _HEAD.unpack(head)
        if version > VERSION:
            raise BoxError(
                f"{self._path}: has file version {version}, from a newer version of the software;"
                f" this one reads up to {VERSION}"
            )
        if kind == SEALED and self._key is None:
            raise BoxError(
                f"{self._path}: is sealed with the unit's store key; give it with --key, or export"
                " the session from the service console"
            )
        self._seal = AESGCM(_own_key(self._key, salt)) if kind == SEALED and self._key else None
        self._stream = zlib.decompressobj()
        self._chain = hashlib.sha256(head).digest()
        self._frames = 0

    def _frame(self, file: BinaryIO, at: int, head: bytes) -> bytes:
        where = f"{self._path}: frame {self._frames + 1} at byte {at}"
        if len(head) < _FRAME.size:
            raise BoxError(f"{where} is cut off")
        length, crc = _FRAME.unpack(head)
        if not _CHAIN_BYTES < length <= FRAME_BYTES_MAX:
            raise BoxError(f"{where} is damaged: its length is no length")
        body = file.read(length)
        if len(body) < length:
            raise BoxError(f"{where} is cut off")
        if zlib.crc32(body) != crc:
            raise BoxError(f"{where} is damaged: its checksum does not fit")
        packed, tag = body[:-_CHAIN_BYTES], body[-_CHAIN_BYTES:]
        self._chain = hashlib.sha256(self._chain + packed).digest()
        if tag != self._chain[:_CHAIN_BYTES]:
            raise BoxError(f"{where} does not follow the one before it: something was changed")
        chunk = self._open(where, packed)
        self._frames += 1
        return chunk

    def _open(self, where: str, packed: bytes) -> bytes:
        try:
            if self._seal is not None:
                packed = self._seal.decrypt(_nonce(self._frames), packed, None)
            return self._stream.decompress(packed)
        except InvalidTag:
            raise BoxError(f"{where}: the key does not fit, or it was changed") from None
        except zlib.error as error:
            raise BoxError(f"{where} cannot be unpacked: {error}") from error


def _own_key(key: bytes, salt: bytes) -> bytes:
    """Each file has a key of its own, so that counting frames is nonce enough."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_USE).derive(key)


def _nonce(frame: int) -> bytes:
    return frame.to_bytes(12, "big")
