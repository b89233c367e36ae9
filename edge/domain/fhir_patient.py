"""Reads a Patient, and the name of a Practitioner.

Only what identifies the person at the chair: number, name, birth date, and whether the clinic still
uses this entry. Pure.
"""

from __future__ import annotations

from datetime import date

from edge.domain.fhir_codes import ID_MRN
from edge.domain.fhir_read import Node, open_resource
from edge.domain.prescription import Patient, Problem

UNREADABLE_BIRTH_DATE = date(1, 1, 1)  # stands for "unknown" in a Patient that has problems


def read_patient(body: bytes, patient_id: str) -> tuple[Patient, list[Problem]]:
    """The patient; with problems, whatever could be read, for display only."""
    root = open_resource(body, "Patient", patient_id)
    given, family = _name(root)
    birth = root.need("birthDate")
    birth_date = birth.day() if birth is not None else None
    mrn = _mrn(root)
    active = root.find("active")
    if active is not None and active.value is not True:
        active.report("patient_inactive", str(active.value).lower(), "true")
    deceased = root.find("deceasedBoolean") or root.find("deceasedDateTime")
    if deceased is not None and deceased.value is not False:
        deceased.report("patient_inactive", str(deceased.value).lower(), "false")
    for link in root.each("link"):
        kind = link.find("type")
        if kind is not None and kind.value == "replaced-by":
            link.report("patient_replaced", "replaced-by", "")
    patient = Patient(
        patient_id, mrn or "?", family or "?", given or "?", birth_date or UNREADABLE_BIRTH_DATE
    )
    return patient, root.problems


def unknown_patient(patient_id: str) -> Patient:
    """Stands in a list for a patient whom the clinic did not send."""
    return Patient(patient_id or "?", "?", "?", "?", UNREADABLE_BIRTH_DATE)


def _name(root: Node) -> tuple[str | None, str | None]:
    names = [
        name
        for name in root.each("name")
        if not (isinstance(name.value, dict) and name.value.get("use") in ("old", "maiden"))
    ]
    official = [n for n in names if isinstance(n.value, dict) and n.value.get("use") == "official"]
    if not names:
        root.problems.append(Problem("missing", f"{root.where}.name"))
        return None, None
    name = (official or names)[0]
    family = name.need("family")
    given = name.each("given")
    if not given:
        name.problems.append(Problem("missing", f"{name.where}.given"))
    parts = [part.text() for part in given]
    return " ".join(part for part in parts if part) or None, family.text() if family else None


def _mrn(root: Node) -> str | None:
    """The value of the one identifier of the clinic's number system."""
    mine = [
        identifier
        for identifier in root.each("identifier")
        if isinstance(identifier.value, dict) and identifier.value.get("system") == ID_MRN
    ]
    if len(mine) != 1:
        code = "ambiguous" if mine else "missing"
        root.problems.append(Problem(code, f"{root.where}.identifier", str(len(mine)), ID_MRN))
        return None
    value = mine[0].need("value")
    return value.text() if value is not None else None


def read_practitioner_name(body: bytes, practitioner_id: str) -> str:
    """Name for display: 'Dr Ada Example'; '' when there is none."""
    root = open_resource(body, "Practitioner", practitioner_id)
    for name in root.each("name"):
        whole = name.find("text")
        if whole is not None and whole.text():
            return whole.text() or ""
        parts = [
            *name.each("prefix"),
            *name.each("given"),
            *filter(None, [name.find("family")]),
        ]
        return " ".join(part.text() or "" for part in parts).strip()
    return ""
