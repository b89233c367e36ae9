"""One attached screen: what it was shown, what it last said, how it is reached.

Transport-free: bytes go out through the callables it was made with and come in through receive().
Holds no decision about commands; that is the hub's. Times are loop seconds, handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from edge.api.schema import Beat

Send = Callable[[bytes], None]

MALFORMED_MAX = 20  # within a minute; then the page is broken or hostile
_MALFORMED_WINDOW_S = 60.0
# [P] A screen that has not beaten for so long may be displaced by another.
SILENT_S = 3.0
# [P] What the page says it shows may be this old; older means that it draws but is stuck.
_SHOWN_AGE_S = 2.0
_SENT_KEPT = 64  # revisions; over 3 s at 20 a second


class Ears(Protocol):
    """Where a connection's messages go."""

    def take(self, connection: Connection, data: bytes) -> None: ...

    def take_binary(self, connection: Connection, data: bytes) -> None: ...

    def drop(self, connection: Connection) -> None: ...


@dataclass(eq=False)
class Connection:
    """Made by Hub.connect."""

    ears: Ears
    send: Send
    send_snapshot: Send
    close_transport: Callable[[], None]
    token: str
    heard_at: float
    is_open: bool = True
    revealed_id: str | None = None  # appointment; a reveal never passes on to the next patient
    revealed_until: float = 0.0
    beat: Beat | None = None
    _sent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_SENT_KEPT))
    _first_rev: int | None = None
    _malformed_at: deque[float] = field(default_factory=lambda: deque(maxlen=MALFORMED_MAX))

    def receive(self, data: bytes) -> None:
        """A text message of the page; never blocks, never raises for bad input."""
        if self.is_open:
            self.ears.take(self, data)

    def receive_binary(self, data: bytes) -> None:
        """A binary frame: refused in words."""
        if self.is_open:
            self.ears.take_binary(self, data)

    def disconnect(self) -> None:
        """The transport has ended."""
        self.ears.drop(self)

    def close(self) -> None:
        """End it from this side."""
        if self.is_open:
            self.ears.drop(self)
            self.close_transport()

    def show(self, snapshot: bytes, rev: int, now_s: float) -> None:
        """Send a picture; the transport may skip it for a newer one."""
        if self._first_rev is None:
            self._first_rev = rev
        if not self._sent or self._sent[-1][0] != rev:
            self._sent.append((rev, now_s))
        self.send_snapshot(snapshot)

    def reveal(self, appointment_id: str, until_s: float) -> None:
        """Show this visit's patient in full for a while."""
        self.revealed_id, self.revealed_until = appointment_id, until_s

    def is_revealed(self, appointment_id: str | None, now_s: float) -> bool:
        if appointment_id is None or appointment_id != self.revealed_id:
            return False
        return now_s < self.revealed_until

    @property
    def shown_rev(self) -> int:
        """Newest revision sent."""
        return self._sent[-1][0] if self._sent else -1

    def was_sent(self, rev: int) -> bool:
        """Whether this connection can know that revision."""
        return self._first_rev is not None and self._first_rev <= rev <= self.shown_rev

    def is_silent(self, now_s: float) -> bool:
        return now_s - self.heard_at > SILENT_S

    def note_beat(self, beat: Beat, now_s: float) -> tuple[bool, bool]:
        """Take a beat; returns whether somebody touched the screen, and whether it is alive.

        Alive means that it has drawn since the last beat and shows a recent picture.
        """
        last, self.beat, self.heard_at = self.beat, beat, now_s
        if last is None:
            return beat.touches > 0, True
        is_drawn = beat.frames > last.frames
        return beat.touches > last.touches, is_drawn and self._is_recent(beat.shown_rev, now_s)

    def note_malformed(self, now_s: float) -> bool:
        """Count a bad message; returns whether there were too many."""
        self._malformed_at.append(now_s)
        is_full = len(self._malformed_at) == MALFORMED_MAX
        return is_full and now_s - self._malformed_at[0] <= _MALFORMED_WINDOW_S

    def _is_recent(self, rev: int, now_s: float) -> bool:
        """Whether rev is at least the newest one sent before the allowed age."""
        due = [sent for sent, at in self._sent if at <= now_s - _SHOWN_AGE_S]
        return not due or rev >= due[-1]
