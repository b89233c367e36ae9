# The flash as files: for the loader, the slots, the ledger and the unit's settings. Outcomes are
# values: True or False, None for what is not there; nothing raises. One call is one commit of the
# file system: after a power cut a file is old or new, never a mixture (sources.md firmware 7.3).
# Imports nothing of this firmware, because the loader uses it before a slot has been chosen. Flash
# writes stop the chip: never while the gate is on (the callers' duty). No clock.
import os
from hashlib import sha256

TYPE_CHECKING = False  # firmware.compat is not there yet when the loader runs
if TYPE_CHECKING:
    from typing import Protocol

    class Flash(Protocol):
        # What the users of this file need of it; the simulator has another one in memory.

        def read(self, path: str) -> "bytes | None": ...

        def write(self, path: str, data: bytes) -> bool: ...

        def append(self, path: str, data: bytes) -> bool: ...

        def replace(self, path: str, data: bytes) -> bool: ...

        def remove(self, path: str) -> bool: ...

        def mkdir(self, path: str) -> bool: ...

        def list(self, path: str) -> "list[tuple[str, bool]]": ...

        def digest(self, path: str) -> "tuple[int, bytes] | None": ...

        def free_bytes(self) -> int: ...


_CHUNK = 512  # [P] bytes in RAM at a time while a file is hashed
_DIRECTORY = 0x4000  # os.ilistdir and POSIX agree on this bit


class Files:
    # Paths have no leading slash; root is "" on a board and a folder of its own elsewhere.

    def __init__(self, root: str = "") -> None:
        self._root = root

    def read(self, path: str) -> "bytes | None":
        """The whole file; None when there is none."""
        try:
            with open(self._root + path, "rb") as file:
                return file.read()
        except OSError:
            return None

    def write(self, path: str, data: bytes) -> bool:
        """Overwrite or make the file."""
        return self._put(path, data, "wb")

    def append(self, path: str, data: bytes) -> bool:
        """Lengthen or make the file."""
        return self._put(path, data, "ab")

    def _put(self, path: str, data: bytes, mode: str) -> bool:
        try:
            with open(self._root + path, mode) as file:
                return file.write(data) == len(data)
        except OSError:
            return False

    def replace(self, path: str, data: bytes) -> bool:
        """Overwrite by way of a second file and a rename, so that the old one stays to the last."""
        if not self.write(path + ".tmp", data):
            return False
        try:
            os.rename(self._root + path + ".tmp", self._root + path)
        except OSError:
            return False
        return True

    def remove(self, path: str) -> bool:
        """Remove a file or an empty folder."""
        for action in (os.remove, os.rmdir):
            try:
                action(self._root + path)
                return True
            except OSError:
                pass
        return False

    def mkdir(self, path: str) -> bool:
        """Make a folder; True also when it is there already."""
        try:
            os.mkdir(self._root + path)
        except OSError:
            return self._is_folder(path)
        return True

    def _is_folder(self, path: str) -> bool:
        try:
            return os.stat(self._root + path)[0] & _DIRECTORY != 0
        except OSError:
            return False

    def list(self, path: str) -> "list[tuple[str, bool]]":
        """(name, is a folder) of what a folder holds, by name; empty when there is none."""
        try:
            names = sorted(os.listdir(self._root + path))
        except OSError:
            return []
        return [(name, self._is_folder(path + "/" + name)) for name in names]

    def digest(self, path: str) -> "tuple[int, bytes] | None":
        """(size, SHA-256) of a file, read in small pieces; None when it cannot be read."""
        found = sha256()
        size = 0
        try:
            with open(self._root + path, "rb") as file:
                while True:
                    data = file.read(_CHUNK)
                    if not data:
                        return size, found.digest()
                    found.update(data)
                    size += len(data)
        except OSError:
            return None

    def free_bytes(self) -> int:
        """Room that is left."""
        facts = os.statvfs(self._root or "/")
        return facts[0] * facts[3]
