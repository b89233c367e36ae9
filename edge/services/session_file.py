"""Session rows of the store: the facts that bring a visit back after a crash, and the record.

The row is written at the first Arm, before any pulse, and closed by signing or leaving. Facts and
record are JSON of the domain's own dataclasses, decoded strictly. Owns no journal and no phase.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from edge.domain.prescription import MotorThreshold, Order, Patient
from edge.domain.record import SessionRecord
from edge.domain.train_plan import Level, Plan
from edge.ports import Entropy, Store
from edge.services.chair_state import AppointmentRow

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

    def plan(self) -> Plan:
        """The plan again, checked against its hash."""
        plan = Plan(tuple(Level(*pair) for pair in self.levels), self.train_levels)
        if plan.sha256 != self.plan_sha256:
            raise ValueError(f"session {self.session_id}: the kept plan does not fit its hash")
        return plan


_facts_decoder = msgspec.json.Decoder(SessionFacts)
_record_decoder = msgspec.json.Decoder(SessionRecord)


def decode_record(text: str) -> SessionRecord:
    """A kept record; msgspec.ValidationError when it is none."""
    return _record_decoder.decode(text)


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

    def unfinished(self) -> SessionFacts | None:
        """The newest session that was never closed; older ones cannot exist beside it."""
        rows = self._store.rows(
            "SELECT facts FROM session WHERE state = ? ORDER BY opened_utc DESC LIMIT 1", (OPEN,)
        )
        return _facts_decoder.decode(str(rows[0][0])) if rows else None
