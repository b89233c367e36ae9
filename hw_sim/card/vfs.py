"""The database engine's file layer on a simulated card.

One instance for one mount. Locks are nobody's: the store's connection is exclusive. Errors of the
card reach the engine as its own errors.
"""

from __future__ import annotations

import itertools

import apsw

from hw_sim.card.card import CardError, Mount, Trouble

_numbers = itertools.count(1)
_ERRORS = {
    Trouble.IO: apsw.IOError,
    Trouble.FULL: apsw.FullError,
    Trouble.READ_ONLY: apsw.ReadOnlyError,
}
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
        with _Errors():
            self._mount.card.remove(path)

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
    def __init__(self, mount: Mount, name: str) -> None:
        self._mount, self._name = mount, name

    def make(self) -> None:
        with _Errors():
            self._mount.card.make(self._name)

    def xRead(self, amount: int, offset: int) -> bytes:
        with _Errors():
            return self._mount.card.read(self._name, offset, amount)
        raise AssertionError  # the errors above end the call

    def xWrite(self, data: bytes, offset: int) -> None:
        with _Errors():
            self._mount.card.write(self._name, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        with _Errors():
            self._mount.card.cut(self._name, size)

    def xSync(self, _flags: int) -> None:
        with _Errors():
            self._mount.card.sync(self._name)

    def xFileSize(self) -> int:
        with _Errors():
            return self._mount.card.size(self._name)
        raise AssertionError

    def xLock(self, _level: int) -> None: ...

    def xUnlock(self, _level: int) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, _operation: int, _pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return 0  # promises nothing

    def xClose(self) -> None: ...


class _Errors:
    """The card's errors in the engine's words."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, CardError):
            raise _ERRORS[error.trouble](str(error)) from error
