"""A session as FHIR: sound, complete, and the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from edge.domain.fhir_check import check_transaction
from edge.domain.fhir_codes import SEGMENT
from edge.domain.fhir_session import device_reference, instant, render_session
from edge.domain.prescription import MtBasis, Side
from edge.domain.record import Segment, SessionRecord, TrainRow
from tests.edge.clinic.bench import START, record, session_id

UNIT = device_reference("unit-1", "https://tms.example.org/id/unit", "SIM-0001")
COIL = device_reference("", "https://tms.example.org/id/coil", "F8C-0042")
DEVICES = {"unit": UNIT, "coil": COIL}


def rendered(given: SessionRecord) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(render_session(given, DEVICES))
    assert check_transaction(bundle) == []
    return bundle


def resources(given: SessionRecord) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    procedure, dose, threshold = (e["resource"] for e in rendered(given)["entry"])
    return procedure, dose, threshold


def components(dose: dict[str, Any]) -> dict[str, tuple[float, str]]:
    return {
        c["code"]["coding"][0]["code"]: (c["valueQuantity"]["value"], c["valueQuantity"]["code"])
        for c in dose["component"]
    }


def test_session_of_a_complete_treatment_says_what_was_given() -> None:
    procedure, dose, threshold = resources(record(1))
    assert procedure["status"] == "completed"
    assert procedure["basedOn"] == [{"reference": "ServiceRequest/order-3"}]
    assert procedure["subject"] == {"reference": "Patient/pat-3"}
    assert procedure["instantiatesCanonical"] == [
        "https://tms.example.org/fhir/ActivityDefinition/itbs-600|1.0.0"
    ]
    assert procedure["usedReference"] == [UNIT, COIL]
    assert components(dose) == {
        "stim_count": (600, "{pulse}"),
        "stim_count_commanded": (600, "{pulse}"),
        "stim_count_prescribed": (600, "{pulse}"),
        "stim_count_uncertain": (0, "{pulse}"),
        "train_number": (20, "{train}"),
        "pulse_intensity": (60, "%{MSO}"),
        "pulse_intensity_rmt": (120, "%{MT}"),
        "rmt_intensity": (50, "%{MSO}"),
        "session_duration": (191.84, "s"),
        "pause_number": (0, "{pause}"),
        "coil_temperature_max": (31.2, "Cel"),
        "pain_score": (2, "{score}"),
    }
    assert threshold["valueQuantity"]["value"] == 50
    assert threshold["code"]["coding"][0]["code"] == "motor-threshold-used"


def test_session_entries_carry_an_escaped_condition_and_our_tag() -> None:
    entries = rendered(record(1))["entry"]
    assert entries[0]["request"]["ifNoneExist"] == (
        "identifier=https%3A%2F%2Ftms.example.org%2Fid%2Fsession%7C" + session_id(1)
    )
    tags = [e["resource"]["meta"]["tag"][0]["code"] for e in entries]
    assert tags == [f"{session_id(1)}.{part}" for part in ("procedure", "dose", "threshold")]
    assert all("id" not in e["resource"] for e in entries)


def test_session_that_was_stopped_says_why_and_how_much() -> None:
    trains = (TrainRow(0, 0, 30, 30, 0, "complete"), TrainRow(1, 0, 30, 12, 1, "stop"))
    procedure, dose, _ = resources(
        record(1, outcome="stopped", stop_reasons=("operator", "201"), trains=trains)
    )
    assert procedure["status"] == "stopped"
    codes = [c["code"] for c in procedure["statusReason"]["coding"]]
    assert codes == ["stop-operator", "stop-201"]
    assert components(dose)["train_number"] == (1, "{train}")


def test_session_with_unsettled_pulses_says_so_in_words() -> None:
    procedure, _, _ = resources(record(1, outcome="stopped", pulses_uncertain=3))
    assert procedure["outcome"]["text"] == "Stopped early: 600 of 600 pulses, 3 not settled"


def test_session_in_which_nothing_was_given_has_no_period() -> None:
    procedure, dose, _ = resources(
        record(
            1,
            outcome="not_done",
            started_utc=None,
            pulses_measured=0,
            peak_surface_c10=None,
            pain_0_10=None,
            notes=(" ",),
        )
    )
    assert procedure["status"] == "not-done"
    assert "performedPeriod" not in procedure
    assert "note" not in procedure
    assert "effectiveDateTime" in dose
    assert "pain_score" not in components(dose)


def test_session_without_notes_and_diagnosis_is_sound() -> None:
    given = record(1, notes=())
    procedure, _, _ = resources(replace(given, order=replace(given.order, diagnosis="")))
    assert "reasonCode" not in procedure
    assert "note" not in procedure


def test_session_over_a_clock_correction_keeps_its_times_and_is_sound() -> None:
    procedure, _, _ = resources(record(1, ended_utc=START - timedelta(hours=1)))
    assert list(procedure["performedPeriod"]) == ["start"]


def test_session_text_from_people_is_escaped_in_the_narrative() -> None:
    given = record(1, protocol_id="<b>&")
    assert "&lt;b&gt;&amp;" in resources(given)[0]["text"]["div"]


@pytest.mark.parametrize("side", list(Side))
def test_session_for_every_side_is_sound(side: Side) -> None:
    given = record(1)
    resources(replace(given, threshold=replace(given.threshold, side=side)))


def test_session_at_percent_of_leg_threshold_names_that_basis() -> None:
    given = record(1)
    order = replace(given.order, mt_basis=MtBasis.LEG_RMT)
    threshold = replace(given.threshold, basis=MtBasis.LEG_RMT, side=Side.MIDLINE)
    _, dose, used = resources(replace(given, order=order, threshold=threshold))
    assert "pulse_intensity_leg_rmt" in components(dose)
    basis = used["component"][0]["valueCodeableConcept"]["coding"][0]["code"]
    assert basis == "leg-rmt"


def test_session_bytes_are_the_same_under_any_hash_seed() -> None:
    code = (
        "from tests.edge.clinic.test_fhir_session import *;"
        "print(hashlib.sha256(render_session(record(1), DEVICES)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": number, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for number in ("0", "1", "4711")
    }
    assert digests == {hashlib.sha256(render_session(record(1), DEVICES)).hexdigest()}


def test_session_in_segments_tells_each_with_its_pulses_its_end_and_its_people() -> None:
    began = record(1).started_utc
    assert began is not None
    later = began + timedelta(minutes=5)
    first = Segment(began, began + timedelta(seconds=90), 0, 423, "operator", "Tess", "")
    second = Segment(later, later + timedelta(seconds=60), 423, 177, "complete", "Tess", "Dr B")
    procedure, _, _ = resources(record(1, segments=(first, second), is_clock_trusted=False))
    told = [
        {part["url"]: part for part in extension["extension"]}
        for extension in procedure["extension"]
        if extension["url"] == SEGMENT
    ]
    assert [each["pulses"]["valueUnsignedInt"] for each in told] == [423, 177]
    assert [each["first-pulse"]["valueUnsignedInt"] for each in told] == [0, 423]
    assert [each["ended"]["valueString"] for each in told] == ["operator", "complete"]
    assert "gap-released-by" not in told[0]
    assert told[1]["gap-released-by"]["valueString"] == "Dr B"
    assert told[0]["period"]["valuePeriod"]["end"] == instant(first.ended_utc)
    evidence = {part["url"]: part["valueString"] for part in procedure["extension"][0]["extension"]}
    assert evidence["clock"].startswith("not confirmed")
