"""The folder of the change log's segments: durable appends and nothing else.

edge.ports.LogFolder on a real disk. Files are private; a new file's name is made durable with it.
Any failure of the disk is a StoreError in words. No clock, no decisions.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.ports import StoreError


class DiskLogFolder:
    """edge.ports.LogFolder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[str, int] = {}
        with self._errors(str(path)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def names(self) -> list[str]:
        """Files there, sorted."""
        with self._errors(str(self._path)):
            return sorted(entry.name for entry in self._path.iterdir() if entry.is_file())

    def read(self, name: str) -> bytes:
        """The whole file."""
        with self._errors(name):
            return (self._path / name).read_bytes()

    def append(self, name: str, data: bytes) -> None:
        """Add to the end, durably; the file is made when it is not there."""
        with self._errors(name):
            handle = self._handle(name)
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)

    def truncate(self, name: str, size: int) -> None:
        """Cut the file back, durably."""
        with self._errors(name):
            handle = self._handle(name)
            os.ftruncate(handle, size)
            os.fsync(handle)

    def rename(self, name: str, new_name: str) -> None:
        """Under another name from now on, durably. Never over a file that is there."""
        with self._errors(name):
            self._forget(name)
            (self._path / new_name).hardlink_to(self._path / name)
            (self._path / name).unlink()
            self._sync_names()

    def close(self) -> None:
        for name in list(self._open):
            self._forget(name)

    def _handle(self, name: str) -> int:
        if name not in self._open:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._open[name] = os.open(self._path / name, flags, 0o600)
            self._sync_names()
        return self._open[name]

    def _forget(self, name: str) -> None:
        handle = self._open.pop(name, None)
        if handle is not None:
            os.close(handle)

    def _sync_names(self) -> None:
        handle = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"change log {self._path}: {name}: {error.strerror}") from error
