"""Reads finished and unfinished sessions back out of the store, for lists and for export.

Changes nothing. The record is handed on as the very text that was signed; the journal keeps its
order. Owns no masking: who may see what is decided by the caller. No clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.domain.fhir_patient import unknown_patient
from edge.domain.prescription import Patient
from edge.domain.record import SessionRecord
from edge.ports import Store, Value
from edge.services.session_file import UnreadableError, decode_facts, decode_record

LINES_MAX = 500  # a year of one chair is about 2,000 sessions; nobody scrolls further on a screen
_LINES = (
    "SELECT session_id, state, opened_utc, closed_utc, facts, record, patient_id FROM session"
    " ORDER BY opened_utc DESC, session_id LIMIT ?"
)
_ONE = (
    "SELECT session_id, state, opened_utc, closed_utc, facts, record, patient_id FROM session"
    " WHERE session_id = ?"
)


@dataclass(frozen=True)
class SessionEntry:
    """One session; record is None until it was signed, record_text is its kept JSON."""

    session_id: str
    state: str  # open, closed, abandoned
    opened_utc: str
    closed_utc: str | None
    patient: Patient
    prescribed: int | None
    record: SessionRecord | None
    record_text: str | None
    held: str  # why it cannot be understood: a word of edge/domain/held.py; ''
    received: tuple[str, ...]  # of a held one facts and record as they are kept


class Archive:
    """The session table, read only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def sessions(self, limit: int = 100) -> list[SessionEntry]:
        """Newest first. Raises StoreError."""
        return [_entry(row) for row in self._store.rows(_LINES, (min(limit, LINES_MAX),))]

    def session(self, session_id: str) -> SessionEntry | None:
        """One session, or None when there is none of this id. Raises StoreError."""
        found = self._store.rows(_ONE, (session_id,))
        return _entry(found[0]) if found else None


def _entry(row: tuple[Value, ...]) -> SessionEntry:
    session_id, state, opened_utc, closed_utc, facts_text, record_text, patient_id = row
    facts, record, held = None, None, ""
    try:
        facts = decode_facts(str(facts_text))
        record = None if record_text is None else decode_record(str(record_text))
    except UnreadableError as error:
        held = error.why
    return SessionEntry(
        session_id=str(session_id),
        state=str(state),
        opened_utc=str(opened_utc),
        closed_utc=None if closed_utc is None else str(closed_utc),
        patient=unknown_patient(str(patient_id)) if facts is None else facts.patient,
        prescribed=None if facts is None else facts.plan().pulses,
        record=record,
        record_text=None if record_text is None else str(record_text),
        held=held,
        received=tuple(str(text) for text in (facts_text, record_text) if held and text),
    )
