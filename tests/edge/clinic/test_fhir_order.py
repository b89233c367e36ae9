"""Orders as the clinic sends them: each planted fault is named with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from edge.domain.fhir_codes import PARAMETERS
from edge.domain.fhir_order import ReadOrder, read_order
from edge.domain.prescription import MtBasis, Side
from hw_sim.clinic import resources
from tests.edge.clinic.bench import START

Json = dict[str, Any]
W = "ServiceRequest/o1"
P = f"{W}.extension[0].extension"


def order(**changes: Any) -> Json:
    return resources.order(
        "o1",
        "p1",
        "d1",
        **{
            "protocol": "itbs-600",
            "version": "1.0.0",
            "site": "dlpfc-left",
            "percent_mt": 120,
            "sessions": 36,
            "authored": START - timedelta(days=10),
            "until": START + timedelta(days=60),
            **changes,
        },
    )


def read(resource: object) -> ReadOrder:
    body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
    return read_order(body, "o1", patient_id="p1", sessions_done=3, name_of=lambda _: "")


def put(*path: Any) -> Callable[[Json], None]:
    """The last member is the value; None removes."""
    *steps, last, value = path

    def plant(resource: Json) -> None:
        target: Any = resource
        for step in steps:
            target = target[step]
        if value is None:
            del target[last]
        else:
            target[last] = value

    return plant


DOSE = ("extension", 0, "extension", 0, "valueQuantity")
FAULTS: dict[str, tuple[Callable[[Json], None], str, str]] = {
    "no status": (put("status", None), "missing", f"{W}.status"),
    "revoked": (put("status", "revoked"), "wrong_status", f"{W}.status"),
    "draft": (put("status", "draft"), "wrong_status", f"{W}.status"),
    "no intent": (put("intent", None), "missing", f"{W}.intent"),
    "a plan": (put("intent", "plan"), "wrong_intent", f"{W}.intent"),
    "do not perform": (put("doNotPerform", True), "not_performed", f"{W}.doNotPerform"),
    "do not perform as text": (
        put("doNotPerform", "false"),
        "not_performed",
        f"{W}.doNotPerform",
    ),
    "modifier": (
        put("modifierExtension", [{"url": "urn:x", "valueBoolean": True}]),
        "unknown_modifier",
        f"{W}.modifierExtension",
    ),
    "implicit rules": (put("implicitRules", "urn:x"), "unknown_modifier", f"{W}.implicitRules"),
    "no subject": (put("subject", None), "missing", f"{W}.subject"),
    "other patient": (put("subject", {"reference": "Patient/p2"}), "wrong_patient", f"{W}.subject"),
    "other server's patient": (
        put("subject", {"reference": "http://x/Patient/p1"}),
        "wrong_type",
        f"{W}.subject.reference",
    ),
    "subject by name": (put("subject", {"display": "A"}), "missing", f"{W}.subject.reference"),
    "subject is a device": (
        put("subject", {"reference": "Device/p1"}),
        "wrong_type",
        f"{W}.subject.reference",
    ),
    "no protocol": (put("instantiatesCanonical", None), "missing", f"{W}.instantiatesCanonical"),
    "two protocols": (
        put("instantiatesCanonical", ["a", "b"]),
        "ambiguous",
        f"{W}.instantiatesCanonical",
    ),
    "protocol is text": (
        put("instantiatesCanonical", "x"),
        "wrong_type",
        f"{W}.instantiatesCanonical",
    ),
    "protocol is a number": (
        put("instantiatesCanonical", [3]),
        "wrong_type",
        f"{W}.instantiatesCanonical[0]",
    ),
    "foreign protocol": (
        put("instantiatesCanonical", ["http://x/itbs-600|1"]),
        "wrong_code",
        f"{W}.instantiatesCanonical[0]",
    ),
    "no version": (
        put("instantiatesCanonical", ["https://tms.example.org/fhir/ActivityDefinition/itbs-600"]),
        "missing",
        f"{W}.instantiatesCanonical[0]",
    ),
    "no parameters": (put("extension", None), "missing", f"{W}.extension"),
    "parameters twice": (
        lambda r: r["extension"].append(r["extension"][0]),
        "ambiguous",
        f"{W}.extension",
    ),
    "parameter without url": (
        put("extension", 0, "extension", 0, "url", None),
        "missing",
        f"{P}[0].url",
    ),
    "parameter nobody knows": (
        lambda r: r["extension"][0]["extension"].append({"url": "boost", "valueCode": "on"}),
        "wrong_code",
        f"{P}[3].url",
    ),
    "percent twice": (
        lambda r: r["extension"][0]["extension"].append(r["extension"][0]["extension"][0]),
        "ambiguous",
        f"{P}[3]",
    ),
    "no percent": (lambda r: r["extension"][0]["extension"].pop(0), "missing", P),
    "percent as code": (put(*DOSE, None), "missing", f"{P}[0].valueQuantity"),
    "percent of output": (put(*DOSE, "code", "%{MSO}"), "wrong_unit", f"{P}[0].valueQuantity.code"),
    "milligram": (put(*DOSE, "code", "mg"), "wrong_unit", f"{P}[0].valueQuantity.code"),
    "unit text differs": (put(*DOSE, "unit", "mg"), "wrong_unit", f"{P}[0].valueQuantity.unit"),
    "no unit code": (put(*DOSE, "code", None), "missing", f"{P}[0].valueQuantity.code"),
    "no unit system": (put(*DOSE, "system", None), "missing", f"{P}[0].valueQuantity.system"),
    "other unit system": (
        put(*DOSE, "system", "urn:x"),
        "wrong_unit",
        f"{P}[0].valueQuantity.system",
    ),
    "at least so much": (put(*DOSE, "comparator", ">="), "wrong_code", f"{P}[0].valueQuantity"),
    "no value": (put(*DOSE, "value", None), "missing", f"{P}[0].valueQuantity.value"),
    "absurd dose": (put(*DOSE, "value", 1200), "out_of_range", f"{P}[0].valueQuantity.value"),
    "negative dose": (put(*DOSE, "value", -120), "out_of_range", f"{P}[0].valueQuantity.value"),
    "no dose": (put(*DOSE, "value", 0), "out_of_range", f"{P}[0].valueQuantity.value"),
    "fraction": (put(*DOSE, "value", 120.5), "out_of_range", f"{P}[0].valueQuantity.value"),
    "dose as text": (put(*DOSE, "value", "120"), "wrong_type", f"{P}[0].valueQuantity.value"),
    "dose as boolean": (put(*DOSE, "value", True), "wrong_type", f"{P}[0].valueQuantity.value"),
    "unknown basis": (
        put("extension", 0, "extension", 1, "valueCode", "mt"),
        "wrong_code",
        f"{P}[1].valueCode",
    ),
    "no coil": (lambda r: r["extension"][0]["extension"].pop(2), "missing", P),
    "coil is empty": (
        put("extension", 0, "extension", 2, "valueCode", " "),
        "wrong_type",
        f"{P}[2].valueCode",
    ),
    "no site": (put("bodySite", None), "missing", f"{W}.bodySite"),
    "two sites": (lambda r: r["bodySite"].append(r["bodySite"][0]), "ambiguous", f"{W}.bodySite"),
    "site in another system": (
        put("bodySite", 0, "coding", 0, "system", "urn:x"),
        "missing",
        f"{W}.bodySite[0]",
    ),
    "site coded twice": (
        lambda r: r["bodySite"][0]["coding"].append(r["bodySite"][0]["coding"][0]),
        "ambiguous",
        f"{W}.bodySite[0]",
    ),
    "site without side": (
        put("bodySite", 0, "coding", 0, "code", "cerebellum"),
        "wrong_code",
        f"{W}.bodySite[0].coding[0].code",
    ),
    "coding is text": (put("bodySite", 0, "coding", "x"), "wrong_type", f"{W}.bodySite[0].coding"),
    "no sessions": (put("quantityQuantity", None), "missing", f"{W}.quantityQuantity"),
    "sessions in weeks": (
        put("quantityQuantity", "code", "wk"),
        "wrong_unit",
        f"{W}.quantityQuantity.code",
    ),
    "sessions without unit": (
        put("quantityQuantity", {"value": 36}),
        "missing",
        f"{W}.quantityQuantity.unit",
    ),
    "sessions without value": (
        put("quantityQuantity", "value", None),
        "missing",
        f"{W}.quantityQuantity.value",
    ),
    "thousand sessions": (
        put("quantityQuantity", "value", 1000),
        "out_of_range",
        f"{W}.quantityQuantity.value",
    ),
    "no date": (put("authoredOn", None), "missing", f"{W}.authoredOn"),
    "date without zone": (
        put("authoredOn", "2026-03-02T14:00:00"),
        "bad_date",
        f"{W}.authoredOn",
    ),
    "impossible date": (
        put("authoredOn", "2026-02-30T14:00:00Z"),
        "bad_date",
        f"{W}.authoredOn",
    ),
    "date as number": (put("authoredOn", 20260302), "bad_date", f"{W}.authoredOn"),
    "bad end": (
        put("occurrencePeriod", "end", "soon"),
        "bad_date",
        f"{W}.occurrencePeriod.end",
    ),
    "period is text": (put("occurrencePeriod", "now"), "wrong_type", f"{W}.occurrencePeriod"),
    "no diagnosis": (put("reasonCode", None), "missing", f"{W}.reasonCode"),
    "empty diagnosis": (put("reasonCode", [{}]), "missing", f"{W}.reasonCode[0]"),
    "diagnosis without code": (
        put("reasonCode", [{"coding": [{"system": "urn:x"}]}]),
        "missing",
        f"{W}.reasonCode[0].coding[0].code",
    ),
    "no prescriber": (put("requester", None), "missing", f"{W}.requester"),
    "empty prescriber": (put("requester", {}), "missing", f"{W}.requester"),
    "wrong resource": (put("resourceType", "CarePlan"), "wrong_resource", W),
    "wrong id": (put("id", "o2"), "wrong_resource", W),
}


@pytest.mark.parametrize("name", FAULTS)
def test_order_with_a_planted_fault_is_refused_with_its_place(name: str) -> None:
    plant, code, where = FAULTS[name]
    resource = order()
    plant(resource)
    reading = read(resource)
    assert reading.order is None
    assert (code, where) in [(p.code, p.where) for p in reading.problems]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "not_json"),
        (b"[]", "not_json"),
        (b"\xff", "not_json"),
        (b'{"resourceType":"ServiceRequest","id":"o1","id":"o1"}', "not_json"),
        (b'{"resourceType":"ServiceRequest","id":NaN}', "not_json"),
        (b"[" * 100_000, "not_json"),
    ],
)
def test_order_that_is_not_fhir_json_is_refused(body: bytes, word: str) -> None:
    assert [p.code for p in read(body).problems] == [word]


def test_order_with_several_faults_names_them_all_at_once() -> None:
    resource = order()
    for name in ("revoked", "milligram", "other patient", "no site"):
        FAULTS[name][0](resource)
    codes = {p.code for p in read(resource).problems}
    assert codes == {"wrong_status", "wrong_unit", "wrong_patient", "missing"}


def test_order_problem_shows_value_and_limit() -> None:
    resource = order(percent_mt=1200)
    problem = read(resource).problems[0]
    assert (problem.value, problem.limit) == ("1200", "1 to 130, whole")


def test_order_problem_cuts_a_flood_of_text() -> None:
    resource = order()
    resource["status"] = "x" * 10_000
    assert len(read(resource).problems[0].value) == 80


def test_order_that_is_sound_is_read_completely() -> None:
    resource = order()
    resource["meta"] = {"versionId": "7"}
    resource["note"] = [{"text": "give 200 % of threshold"}]  # never read
    found = read_order(
        json.dumps(resource).encode(),
        "o1",
        patient_id="p1",
        sessions_done=3,
        name_of={"Practitioner/d1": "Dr Who"}.__getitem__,
    ).order
    assert found is not None
    assert (found.protocol_id, found.protocol_version) == ("itbs-600", "1.0.0")
    assert (found.percent_mt, found.mt_basis) == (120, MtBasis.RMT)
    assert (found.side, found.site) == (Side.LEFT, "dlpfc-left")
    assert (found.coil_type, found.order_version) == ("figure8_cooled", "7")
    assert (found.sessions_done, found.sessions_total) == (3, 36)
    assert found.diagnosis == "F33.2 Major depressive disorder, recurrent, severe"
    assert found.prescriber == "Dr Who"
    assert found.authored_utc == START - timedelta(days=10)
    assert found.valid_until_utc == START + timedelta(days=60)


def test_order_may_come_in_other_sound_shapes() -> None:
    resource = order(percent_mt=120)
    resource["extension"][0]["extension"][0]["valueQuantity"]["value"] = 120.0
    resource["extension"].append({"url": "urn:other", "valueCode": "x"})
    resource["quantityQuantity"] = {"value": 36, "unit": "sessions"}
    resource["reasonCode"] = [{"coding": [{"system": "urn:x", "code": "F33.2"}]}]
    resource["requester"] = {"display": "Dr Display"}
    resource["authoredOn"] = "2026-03-02T14:00:00.123456789+01:00"
    resource["subject"]["reference"] = "Patient/p1/_history/3"
    resource["doNotPerform"] = False
    del resource["occurrencePeriod"]
    found = read(resource)
    assert found.order is not None
    assert (found.order.diagnosis, found.order.prescriber) == ("F33.2", "Dr Display")
    assert found.order.authored_utc == datetime(2026, 3, 2, 13, 0, 0, 123456, tzinfo=UTC)
    assert found.order.valid_until_utc is None
    assert found.order.order_version == ""


@pytest.mark.parametrize(
    ("site", "side"),
    [("dmpfc", Side.MIDLINE), ("dlpfc", Side.BILATERAL), ("dlpfc-right", Side.RIGHT)],
)
def test_order_side_follows_from_the_site(site: str, side: Side) -> None:
    found = read(order(site=site)).order
    assert found is not None
    assert found.side is side


def test_order_without_a_known_name_shows_the_reference() -> None:
    found = read(order()).order
    assert found is not None
    assert found.prescriber == "Practitioner/d1"


def test_order_with_open_ended_period_has_no_end() -> None:
    resource = order()
    del resource["occurrencePeriod"]["end"]
    assert read(resource).not_before_utc == START - timedelta(days=10)


def test_order_period_without_start_begins_at_once() -> None:
    resource = order()
    del resource["occurrencePeriod"]["start"]
    assert read(resource).not_before_utc is None


def test_order_extension_of_ours_that_is_no_object_is_refused() -> None:
    resource = order()
    resource["extension"] = [{"url": PARAMETERS, "extension": ["x"]}]
    assert "wrong_type" in [p.code for p in read(resource).problems]


def test_order_carries_the_physicians_longest_gap_in_minutes_or_says_nothing() -> None:
    said = read(order(resume_gap_min=20)).order
    never = read(order(resume_gap_min=0)).order
    silent = read(order()).order
    assert said is not None
    assert never is not None
    assert silent is not None
    assert (said.resume_gap_s_max, never.resume_gap_s_max) == (1200, 0)
    assert silent.resume_gap_s_max is None


@pytest.mark.parametrize(
    ("quantity", "code", "where"),
    [
        ({"value": 61}, "out_of_range", "value"),
        ({"value": -1}, "out_of_range", "value"),
        ({"value": 2.5}, "out_of_range", "value"),
        ({"code": "s", "unit": "s"}, "wrong_unit", "code"),
        ({"code": "h"}, "wrong_unit", "code"),
        ({"unit": "seconds"}, "wrong_unit", "unit"),
        ({"system": "http://elsewhere"}, "wrong_unit", "system"),
        ({"comparator": "<"}, "wrong_code", ""),
    ],
    ids=str,
)
def test_order_with_a_longest_gap_nobody_can_read_is_no_order(
    quantity: Json, code: str, where: str
) -> None:
    """Catches: a gap in seconds read as minutes, or one that is passed over."""
    planted = order(resume_gap_min=20)
    planted["extension"][0]["extension"][3]["valueQuantity"] |= quantity
    reading = read(planted)
    assert reading.order is None
    place = f"{P}[3].valueQuantity" + (f".{where}" if where else "")
    assert (code, place) in [(problem.code, problem.where) for problem in reading.problems]


def test_order_with_two_longest_gaps_is_ambiguous() -> None:
    planted = order(resume_gap_min=20)
    planted["extension"][0]["extension"].append(planted["extension"][0]["extension"][3])
    assert [problem.code for problem in read(planted).problems] == ["ambiguous"]
