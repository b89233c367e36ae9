"""Bugs planted into what the power-cut test watches; each is plausible and must be found."""

from __future__ import annotations

from firmware.board import slots
from firmware.board.files import Files
from firmware.board.ledger_store import PATHS, LedgerStore
from firmware.board.stage import Stage


class ManifestFirst(Stage):
    """Trusts what will be written: the manifest is stored, the last bytes follow."""

    def finish(self, manifest: bytes) -> bool:
        path = slots.manifest_path(self._other)
        return self._files.replace(path, manifest) and self._flush()


class KeepsManifest(Stage):
    """Empties the slot in the order of the names: the manifest outlives the files."""

    def begin(self) -> bool:
        path = slots.manifest_path(self._other)
        manifest = self._files.read(path)
        is_done = super().begin()
        return is_done and (manifest is None or self._files.write(path, manifest))


class OneLedger(LedgerStore):
    """One copy, head and body written one after the other."""

    def save(self, data: bytes) -> bool:
        path = PATHS[0]
        return self._files.write(path, data[:4]) and self._files.append(path, data[4:])

    def load(self) -> bytes:
        return self._files.read(PATHS[0]) or b""


def choose_uncounted(files: Files) -> slots.Choice | None:
    """The trial begins first; it would be counted by the new firmware."""
    slot, begun = slots.trial(files)
    if slot and slot not in slots.kept_slots(files)[:1] and begun < slots.TRIALS_MAX:
        return slots.Choice(slot, slots.image_hash8(files, slot), True)
    return slots.choose(files)


def keep_forgetting_first(files: Files, slot: int) -> bool:
    """Takes the trial mark away before the slot is marked as good."""
    return files.remove(slots.TRY) and slots.keep(files, slot)


def keep_in_place(files: Files, slot: int) -> bool:
    """Removes the old mark, then writes the new one."""
    files.remove(slots.GOOD)
    return slots.keep(files, slot)
