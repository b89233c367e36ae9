"""Keys of this unit: 32 bytes each, in files that only their owner may read.

The store's key and the link key of the controller. Creates a key once and never replaces one: with
another the records would be lost, or the controller would no longer listen. The caller says whether
creating is allowed.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from edge.ports import KeyFileError, StoreError

KEY_BYTES = 32
# No links, and no waiting when the path is a pipe.
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def load_key(path: Path, *, may_create: bool) -> bytes:
    """The store's key, or a new one when allowed. Raises StoreError with a sentence."""
    try:
        if may_create and not path.is_symlink() and not path.exists():
            return create_key(path)
        return read_key(path)
    except FileNotFoundError:
        raise StoreError(
            f"key {path}: missing, but the store exists; put the unit's key back"
        ) from None
    except KeyFileError as error:
        raise StoreError(str(error)) from error


def load_link_key(path: Path) -> bytes:
    """The key of the line to the controller. Raises KeyFileError with a sentence."""
    try:
        return read_key(path)
    except FileNotFoundError:
        raise KeyFileError(
            f"key {path}: missing; make one with tms-edge firmware key --new"
        ) from None


def read_key(path: Path) -> bytes:
    """The key in this file. Raises FileNotFoundError, or KeyFileError with a sentence."""
    try:
        handle = os.open(path, _READ_FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyFileError(f"key {path}: cannot be read: {error.strerror}") from error
    try:
        _check(path, os.fstat(handle))
        key = os.read(handle, KEY_BYTES + 1)
    finally:
        os.close(handle)
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"key {path}: must hold exactly {KEY_BYTES} bytes")
    return key


def create_key(path: Path) -> bytes:
    """A new key, durable before it is used. Raises KeyFileError, also when the file is there."""
    key = secrets.token_bytes(KEY_BYTES)
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(part)  # unlike a rename it never replaces a key
        finally:
            part.unlink()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise KeyFileError(f"key {path}: is already there; a key is never replaced") from None
    except OSError as error:
        raise KeyFileError(f"key {path}: cannot be created: {error.strerror}") from error
    return key


def _check(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise KeyFileError(f"key {path}: not a regular file")
    if facts.st_mode & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise KeyFileError(f"key {path}: mode {mode:04o} lets others read it; run chmod 600")
    if facts.st_uid != os.geteuid():
        raise KeyFileError(f"key {path}: belongs to another user")
