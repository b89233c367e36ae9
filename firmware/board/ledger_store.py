# The stored count of pulses: two copies written in turn, each with a generation and a CRC. A power
# cut while one is written leaves the other; what is loaded is the newest that is whole. Owns no
# meaning of the bytes (core/counters.py). Never written while the gate is on: the core's duty, here
# asserted, because a flash write stops the chip (sources.md firmware 7.2). No clock.
import struct
from binascii import crc32

from firmware.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.board.files import Flash

PATHS = ("ledger.0", "ledger.1")
_HEAD = "<I"  # generation; 100 sessions a day fill 32 bits in 100,000 years
_CRC = "<I"


class LedgerStore:
    # is_damaged: at the last load a copy was there that fails its check. It may have been the newer
    # one, so the count may be too low: the board's self-test tells (SELF_TEST_LEDGER).

    def __init__(self, files: "Flash", is_armed: "Callable[[], bool]") -> None:
        self._files = files
        self._is_armed = is_armed
        self._data = b""  # what the newest copy should hold
        self.is_damaged = False

    def load(self) -> bytes:
        """The newest whole copy, b"" on a new board; damaged bytes when none is whole."""
        there = self._there()
        whole = [copy for copy in [_opened(data) for data in there] if copy is not None]
        self.is_damaged = len(whole) < len(there)
        if whole:
            self._data = max(whole)[1]
            return self._data
        # Not b"": that would be a new board, and the count would start at zero.
        return there[0] + b"\xff" if there else b""

    def _there(self) -> "list[bytes]":
        # Cut while first made, a file is empty: as good as none.
        return [data for data in [self._files.read(path) for path in PATHS] if data]

    def save(self, data: bytes) -> bool:
        """Store a new copy in place of the older one; False when it does not read back."""
        assert not self._is_armed(), "ledger written while the gate is on"
        generations = [self._generation(path) for path in PATHS]
        older = 0 if generations[0] < generations[1] else 1
        head = struct.pack(_HEAD, max(generations) + 1) + data
        stored = head + struct.pack(_CRC, crc32(head))
        path = PATHS[older]
        if not self._files.write(path, stored) or self._files.read(path) != stored:
            return False
        self._data = data
        return True

    def scrub(self) -> bool:
        """Look at both copies; one that is not whole any more is written anew. True: both are."""
        broken = [data for data in self._there() if _opened(data) is None]
        if not broken:
            return True
        return self._data != b"" and self.save(self._data) and len(broken) == 1

    def _generation(self, path: str) -> int:
        # 0 for a copy that is not there or not whole: it is the one to overwrite.
        found = _opened(self._files.read(path))
        return 0 if found is None else found[0]


def _opened(stored: "bytes | None") -> "tuple[int, bytes] | None":
    # (generation, data) of a whole copy.
    if stored is None or len(stored) < struct.calcsize(_HEAD + "I"):
        return None
    head, crc = stored[:-4], stored[-4:]
    if struct.unpack(_CRC, crc)[0] != crc32(head):
        return None
    return struct.unpack(_HEAD, head[:4])[0], head[4:]
