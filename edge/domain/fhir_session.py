"""Renders a finished session as a FHIR R4 transaction: final bytes, the same every time.

A Procedure (the session), an Observation with the dose, and an Observation with the threshold that
the level was reckoned from. Only what this unit made; patient, order and devices are referred to
by the clinic's literal ids, or by identifier while an id is not known. Every entry is conditional
(If-None-Exist), so a replay changes nothing. An entry refers only to earlier ones. Pure.
"""

from __future__ import annotations

import html
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from edge.domain.fhir_codes import (
    ACTIVITY,
    APPOINTMENT,
    CATEGORY,
    DELIVERED_DOSE,
    EVIDENCE,
    ID_OBSERVATION,
    ID_SESSION,
    MT_BASIS_CODES,
    PERCENT_MSO,
    SEGMENT,
    SNOMED,
    TAG_OUTBOX,
    TAG_UNIT,
    THRESHOLD_USED,
    TMS,
    UCUM,
)
from edge.domain.prescription import Side
from edge.domain.record import Segment, SessionRecord

Json = dict[str, object]
# Our own name space for UUIDv5; never change it: ids of a session must stay the same for ever.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://tms.example.org/fhir/outbox")
STATUS = {"completed": "completed", "stopped": "stopped", "not_done": "not-done"}
AREAS = {
    Side.LEFT: "m1-left",
    Side.RIGHT: "m1-right",
    Side.MIDLINE: "m1-leg",
    Side.BILATERAL: "m1-bilateral",
}


