"""Patients, thresholds, appointments and past sessions as the clinic sends them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from edge.domain.fhir_appointment import read_appointment
from edge.domain.fhir_history import own_observation_code, read_dose, read_session
from edge.domain.fhir_order import read_order
from edge.domain.fhir_patient import read_patient, read_practitioner_name, unknown_patient
from edge.domain.fhir_threshold import ReadThreshold, pick_threshold, read_threshold
from edge.domain.prescription import MtBasis, Order, Side
from hw_sim.clinic import resources
from tests.edge.clinic.bench import START, record
from tests.edge.clinic.test_fhir_order import order as order_resource
from tests.edge.clinic.test_fhir_session import resources as rendered

Json = dict[str, Any]


def body(resource: Json) -> bytes:
    return json.dumps(resource).encode()


def patient(**changes: Any) -> Json:
    found = resources.patient("p1", "MRN-1", "Alma", "Acker", date(1980, 2, 29))
    return {**found, **changes}


def patient_codes(resource: Json) -> list[tuple[str, str]]:
    return [(p.code, p.where) for p in read_patient(body(resource), "p1")[1]]


def test_patient_that_is_sound_is_read() -> None:
    found, problems = read_patient(body(patient()), "p1")
    assert (found.mrn, found.given, found.family) == ("MRN-1", "Alma", "Acker")
    assert found.birth_date == date(1980, 2, 29)
    assert problems == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"birthDate": "1980"}, ("bad_date", "Patient/p1.birthDate")),
        ({"birthDate": "1981-02-29"}, ("bad_date", "Patient/p1.birthDate")),
        ({"active": False}, ("patient_inactive", "Patient/p1.active")),
        ({"deceasedBoolean": True}, ("patient_inactive", "Patient/p1.deceasedBoolean")),
        ({"deceasedDateTime": "2026"}, ("patient_inactive", "Patient/p1.deceasedDateTime")),
        ({"name": []}, ("missing", "Patient/p1.name")),
        ({"name": [{"given": ["A"]}]}, ("missing", "Patient/p1.name[0].family")),
        ({"name": [{"family": "A"}]}, ("missing", "Patient/p1.name[0].given")),
        ({"name": [{"family": "A", "use": "old"}]}, ("missing", "Patient/p1.name")),
        ({"identifier": []}, ("missing", "Patient/p1.identifier")),
        (
            {"identifier": [{"system": "https://tms.example.org/id/mrn"}]},
            ("missing", "Patient/p1.identifier[0].value"),
        ),
        (
            {"identifier": [{"system": "https://tms.example.org/id/mrn", "value": "1"}] * 2},
            ("ambiguous", "Patient/p1.identifier"),
        ),
        (
            {"link": [{"type": "replaced-by", "other": {"reference": "Patient/p2"}}]},
            ("patient_replaced", "Patient/p1.link[0]"),
        ),
    ],
)
def test_patient_with_a_fault_is_named(changes: Json, expected: tuple[str, str]) -> None:
    assert expected in patient_codes(patient(**changes))


def test_patient_without_birth_date_is_named() -> None:
    resource = patient(deceasedBoolean=False, link=[{"type": "seealso"}, {}])
    del resource["birthDate"]
    assert patient_codes(resource) == [("missing", "Patient/p1.birthDate")]


def test_patient_with_several_names_shows_the_official_one() -> None:
    names = [{"family": "Old", "given": ["A"]}, {"use": "official", "family": "N", "given": ["B"]}]
    assert read_patient(body(patient(name=names)), "p1")[0].family == "N"


def test_unknown_patient_has_no_name() -> None:
    assert unknown_patient("").initials == "?. ?."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ([{"prefix": ["Dr"], "given": ["Vera"], "family": "Lindner"}], "Dr Vera Lindner"),
        ([{"text": "V. Lindner"}], "V. Lindner"),
        ([], ""),
    ],
)
def test_practitioner_name_is_made_for_display(name: list[Json], expected: str) -> None:
    resource = {"resourceType": "Practitioner", "id": "d1", "name": name}
    assert read_practitioner_name(body(resource), "d1") == expected


def appointment(**changes: Any) -> Json:
    found = resources.appointment("a1", "p1", "u1", "o1", start=START, end=START, status="booked")
    return {**found, **changes}


def test_appointment_that_is_sound_is_read() -> None:
    found, problems = read_appointment(body(appointment()), "a1")
    assert (found.patient_id, found.order_id, found.device_ids) == ("p1", "o1", ("u1",))
    assert (found.start_utc, found.is_listed) == (START, True)
    assert problems == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "maybe"}, ("wrong_code", "Appointment/a1.status")),
        ({"start": "today"}, ("bad_date", "Appointment/a1.start")),
        ({"participant": []}, ("missing", "Appointment/a1.participant.actor")),
        (
            {"participant": [{"actor": {"reference": "Patient/p1"}}] * 2},
            ("ambiguous", "Appointment/a1.participant.actor"),
        ),
        (
            {"participant": [{}, {"actor": {}}, {"actor": {"reference": "Patient/"}}]},
            ("wrong_type", "Appointment/a1.participant[2].actor.reference"),
        ),
        ({"basedOn": []}, ("no_order", "Appointment/a1.basedOn")),
        (
            {"basedOn": [{"reference": "ServiceRequest/1"}] * 2},
            ("ambiguous", "Appointment/a1.basedOn"),
        ),
        (
            {"basedOn": [{"reference": "CarePlan/1"}]},
            ("wrong_type", "Appointment/a1.basedOn[0].reference"),
        ),
    ],
)
def test_appointment_with_a_fault_is_named(changes: Json, expected: tuple[str, str]) -> None:
    problems = read_appointment(body(appointment(**changes)), "a1")[1]
    assert expected in [(p.code, p.where) for p in problems]


def test_appointment_without_status_and_start_names_both() -> None:
    resource = appointment()
    del resource["status"], resource["start"]
    found, problems = read_appointment(body(resource), "a1")
    assert [p.where for p in problems] == ["Appointment/a1.status", "Appointment/a1.start"]
    assert found.is_listed


def threshold(value_pct: int = 50, days_ago: int = 5, **changes: Any) -> Json:
    made: Json = {"area": "m1-left", "measured": START - timedelta(days=days_ago), **changes}
    return resources.threshold("t1", "p1", value_pct=value_pct, **made)


def read(resource: Json) -> ReadThreshold:
    found = read_threshold(body(resource), "t1")
    assert found is not None
    return found


def test_threshold_that_is_sound_is_read() -> None:
    found = read(threshold(method="mt-emg")).threshold
    assert found is not None
    assert (found.mt_pct_mso, found.basis, found.side) == (50, MtBasis.RMT, Side.LEFT)
    assert (found.method, found.coil_type) == ("emg", "figure8_cooled")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"},
        {"status": "preliminary"},
        {"code": {"text": "Motor threshold"}},
        {"code": {"coding": [{"system": "urn:x", "code": "motor-threshold"}]}},
    ],
)
def test_threshold_that_is_none_is_passed_over(changes: Json) -> None:
    assert read_threshold(body({**threshold(), **changes}), "t1") is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": {"display": "A"}}, ("missing", "Observation/t1.subject.reference")),
        ({"effectiveDateTime": "2026-11"}, ("bad_date", "Observation/t1.effectiveDateTime")),
        ({"method": {"text": "seen"}}, ("missing", "Observation/t1.method")),
        ({"bodySite": resources.concept("m1-top")}, ("wrong_code", "Observation/t1.bodySite.code")),
        ({"component": []}, ("missing", "Observation/t1.component")),
        ({"component": [{}]}, ("missing", "Observation/t1.component")),
        ({"valueQuantity": {"value": 50}}, ("missing", "Observation/t1.valueQuantity.code")),
    ],
)
def test_threshold_with_a_fault_is_named(changes: Json, expected: tuple[str, str]) -> None:
    found = read({**threshold(), **changes})
    assert found.threshold is None
    assert expected[0] in [p.code for p in found.problems if p.where.startswith(expected[1][:20])]


def test_threshold_without_value_method_and_site_names_all() -> None:
    resource = threshold()
    for name in ("valueQuantity", "method", "bodySite", "subject", "effectiveDateTime"):
        del resource[name]
    assert [p.code for p in read(resource).problems] == ["missing"] * 5


def test_threshold_component_given_twice_is_ambiguous() -> None:
    resource = threshold()
    resource["component"] += resource["component"][:1]
    assert [p.code for p in read(resource).problems] == ["ambiguous"]


def test_threshold_that_is_not_json_is_a_problem() -> None:
    found = read_threshold(b"{", "t1")
    assert found is not None
    assert "not_json" in [p.code for p in found.problems]


def an_order(**changes: Any) -> Order:
    found = read_order(
        body(order_resource(**changes)), "o1", patient_id="p1", sessions_done=0, name_of=str
    ).order
    assert found is not None
    return found


def test_pick_takes_the_newest_that_fits_the_order() -> None:
    readings = [
        read(threshold(50, 20)),
        read(threshold(52, 5)),
        read(threshold(60, 1, area="m1-right")),
        read(threshold(61, 1, coil_type="figure8")),
        read(threshold(62, 1, mt_basis="amt")),
    ]
    found, problems = pick_threshold(readings, an_order())
    assert found is not None
    assert (found.mt_pct_mso, problems) == (52, ())


def test_pick_for_a_bilateral_order_takes_either_side() -> None:
    found, _ = pick_threshold([read(threshold(52, 5, area="m1-right"))], an_order(site="dlpfc"))
    assert found is not None
    assert found.side is Side.RIGHT


def test_pick_without_a_fitting_one_returns_the_newest_so_that_the_mismatch_is_named() -> None:
    found, _ = pick_threshold([read(threshold(60, 1, area="m1-right"))], an_order())
    assert found is not None
    assert found.side is Side.RIGHT


def test_pick_without_any_returns_none() -> None:
    assert pick_threshold([], None) == (None, ())


def test_pick_names_a_newer_one_that_cannot_be_read() -> None:
    """Planted bug it catches: silently falling back to an old value."""
    broken = threshold(55, 1)
    broken["valueQuantity"]["code"] = "mV"
    found, problems = pick_threshold([read(threshold(50, 20)), read(broken)], an_order())
    assert found is not None
    assert [p.code for p in problems] == ["wrong_unit"]


def test_pick_passes_over_an_older_one_that_cannot_be_read() -> None:
    broken = threshold(55, 30)
    broken["valueQuantity"]["code"] = "mV"
    assert pick_threshold([read(threshold(50, 20)), read(broken)], None)[1] == ()


def test_past_session_counts_by_our_session_id() -> None:
    procedure, dose, _ = rendered(record(1))
    found = read_session(body({**procedure, "id": "9"}), "9")
    assert (found.session_id, found.order_ids) == (record(1).session_id, ("order-3",))
    assert found.is_complete
    assert found.ended_utc == record(1).ended_utc
    given = read_dose(body({**dose, "id": "8"}), "8")
    assert (given.session_id, given.patient_id, given.pulses) == (
        record(1).session_id,
        "pat-3",
        600,
    )


def test_past_session_of_others_counts_by_its_own_id() -> None:
    resource = {
        "resourceType": "Procedure",
        "id": "9",
        "identifier": [{"system": "urn:x", "value": "1"}],
        "status": "stopped",
        "performedDateTime": "2026-03-02T14:00:00Z",
    }
    found = read_session(body(resource), "9")
    assert (found.session_id, found.is_complete, found.was_given) == ("9", False, True)
    assert found.ended_utc is not None


def test_past_session_without_status_and_time_counts_nothing() -> None:
    found = read_session(body({"resourceType": "Procedure", "id": "9"}), "9")
    assert (found.is_complete, found.was_given, found.ended_utc) == (False, False, None)


def test_dose_includes_pulses_that_nobody_settled() -> None:
    _, dose, _ = rendered(record(1, pulses_measured=590, pulses_uncertain=10))
    assert read_dose(body({**dose, "id": "8"}), "8").pulses == 600


def test_dose_that_cannot_be_read_is_a_problem_not_zero() -> None:
    resource = {
        "resourceType": "Observation",
        "id": "8",
        "component": [{}, {"code": resources.concept("stim_count")}],
    }
    given = read_dose(body(resource), "8")
    assert given.pulses is None
    assert "missing" in [p.code for p in given.problems]
    component = {"code": resources.concept("stim_count"), "valueQuantity": {}}
    assert read_dose(body({**resource, "component": [component]}), "8").pulses is None


def test_dose_without_a_count_is_a_problem() -> None:
    resource = {
        "resourceType": "Observation",
        "id": "8",
        "subject": {"reference": "Patient/p1"},
    }
    assert read_dose(body(resource), "8").problems[0].where == "Observation/8.component"


def test_observation_code_of_others_is_empty() -> None:
    assert own_observation_code(body({"resourceType": "Observation", "id": "8"}), "8") == ""
    assert own_observation_code(body(threshold()), "t1") == "motor-threshold"
