"""The finished record of one session: what goes on paper and to the clinic.

Built once from the journal when the operator signs; deterministic, so that the clinic's copy can be
rendered to the same bytes again. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge.domain.prescription import MotorThreshold, Order, Patient


@dataclass(frozen=True)
class TrainRow:
    """One train (or part of one). commanded: asked of the MCU; measured: sensed at the coil."""

    train_index: int
    first_pulse: int
    commanded: int
    measured: int
    started_us: int | None  # MCU time
    ended: str  # complete, hold, stop, fault, uncertain


@dataclass(frozen=True)
class Segment:
    """A stretch of the session without a break."""

    started_utc: datetime  # of the first train that was asked for in it
    ended_utc: datetime
    first_pulse: int  # pulses given before it
    pulses: int
    ended: str  # complete, or why it was broken off: operator, patient, a fault's code, restored
    begun_by: str  # who started or resumed
    released_by: str  # the clinician who let a gap pass, '' none


@dataclass(frozen=True)
class JournalRow:
    """A line of the session's story, as kept in the journal."""

    seq: int
    utc: datetime
    kind: str
    body: dict[str, object]
    is_trusted: bool = True  # somebody kept the wall clock then
    mono_us: int | None = None  # monotonic; None: of another start of the machine


@dataclass(frozen=True)
class SessionRecord:
    session_id: str  # UUID
    unit_id: str
    coil_serial: str
    coil_type: str
    software_version: str
    firmware_version: str
    settings_hash: str
    appointment_id: str
    operator: str  # account name
    patient: Patient
    order: Order
    threshold: MotorThreshold
    protocol_id: str
    protocol_version: str
    plan_sha256: str
    level_pct_mso: int
    percent_mt: int
    pulses_prescribed: int
    pulses_commanded: int
    pulses_measured: int
    pulses_uncertain: int
    trains: tuple[TrainRow, ...]
    started_utc: datetime | None  # first pulse; None when none was given
    ended_utc: datetime
    duration_ms: int  # from monotonic time
    peak_surface_c10: int | None
    outcome: str  # completed, stopped, not_done
    stop_reasons: tuple[str, ...]  # fault codes or "operator"
    pauses: int
    pain_0_10: int | None
    notes: tuple[str, ...]
    checks: dict[str, str]
    signed_by: str
    signed_utc: datetime
    is_clock_trusted: bool = True  # somebody kept the wall clock whenever a time was noted
    segments: tuple[Segment, ...] = ()
    layout: int = 1
