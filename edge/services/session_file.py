"""Session rows of the store: the facts that bring a visit back after a crash, and the record.

The row is written at the first Arm, before any pulse, and closed by signing or leaving. Facts and
record are JSON of the domain's own dataclasses, decoded strictly: a text that says more than this
version knows, or that does not fit, is unreadable and never written over. Owns no journal and no
phase.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from edge.domain.held import DAMAGED, NEWER
from edge.domain.prescription import MotorThreshold, Order, Patient
from edge.domain.record import SessionRecord
from edge.domain.train_plan import Level, Plan
from edge.ports import Entropy, Store
from edge.services.chair_state import AppointmentRow

LAYOUT = 1  # of facts and record; a higher one was written by a newer version
OPEN = "open"
CLOSED = "closed"  # signed
ABANDONED = "abandoned"  # armed, nothing given, operator left


@dataclass(frozen=True)
class SessionFacts:
    """What was true when the session was first armed."""

    session_id: str
    appointment: AppointmentRow
    patient: Patient
    order: Order
    threshold: MotorThreshold
    levels: tuple[tuple[int, int], ...]  # count, period_us; innermost first
    train_levels: int
    plan_sha256: str
    level_pct_mso: int
    operator: str
    unit_id: str
    coil_serial: str
    coil_type: str
    software_version: str
    firmware_version: str
    settings_hash: str
    checks: dict[str, str] = field(default_factory=dict)
    layout: int = LAYOUT

    def plan(self) -> Plan:
        """The plan again, checked against its hash."""
        plan = Plan(tuple(Level(*pair) for pair in self.levels), self.train_levels)
        if plan.sha256 != self.plan_sha256:
            raise ValueError(f"session {self.session_id}: the kept plan does not fit its hash")
        return plan


class UnreadableError(Exception):
    """A kept text that this version does not understand in full. why: a word of domain/held.py."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail


@dataclass(frozen=True)
class KeptRow:
    """A row of the session table as it stands."""

    session_id: str
    patient_id: str
    opened: str
    state: str
    facts_text: str
    record_text: str | None

    def facts(self) -> SessionFacts:
        """Raises UnreadableError."""
        return decode_facts(self.facts_text)


def decode_facts(text: str) -> SessionFacts:
    """Facts that are understood to the last field, and whose plan fits its hash. Raises
    UnreadableError."""
    facts = _understood(text, SessionFacts)
    try:
        facts.plan()
    except ValueError as error:
        raise UnreadableError(DAMAGED, str(error)) from error
    return facts


def decode_record(text: str) -> SessionRecord:
    """A kept record. Raises UnreadableError."""
    return _understood(text, SessionRecord)


T = TypeVar("T")


def _understood(text: str, kind: type[T]) -> T:
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadableError(DAMAGED, str(error)) from error
    layout = raw.get("layout", LAYOUT) if isinstance(raw, dict) else None
    if isinstance(layout, int) and layout > LAYOUT:
        raise UnreadableError(NEWER, f"layout {layout}, this version knows {LAYOUT}")
    try:
        value = msgspec.json.decode(text, type=kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise UnreadableError(DAMAGED, str(error)) from error
    unknown = _unknown(raw, msgspec.json.decode(msgspec.json.encode(value)), "$")
    if unknown:
        raise UnreadableError(NEWER, f"{unknown} is not known to this version")
    return value


def _unknown(raw: object, known: object, where: str) -> str:
    """Path of the first member that was read past; ''."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for name, value in raw.items():
            path = f"{where}.{name}"
            found = path if name not in known else _unknown(value, known[name], path)
            if found:
                return found
    if isinstance(raw, list) and isinstance(known, list):
        for index, (value, other) in enumerate(zip(raw, known, strict=False)):
            if found := _unknown(value, other, f"{where}[{index}]"):
                return found
    return ""


def new_session_id(entropy: Entropy) -> str:
    """A random UUID (version 4) as text."""
    raw = bytearray(entropy.token_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class SessionFile:
    """The session table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, facts: SessionFacts, opened_utc: datetime) -> None:
        """Add the row, inside the caller's transaction."""
        self._store.rows(
            "INSERT INTO session (session_id, appointment_id, patient_id, facts, state, opened_utc)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                facts.session_id,
                facts.appointment.appointment_id,
                facts.patient.patient_id,
                msgspec.json.encode(facts).decode(),
                OPEN,
                opened_utc.isoformat(),
            ),
        )

    def abandon(self, session_id: str, utc: datetime) -> None:
        """Close a session in which nothing was given and nothing is to be signed."""
        self._store.rows(
            "UPDATE session SET state = ?, closed_utc = ? WHERE session_id = ?",
            (ABANDONED, utc.isoformat(), session_id),
        )

    def sign(self, record: SessionRecord) -> None:
        """Close with the signed record, inside the caller's transaction."""
        self._store.rows(
            "UPDATE session SET state = ?, closed_utc = ?, record = ? WHERE session_id = ?",
            (
                CLOSED,
                record.signed_utc.isoformat(),
                msgspec.json.encode(record).decode(),
                record.session_id,
            ),
        )

    def unfinished(self) -> list[KeptRow]:
        """Sessions that were never closed, the newest first. Of those that can be read there is one
        at most."""
        return self._rows("WHERE state = ? ORDER BY opened_utc DESC", (OPEN,))

    def of_patient(self, patient_id: str) -> list[KeptRow]:
        """Everything kept of a patient, signed or never closed, in order of opening."""
        return self._rows(
            "WHERE patient_id = ? AND state != ? ORDER BY opened_utc", (patient_id, ABANDONED)
        )

    def signed(self) -> list[KeptRow]:
        """Every signed session."""
        return self._rows("WHERE state = ? ORDER BY opened_utc", (CLOSED,))

    def _rows(self, which: str, args: tuple[str, ...]) -> list[KeptRow]:
        found = self._store.rows(
            "SELECT session_id, patient_id, opened_utc, state, facts, record"  # noqa: S608
            f" FROM session {which}",
            args,
        )
        return [
            KeptRow(
                session_id=str(session_id),
                patient_id=str(patient_id),
                opened=str(opened),
                state=str(state),
                facts_text=str(facts),
                record_text=None if record is None else str(record),
            )
            for session_id, patient_id, opened, state, facts, record in found
        ]
