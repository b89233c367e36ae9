"""The R4 checker against planted faults: each must be found, and a sound bundle must pass.

The list is that of sources.md clinic 2 (30 faults) without ppc-1 (Consent is no type of ours),
and some more of our own. Each row plants one fault in a sound transaction.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.domain.fhir_check import DEPTH_MAX, check_resource, check_transaction
from edge.domain.fhir_session import device_reference, render_session
from hw_sim.clinic import resources, seed
from tests.edge.clinic.bench import START, UNIT, record

Json = dict[str, Any]
DEVICES = {
    "unit": device_reference("unit-1", "urn:x", "SIM-0001"),
    "coil": device_reference("", "urn:x", "F8C-0042"),
}


def sound() -> Json:
    """Our own session, a patient with picture, and an appointment."""
    bundle: Json = json.loads(render_session(record(1), DEVICES))
    patient = next(r for r in seed.day(START, UNIT) if r["resourceType"] == "Patient")
    patient["photo"] = [{"contentType": "image/png", "data": "AAAA"}]
    appointment = resources.appointment("a", "p", "d", "o", start=START, end=START, status="booked")
    for number, resource in enumerate((patient, appointment)):
        bundle["entry"].append(
            {
                "fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}",
                "resource": resource,
                "request": {"method": "POST", "url": resource["resourceType"]},
            }
        )
    return bundle


def procedure(b: Json) -> Json:
    return b["entry"][0]["resource"]  # type: ignore[no-any-return]


def dose(b: Json) -> Json:
    return b["entry"][1]["resource"]  # type: ignore[no-any-return]


def used(b: Json) -> Json:
    return b["entry"][2]["resource"]  # type: ignore[no-any-return]


def person(b: Json) -> Json:
    return b["entry"][3]["resource"]  # type: ignore[no-any-return]


def visit(b: Json) -> Json:
    return b["entry"][4]["resource"]  # type: ignore[no-any-return]


def put(target: Callable[[Json], Any], name: Any, value: Any) -> Callable[[Json], None]:
    def plant(bundle: Json) -> None:
        target(bundle)[name] = value

    return plant


def cut(target: Callable[[Json], Any], name: Any) -> Callable[[Json], None]:
    def plant(bundle: Json) -> None:
        del target(bundle)[name]

    return plant


def request(b: Json) -> Json:
    return b["entry"][0]["request"]  # type: ignore[no-any-return]


def entry(b: Json) -> Json:
    return b["entry"][0]  # type: ignore[no-any-return]


def component(b: Json) -> Json:
    return dose(b)["component"][0]  # type: ignore[no-any-return]


def quantity(b: Json) -> Json:
    return component(b)["valueQuantity"]  # type: ignore[no-any-return]


E0, E1, E2, E3, E4 = (f"Bundle.entry[{n}].resource" for n in range(5))
FAULTS: dict[str, tuple[Callable[[Json], None], str, str]] = {
    # name: how to plant it, where it is reported, rule
    "required element missing": (cut(dose, "status"), f"{E1}.status", "structure"),
    "wrong code in required binding": (put(dose, "status", "done"), f"{E1}.status", "code"),
    "unknown element": (put(procedure, "pulses", 3), f"{E0}.pulses", "structure"),
    "unknown resource type": (put(procedure, "resourceType", "Session"), E0, "structure"),
    "wrong value[x] name": (put(used, "valueMoney", {"value": 1}), f"{E2}.valueMoney", "structure"),
    "two value[x]": (put(used, "valueString", "50"), f"{E2}.valueString", "structure"),
    "impossible date": (put(person, "birthDate", "1984-02-30"), f"{E3}.birthDate", "type"),
    "dateTime without zone": (
        put(used, "effectiveDateTime", "2026-03-02T14:00:00"),
        f"{E2}.effectiveDateTime",
        "type",
    ),
    "date where instant is due": (put(dose, "issued", "2026-03-02"), f"{E1}.issued", "type"),
    "string where number is due": (
        put(quantity, "value", "600"),
        f"{E1}.component[0].valueQuantity.value",
        "type",
    ),
    "list for single": (put(dose, "status", ["final"]), f"{E1}.status", "structure"),
    "single for list": (put(person, "name", {"family": "A"}), f"{E3}.name", "structure"),
    "empty string": (put(person, "birthDate", ""), f"{E3}.birthDate", "type"),
    "null": (put(person, "birthDate", None), f"{E3}.birthDate", "structure"),
    "empty array": (put(person, "name", []), f"{E3}.name", "structure"),
    "empty object": (put(used, "method", {}), f"{E2}.method", "structure"),
    "bad base64": (
        put(lambda b: person(b)["photo"][0], "data", "###"),
        f"{E3}.photo[0].data",
        "type",
    ),
    "bad id characters": (put(person, "id", "a b"), f"{E3}.id", "type"),
    "bad HTTP verb": (put(request, "method", "STORE"), "Bundle.entry[0].request.method", "code"),
    "no request": (cut(entry, "request"), "Bundle.entry[0].request", "bdl-3"),
    "same fullUrl twice": (
        lambda b: b["entry"][4].update(fullUrl=b["entry"][3]["fullUrl"]),
        "Bundle.entry[4].fullUrl",
        "bdl-7",
    ),
    "participant without type and actor": (
        cut(lambda b: visit(b)["participant"][0], "actor"),
        f"{E4}.participant[0]",
        "app-1",
    ),
    "start without end": (cut(visit, "end"), E4, "app-2"),
    "booked without time": (lambda b: (visit(b).pop("start"), visit(b).pop("end"))[0], E4, "app-3"),
    "value and absent reason": (put(used, "dataAbsentReason", {"text": "?"}), E2, "obs-6"),
    "component repeats code": (
        put(lambda b: used(b)["component"][0], "code", {"coding": [{"code": "x"}]}),
        E2,
        "obs-7",
    ),
    "unit code without system": (
        cut(quantity, "system"),
        f"{E1}.component[0].valueQuantity",
        "qty-3",
    ),
    "period reversed": (
        put(
            dose,
            "effectivePeriod",
            {"start": "2026-03-02T14:00:00Z", "end": "2026-03-01T14:00:00Z"},
        ),
        f"{E1}.effectivePeriod",
        "per-1",
    ),
    "reference to a wrong type": (
        put(procedure, "subject", {"reference": "Device/1"}),
        f"{E0}.subject.reference",
        "reference",
    ),
    "urn:uuid that leads nowhere": (
        put(dose, "partOf", [{"reference": "urn:uuid:00000000-0000-4000-8000-000000009999"}]),
        f"{E1}.partOf[0].reference",
        "reference",
    ),
    "unit that is no UCUM": (
        put(quantity, "code", "pulsos"),
        f"{E1}.component[0].valueQuantity.code",
        "unit",
    ),
    "extension without value": (
        put(procedure, "extension", [{"url": "urn:x"}]),
        f"{E0}.extension[0]",
        "ext-1",
    ),
    "number where text is due": (put(person, "gender", 3), f"{E3}.gender", "type"),
    "text where boolean is due": (put(person, "active", "true"), f"{E3}.active", "type"),
    "text where object is due": (put(used, "method", "visual"), f"{E2}.method", "type"),
    "boolean where integer is due": (
        put(visit, "minutesDuration", True),
        f"{E4}.minutesDuration",
        "type",
    ),
    "zero where positive is due": (
        put(visit, "minutesDuration", 0),
        f"{E4}.minutesDuration",
        "type",
    ),
    "resource that is text": (put(entry, "resource", "Procedure"), E0, "structure"),
    "contained in contained": (
        put(
            person,
            "contained",
            [
                {
                    "resourceType": "Patient",
                    "active": True,
                    "contained": [{"resourceType": "Patient"}],
                }
            ],
        ),
        f"{E3}.contained[0]",
        "dom-2",
    ),
    "orderDetail without code": (
        put(
            entry,
            "resource",
            {
                "resourceType": "ServiceRequest",
                "status": "active",
                "intent": "order",
                "subject": {"reference": "Patient/1"},
                "orderDetail": [{"text": "10 Hz"}],
            },
        ),
        E0,
        "prr-1",
    ),
}


def test_checker_on_a_sound_transaction_finds_nothing() -> None:
    assert check_transaction(sound()) == []


@pytest.mark.parametrize("name", FAULTS)
def test_checker_on_a_planted_fault_names_place_and_rule(name: str) -> None:
    plant, where, rule = FAULTS[name]
    bundle = sound()
    if name == "component repeats code":
        used(bundle)["code"] = {"coding": [{"code": "x"}]}
    plant(bundle)
    found = [(fault.expression, fault.rule) for fault in check_transaction(bundle)]
    assert (where, rule) in found


def test_checker_with_many_faults_reports_them_all_at_once() -> None:
    bundle = sound()
    for name in ("required element missing", "period reversed", "impossible date"):
        FAULTS[name][0](bundle)
    assert {fault.rule for fault in check_transaction(bundle)} == {"structure", "per-1", "type"}


def test_checker_on_our_own_seed_finds_nothing() -> None:
    assert [f for r in seed.day(START, UNIT) for f in check_resource(r)] == []


def test_checker_accepts_what_fhir_allows_beside_the_plain_case() -> None:
    bundle = sound()
    person(bundle)["_birthDate"] = {"extension": [{"url": "urn:x", "valueCode": "a"}]}
    person(bundle)["birthDate"] = "1984-07"
    person(bundle)["multipleBirthInteger"] = 2
    used(bundle)["subject"]["reference"] = "Patient/1/_history/2"
    used(bundle)["performer"] = [{"reference": "#me"}]
    used(bundle)["focus"] = [{"reference": "Anything/1"}]
    dose(bundle)["effectivePeriod"] = {"start": "2026-03"}
    dose(bundle)["note"] = [{"text": "a", "time": "2026-03-02T14:00:00.5+01:00"}]
    visit(bundle).update(status="proposed")
    del visit(bundle)["start"], visit(bundle)["end"]
    assert check_transaction(bundle) == []


def test_checker_on_a_shadow_of_an_object_calls_it_unknown() -> None:
    bundle = sound()
    person(bundle)["_name"] = [{"id": "x"}]
    assert [f.expression for f in check_transaction(bundle)] == [f"{E3}._name"]


@pytest.mark.parametrize("value", [None, 3, [], "Bundle"])
def test_checker_on_something_that_is_no_resource_says_so(value: object) -> None:
    assert check_transaction(value)[0].text == "is not a JSON object"


def test_checker_on_a_batch_refuses_it_as_transaction() -> None:
    bundle = {**sound(), "type": "batch"}
    assert [f.expression for f in check_transaction(bundle)] == ["Bundle.type"]


def test_checker_on_an_entry_that_is_no_object_names_it() -> None:
    bundle = {**sound(), "entry": [3]}
    assert [f.expression for f in check_transaction(bundle)] == ["Bundle.entry[0]"]


def test_checker_on_deep_nesting_stops() -> None:
    extension: Json = {"url": "urn:x", "valueCode": "a"}
    for _ in range(DEPTH_MAX + 2):
        extension = {"url": "urn:x", "extension": [extension]}
    bundle = sound()
    person(bundle)["extension"] = [copy.deepcopy(extension)]
    assert any("nested deeper" in fault.text for fault in check_transaction(bundle))


def test_checker_on_a_time_that_no_calendar_has_reports_type_only() -> None:
    bundle = sound()
    dose(bundle)["effectivePeriod"] = {
        "start": "2026-13-02T14:00:00Z",
        "end": "2026-03-02T14:00:00Z",
    }
    assert {f.rule for f in check_transaction(bundle)} == {"type"}


def test_checker_on_broken_codings_and_a_missing_full_url_goes_on() -> None:
    bundle = sound()
    used(bundle)["code"] = "threshold"
    used(bundle)["component"][0]["code"] = {"coding": [3]}
    del bundle["entry"][4]["fullUrl"]
    assert [f.expression for f in check_transaction(bundle)] == [
        f"{E2}.code",
        f"{E2}.component[0].code.coding[0]",
    ]
