"""Small values of the domain: coils, verdicts, patients."""

from __future__ import annotations

from datetime import date

from edge.domain.coils import COIL_NAMES, coil_name
from edge.domain.prescription import Patient
from edge.domain.verdict import ACCEPTED, refused
from firmware.wire import reports


def test_coil_names_cover_every_coil_number_but_none() -> None:
    numbers = {getattr(reports, name): name for name in dir(reports) if name.startswith("COIL_")}

    for number, name in numbers.items():
        expected = "" if name == "COIL_NONE" else name.removeprefix("COIL_").lower()
        assert coil_name(number) == expected
    assert len(COIL_NAMES) == len(numbers) - 1
    assert coil_name(250) == ""


def test_verdict_carries_code_and_values() -> None:
    verdict = refused("too_hot", value=41.2)

    assert (verdict.is_accepted, verdict.code, verdict.args) == (False, "too_hot", {"value": 41.2})
    assert ACCEPTED.is_accepted


def test_initials_of_a_patient_without_a_given_name_do_not_fail() -> None:
    patient = Patient("p1", "123", "Muster", "", date(1990, 1, 1))

    assert patient.initials == ". M."
