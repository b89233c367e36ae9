"""Who has to give a sign of life, and how old it may be.

The edge's enable is held only while every part has checked in within its window: a part that hangs
is found by its silence, whatever else goes on. Starts with nobody present. The caller brings the
time; the reaction is edge/services/host_enable.py. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping


class RollCall:
    """Of the parts named at the start, each with its window in seconds."""

    def __init__(self, windows_s: Mapping[str, float]) -> None:
        self._windows_s = dict(windows_s)
        self._seen_at: dict[str, float] = {}

    def check_in(self, part: str, now: float) -> None:
        """This part is alive. Raises KeyError for a name that is not on the list."""
        assert self._windows_s[part] > 0
        self._seen_at[part] = now

    def missing(self, now: float) -> str:
        """The first part that is overdue or was never heard; '' when all are present."""
        for part, window_s in self._windows_s.items():
            seen_at = self._seen_at.get(part)
            if seen_at is None or now - seen_at > window_s:
                return part
        return ""
