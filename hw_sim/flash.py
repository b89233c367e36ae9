"""The simulated controller's flash: the board's own slots, stage and ledger on files in memory.

Survives every reboot of the firmware. Owns what a person at the bench can do to a flash: fill it,
damage a file, plant an image that hangs. The simulated core is the same source whatever slot was
chosen; an image only carries its manifest. Knows no time: what a write costs is added up, and
sim_hal.py takes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from firmware.board import slots
from firmware.board.ledger_store import LedgerStore
from firmware.board.stage import Stage

# [V] One sector erase and seven pages: 46 ms (sources.md firmware 7.1).
SECTOR_WRITE_NS = 46_000_000
SECTOR_BYTES = 4096
TOUCH_NS = 1_000_000  # [P] a name made or removed: some pages, rarely an erase
FLASH_BYTES = 1_441_792  # [V] the file system of a Pico's 2 MB flash under MicroPython: 1,408 KiB


class MemoryFiles:
    """The calls of firmware/board/files.py on a dictionary."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self.is_full = False
        self.cost_ns = 0
        self.revision = 0  # grows with every change

    def read(self, path: str) -> bytes | None:
        return self.contents.get(path)

    def write(self, path: str, data: bytes) -> bool:
        folder = path.rpartition("/")[0]
        if self.is_full or (folder and folder not in self.folders) or path in self.folders:
            return False
        self.contents[path] = bytes(data)
        self.revision += 1
        self.cost_ns += SECTOR_WRITE_NS * (1 + len(data) // SECTOR_BYTES)
        return True

    def append(self, path: str, data: bytes) -> bool:
        before = self.contents.get(path, b"")
        cost_ns = self.cost_ns + SECTOR_WRITE_NS * (1 + len(data) // SECTOR_BYTES)
        is_done = self.write(path, before + bytes(data))
        self.cost_ns = cost_ns
        return is_done

    def replace(self, path: str, data: bytes) -> bool:
        return self.write(path, data)

    def remove(self, path: str) -> bool:
        self.cost_ns += TOUCH_NS
        self.revision += 1
        if path in self.contents:
            del self.contents[path]
            return True
        if path in self.folders and not self.list(path):
            self.folders.discard(path)
            return True
        return False

    def mkdir(self, path: str) -> bool:
        if path in self.folders:
            return True
        parent = path.rpartition("/")[0]
        if self.is_full or path in self.contents or (parent and parent not in self.folders):
            return False
        self.cost_ns += TOUCH_NS
        self.revision += 1
        self.folders.add(path)
        return True

    def list(self, path: str) -> list[tuple[str, bool]]:
        head = path + "/" if path else ""
        inside = [(p, False) for p in self.contents] + [(p, True) for p in self.folders]
        names = [(p[len(head) :], is_folder) for p, is_folder in inside if p.startswith(head)]
        return sorted((name, is_folder) for name, is_folder in names if "/" not in name)

    def digest(self, path: str) -> tuple[int, bytes] | None:
        data = self.contents.get(path)
        return None if data is None else (len(data), hashlib.sha256(data).digest())

    def free_bytes(self) -> int:
        used = sum(len(data) + SECTOR_BYTES for data in self.contents.values())
        return 0 if self.is_full else FLASH_BYTES - used


class SimFlash:
    """One controller's flash. boot() comes before anything else, at every start of the firmware."""

    def __init__(self, is_armed: Callable[[], bool], keep_awake: Callable[[], None]) -> None:
        self.files = MemoryFiles()
        self.files.mkdir(slots.PACKAGE)
        self.files.write(f"{slots.PACKAGE}/__init__.py", b"")  # the factory folder
        self.hanging: set[bytes] = set()  # images (first 8 bytes of the hash) that never come up
        self._keep_awake = keep_awake
        self._ledger = LedgerStore(self.files, is_armed)
        self._stage = Stage(self.files, slots.Choice(slots.PLAIN, bytes(8), False))
        self.boot()

    def boot(self) -> None:
        """The loader chooses."""
        choice = slots.choose(self.files)
        assert choice is not None, "the factory folder is never removed"
        self._stage = Stage(self.files, choice, self._keep_awake)

    def dump(self) -> dict[str, str]:
        """Every file as hexadecimal text."""
        return {path: data.hex() for path, data in self.files.contents.items()}

    def restore(self, dumped: dict[str, str]) -> None:
        """The files of an earlier dump(), then a boot. ValueError when it is none."""
        contents = {path: bytes.fromhex(text) for path, text in dumped.items()}
        for path in contents:
            parts = path.split("/")[:-1]
            for depth in range(len(parts)):
                self.files.mkdir("/".join(parts[: depth + 1]))
        self.files.contents.update(contents)
        self.boot()

    @property
    def is_hanging(self) -> bool:
        """The image that was chosen does not come up; only the watchdog ends it."""
        return self.image()[1] in self.hanging

    def take_cost_ns(self) -> int:
        """How long Python stood still for writes since the last call."""
        cost_ns, self.files.cost_ns = self.files.cost_ns, 0
        return cost_ns

    def image(self) -> tuple[int, bytes, int]:
        return self._stage.image()

    def stage_begin(self) -> bool:
        return self._stage.begin()

    def stage_write(self, name: str, data: bytes) -> bool:
        return self._stage.write(name, data)

    def stage_finish(self, manifest: bytes) -> bool:
        return self._stage.finish(manifest)

    def stage_try(self) -> bool:
        return self._stage.try_()

    def stage_commit(self) -> bool:
        return self._stage.commit()

    def load_ledger(self) -> bytes:
        return self._ledger.load()

    def save_ledger(self, data: bytes) -> bool:
        return self._ledger.save(data)

    def damage_ledger(self, data: bytes) -> None:
        """Both copies hold these bytes now, as on a worn flash; none at all for b""."""
        for path in ("ledger.0", "ledger.1"):
            self.files.contents.pop(path, None)
            if data:
                self.files.contents[path] = data

    def damage_slot(self, slot: int) -> None:
        """One bit of the slot's first file flips."""
        head = f"{slots.NAMES[slot]}/{slots.PACKAGE}/"
        path = min(path for path in self.files.contents if path.startswith(head))
        data = self.files.contents[path]
        self.files.contents[path] = bytes([data[0] ^ 1]) + data[1:] if data else b"\0"
