"""Bodies of HTTP answers, next to the WebSocket messages of edge/api/schema.py.

Every error of the HTTP side has one shape, HttpError, in words and with a code. What the session
list shows is masked like the rest of the page; a single session is the whole record and is audited.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from edge.api.unit_view import Args


class HttpError(Struct, frozen=True):
    """Any answer of 400 and above; where names the field when one is to blame."""

    code: str
    text: str
    where: str
    args: Args


class SessionRow(Struct, frozen=True):
    """A line of GET /api/sessions, newest first."""

    session_id: str
    opened: str  # ISO time, UTC
    closed: str | None
    state: str  # open, closed, abandoned
    initials: str
    mrn_last4: str
    outcome: str  # completed, stopped, not_done; '' while unsigned; held: nobody can read it
    pulses_prescribed: int | None
    pulses_measured: int | None


class RecordedSession(Struct, frozen=True):
    """A line of the service console's list; no name and no number of a patient."""

    name: str
    session_id: str
    recording: int
    has_recording: bool  # the track outlives its recording
    header: msgspec.Raw  # edge/services/session_track.py
    state: str  # as in SessionRow; '' when the store has no such session
    outcome: str
    measured: int | None
    stops: tuple[str, ...]


class RecordedSessions(Struct, frozen=True):
    """GET /api/console/sessions, newest first; stopped: why nothing is recorded now."""

    sessions: list[RecordedSession]
    stopped: str


class SessionDetail(Struct, frozen=True):
    """GET /api/sessions/{id}: signed record (null while unsigned) and the journal.

    held: why this version cannot read it; then its texts stand in received as they are kept, and
    the journal's rows as well.
    """

    session_id: str
    state: str
    record: msgspec.Raw
    journal: msgspec.Raw
    held: str
    received: list[str]
