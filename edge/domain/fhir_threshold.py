"""Reads motor threshold Observations and picks the one an order refers to.

A threshold is bound to basis, coil type and side. The newest that fits the order wins; when none
fits, the newest of all is returned, so that the mismatch is named instead of "missing". A newer one
that cannot be read is a problem, never skipped in favour of an older value. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.domain.fhir_codes import (
    METHOD_CODES,
    MOTOR_THRESHOLD,
    MT_BASIS_CODES,
    PERCENT_MSO,
    TMS,
)
from edge.domain.fhir_read import Node, open_resource
from edge.domain.prescription import MotorThreshold, MtBasis, Order, Problem, Side

VALID_STATUS = ("final", "amended", "corrected")
BASES = {code: MtBasis(word) for word, code in MT_BASIS_CODES.items()}
# Hemisphere of the stimulated motor area; the leg area lies at the midline.
AREAS = {"m1-left": Side.LEFT, "m1-right": Side.RIGHT, "m1-leg": Side.MIDLINE}


@dataclass(frozen=True)
class ReadThreshold:
    """threshold is None when there are problems; patient_id and measured_utc where readable."""

    patient_id: str
    measured_utc: datetime | None
    threshold: MotorThreshold | None
    problems: tuple[Problem, ...]


def read_threshold(body: bytes, observation_id: str) -> ReadThreshold | None:
    """None for an Observation that is no valid motor threshold (other code, or withdrawn)."""
    root = open_resource(body, "Observation", observation_id)
    if not root.problems and not _is_valid_threshold(root):
        return None
    subject, effective = root.need("subject"), root.need("effectiveDateTime")
    patient_id = subject.target("Patient") if subject is not None else None
    measured = effective.moment() if effective is not None else None
    quantity, method, site = (root.need(n) for n in ("valueQuantity", "method", "bodySite"))
    value = quantity.percentage(PERCENT_MSO, 1, 100) if quantity is not None else None
    method_code = _own_code(method, METHOD_CODES)
    area = _own_code(site, tuple(AREAS))
    basis = _own_code(_component(root, "mt-basis"), tuple(BASES))
    coil = _own_code(_component(root, "coil-type"), None)
    threshold = None
    if (
        not root.problems
        and value is not None
        and method_code is not None
        and area is not None
        and basis is not None
        and coil is not None
        and measured is not None
    ):
        threshold = MotorThreshold(
            value, BASES[basis], coil, AREAS[area], METHOD_CODES[method_code], measured
        )
    return ReadThreshold(patient_id or "", measured, threshold, tuple(root.problems))


def _is_valid_threshold(root: Node) -> bool:
    status, code = root.find("status"), root.find("code")
    if status is None or status.value not in VALID_STATUS or code is None:
        return False
    quiet = Node(code.value, code.where, [])
    own = quiet.own_code(TMS)
    return own is not None and own.value == MOTOR_THRESHOLD


def _own_code(concept: Node | None, allowed: dict[str, str] | tuple[str, ...] | None) -> str | None:
    own = concept.own_code(TMS) if concept is not None else None
    if own is None:
        return None
    return own.text() if allowed is None else own.code(allowed)


def _component(root: Node, name: str) -> Node | None:
    """valueCodeableConcept of the one component of this code."""
    found = [
        component
        for component in root.each("component")
        if (own := _quiet_code(component)) is not None and own == name
    ]
    if len(found) == 1:
        return found[0].need("valueCodeableConcept")
    code = "ambiguous" if found else "missing"
    root.problems.append(Problem(code, f"{root.where}.component", name, "1"))
    return None


def _quiet_code(component: Node) -> object:
    code = Node(component.value, component.where, []).find("code")
    own = code.own_code(TMS) if code is not None else None
    return own.value if own is not None else None


def pick_threshold(
    readings: Sequence[ReadThreshold], order: Order | None
) -> tuple[MotorThreshold | None, tuple[Problem, ...]]:
    """The threshold for this order out of one patient's readings, and what stands in the way."""
    good = [r for r in readings if r.threshold is not None]
    fitting = [r for r in good if order is None or _fits(r.threshold, order)]
    chosen = max(fitting or good, key=_age, default=None)
    problems = tuple(
        problem
        for reading in readings
        if reading.threshold is None and _is_newer(reading, chosen)
        for problem in reading.problems
    )
    return chosen.threshold if chosen is not None else None, problems


def _age(reading: ReadThreshold) -> float:
    return reading.measured_utc.timestamp() if reading.measured_utc is not None else 0.0


def _is_newer(reading: ReadThreshold, chosen: ReadThreshold | None) -> bool:
    return chosen is None or reading.measured_utc is None or _age(reading) > _age(chosen)


def _fits(threshold: MotorThreshold | None, order: Order) -> bool:
    return (
        threshold is not None
        and threshold.basis is order.mt_basis
        and threshold.coil_type == order.coil_type
        and (order.side not in (Side.LEFT, Side.RIGHT) or threshold.side is order.side)
    )
