"""The simulated clinic server behaves as FHIR R4 says, and as its quirks say."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hw_sim.clinic import resources, seed
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.clinic.quirks import NAMES, Quirks, quirks_of
from tests.edge.clinic.bench import BASE_URL, START, UNIT

Json = dict[str, Any]
SEND = {"Content-Type": "application/fhir+json"}
PATIENT = {
    k: v
    for k, v in resources.patient("x", "MRN-9", "Zoe", "Zorn", date(1990, 1, 1)).items()
    if k != "id"
}
CONDITION = "identifier=https%3A%2F%2Ftms.example.org%2Fid%2Fmrn%7CMRN-9"


def server(quirks: Quirks | None = None, file: Path | None = None) -> ClinicServer:
    made = ClinicServer(lambda: START, quirks or Quirks(), base_url=BASE_URL, file=file)
    if not made.resources("Device"):
        made.load(seed.day(START, UNIT))
    return made


def call(
    at: ClinicServer, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {**(SEND if data else {}), **{k.replace("_", "-"): v for k, v in headers.items()}}
    status, answered, text = at.handle(method, f"/fhir{path}", sent, data)
    return status, answered, json.loads(text) if text else None


def words(outcome: Json) -> str:
    return str(outcome["issue"][0]["diagnostics"])


def transaction(*entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def post(resource: Json, full_url: str, condition: str = "") -> Json:
    request: Json = {"method": "POST", "url": resource["resourceType"]}
    if condition:
        request["ifNoneExist"] = condition
    return {"fullUrl": full_url, "resource": resource, "request": request}


def observation(subject: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
    }


U1 = "urn:uuid:00000000-0000-4000-8000-000000000001"
U2 = "urn:uuid:00000000-0000-4000-8000-000000000002"


def test_create_answers_201_with_version_location_and_etag() -> None:
    status, headers, body = call(server(), "POST", "/Patient", {**PATIENT, "id": "mine"})
    assert (status, body["id"], body["meta"]["versionId"]) == (201, "1", "1")
    assert headers["location"] == f"{BASE_URL}/Patient/1/_history/1"
    assert headers["etag"] == 'W/"1"'
    assert headers["date"] == "Mon, 23 Nov 2026 10:00:00 GMT"


def test_conditional_create_answers_201_then_200_then_412() -> None:
    at = server()
    assert call(at, "POST", "/Patient", PATIENT, if_none_exist=CONDITION)[0] == 201
    status, _, body = call(at, "POST", "/Patient", PATIENT, if_none_exist=CONDITION)
    assert (status, body["id"]) == (200, "1")
    call(at, "POST", "/Patient", PATIENT)
    status, _, body = call(at, "POST", "/Patient", PATIENT, if_none_exist=CONDITION)
    assert status == 412
    assert "multiple matches" in words(body)


def test_read_answers_304_410_404_and_the_current_version() -> None:
    at = server()
    call(at, "POST", "/Patient", PATIENT)
    assert call(at, "GET", "/Patient/1")[0] == 200
    assert call(at, "GET", "/Patient/1", if_none_match='W/"1"')[0] == 304
    assert call(at, "GET", "/Patient/1/_history/1")[0] == 200
    assert call(at, "GET", "/Patient/1/_history/2")[0] == 404
    assert call(at, "DELETE", "/Patient/1")[0] == 204
    assert call(at, "GET", "/Patient/1")[0] == 410
    assert call(at, "GET", "/Patient/nobody")[0] == 404


def test_update_needs_the_current_version_when_asked() -> None:
    at = server()
    call(at, "POST", "/Patient", PATIENT)
    changed = {**PATIENT, "id": "1", "gender": "female"}
    status, headers, _ = call(at, "PUT", "/Patient/1", changed, if_match='W/"1"')
    assert (status, headers["etag"]) == (200, 'W/"2"')
    assert call(at, "PUT", "/Patient/1", changed, if_match='W/"1"')[0] == 412
    assert call(at, "PUT", "/Patient/1", changed)[1]["etag"] == 'W/"2"'  # same content
    assert call(at, "PUT", "/Patient/2", changed)[0] == 400
    assert call(at, "PUT", "/Patient/2", {**changed, "id": "2"})[0] == 404
    assert call(at, "PUT", f"/Patient?{CONDITION}", {**PATIENT, "gender": "male"})[0] == 200
    assert call(at, "PUT", "/Patient?identifier=urn:x|1", PATIENT)[0] == 201


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        (b"{", 400, None),
        (b"[]", 400, "resourceType"),
        (b'{"resourceType":"Patient","resourceType":"Patient"}', 400, None),
        ({**PATIENT, "resourceType": "Device"}, 400, "resourceType"),
        ({**PATIENT, "shoe": 43}, 400, "Patient.shoe"),
        ({**PATIENT, "birthDate": "1990-02-30"}, 400, "Patient.birthDate"),
        ({**PATIENT, "gender": "yes"}, 422, "Patient.gender"),
        ({**PATIENT, "name": []}, 400, "Patient.name"),
    ],
)
def test_create_of_something_wrong_is_refused_with_its_place(
    body: object, status: int, place: str | None
) -> None:
    at = server()
    count = len(at.resources("Patient"))
    found, _, outcome = call(at, "POST", "/Patient", body)
    assert found == status
    assert outcome["issue"][0].get("expression") == ([place] if place else None)
    assert len(at.resources("Patient")) == count


def test_reference_to_nothing_is_refused() -> None:
    status, _, outcome = call(server(), "POST", "/Observation", observation("Patient/nobody"))
    assert (status, words(outcome)) == (422, "Patient/nobody is not there")


def test_other_content_types_methods_and_paths_are_refused() -> None:
    at = server()
    assert call(at, "POST", "/Patient", PATIENT, **{"Content-Type": "text/plain"})[0] == 415
    assert call(at, "POST", "/Patient", PATIENT, content_encoding="gzip")[0] == 415
    assert call(at, "PATCH", "/Patient/x", PATIENT)[0] == 405
    assert call(at, "DELETE", "/Patient")[0] == 405
    assert call(at, "GET", "/Cat")[0] == 404
    assert call(at, "GET", "/OperationOutcome/1")[0] == 404
    assert call(at, "POST", "", {"resourceType": "Bundle", "type": "batch"})[0] == 400
    assert at.handle("GET", "/elsewhere", {}, b"")[0] == 404


def test_metadata_says_what_the_server_can() -> None:
    body = call(server(), "GET", "/metadata")[2]
    assert body["fhirVersion"] == "4.0.1"
    kinds = {r["type"]: r for r in body["rest"][0]["resource"]}
    assert kinds["Procedure"]["conditionalCreate"]
    assert not kinds["Procedure"]["updateCreate"]


def test_transaction_resolves_references_between_its_entries() -> None:
    at = server()
    body = transaction(post(PATIENT, U1, CONDITION), post(observation(U1), U2))
    status, _, answer = call(at, "POST", "", body)
    assert status == 200
    assert [e["response"]["status"] for e in answer["entry"]] == ["201 Created"] * 2
    assert at.resources("Observation")[-1]["subject"] == {"reference": "Patient/1"}
    again = call(at, "POST", "", body)[2]
    assert again["entry"][0]["response"]["status"] == "200 OK"


@pytest.mark.parametrize(
    "bad",
    [
        post({**observation(U1), "status": "done"}, U2),
        post(observation("Patient/nobody"), U2),
        post(observation("urn:uuid:00000000-0000-4000-8000-000000000009"), U2),
        {"fullUrl": U2, "resource": observation(U1)},
        {"fullUrl": U2, "request": {"method": "DELETE", "url": "Patient/1"}},
        post(PATIENT, U2, "shoe=43"),
        {
            "fullUrl": U2,
            "resource": PATIENT,
            "request": {"method": "POST", "url": "http://x/Patient"},
        },
    ],
)
def test_transaction_with_one_bad_entry_stores_nothing(bad: Json) -> None:
    at = server()
    mark = at.shelf.mark()
    status, _, outcome = call(at, "POST", "", transaction(post(PATIENT, U1), bad))
    assert status in (400, 405, 422)
    assert outcome["resourceType"] == "OperationOutcome"
    assert at.shelf.mark() == mark


def test_transaction_may_update() -> None:
    at = server()
    call(at, "POST", "/Patient", PATIENT)
    changed = {**PATIENT, "id": "1", "gender": "female"}
    entry = {"resource": changed, "request": {"method": "PUT", "url": "Patient/1"}}
    by_key = {"resource": PATIENT, "request": {"method": "PUT", "url": f"Patient?{CONDITION}"}}
    assert call(at, "POST", "", transaction(entry, by_key))[0] == 200
    assert at.resources("Patient")[-1]["meta"]["versionId"] == "3"


def ids(at: ClinicServer, path: str) -> list[str]:
    status, _, body = call(at, "GET", path, prefer="handling=strict")
    assert status == 200, body
    return [e["resource"]["id"] for e in body.get("entry", [])]


def test_search_by_what_the_puller_asks() -> None:
    at = server()
    assert ids(at, f"/Device?identifier={resources.ID_UNIT}%7C{UNIT}") == ["unit-sim-0001"]
    assert ids(at, "/Device?parent=Device/unit-sim-0001") == ["coil-f8-00017", "coil-f8c-0042"]
    assert ids(at, "/ServiceRequest?patient=pat-3,pat-4&status=active") == ["order-3", "order-4"]
    assert ids(at, "/ServiceRequest?patient=Patient/pat-3") == ["order-3"]
    tms = "https%3A%2F%2Ftms.example.org%2Ffhir%2FCodeSystem%2Ftms%7C"
    assert ids(at, f"/Observation?patient=pat-3&code={tms}motor-threshold") == ["mt-3"]
    assert ids(at, f"/Observation?patient=pat-3&code={tms}other") == []
    assert ids(at, "/Observation?patient=pat-3&code=motor-threshold") == ["mt-3"]
    assert len(ids(at, "/Procedure?based-on=ServiceRequest/order-4&_count=50")) == 4
    assert ids(at, "/Patient?_id=pat-1,pat-2") == ["pat-1", "pat-2"]
    assert ids(at, "/Patient?_lastUpdated=gt2026-11-23T10:00:01Z") == []
    assert len(ids(at, "/Patient?_lastUpdated=ge2026-11-23")) == 8


def test_search_by_date_respects_prefixes() -> None:
    at = server()
    day = "/Appointment?actor=Device/unit-sim-0001&date="
    assert len(ids(at, f"{day}ge2026-11-23&date=lt2026-11-24")) == 8
    assert len(ids(at, f"{day}2026-11-23")) == 8
    assert ids(at, f"{day}ge2026-11-24") == []
    at_three = "2026-11-23T10%3A00%3A00Z"
    assert ids(at, f"{day}{at_three}") == ["apt-20261123-3"]
    assert len(ids(at, f"{day}le{at_three}")) == 3
    assert len(ids(at, f"{day}gt{at_three}")) == 5
    assert len(ids(at, f"{day}ne{at_three}")) == 7
    assert len(ids(at, f"{day}2026-11")) == 8
    assert len(ids(at, f"{day}2026")) == 8
    assert len(ids(at, f"{day}lt2026")) == 0


def test_search_includes_the_patient_once_and_pages() -> None:
    at = server()
    path = "/Appointment?actor=Device/unit-sim-0001&_include=Appointment:patient&_count=3"
    body = call(at, "GET", path)[2]
    modes = [e["search"]["mode"] for e in body["entry"]]
    assert modes == ["match"] * 3 + ["include"] * 3
    link = next(part["url"] for part in body["link"] if part["relation"] == "next")
    seen = [e["resource"]["id"] for e in body["entry"][:3]]
    while link:
        body = call(at, "GET", link.removeprefix(BASE_URL))[2]
        seen += [e["resource"]["id"] for e in body["entry"] if e["search"]["mode"] == "match"]
        link = next((p["url"] for p in body["link"] if p["relation"] == "next"), "")
    assert seen == [f"apt-20261123-{n}" for n in range(1, 9)]


def test_search_sorts() -> None:
    found = ids(server(), "/Appointment?_sort=-date&_count=2")
    assert found == ["apt-20261123-8", "apt-20261123-7"]


@pytest.mark.parametrize(
    "query",
    [
        "shoe=43",
        "date=yesterday",
        "date=2026-13-01",
        "_count=many",
        "_sort=shoe",
        "_include=Appointment:status",
        "actor.identifier=x",
    ],
)
def test_search_with_something_unknown_is_refused_when_strict(query: str) -> None:
    status, _, body = call(server(), "GET", f"/Appointment?{query}", prefer="handling=strict")
    assert status == 400
    assert body["resourceType"] == "OperationOutcome"


def test_search_with_something_unknown_is_wider_when_lenient() -> None:
    assert len(call(server(), "GET", "/Patient?shoe=43")[2]["entry"]) == 8
    at = server(Quirks(lenient_search=True))
    assert len(ids(at, "/Patient?shoe=43")) == 8
    assert call(server(Quirks(no_tag_search=True)), "GET", "/Patient?_tag=x|y")[0] == 200


def test_quirks_change_what_they_name() -> None:
    entries = [post(PATIENT, f"urn:uuid:00000000-0000-4000-8000-00000000000{n}") for n in range(3)]
    entries[0]["request"]["ifNoneExist"] = CONDITION
    many = transaction(*entries)
    assert call(server(Quirks(entry_limit=2)), "POST", "", many)[0] == 400
    assert call(server(Quirks(body_bytes_max=100)), "POST", "", many)[0] == 413
    at = server(Quirks(absolute_locations=True, uuid_versions=True))
    location = call(at, "POST", "", many)[2]["entry"][0]["response"]["location"]
    assert location.startswith(f"{BASE_URL}/Patient/1/_history/")
    assert len(location.rpartition("/")[2]) == 36
    at = server(Quirks(no_location_on_match=True))
    call(at, "POST", "", transaction(entries[0]))
    again = call(at, "POST", "", transaction(entries[0]))[2]
    assert "location" not in again["entry"][0]["response"]
    at = server(Quirks(update_create=True, bumps_on_same_content=True))
    assert call(at, "PUT", "/Patient/new", {**PATIENT, "id": "new"})[0] == 201
    assert call(at, "PUT", "/Patient/new", {**PATIENT, "id": "new"})[1]["etag"] == 'W/"2"'
    assert "date" not in call(server(Quirks(no_date_header=True)), "GET", "/metadata")[1]


def test_quirk_of_conflict_after_commit_answers_409_and_stores() -> None:
    at = server(Quirks(conflict_status_after_commit=409))
    count = len(at.resources("Patient"))
    assert call(at, "POST", "/Patient", PATIENT)[0] == 409
    assert len(at.resources("Patient")) == count + 1


def test_quirk_of_batch_like_transactions_stores_the_good_entries() -> None:
    at = server(Quirks(batch_like_transaction=True))
    bad = post({**observation(U1), "status": "done"}, U2)
    status, _, answer = call(at, "POST", "", transaction(post(PATIENT, U1), bad))
    assert status == 200
    assert [e["response"]["status"][:3] for e in answer["entry"]] == ["201", "422"]
    assert at.resources("Patient")[-1]["name"][0]["family"] == "Zorn"


def test_quirk_of_races_duplicates_when_two_requests_overlap() -> None:
    body = json.dumps(PATIENT).encode()
    headers = {**SEND, "If-None-Exist": CONDITION}
    for quirks, copies in ((Quirks(), 1), (Quirks(races_on_conditions=True), 2)):
        at = server(quirks)
        count = len(at.resources("Patient"))
        both = [at.arrive("POST", "/fhir/Patient", headers, body) for _ in range(2)]
        for finish in both:
            finish()
        assert len(at.resources("Patient")) - count == copies


def test_quirks_are_read_from_text() -> None:
    found = quirks_of("entry_limit=8, update_create")
    assert found == Quirks(entry_limit=8, update_create=True)
    with pytest.raises(ValueError, match="no such quirk: speed"):
        quirks_of("speed")
    assert "entry_limit" in NAMES


def test_file_keeps_what_was_received(tmp_path: Path) -> None:
    file = tmp_path / "clinic.json"
    call(server(file=file), "POST", "/Patient", PATIENT, if_none_exist=CONDITION)
    again = server(file=file)
    assert call(again, "POST", "/Patient", PATIENT, if_none_exist=CONDITION)[0] == 200
    call(again, "DELETE", "/Patient/1")
    assert call(server(file=file), "GET", "/Patient/1")[0] == 410
    assert call(server(file=file), "POST", "/Patient", PATIENT)[2]["id"] == "2"


def test_seed_is_the_same_for_the_same_day_and_seed() -> None:
    assert seed.day(START, UNIT) == seed.day(START, UNIT)
    assert seed.day(START, UNIT, seed=2) != seed.day(START, UNIT)


@pytest.mark.parametrize("hours", [0, 1, 5, 12, 20, 23])
def test_seed_keeps_all_appointments_within_the_local_day(hours: int) -> None:
    now = START.replace(hour=0, minute=10) + timedelta(hours=hours)
    day = f"{(now + timedelta(hours=1)):%Y%m%d}"  # Berlin in November
    visits = [r for r in seed.day(now, UNIT) if r["resourceType"] == "Appointment"]
    assert len(visits) == 8
    assert all(r["id"].startswith(f"apt-{day}-") for r in visits)
    assert all(resources.moment(now)[:8] == r["start"][:8] for r in visits)
    assert seed.has_day(visits, now, "Europe/Berlin")


def test_page_for_people_shows_patients_and_escapes_them() -> None:
    at = server()
    call(at, "POST", "/Patient", {**PATIENT, "name": [{"family": "<script>", "given": ["A"]}]})
    status, headers, body = at.handle("GET", "/", {}, b"")
    text = body.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Simulated clinic" in text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
