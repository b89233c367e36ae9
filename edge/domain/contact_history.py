"""Has each contact been seen to open lately? A switch that is tied down never opens.

Counts, for each contact, the sessions and the changes of patient since it was last open on every
wire it has, and its days. What is due is a matter of maintenance: it warns and never stops.
The wall clock is for people only, so a contact is due by days only while that clock is trusted, and
a date from the future proves nothing. Pure: the caller brings the date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class ProofRule:
    """How long a contact may go without opening; None: this does not matter for it."""

    days_max: int | None
    patients_max: int | None  # changes of patient
    sessions_max: int | None


# [P] A patient cannot be changed for another through a shut door; one opening may fall into a time
# in which the service was off, three hardly. Buttons are to be pressed each month, the plug to be
# pulled for cleaning each quarter, the cover opened at the yearly service. A foot switch that was
# held at the start of three sessions and never let go is tied down. Whether coolant flows is judged
# against the tacho and the heat, not by waiting for it to stop.
RULES: Mapping[str, ProofRule] = {
    "estop": ProofRule(30, None, None),
    "door": ProofRule(30, 3, None),
    "coil": ProofRule(92, None, None),
    "patient": ProofRule(30, None, None),
    "enclosure": ProofRule(400, None, None),
    "attend": ProofRule(None, None, 3),
}
CLOCK_SLACK = timedelta(days=1)  # [P] a clock that was put right by this much is not doubted


@dataclass(frozen=True)
class Proof:
    """One contact. since: last seen open or, before that, first known."""

    name: str
    since: datetime
    sessions: int = 0
    patients: int = 0
    last_patient: str = ""


def seen_open(proof: Proof, now: datetime) -> Proof:
    """It opened on every wire it has: everything is counted anew."""
    return Proof(proof.name, now, last_patient=proof.last_patient)


def session_begun(proof: Proof, patient_id: str) -> Proof:
    """Somebody is about to be treated."""
    is_other = bool(proof.last_patient) and proof.last_patient != patient_id
    return replace(
        proof,
        sessions=proof.sessions + 1,
        patients=proof.patients + is_other,
        last_patient=patient_id,
    )


def is_due(proof: Proof, now: datetime | None) -> bool:
    """Whether it ought to be opened and closed once; now is None while the clock is in doubt."""
    rule = RULES[proof.name]
    is_worn = rule.patients_max is not None and proof.patients >= rule.patients_max
    is_tied = rule.sessions_max is not None and proof.sessions >= rule.sessions_max
    return is_worn or is_tied or _is_old(proof, rule, now)


def due_names(proofs: Iterable[Proof], now: datetime | None) -> tuple[str, ...]:
    """Contacts that are due, in the order of RULES."""
    due = [proof.name for proof in proofs if is_due(proof, now)]
    return tuple(name for name in RULES if name in due)


def _is_old(proof: Proof, rule: ProofRule, now: datetime | None) -> bool:
    if now is None or rule.days_max is None:
        return False
    age = now - proof.since
    return age > timedelta(days=rule.days_max) or age < -CLOCK_SLACK
