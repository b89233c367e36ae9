"""Steps of a transaction, answers of servers, and what is done with odd ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.domain.fhir_bundle import (
    Entry,
    entries_of,
    outcome_of,
    outcome_text,
    read_answer,
    read_location,
    read_search,
    render_step,
)
from edge.domain.fhir_session import render_session
from tests.edge.clinic.bench import record
from tests.edge.clinic.test_fhir_session import DEVICES

ENTRIES = entries_of(render_session(record(1), DEVICES))


def answer(*responses: dict[str, Any]) -> bytes:
    return json.dumps({"entry": [{"response": r} for r in responses]}).encode()


def test_step_of_everything_is_the_stored_bytes() -> None:
    assert render_step(ENTRIES, {}) == render_session(record(1), DEVICES)


def test_step_after_the_first_refers_to_the_ids_of_the_server() -> None:
    step = json.loads(render_step(ENTRIES[1:], {ENTRIES[0].full_url: "Procedure/77"}))
    assert [e["resource"]["partOf"] for e in step["entry"]] == [[{"reference": "Procedure/77"}]] * 2


@pytest.mark.parametrize(
    "location",
    [
        "Procedure/77",
        "Procedure/77/_history/1",
        "http://x/fhir/Procedure/77/_history/1",
        "/fhir/Procedure/77",
    ],
)
def test_location_of_any_form_is_read(location: str) -> None:
    assert read_location(location, "Procedure") == "Procedure/77"


@pytest.mark.parametrize("location", ["", "77", "Patient/77", "Procedure/a b", "_history/1"])
def test_location_of_something_else_is_not_read(location: str) -> None:
    assert read_location(location, "Procedure") == ""


def test_answer_with_all_entries_gives_their_ids() -> None:
    body = answer(
        {"status": "201 Created", "location": "Procedure/1"},
        {"status": "200 OK", "location": "Observation/2/_history/3"},
        {"status": "201", "location": "http://x/Observation/3"},
    )
    refs = read_answer(ENTRIES, body).refs
    assert refs is not None
    assert list(refs.values()) == ["Procedure/1", "Observation/2", "Observation/3"]


def test_answer_with_a_refused_entry_is_a_refusal_with_its_words() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"code": "invalid", "diagnostics": "no", "expression": ["Observation.code"]}],
    }
    good = {"status": "201", "location": "Procedure/1"}
    body = answer(good, {"status": "422 Bad", "outcome": outcome}, good)
    assert read_answer(ENTRIES, body).refused == "Observation: 422 Bad invalid no Observation.code"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"entry": 3}',
        answer({"status": "201", "location": "Procedure/1"}),
        answer(*[{"status": "201"}] * 3),
        answer(*[{"status": "500", "location": "Procedure/1"}] * 3),
        b'{"entry": [{}, {}, {"response": 3}]}',
    ],
)
def test_answer_that_does_not_add_up_is_unclear(body: bytes) -> None:
    assert read_answer(ENTRIES, body).unclear


def test_probe_asks_by_identifier_and_by_tag_where_there_is_none() -> None:
    assert ENTRIES[0].probe_path.startswith("Procedure?identifier=https%3A%2F%2F")
    tag = {"system": "https://tms.example.org/fhir/outbox", "code": "s.audit"}
    body = {"resource": {"resourceType": "AuditEvent", "meta": {"tag": [tag, {"code": "x"}]}}}
    entry = Entry("urn:uuid:1", "AuditEvent", body)
    assert entry.probe_path.startswith("AuditEvent?_tag=https%3A%2F%2F")
    assert entry.is_same({"resourceType": "AuditEvent", "meta": {"tag": [tag]}})


@pytest.mark.parametrize(
    "resource",
    [3, {}, {"resourceType": "Procedure"}, {"resourceType": "Procedure", "identifier": [{}]}],
)
def test_probe_does_not_take_what_a_lenient_server_returns(resource: object) -> None:
    assert not ENTRIES[0].is_same(resource)


def test_search_result_gives_resources_and_next_page() -> None:
    page = {
        "type": "searchset",
        "link": [{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}],
        "entry": [
            {"resource": {"resourceType": "Patient"}},
            {"resource": {"resourceType": "OperationOutcome"}},
            {"fullUrl": "x"},
        ],
    }
    assert read_search(json.dumps(page).encode()) == ([{"resourceType": "Patient"}], "b")
    assert read_search(b'{"type": "searchset"}') == ([], "")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"type": "history"}'])
def test_search_result_that_is_none_is_none(body: bytes) -> None:
    assert read_search(body) is None


def test_outcome_is_one_bounded_line() -> None:
    issues = [{"code": "a", "details": {"text": "words"}, "location": "x"}, {"code": "b" * 2000}]
    line = outcome_text({"resourceType": "OperationOutcome", "issue": issues})
    assert line.startswith("a words; bbb")
    assert len(line) == 600
    assert outcome_text({"issue": []}) == ""
    assert outcome_of(b"<html>") == ""
