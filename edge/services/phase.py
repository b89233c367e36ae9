"""The one place where the visit's phase changes, and where changes are announced.

Applies edge/domain/session_states.py to ChairState, keeps the session's story for the screen, and
tells listeners that something visible changed: at once when nothing was told for a while, else
coalesced. Runs on the loop's clock. Owns no device and no journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache

import structlog

from edge.domain.session_states import REJECT, E, S, next_state
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import WallClock
from edge.services.chair_state import ChairState, LogLine

log = structlog.get_logger(__name__)

ANNOUNCE_S = 0.05  # at most 20 announcements a second; a screen draws no more
LOG_LINES_MAX = 50  # one screen's worth of story; the journal has all of it


@cache  # a small table, asked for a dozen times in each picture
def _judged(state: S, event: E) -> Verdict:
    is_rejected = next_state(state, event) is REJECT
    return refused("wrong_state", state=state.value) if is_rejected else ACCEPTED


class Phase:
    """Writer of ChairState.state and ChairState.rev."""

    def __init__(self, state: ChairState, wall_clock: WallClock) -> None:
        self._state = state
        self._wall_clock = wall_clock
        self._listeners: list[Callable[[], None]] = []
        self._moved: list[Callable[[S, S, E], None]] = []
        self._timer: asyncio.Handle | None = None
        self._announced_at = -ANNOUNCE_S

    @property
    def now(self) -> S:
        """Where the visit stands."""
        return self._state.state

    def judge(self, event: E) -> Verdict:
        """Whether the table takes this event now."""
        return _judged(self._state.state, event)

    def leads_on(self, event: E) -> bool:
        """True when the event would change the phase."""
        return isinstance(next_state(self._state.state, event), S)

    def move(self, event: E) -> bool:
        """Apply the event; False when it changes nothing."""
        was = self._state.state
        target = next_state(was, event)
        if not isinstance(target, S):
            if target is REJECT:
                log.warning("event out of place", event_name=event.value, state=was.value)
            return False
        self._state.state = target
        log.info("phase", was=was.value, now=target.value, event_name=event.value)
        for callback in self._moved:
            callback(was, target, event)
        self.touch()
        return True

    def on_move(self, callback: Callable[[S, S, E], None]) -> None:
        """Hear each move, inside it."""
        self._moved.append(callback)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Hear, coalesced, that rev has grown."""
        self._listeners.append(callback)

    def touch(self) -> None:
        """Something an operator could see has changed."""
        self._state.rev += 1
        if self._timer is None and self._listeners:
            loop = asyncio.get_running_loop()
            due_at = self._announced_at + ANNOUNCE_S
            if loop.time() >= due_at:
                self._timer = loop.call_soon(self._announce)
            else:
                self._timer = loop.call_at(due_at, self._announce)

    def say(self, kind: str, **args: str | int | float) -> None:
        """Add a line to the session's story on the screen, and to the log."""
        log.info(kind, **args)
        self._add_line(kind, args)

    def say_private(self, kind: str, **args: str | int | float) -> None:
        """The same for words about the patient: the log learns only that there was a line."""
        log.info(kind)
        self._add_line(kind, args)

    def _add_line(self, kind: str, args: dict[str, str | int | float]) -> None:
        visit = self._state.visit
        if visit is None:
            return
        lines = visit.session.log
        lines.append(LogLine(self.utc_s(), kind, args))
        del lines[:-LOG_LINES_MAX]
        self.touch()

    def utc_s(self) -> float:
        """Wall clock for screens, seconds since 1970."""
        return self._wall_clock.now().utc.timestamp()

    def _announce(self) -> None:
        self._timer = None
        self._announced_at = asyncio.get_running_loop().time()
        for callback in self._listeners:
            callback()
