"""The store's key: 32 bytes in a file that only its owner may read.

Creates it once, never replaces it: with another key the records would be lost. The caller says
whether creating is allowed, which it is only before there is a store.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from edge.ports import StoreError

KEY_BYTES = 32
# No links, and no waiting when the path is a pipe.
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def load_key(path: Path, *, may_create: bool) -> bytes:
    """Read the key, or make one when allowed. Raises StoreError with a sentence."""
    try:
        handle = os.open(path, _READ_FLAGS)
    except FileNotFoundError:
        if not may_create:
            raise StoreError(
                f"key {path}: missing, but the store exists; put the unit's key back"
            ) from None
        return _create(path)
    except OSError as error:
        raise StoreError(f"key {path}: cannot be read: {error.strerror}") from error
    try:
        _check(path, os.fstat(handle))
        key = os.read(handle, KEY_BYTES + 1)
    finally:
        os.close(handle)
    if len(key) != KEY_BYTES:
        raise StoreError(f"key {path}: must hold exactly {KEY_BYTES} bytes")
    return key


def _check(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise StoreError(f"key {path}: not a regular file")
    if facts.st_mode & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise StoreError(f"key {path}: mode {mode:04o} lets others read it; run chmod 600")
    if facts.st_uid != os.geteuid():
        raise StoreError(f"key {path}: belongs to another user")


def _create(path: Path) -> bytes:
    """Durable before it is used: a store without its key is lost."""
    key = secrets.token_bytes(KEY_BYTES)
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"key {path}: cannot be created: {error.strerror}") from error
    return key
