"""FHIR resources as a clinic would write them, with named arguments. Pure builders.

Used by the seed and by tests; the shapes of order and threshold are those that the edge reads.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from edge.domain.fhir_codes import (
    ACTIVITY,
    CATEGORY,
    ICD10,
    ID_COIL,
    ID_MRN,
    ID_SESSION,
    MOTOR_THRESHOLD,
    PARAMETERS,
    PERCENT_MSO,
    PERCENT_MT,
    TMS,
    UCUM,
)
from hw_sim.clinic.shelf import Json

ID_UNIT = "https://tms.example.org/id/unit"
ID_ORDER = "https://tms.example.org/id/order"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def concept(code: str, text: str = "", system: str = TMS) -> Json:
    found: Json = {"coding": [{"system": system, "code": code}]}
    return {**found, "text": text} if text else found


def patient(patient_id: str, mrn: str, given: str, family: str, born: date) -> Json:
    return {
        "resourceType": "Patient",
        "id": patient_id,
        "active": True,
        "identifier": [{"system": ID_MRN, "value": mrn, "use": "usual"}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "birthDate": born.isoformat(),
    }


def practitioner(practitioner_id: str, prefix: str, given: str, family: str) -> Json:
    return {
        "resourceType": "Practitioner",
        "id": practitioner_id,
        "active": True,
        "name": [{"prefix": [prefix], "family": family, "given": [given]}],
    }


def unit_device(device_id: str, unit_id: str) -> Json:
    return {
        "resourceType": "Device",
        "id": device_id,
        "identifier": [{"system": ID_UNIT, "value": unit_id}],
        "status": "active",
        "serialNumber": unit_id,
        "deviceName": [{"name": "TMS stimulator", "type": "user-friendly-name"}],
        "type": concept("stimulator", "Transcranial magnetic stimulator"),
    }


def coil_device(device_id: str, serial: str, parent_id: str) -> Json:
    return {
        "resourceType": "Device",
        "id": device_id,
        "identifier": [{"system": ID_COIL, "value": serial}],
        "status": "active",
        "serialNumber": serial,
        "type": concept("coil", "TMS coil"),
        "parent": {"reference": f"Device/{parent_id}"},
    }


def order(
    order_id: str,
    patient_id: str,
    practitioner_id: str,
    *,
    protocol: str,
    version: str,
    site: str,
    percent_mt: int,
    sessions: int,
    authored: datetime,
    until: datetime,
    mt_basis: str = "rmt",
    coil_type: str = "figure8_cooled",
    diagnosis: tuple[str, str] = ("F33.2", "Major depressive disorder, recurrent, severe"),
    resume_gap_min: int | None = None,
) -> Json:
    """resume_gap_min: longest time to a resumption; None: the physician does not say."""
    gap = [] if resume_gap_min is None else [_resume_gap(resume_gap_min)]
    return {
        "resourceType": "ServiceRequest",
        "id": order_id,
        "identifier": [{"system": ID_ORDER, "value": order_id.upper()}],
        "status": "active",
        "intent": "order",
        "code": concept("rtms-course", "Repetitive TMS treatment"),
        "instantiatesCanonical": [f"{ACTIVITY}{protocol}|{version}"],
        "subject": {"reference": f"Patient/{patient_id}"},
        "requester": {"reference": f"Practitioner/{practitioner_id}"},
        "authoredOn": moment(authored),
        "occurrencePeriod": {"start": moment(authored), "end": moment(until)},
        "reasonCode": [concept(diagnosis[0], f"{diagnosis[0]} {diagnosis[1]}", ICD10)],
        "bodySite": [concept(site)],
        "quantityQuantity": {
            "value": sessions,
            "unit": "sessions",
            "system": UCUM,
            "code": "{session}",
        },
        "extension": [
            {
                "url": PARAMETERS,
                "extension": [
                    {
                        "url": "percent-mt",
                        "valueQuantity": {
                            "value": percent_mt,
                            "unit": "%",
                            "system": UCUM,
                            "code": PERCENT_MT,
                        },
                    },
                    {"url": "mt-basis", "valueCode": mt_basis},
                    {"url": "coil-type", "valueCode": coil_type},
                    *gap,
                ],
            }
        ],
    }


def _resume_gap(minutes: int) -> Json:
    quantity = {"value": minutes, "unit": "min", "system": UCUM, "code": "min"}
    return {"url": "resume-gap-max", "valueQuantity": quantity}


def threshold(
    observation_id: str,
    patient_id: str,
    *,
    value_pct: int,
    area: str,
    measured: datetime,
    method: str = "mt-visual",
    mt_basis: str = "rmt",
    coil_type: str = "figure8_cooled",
) -> Json:
    return {
        "resourceType": "Observation",
        "id": observation_id,
        "status": "final",
        "category": [concept("procedure", system=CATEGORY)],
        "code": concept(MOTOR_THRESHOLD, "Motor threshold"),
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": moment(measured),
        "valueQuantity": {"value": value_pct, "unit": "%", "system": UCUM, "code": PERCENT_MSO},
        "method": concept(method),
        "bodySite": concept(area),
        "component": [
            {"code": concept("mt-basis"), "valueCodeableConcept": concept(mt_basis)},
            {"code": concept("coil-type"), "valueCodeableConcept": concept(coil_type)},
        ],
    }


def appointment(
    appointment_id: str,
    patient_id: str,
    device_id: str,
    order_id: str,
    *,
    start: datetime,
    end: datetime,
    status: str,
) -> Json:
    return {
        "resourceType": "Appointment",
        "id": appointment_id,
        "status": status,
        "start": moment(start),
        "end": moment(end),
        "basedOn": [{"reference": f"ServiceRequest/{order_id}"}],
        "participant": [
            {"actor": {"reference": f"Patient/{patient_id}"}, "status": "accepted"},
            {"actor": {"reference": f"Device/{device_id}"}, "status": "accepted"},
        ],
    }


def past_session(
    procedure_id: str,
    session_id: str,
    patient_id: str,
    order_id: str,
    *,
    start: datetime,
    end: datetime,
    status: str = "completed",
) -> Json:
    return {
        "resourceType": "Procedure",
        "id": procedure_id,
        "identifier": [{"system": ID_SESSION, "value": session_id}],
        "basedOn": [{"reference": f"ServiceRequest/{order_id}"}],
        "status": status,
        "code": concept("rtms-session", "Repetitive TMS, treatment session"),
        "subject": {"reference": f"Patient/{patient_id}"},
        "performedPeriod": {"start": moment(start), "end": moment(end)},
    }
