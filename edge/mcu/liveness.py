"""Silence on the line: when was the controller last heard, and when does that count as gone.

Starts unheard, which counts as silent. Pure: the caller brings the time. The controller watches us
in the same way (Configure.heartbeat_ms_max); neither side relies on the other's watch.
"""

from __future__ import annotations

HEARTBEAT_S = 0.1  # five chances within the controller's 500 ms
SILENT_S = 0.3  # [P] three answers missing
GIVE_UP_S = 2.0  # [P] the driver may hang; a fresh open costs little


class Liveness:
    """Of one connection."""

    def __init__(self, opened_at: float) -> None:
        self.heard_at: float | None = None
        self._opened_at = opened_at

    def hear(self, now: float) -> None:
        """A whole, valid Status arrived."""
        self.heard_at = now

    def is_silent(self, now: float) -> bool:
        """True when nothing was heard for SILENT_S, or never."""
        return self.heard_at is None or now - self.heard_at > SILENT_S

    def is_hopeless(self, now: float) -> bool:
        """True when the line should be closed and opened again."""
        since = self._opened_at if self.heard_at is None else self.heard_at
        return now - since > GIVE_UP_S
