"""A card in memory that tells written from safe: sectors that were not synced may be lost or torn.

Files are bytes by name. A write is seen at once and is safe only after a sync of its file; a power
cut leaves each sector of what was not synced kept, lost or garbled, in any order, which is harsher
than most cards (sources.md reliability 8). Faults make operations fail, lie, stray or wait. Every
operation has a number, so that a run can be cut or failed at each of them. Locks are those of the
engine, between processes. No clock; the dice are the caller's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

SECTOR_BYTES = 512
STRAY_SHARE = 0.3  # [P] of the misdirected writes hit another file
GARBLED_SHARE = 0.1  # sources.md reliability 8: of the sectors that were on their way


class Damage(Enum):
    """What a power cut does to sectors that were not synced."""

    LOST = "lost"
    KEPT = "kept"
    HALVES = "halves"  # each sector kept or lost by a coin
    GARBLED = "garbled"  # the same, and one in ten is garbage
    TORN = "torn"  # all but the last write, and of that the first sectors
    NEWEST = "newest"  # the last write alone: the disk took them in another order


class Trouble(Enum):
    """How an operation fails."""

    IO = "input/output error"
    FULL = "no space left on device"
    READ_ONLY = "read-only file system"


class CardError(Exception):
    """An operation failed; trouble says how."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass
class CardFaults:
    """What is wrong with the card. All off means a good one."""

    trouble: Trouble | None = None
    on_reads: bool = False  # fail as well
    left: int | None = None  # so many operations fail; None for good
    folder: str = ""  # only operations on names that begin so fail; all of them
    kinds: tuple[str, ...] = ()  # only operations of these kinds fail; all of them
    passing: int = 0  # so many that could fail pass before the first
    lying_share: float = 0.0  # of the syncs, that say safe and are not
    on_sync: Callable[[], None] | None = None  # somebody waits as long as a slow card takes
    straying: int = 0  # so many of the next writes land at another place


@dataclass(frozen=True)
class Operation:
    """One operation that changes the card, numbered from 1."""

    number: int
    kind: str  # make, write, cut, sync, remove, rename; a failing read is one as well
    name: str


@dataclass
class _File:
    data: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    has_safe_name: bool = False
    pending: list[tuple[int, bytes]] = field(default_factory=list)  # offset -1: cut to this length
    is_unlinked: bool = False


