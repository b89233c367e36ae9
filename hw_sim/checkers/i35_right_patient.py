"""I35: the order that is given belongs to the patient in the chair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts, Json
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.sessions is not None
    assert facts.clinic is not None
    at_ns = facts.end_ns or 0
    shelf = {(r["resourceType"], r["id"]): r for r in facts.clinic if "id" in r}
    for session in facts.sessions:
        booked = shelf.get(("Appointment", session.facts["appointment"]["appointment_id"]))
        order = shelf.get(("ServiceRequest", session.facts["order"]["order_id"]))
        if booked is not None and _people(booked) != [session.patient_id]:
            yield Finding(at_ns, f"session of {session.patient_id} for another's appointment")
        if order is not None and _subject(order) != session.patient_id:
            yield Finding(at_ns, f"session of {session.patient_id} with another's order")
        own = _thresholds(facts.clinic, session.patient_id)
        if session.facts["threshold"]["mt_pct_mso"] not in own:
            yield Finding(at_ns, f"session of {session.patient_id} by a threshold not theirs")


def _thresholds(clinic: Sequence[Json], patient_id: str) -> list[int]:
    """Every motor threshold that was measured on this patient."""
    return [
        int(resource["valueQuantity"]["value"])
        for resource in clinic
        if resource["resourceType"] == "Observation"
        and "valueQuantity" in resource
        and _subject(resource) == patient_id
    ]


def _subject(resource: Json) -> str:
    return str(resource["subject"]["reference"]).rpartition("/")[2]


def _people(appointment: Json) -> list[str]:
    who = [str(part["actor"]["reference"]) for part in appointment["participant"]]
    return [name.rpartition("/")[2] for name in who if name.startswith("Patient/")]


CHECKER = Checker(
    id="I35",
    name="right-patient",
    rule="Order, threshold and appointment of a session are those of the patient it is booked for.",
    bound="none",
    evidence="rows of the sessions, the clinic's shelf",
    judge=_judge,
    needs=("sessions", "clinic"),
)