def render_session(record: SessionRecord, devices: Mapping[str, Json]) -> bytes:
    """The transaction's bytes. devices: reference for 'unit' and for 'coil'."""
    procedure_url = full_url(record.session_id, "procedure")
    entries = [
        _entry(record, "procedure", _procedure(record, devices)),
        _entry(record, "dose", _dose(record, devices, procedure_url)),
        _entry(record, "threshold", _threshold(record, devices, procedure_url)),
    ]
    return canonical({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def canonical(value: object) -> bytes:
    """JSON with sorted names and no blanks: the one form that is stored, hashed and sent."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def full_url(session_id: str, name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{session_id}.{name}')}"


def device_reference(device_id: str, system: str, value: str) -> Json:
    """By literal id, or by identifier while the clinic's id is not known."""
    if device_id:
        return {"reference": f"Device/{device_id}", "display": value}
    return {
        "type": "Device",
        "identifier": {"system": system, "value": value},
        "display": value,
    }


def instant(moment: datetime) -> str:
    """UTC with milliseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _entry(record: SessionRecord, name: str, resource: Json) -> Json:
    system, key = ID_OBSERVATION, f"{record.session_id}.{name}"
    if resource["resourceType"] == "Procedure":
        system, key = ID_SESSION, record.session_id
    resource["identifier"] = [{"system": system, "value": key}]
    resource["meta"] = {
        "tag": [
            {"system": TAG_OUTBOX, "code": f"{record.session_id}.{name}"},
            {"system": TAG_UNIT, "code": record.unit_id},
        ]
    }
    condition = "identifier=" + quote(f"{system}|{key}", safe="")
    return {
        "fullUrl": full_url(record.session_id, name),
        "resource": resource,
        "request": {
            "method": "POST",
            "url": str(resource["resourceType"]),
            "ifNoneExist": condition,
        },
    }


def _procedure(record: SessionRecord, devices: Mapping[str, Json]) -> Json:
    order = record.order
    resource: Json = {
        "resourceType": "Procedure",
        "text": _narrative(record),
        "extension": [
            _evidence(record),
            _appointment(record),
            *(_segment(segment) for segment in record.segments),
        ],
        "instantiatesCanonical": [f"{ACTIVITY}{record.protocol_id}|{record.protocol_version}"],
        "basedOn": [{"reference": f"ServiceRequest/{order.order_id}"}],
        "status": STATUS[record.outcome],
        # [V] sources.md domain 8.4; no SNOMED code for TMS could be confirmed, so own code and text
        "category": {"coding": [{"system": SNOMED, "code": "24642003"}]},
        "code": _concept("rtms-session", "Repetitive TMS, treatment session"),
        "subject": _subject(record),
        "recorder": {"type": "Practitioner", "display": record.signed_by},
        "performer": [
            {
                "actor": {"type": "Practitioner", "display": record.operator},
                "function": _concept("operator", "Operator"),
            }
        ],
        "bodySite": [_concept(order.site, order.site)],
        "outcome": {"text": _outcome(record)},
        "usedReference": [devices["unit"], devices["coil"]],
    }
    if order.diagnosis:
        resource["reasonCode"] = [{"text": order.diagnosis}]
    if record.stop_reasons and record.outcome != "completed":
        resource["statusReason"] = _stop_reason(record)
    if record.started_utc is not None:
        resource["performedPeriod"] = _period(record.started_utc, record.ended_utc)
    if record.notes:
        resource["note"] = [{"text": note} for note in record.notes if note.strip()]
    return {name: value for name, value in resource.items() if value != []}


def _period(start: datetime, end: datetime) -> Json:
    """Times are sent as they were kept; after a clock correction the end may lie before the start,
    which FHIR forbids: then it is left out (the dose has the monotonic duration)."""
    period: Json = {"start": instant(start)}
    if end >= start:
        period["end"] = instant(end)
    return period


def _subject(record: SessionRecord) -> Json:
    return {"reference": f"Patient/{record.patient.patient_id}"}


def _concept(code: str, text: str) -> Json:
    return {"coding": [{"system": TMS, "code": code}], "text": text}


def _stop_reason(record: SessionRecord) -> Json:
    codings = [{"system": TMS, "code": f"stop-{reason}"} for reason in record.stop_reasons]
    return {"coding": codings, "text": ", ".join(record.stop_reasons)}


def _outcome(record: SessionRecord) -> str:
    given = f"{record.pulses_measured} of {record.pulses_prescribed} pulses"
    open_count = f", {record.pulses_uncertain} not settled" if record.pulses_uncertain else ""
    words = {"completed": "Completed as prescribed", "stopped": "Stopped early"}
    return f"{words.get(record.outcome, 'Not done')}: {given}{open_count}"


def _narrative(record: SessionRecord) -> Json:
    text = f"TMS {record.protocol_id} at {record.level_pct_mso} % output. {_outcome(record)}."
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{html.escape(text)}</div>'
    return {"status": "generated", "div": div}


def _evidence(record: SessionRecord) -> Json:
    """What a person needs to trace the session back to software, settings and plan."""
    parts = (
        ("software-version", record.software_version),
        ("firmware-version", record.firmware_version),
        ("settings-sha256", record.settings_hash),
        ("plan-sha256", record.plan_sha256),
        ("order-version", record.order.order_version),
        ("clock", "" if record.is_clock_trusted else "not confirmed: times may be wrong"),
    )
    return {
        "url": EVIDENCE,
        "extension": [{"url": url, "valueString": value} for url, value in parts if value],
    }


def _segment(segment: Segment) -> Json:
    """A stretch without a break: when, how many pulses, why it ended, who began it."""
    parts: list[Json] = [
        {"url": "period", "valuePeriod": _period(segment.started_utc, segment.ended_utc)},
        {"url": "first-pulse", "valueUnsignedInt": segment.first_pulse},
        {"url": "pulses", "valueUnsignedInt": segment.pulses},
        {"url": "ended", "valueString": segment.ended},
    ]
    people = (("begun-by", segment.begun_by), ("gap-released-by", segment.released_by))
    parts += [{"url": url, "valueString": name} for url, name in people if name]
    return {"url": SEGMENT, "extension": parts}


def _appointment(record: SessionRecord) -> Json:
    target = {"reference": f"Appointment/{record.appointment_id}"}
    return {"url": APPOINTMENT, "valueReference": target}


def _observation(record: SessionRecord, code: Json, category: str, procedure_url: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": code,
        "subject": _subject(record),
        "issued": instant(record.signed_utc),
        "performer": [{"type": "Practitioner", "display": record.operator}],
        "partOf": [{"reference": procedure_url}],
    }


def _dose(record: SessionRecord, devices: Mapping[str, Json], procedure_url: str) -> Json:
    """Names after NIBS-BIDS columns (stim_count, train_number, pulse_intensity ...) where it has
    one; prescribed, commanded and measured stay three numbers."""
    basis = MT_BASIS_CODES[record.order.mt_basis.value].replace("-", "_")
    trains = sum(1 for row in record.trains if row.ended == "complete")
    rows: list[tuple[str, str, float, str, str]] = [
        ("stim_count", "Pulses delivered (sensed)", record.pulses_measured, "pulses", "{pulse}"),
        ("stim_count_commanded", "Pulses commanded", record.pulses_commanded, "pulses", "{pulse}"),
        (
            "stim_count_prescribed",
            "Pulses prescribed",
            record.pulses_prescribed,
            "pulses",
            "{pulse}",
        ),
        (
            "stim_count_uncertain",
            "Pulses not settled",
            record.pulses_uncertain,
            "pulses",
            "{pulse}",
        ),
        ("train_number", "Trains ended complete", trains, "trains", "{train}"),
        ("pulse_intensity", "Level, % of output", record.level_pct_mso, "%", PERCENT_MSO),
        (
            f"pulse_intensity_{basis}",
            "Level, % of motor threshold",
            record.percent_mt,
            "%",
            "%{MT}",
        ),
        (
            f"{basis}_intensity",
            "Motor threshold, % of output",
            record.threshold.mt_pct_mso,
            "%",
            PERCENT_MSO,
        ),
        ("session_duration", "Duration (monotonic)", record.duration_ms / 1000, "s", "s"),
        ("pause_number", "Pauses", record.pauses, "pauses", "{pause}"),
    ]
    if record.peak_surface_c10 is not None:
        peak_c = record.peak_surface_c10 / 10
        rows.append(("coil_temperature_max", "Contact face, maximum", peak_c, "Cel", "Cel"))
    if record.pain_0_10 is not None:
        rows.append(("pain_score", "Pain, 0 to 10", record.pain_0_10, "score", "{score}"))
    resource = _observation(
        record, _concept(DELIVERED_DOSE, "TMS delivered dose"), "therapy", procedure_url
    )
    if record.started_utc is not None:
        resource["effectivePeriod"] = _period(record.started_utc, record.ended_utc)
    else:
        resource["effectiveDateTime"] = instant(record.ended_utc)
    resource["device"] = devices["unit"]
    resource["component"] = [
        {"code": _concept(code, text), "valueQuantity": _quantity(value, unit, ucum)}
        for code, text, value, unit, ucum in rows
    ]
    return resource


def _quantity(value: float, unit: str, ucum: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": ucum}


def _threshold(record: SessionRecord, devices: Mapping[str, Json], procedure_url: str) -> Json:
    """A code of its own: it repeats the clinic's measurement and must not be read as a new one."""
    threshold = record.threshold
    resource = _observation(
        record, _concept(THRESHOLD_USED, "Motor threshold used"), "procedure", procedure_url
    )
    resource["effectiveDateTime"] = instant(threshold.measured_utc)
    resource["valueQuantity"] = _quantity(threshold.mt_pct_mso, "%", PERCENT_MSO)
    resource["method"] = _concept(f"mt-{threshold.method}", threshold.method)
    resource["bodySite"] = _concept(AREAS[threshold.side], AREAS[threshold.side])
    resource["device"] = devices["coil"]
    basis = MT_BASIS_CODES[threshold.basis.value]
    resource["component"] = [
        {"code": _concept(code, text), "valueCodeableConcept": _concept(value, value)}
        for code, text, value in (
            ("mt-basis", "Basis", basis),
            ("coil-type", "Coil type", threshold.coil_type),
        )
    ]
    return resource