class Card:
    """One card; a process works on a mount of it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.faults = CardFaults()
        self.operations = 0
        self.on_operation: Callable[[Operation], None] | None = None
        self.on_failure: Callable[[], None] | None = None  # an operation is about to fail or wait
        self.locks: dict[str, dict[object, int]] = {}  # levels of the engine by file and holder
        self._files: dict[str, _File] = {}
        self._mounts: list[Mount] = []

    def mount(self) -> Mount:
        """For one process."""
        if not self.locks:  # the one before it is gone
            self._drop_unlinked()
        self._mounts.append(Mount(self))
        return self._mounts[-1]

    def kill_holders(self) -> None:
        """Every process that had it is gone; what they wrote is there, and not yet safe."""
        if self._mounts:
            phantom = self.copy(self.rng)
            for mount in self._mounts:
                mount.card = phantom
        self._mounts.clear()
        self.locks.clear()
        self._drop_unlinked()

    def names(self, folder: str = "") -> list[str]:
        """Files there, sorted."""
        return sorted(name for name in self._files if name.startswith(folder))

    def has(self, name: str) -> bool:
        return name in self._files

    def size(self, name: str) -> int:
        return len(self._files[name].data)

    def read(self, name: str, at: int = 0, count: int | None = None) -> bytes:
        """Bytes as the process sees them. Raises CardError."""
        if self.faults.on_reads:
            self._fail("read", name)
        end = None if count is None else at + count
        return bytes(self._files[name].data[at:end])

    def make(self, name: str) -> None:
        """An empty file, when there is none."""
        if name not in self._files:
            self._begin("make", name)
            self._files[name] = _File()

    def write(self, name: str, at: int, data: bytes) -> None:
        """Seen at once, safe after sync(). Raises CardError."""
        self._begin("write", name)
        if self.faults.straying:
            name, at = self._astray(name, at)
        file = self._files[name]
        _put(file.data, at, data)
        file.pending.append((at, data))

    def cut(self, name: str, size: int) -> None:
        """Shorter from now on, safe after sync(). Raises CardError."""
        self._begin("cut", name)
        file = self._files[name]
        del file.data[size:]
        file.pending.append((-1, size.to_bytes(8, "big")))

    def sync(self, name: str) -> None:
        """What was written to this file is safe, with its name. Raises CardError."""
        self._begin("sync", name)
        if self.faults.on_sync is not None:
            self._tell_failure()
            self.faults.on_sync()
        if self.faults.lying_share and self.rng.random() < self.faults.lying_share:
            return
        file = self._files[name]
        for at, data in file.pending:
            _redo(file.safe, at, data)
        file.pending.clear()
        file.has_safe_name = True

    def remove(self, name: str) -> None:
        """Gone, and safely so. Raises CardError."""
        self._begin("remove", name)
        self._files.pop(name, None)

    def rename(self, name: str, new_name: str) -> None:
        """Under another name, and safely so. Raises CardError."""
        self._begin("rename", name)
        assert new_name not in self._files
        self._files[new_name] = self._files.pop(name)

    def lose_power(self, damage: Damage) -> None:
        """Nobody holds it any more, and it has what a power cut leaves."""
        self.kill_holders()
        for name in self.names():
            file = self._files[name]
            if not file.has_safe_name and damage in (Damage.LOST, Damage.NEWEST):
                del self._files[name]
                continue
            left = bytearray(file.safe)
            for at, data in self._survivors(file.pending, damage):
                _redo(left, at, data)
            self._files[name] = _File(left, bytearray(left), has_safe_name=True)

    def image(self) -> dict[str, bytes]:
        """What is seen now, by name."""
        return {name: bytes(self._files[name].data) for name in self.names()}

    def copy(self, rng: random.Random) -> Card:
        """Another card with the same past, and no holder."""
        other = Card(rng)
        other._files = {
            name: _File(bytearray(f.data), bytearray(f.safe), f.has_safe_name, list(f.pending))
            for name, f in self._files.items()
        }
        return other

    def put_back(self, image: dict[str, bytes]) -> None:
        """An older copy in place of everything."""
        self._files = {
            name: _File(bytearray(data), bytearray(data), has_safe_name=True)
            for name, data in image.items()
        }

    def rot(self, name: str, at: int, mask: int) -> None:
        """One byte changes by itself."""
        file = self._files[name]
        for data in (file.data, file.safe):
            if at < len(data):
                data[at] ^= mask

    def forget_name(self, name: str) -> None:
        """A file that was new: what is in it is safe, and its entry in the directory is not."""
        self._files[name].has_safe_name = False

    def shorten(self, name: str, size: int) -> None:
        """A file is shorter from now on, and nobody of ours has asked for it."""
        file = self._files[name]
        del file.data[size:], file.safe[size:]
        file.pending.clear()

    def unlink(self, name: str) -> None:
        """Somebody else deletes a file: who has it open keeps it, and the next process has not."""
        self._files[name].is_unlinked = True
        if not self.locks:
            self._drop_unlinked()

    def _drop_unlinked(self) -> None:
        self._files = {name: f for name, f in self._files.items() if not f.is_unlinked}

    def _survivors(
        self, pending: list[tuple[int, bytes]], damage: Damage
    ) -> list[tuple[int, bytes]]:
        if damage is Damage.LOST or not pending:
            return []
        if damage is Damage.KEPT:
            return pending
        if damage is Damage.NEWEST:
            return pending[-1:]
        if damage is Damage.TORN:
            at, data = pending[-1]
            keep = self.rng.randrange(-(-len(data) // SECTOR_BYTES)) * SECTOR_BYTES
            return [*pending[:-1], *([(at, data[:keep])] if at >= 0 and keep else [])]
        return [part for each in pending for part in self._sectors(*each, damage)]

    def _sectors(self, at: int, data: bytes, damage: Damage) -> list[tuple[int, bytes]]:
        if at < 0:
            return [(at, data)] if self.rng.random() < 0.5 else []
        found = []
        for start in range(0, len(data), SECTOR_BYTES):
            sector = data[start : start + SECTOR_BYTES]
            if damage is Damage.GARBLED and self.rng.random() < GARBLED_SHARE:
                found.append((at + start, self.rng.randbytes(len(sector))))
            elif self.rng.random() < 0.5:
                found.append((at + start, sector))
        return found

    def _astray(self, name: str, at: int) -> tuple[str, int]:
        """Another sector of this file, or of another one."""
        self.faults.straying -= 1
        others = [other for other in self.names() if self._files[other].data]
        name = self.rng.choice(others) if others and self.rng.random() < STRAY_SHARE else name
        sectors = len(self._files[name].data) // SECTOR_BYTES
        return name, at if sectors == 0 else self.rng.randrange(sectors) * SECTOR_BYTES

    def _begin(self, kind: str, name: str) -> None:
        self.operations += 1
        if self.on_operation is not None:
            self.on_operation(Operation(self.operations, kind, name))
        if self.faults.trouble is not None:
            self._fail(kind, name)

    def _fail(self, kind: str, name: str) -> None:
        faults = self.faults
        if faults.trouble is None or faults.left == 0 or not name.startswith(faults.folder):
            return
        if faults.kinds and kind not in faults.kinds:
            return
        if faults.passing:
            faults.passing -= 1
            return
        if faults.left is not None:
            faults.left -= 1
        self._tell_failure()
        raise CardError(faults.trouble)

    def _tell_failure(self) -> None:
        if self.on_failure is not None:
            self.on_failure()


class Mount:
    """The card as one process has it; a killed one's is a phantom's."""

    def __init__(self, card: Card) -> None:
        self.card = card


def _redo(data: bytearray, at: int, part: bytes) -> None:
    """One pending write or, at -1, cut."""
    if at < 0:
        del data[int.from_bytes(part, "big") :]
    else:
        _put(data, at, part)


def _put(data: bytearray, at: int, part: bytes) -> None:
    if len(data) < at:
        data.extend(bytes(at - len(data)))
    data[at : at + len(part)] = part
