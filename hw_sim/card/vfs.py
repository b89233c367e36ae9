"""The database engine's file layer on a simulated card.

One instance for one mount. Locks are between the processes of one card, at the engine's levels.
Errors of the card reach the engine as its own errors.
"""

from __future__ import annotations

import itertools

import apsw

from hw_sim.card.card import Card, CardError, Mount, Trouble

_numbers = itertools.count(1)
_ERRORS = {
    Trouble.IO: apsw.IOError,
    Trouble.FULL: apsw.FullError,
    Trouble.READ_ONLY: apsw.ReadOnlyError,
}
# The engine's levels of a lock, and for each the least of another process that is in its way.
_UNLOCKED, _SHARED, _RESERVED, _PENDING, _EXCLUSIVE = range(5)
_BARS = {_SHARED: _PENDING, _RESERVED: _RESERVED, _PENDING: _RESERVED, _EXCLUSIVE: _SHARED}
_JULIAN_MS = 212_000_000_000_000  # some day; nothing of ours asks the engine for the time


class CardVfs(apsw.VFS):
    """name: to be given to the connection."""

    def __init__(self, mount: Mount) -> None:
        self.name = f"card-{next(_numbers)}"
        self._mount = mount
        super().__init__(self.name, base="")

    def xOpen(  # type: ignore[override]  # any object with its methods will do
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> _CardFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        flags[1] = flags[0]
        file = _CardFile(self._mount, path)
        file.make()
        return file

    def xAccess(self, path: str, _flags: int) -> bool:
        return self._mount.card.has(path)

    def xDelete(self, path: str, _is_synced: bool) -> None:
        try:
            self._mount.card.remove(path)
        except CardError as error:
            raise _engines(error) from error

    def xFullPathname(self, name: str) -> str:
        return name

    def xRandomness(self, count: int) -> bytes:
        return self._mount.card.rng.randbytes(count)

    def xSleep(self, microseconds: int) -> int:
        return microseconds

    def xCurrentTime(self) -> float:
        return _JULIAN_MS / 86_400_000

    def xCurrentTimeInt64(self) -> int:
        return _JULIAN_MS

    def xGetLastError(self) -> tuple[int, str]:
        return 0, ""


class _CardFile:
    """Called some ten times in each transaction: no layers here."""

    def __init__(self, mount: Mount, name: str) -> None:
        self._mount, self._name = mount, name

    def make(self) -> None:
        try:
            self._mount.card.make(self._name)
        except CardError as error:
            raise _engines(error) from error

    def xRead(self, amount: int, offset: int) -> bytes:
        try:
            return self._mount.card.read(self._name, offset, amount)
        except CardError as error:
            raise _engines(error) from error

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._mount.card.write(self._name, offset, bytes(data))
        except CardError as error:
            raise _engines(error) from error

    def xTruncate(self, size: int) -> None:
        try:
            self._mount.card.cut(self._name, size)
        except CardError as error:
            raise _engines(error) from error

    def xSync(self, _flags: int) -> None:
        try:
            self._mount.card.sync(self._name)
        except CardError as error:
            raise _engines(error) from error

    def xFileSize(self) -> int:
        return self._mount.card.size(self._name)

    def xLock(self, level: int) -> None:
        """As the engine's own on a real disk: many readers, one writer, one alone."""
        holders = self._mount.card.locks.setdefault(self._name, {})
        bar = _BARS[level]
        if any(other >= bar for holder, other in holders.items() if holder is not self):
            raise apsw.BusyError("database is locked")
        holders[self] = max(level, holders.get(self, 0))

    def xUnlock(self, level: int) -> None:
        _let_go(self._mount.card, self._name, self, level)

    def xCheckReservedLock(self) -> bool:
        holders = self._mount.card.locks.get(self._name, {})
        return any(level >= _RESERVED for level in holders.values())

    def xFileControl(self, _operation: int, _pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return 0  # promises nothing

    def xClose(self) -> None:
        _let_go(self._mount.card, self._name, self, _UNLOCKED)


def _let_go(card: Card, name: str, holder: object, level: int) -> None:
    holders = card.locks.get(name, {})
    if level == _UNLOCKED:
        holders.pop(holder, None)
        if not holders:
            card.locks.pop(name, None)
    elif holder in holders:
        holders[holder] = level


def _engines(error: CardError) -> apsw.Error:
    """The card's error in the engine's words."""
    return _ERRORS[error.trouble](str(error))
