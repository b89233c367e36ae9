"""What the unit remembers across starts: pulse ledger, boot count, link key; and that it runs once.

Ledger and boot count are two copies each, written in turn and synced, by the same code as on the
board (firmware/board/ledger_store.py). The key is only ever read here.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path

from firmware.board.files import Files
from firmware.board.ledger_store import LedgerStore
from firmware.wire.codes import RESET_POWER, RESET_WATCHDOG

KEY_BYTES = 32
_BOOT = "<4sIB16s"  # magic, boot epoch, still running, the kernel's own boot
_MAGIC = b"TMB1"  # bytes of a damaged copy do not begin so
_KERNEL_BOOT = Path("/proc/sys/kernel/random/boot_id")


class UnitMemoryError(Exception):
    """The unit may not start: a sentence."""


class SyncedFiles(Files):
    """The board's files in one folder; a write returns when the medium has it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder}/")
        self._folder = folder

    def write(self, path: str, data: bytes) -> bool:
        """Overwrite or make the file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(self._folder / path, flags, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._sync_folder()
        except OSError:
            return False
        return True

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Memory:
    """One unit's memory, held by one process at a time."""

    def __init__(self, folder: Path, key_path: Path, is_armed: Callable[[], bool]) -> None:
        """Counts the start. Raises UnitMemoryError when the memory is not to be trusted."""
        self._lock = self._lock_folder(folder)
        try:
            self._boots = LedgerStore(_files(folder / "boots"), is_armed)
            self._ledger = LedgerStore(_files(folder / "ledger"), is_armed)
            self.boot_epoch, self.reset_cause = self._count_boot(folder / "boots")
            self.key, self.key_trouble = _read_key(key_path)
            self._ledger.load()
            self.is_ledger_bad = not self._ledger.scrub()
        except BaseException:
            os.close(self._lock)
            raise

    def load_ledger(self) -> bytes:
        """Newest whole copy; b"" on a new unit."""
        return self._ledger.load()

    def save_ledger(self, data: bytes) -> bool:
        """False when the medium did not take it."""
        return self._ledger.save(data)

    def close(self, *, is_clean: bool) -> None:
        """Remember whether this start ended as it should."""
        if is_clean:
            self._boots.save(_boot_record(self.boot_epoch, is_running=False))
        os.close(self._lock)

    def _count_boot(self, folder: Path) -> tuple[int, int]:
        before = self._boots.load()
        epoch, is_running, kernel_boot = 0, 0, b""
        if before:
            if len(before) != struct.calcsize(_BOOT) or not before.startswith(_MAGIC):
                # Starting at one again would let old commands, sealed for that boot, pass.
                raise UnitMemoryError(
                    f"boot count in {folder}: no whole copy is left; put back a backup of the"
                    " folder, or give the unit a new link key and remove it"
                )
            _, epoch, is_running, kernel_boot = struct.unpack(_BOOT, before)
        if not self._boots.save(_boot_record(epoch + 1, is_running=True)):
            raise UnitMemoryError(f"boot count in {folder}: cannot be written")
        # It did not end, and the machine did not restart: it was killed or it crashed.
        is_crash = is_running == 1 and kernel_boot == _kernel_boot()
        return epoch + 1, RESET_WATCHDOG if is_crash else RESET_POWER

    @staticmethod
    def _lock_folder(folder: Path) -> int:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UnitMemoryError(f"core.state_dir {folder}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise UnitMemoryError(f"core.state_dir {folder}: another process uses it") from error
        return lock


def _files(folder: Path) -> SyncedFiles:
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnitMemoryError(f"core.state_dir {folder}: {error.strerror}") from error
    return SyncedFiles(folder)


def _boot_record(epoch: int, *, is_running: bool) -> bytes:
    return struct.pack(_BOOT, _MAGIC, epoch, is_running, _kernel_boot())


def _kernel_boot() -> bytes:
    """Names the running start of the machine; empty where the kernel does not tell."""
    try:
        return bytes.fromhex(_KERNEL_BOOT.read_text().strip().replace("-", ""))[:16]
    except (OSError, ValueError):
        return b""


def _read_key(path: Path) -> tuple[bytes, str]:
    """The link key, or b"" and the sentence why: without one the core obeys nothing that arms."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path, flags)
    except OSError as error:
        return b"", f"link key {path}: {error.strerror}"
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            return b"", f"link key {path}: not a regular file"
        if facts.st_mode & 0o077:
            return b"", f"link key {path}: others may read it; run chmod 600"
        key = os.read(handle, KEY_BYTES + 1)
    finally:
        os.close(handle)
    if len(key) != KEY_BYTES:
        return b"", f"link key {path}: must hold exactly {KEY_BYTES} bytes"
    return key, ""
