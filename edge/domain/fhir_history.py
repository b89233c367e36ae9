"""Reads sessions already given, by whatever unit: how many under an order, how much on a day.

Procedures and dose Observations as edge/domain/fhir_session.py writes them. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge.domain.fhir_codes import ID_OBSERVATION, ID_SESSION, TMS
from edge.domain.fhir_read import Node, open_resource
from edge.domain.prescription import Problem

# Pulses that count towards a day: sensed ones, and those nobody could settle.
DOSE_CODES = ("stim_count", "stim_count_uncertain")


@dataclass(frozen=True)
class GivenSession:
    """One Procedure. session_id is ours, or the clinic's id of a session that is not ours."""

    session_id: str
    order_ids: tuple[str, ...]
    is_complete: bool
    was_given: bool
    ended_utc: datetime | None


@dataclass(frozen=True)
class GivenDose:
    """One dose Observation. pulses is None, with problems, when it could not be read."""

    session_id: str
    patient_id: str
    given_utc: datetime | None
    pulses: int | None
    problems: tuple[Problem, ...]


def read_session(body: bytes, procedure_id: str) -> GivenSession:
    """What counts; a session whose time cannot be read still counts as given."""
    root = open_resource(body, "Procedure", procedure_id)
    status = root.find("status")
    word = status.value if status is not None else ""
    return GivenSession(
        _identifier(root, ID_SESSION) or procedure_id,
        tuple(order.target("ServiceRequest") or "" for order in root.each("basedOn")),
        word == "completed",
        word in ("completed", "stopped", "in-progress"),
        _end(root, "performed"),
    )


def read_dose(body: bytes, observation_id: str) -> GivenDose:
    """Pulses of one session."""
    root = open_resource(body, "Observation", observation_id)
    subject = root.need("subject")
    patient_id = subject.target("Patient") if subject is not None else None
    pulses: int | None = None
    for component in root.each("component"):
        code = component.need("code")
        own = Node(code.value, code.where, []).own_code(TMS) if code is not None else None
        if own is None or own.value not in DOSE_CODES:
            continue
        quantity = component.need("valueQuantity")
        value = quantity.need("value") if quantity is not None else None
        count = value.whole(0, 1_000_000) if value is not None else None
        pulses = (pulses or 0) + (count or 0)
    if pulses is None:
        root.problems.append(Problem("missing", f"{root.where}.component", "", DOSE_CODES[0]))
    name = _identifier(root, ID_OBSERVATION) or observation_id
    return GivenDose(
        name.removesuffix(".dose"),
        patient_id or "",
        _end(root, "effective"),
        None if root.problems else pulses,
        tuple(root.problems),
    )


def own_observation_code(body: bytes, observation_id: str) -> str:
    """Our code of an Observation; '' for any other."""
    root = open_resource(body, "Observation", observation_id)
    code = root.find("code")
    own = Node(code.value, code.where, []).own_code(TMS) if code is not None else None
    return str(own.value) if own is not None else ""


def _identifier(root: Node, system: str) -> str:
    for identifier in root.each("identifier"):
        found = identifier.find("system")
        value = identifier.find("value")
        if found is not None and found.value == system and value is not None:
            return str(value.value)
    return ""


def _end(root: Node, name: str) -> datetime | None:
    """End of the period, else its start, else the single time; None when there is no time."""
    period = root.find(f"{name}Period")
    if period is not None:
        moment = period.find("end") or period.find("start")
    else:
        moment = root.find(f"{name}DateTime")
    return moment.moment() if moment is not None else None
