"""What the chair needs from the clinic's side: appointments in, finished records out.

Protocols only; edge/services/clinic_book.py and clinic_sync.py fit them. No clock, no network.
"""

from __future__ import annotations

from typing import Protocol

from edge.domain.prescription import MotorThreshold, Order, Patient, Problem
from edge.domain.record import SessionRecord
from edge.domain.train_plan import Plan
from edge.services.chair_state import AppointmentRow


class VisitFactsPort(Protocol):
    """Everything known about one appointment."""

    @property
    def appointment(self) -> AppointmentRow: ...
    @property
    def patient(self) -> Patient: ...
    @property
    def order(self) -> Order | None: ...
    @property
    def threshold(self) -> MotorThreshold | None: ...
    @property
    def plan(self) -> Plan | None: ...
    @property
    def level_pct_mso(self) -> int | None: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def protocol_gap_s_max(self) -> int | None:
        """The protocol's longest time to a resumption; None when it names none."""


class ClinicBookPort(Protocol):
    """Appointments and orders as last pulled."""

    def today(self) -> tuple[AppointmentRow, ...]:
        """Today's list, sorted by start."""

    def visit(self, appointment_id: str) -> VisitFactsPort | None:
        """Facts of one appointment; None when there is none of this name."""

    def fit_controller(self, timing_us_min: int) -> bool:
        """Judge orders by the shortest interval this controller can time; True when it is news."""

    def invalidate(self) -> None:
        """A session row changed: counts are out of date."""


class ClinicSyncPort(Protocol):
    """The way to the clinic's server."""

    def enqueue_session(self, record: SessionRecord) -> None:
        """Queue the record inside the caller's open transaction; twice counts once."""

    def session_state(self, session_id: str) -> str:
        """'', queued, sent or refused."""
