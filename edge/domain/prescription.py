"""What the clinic ordered for a patient, and how it becomes a level and a plan.

An order names a protocol by identity and version; it carries no timing. Percent of threshold and
threshold are integers; the level is rounded to the device step, nearest, and never clamped. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum


class Side(Enum):
    """The patient's side."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    MIDLINE = "midline"


class MtBasis(Enum):
    """Which motor threshold the percentage refers to."""

    RMT = "rmt"
    AMT = "amt"
    LEG_RMT = "leg_rmt"


@dataclass(frozen=True)
class Patient:
    """Demographics as the clinic holds them."""

    patient_id: str  # FHIR id at the clinic
    mrn: str
    family: str
    given: str
    birth_date: date

    @property
    def initials(self) -> str:
        return f"{self.given[:1]}. {self.family[:1]}."


@dataclass(frozen=True)
class MotorThreshold:
    """Bound to basis, coil type and hemisphere; percent of maximum stimulator output."""

    mt_pct_mso: int
    basis: MtBasis
    coil_type: str
    side: Side
    method: str  # "visual" or "emg"
    measured_utc: datetime


@dataclass(frozen=True)
class Order:
    """A prescription as received and understood."""

    order_id: str  # FHIR id at the clinic
    order_version: str
    patient_id: str
    protocol_id: str
    protocol_version: str
    side: Side
    site: str  # code, such as dlpfc-left
    percent_mt: int
    mt_basis: MtBasis
    coil_type: str
    sessions_total: int
    sessions_done: int
    diagnosis: str
    prescriber: str
    authored_utc: datetime
    valid_until_utc: datetime | None
    # longest time from the last pulse given to a resumption; None: the physician did not say
    resume_gap_s_max: int | None = None


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an order: code is a text key (problem-<code>), where names the field."""

    code: str
    where: str
    value: str = ""
    limit: str = ""


def level_from_threshold(mt_pct_mso: int, percent_mt: int) -> int:
    """Level in % of maximum output: threshold times percent, nearest, half up; may exceed 100."""
    return (mt_pct_mso * percent_mt + 50) // 100
