"""Reads an Appointment: who comes when, for which order, to which unit. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge.domain.fhir_read import Node, open_resource
from edge.domain.prescription import Problem

# FHIR status -> word of the day's list. What is not here has no line in the list.
LISTED = {
    "pending": "booked",
    "booked": "booked",
    "arrived": "arrived",
    "checked-in": "arrived",
    "fulfilled": "done",
}
HIDDEN = ("proposed", "cancelled", "noshow", "entered-in-error", "waitlist")


@dataclass(frozen=True)
class Appointment:
    """start_utc is None, and ids are '', where they could not be read."""

    appointment_id: str
    status: str
    start_utc: datetime | None
    patient_id: str
    order_id: str
    device_ids: tuple[str, ...]

    @property
    def is_listed(self) -> bool:
        """Whether it belongs on the day's list; an unknown status does, with its problem."""
        return self.status not in HIDDEN


def read_appointment(body: bytes, appointment_id: str) -> tuple[Appointment, list[Problem]]:
    """The appointment and everything wrong with it."""
    root = open_resource(body, "Appointment", appointment_id)
    status_node = root.need("status")
    status = status_node.code((*LISTED, *HIDDEN)) if status_node is not None else None
    start_node = root.need("start")
    start = start_node.moment() if start_node is not None else None
    patients, devices = _actors(root)
    if len(patients) != 1:
        code = "ambiguous" if patients else "missing"
        where = f"{root.where}.participant.actor"
        root.problems.append(Problem(code, where, str(len(patients)), "1 Patient"))
    appointment = Appointment(
        appointment_id,
        status or "",
        start,
        patients[0] if len(patients) == 1 else "",
        _order_id(root),
        tuple(devices),
    )
    return appointment, root.problems


def _actors(root: Node) -> tuple[list[str], list[str]]:
    patients: list[str] = []
    devices: list[str] = []
    for participant in root.each("participant"):
        actor = participant.find("actor")
        reference = actor.find("reference") if actor is not None else None
        if actor is None or reference is None or not isinstance(reference.value, str):
            continue
        for kind, ids in (("Patient", patients), ("Device", devices)):
            if reference.value.startswith(f"{kind}/"):
                ids.append(actor.target(kind) or "")
    return patients, devices


def _order_id(root: Node) -> str:
    orders = root.each("basedOn")
    if len(orders) == 1:
        return orders[0].target("ServiceRequest") or ""
    code = "ambiguous" if orders else "no_order"
    root.problems.append(Problem(code, f"{root.where}.basedOn", str(len(orders)), "1"))
    return ""
