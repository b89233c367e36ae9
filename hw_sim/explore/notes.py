"""What was seen beside the plant's own record: the plan, the edge, the screen and the clinic.

Lines with the true time and the column they belong to, for the timeline of a failure and for the
hash that two runs of a plan must share. Bounded; knows no clock but the one it is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

NOTES_MAX = 50_000  # a hostile visit makes some hundreds
PLAN, EDGE, SCREEN, CLINIC = "plan", "edge", "screen", "clinic"


class Note(NamedTuple):
    """One line."""

    at_ns: int
    column: str
    text: str


class Notes:
    """Append-only."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self.entries: list[Note] = []

    def add(self, column: str, text: str) -> None:
        """Now."""
        if len(self.entries) < NOTES_MAX:
            self.entries.append(Note(self._now_ns(), column, text))

    def sha256(self) -> str:
        """Over every line."""
        digest = hashlib.sha256()
        for note in self.entries:
            digest.update(repr(tuple(note)).encode())
        return digest.hexdigest()
