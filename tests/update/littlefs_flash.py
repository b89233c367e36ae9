"""The real littlefs on a flash that remembers every operation, below the real board/files.py.

The flash is what MicroPython makes of a Pico's: 4 KiB sectors, 256-byte pages. A recording is the
list of programs and erases in their order; a power cut is a prefix of it, with the last operation
missing, torn, or half done bit by bit. Seeded, no clock.
"""

from __future__ import annotations

import importlib.util
import logging
import random
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from littlefs import LFSConfig, LittleFS, LittleFSError
from littlefs.context import UserContext

from firmware.board.files import Files

SECTOR: Final = 4096
PAGE: Final = 256
# MicroPython 1.28 mounts the rp2 flash with these.
GEOMETRY: Final[dict[str, Any]] = {
    "block_size": SECTOR,
    "read_size": 32,
    "prog_size": PAGE,
    "cache_size": 4 * PAGE,
    "lookahead_size": 32,
    "block_cycles": 100,
}
SECTORS: Final = 96
SOURCE: Final = Path(__file__).parents[2] / "firmware" / "board" / "files.py"
CUTS: Final = ("before", "half", "bits")

logging.getLogger("littlefs.context").setLevel(logging.WARNING)

Operation = tuple[int, bytes | None]  # address; bytes of a program, None for an erase


class RecordingFlash(UserContext):
    """Memory with the manners of a NOR flash; operations are noted from the start."""

    def __init__(self, contents: bytes | None = None) -> None:
        super().__init__(buffer=bytearray(contents or b"\xff" * SECTOR * SECTORS))
        self.operations: list[Operation] = []

    def read(self, cfg: LFSConfig, block: int, off: int, size: int) -> bytearray:
        start = block * SECTOR + off
        return self.buffer[start : start + size]

    def prog(self, cfg: LFSConfig, block: int, off: int, data: bytes) -> int:
        self._do((block * SECTOR + off, bytes(data)))
        return 0

    def erase(self, cfg: LFSConfig, block: int) -> int:
        self._do((block * SECTOR, None))
        return 0

    def _do(self, operation: Operation) -> None:
        self.operations.append(operation)
        apply(self.buffer, operation)


def apply(flash: bytearray, operation: Operation) -> None:
    """The whole operation. Programming only clears bits; an erase sets those of a sector."""
    address, data = operation
    if data is None:
        flash[address : address + SECTOR] = b"\xff" * SECTOR
        return
    old = int.from_bytes(flash[address : address + len(data)], "little")
    new = old & int.from_bytes(data, "little")
    flash[address : address + len(data)] = new.to_bytes(len(data), "little")


def tear(flash: bytearray, operation: Operation, cut: str, chance: random.Random) -> None:
    """What a power cut leaves of the operation: nothing, its first half, or some of its bits."""
    if cut == "before":
        return
    address, data = operation
    wanted = b"\xff" * SECTOR if data is None else data
    old = bytes(flash[address : address + len(wanted)])
    if cut == "half":
        torn = wanted[: len(wanted) // 2] + old[len(wanted) // 2 :]
    else:
        mask = chance.randbytes(len(wanted))
        torn = bytes(
            (new & m) | (before & ~m & 0xFF)
            for new, before, m in zip(wanted, old, mask, strict=True)
        )
    flash[address : address + len(torn)] = torn


class _Os:
    """The five calls that files.py makes, with MicroPython's kind of error."""

    def __init__(self, disk: LittleFS) -> None:
        self._disk = disk

    def _call(self, name: str, *args: Any) -> Any:
        try:
            return getattr(self._disk, name)(*args)
        except LittleFSError as error:
            raise OSError(-error.code, error.name) from error

    def rename(self, old: str, new: str) -> None:
        self._call("rename", old, new)

    def remove(self, path: str) -> None:
        self._call("remove", path)

    rmdir = remove

    def mkdir(self, path: str) -> None:
        self._call("mkdir", path)

    def listdir(self, path: str) -> list[str]:
        return list(self._call("listdir", path))

    def stat(self, path: str) -> tuple[int, ...]:
        return (0x4000 if self._call("stat", path).type == 2 else 0x8000,)

    def statvfs(self, _path: str) -> tuple[int, int, int, int]:
        free = self._disk.block_count - self._disk.used_block_count
        return SECTOR, SECTOR, self._disk.block_count, max(free, 0)


def files_on(flash: RecordingFlash, *, is_new: bool = False) -> Files:
    """The board's own Files over littlefs over this flash; formats a new one."""
    disk = LittleFS(context=flash, block_count=SECTORS, mount=False, **GEOMETRY)
    if is_new:
        disk.format()
    disk.mount()
    module = _own_copy()
    module.os = _Os(disk)  # type: ignore[attr-defined]
    module.open = lambda path, mode: _opened(disk, path, mode)  # type: ignore[attr-defined]
    made = module.Files("")
    assert type(made).__name__ == Files.__name__
    return made  # type: ignore[no-any-return]


def _opened(disk: LittleFS, path: str, mode: str) -> Any:
    try:
        return disk.open(path, mode, buffering=0)
    except FileNotFoundError:
        if mode != "ab":
            raise
        return disk.open(path, "wb", buffering=0)  # MicroPython makes the file; this binding not
    except LittleFSError as error:
        raise OSError(-error.code, error.name) from error


def _own_copy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("files_on_littlefs", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
