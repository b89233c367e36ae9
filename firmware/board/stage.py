# An image on its way into the slot that is not running: the HAL's image() and stage_ calls on
# the flash. Gathers small writes into whole sectors, keeps room for the ledger, and stores the
# manifest only after everything has been read back. What may come, and when, core/staging.py
# has judged. Stops the chip while the flash is written: STANDBY only. No clock.
from firmware.board import slots
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import SLOT_A, SLOT_B

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.board.files import Flash

_SECTOR_BYTES = const(4096)  # [V] erased at once (sources.md firmware 7.3)
# [P] Left free for the ledger, the marks and what the file system moves about.
_ROOM_BYTES = const(32768)


class Stage:
    def __init__(
        self,
        files: "Flash",
        choice: "slots.Choice",
        keep_awake: "Callable[[], None] | None" = None,
    ) -> None:
        """choice is the loader's; keep_awake is called between the steps of long work."""
        self._files = files
        self._slot = choice.slot
        self._hash8 = choice.image_hash8
        self._is_trial = choice.is_trial
        self._keep_awake = keep_awake
        self._other = SLOT_B if choice.slot == SLOT_A else SLOT_A
        self._name = ""
        self._held = b""

    def image(self) -> "tuple[int, bytes, int]":
        """(slot, first 8 bytes of the manifest's SHA-256, 1 on trial) of what is running."""
        return self._slot, self._hash8, 1 if self._is_trial else 0

    def begin(self) -> bool:
        """Empty the other slot; never on trial, when it is what a fall-back needs."""
        self._name = ""
        self._held = b""
        return not self._is_trial and slots.clear(self._files, self._other, self._keep_awake)

    def write(self, name: str, data: bytes) -> bool:
        """Add to this file; files come one after the other."""
        if name != self._name:
            if not self._flush() or not self._make_folders(name):
                return False
            self._name = name
            # Made at once, so that an empty file is there too.
            if not self._files.write(slots.file_path(self._other, name), b""):
                return False
        self._held += data
        return len(self._held) < _SECTOR_BYTES or self._flush()

    def finish(self, manifest: bytes) -> bool:
        """Read everything back, then store the manifest: the slot is whole from here on."""
        if self._is_trial or not self._flush():
            return False
        self._name = ""
        if not slots.agrees(self._files, self._other, manifest):
            return False
        return self._files.replace(slots.manifest_path(self._other), manifest)

    def try_(self) -> bool:
        """The next boots try the other slot."""
        return not self._is_trial and slots.begin_trial(self._files, self._other)

    def commit(self) -> bool:
        """Keep the slot that is running on trial."""
        if not self._is_trial or not slots.keep(self._files, self._slot):
            return False
        self._is_trial = False
        return True

    def _flush(self) -> bool:
        held, self._held = self._held, b""
        if not held:
            return True
        if self._keep_awake is not None:
            self._keep_awake()
        if self._files.free_bytes() < len(held) + _ROOM_BYTES:
            return False
        return self._files.append(slots.file_path(self._other, self._name), held)

    def _make_folders(self, name: str) -> bool:
        # Of the path to this file; those that are there already cost nothing.
        path = slots.NAMES[self._other]
        for part in [slots.PACKAGE] + name.split("/")[:-1]:
            path += "/" + part
            if not self._files.mkdir(path):
                return False
        return True
