"""Contacts that nobody has seen open for too long, by days, sessions and patients."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from edge.domain.contact_history import (
    RULES,
    Proof,
    due_names,
    is_due,
    seen_open,
    session_begun,
)
from tests.edge.domain.builders import NOW

pytestmark = pytest.mark.control("defeated-interlock")

DAY = timedelta(days=1)


@pytest.mark.parametrize("name", RULES)
def test_contact_seen_open_just_now_is_not_due(name: str) -> None:
    assert not is_due(Proof(name, NOW), NOW)


@pytest.mark.parametrize(
    ("name", "days"),
    [("estop", 30), ("door", 30), ("patient", 30), ("coil", 92), ("enclosure", 400)],
)
def test_contact_is_due_when_its_days_are_over_and_not_before(name: str, days: int) -> None:
    proof = Proof(name, NOW)

    assert not is_due(proof, NOW + days * DAY)
    assert is_due(proof, NOW + days * DAY + timedelta(seconds=1))
    assert not is_due(proof, None)  # the clock is in doubt: nothing is judged by it


def test_door_that_stays_shut_while_three_patients_change_is_due() -> None:
    proof = Proof("door", NOW)
    for patient in ("a", "a", "b", "b", "c"):
        proof = session_begun(proof, patient)
    assert (proof.patients, proof.sessions) == (2, 5)
    assert not is_due(proof, NOW)

    proof = session_begun(proof, "a")
    assert is_due(proof, NOW)
    assert is_due(proof, None)

    proof = seen_open(proof, NOW)
    assert not is_due(proof, NOW)
    assert session_begun(proof, "b").patients == 1  # it remembers who was there last


def test_first_patient_is_no_change_of_patient() -> None:
    assert session_begun(Proof("door", NOW), "a").patients == 0


def test_foot_switch_that_is_never_let_go_is_due_whoever_comes() -> None:
    proof = session_begun(Proof("attend", NOW), "a")
    rule = RULES["attend"].sessions_max
    assert rule is not None
    for _ in range(rule - 1):
        assert not is_due(proof, NOW)
        proof = session_begun(proof, "a")

    assert is_due(proof, NOW)


def test_buttons_are_not_due_by_sessions() -> None:
    proof = Proof("estop", NOW)
    for number in range(200):
        proof = session_begun(proof, str(number))

    assert not is_due(proof, NOW)


def test_date_from_the_future_proves_nothing() -> None:
    # Catches a clock that was years ahead once, and an age that is negative for ever.
    proof = Proof("estop", NOW + 400 * DAY)

    assert is_due(proof, NOW)
    assert not is_due(Proof("estop", NOW + DAY / 2), NOW)
    assert not is_due(Proof("estop", NOW + DAY), NOW)


def test_due_names_come_in_the_order_of_the_rules() -> None:
    long_ago = NOW - 500 * DAY
    proofs = [Proof(name, long_ago) for name in reversed(tuple(RULES))]

    assert due_names(proofs, NOW) == tuple(name for name in RULES if name != "attend")
    assert due_names([], NOW) == ()


def test_no_short_history_of_a_door_hides_three_changes_of_patient() -> None:
    """Over all histories of six sessions of two patients, with openings between them."""
    for patients, openings in product(product("ab", repeat=6), product((False, True), repeat=6)):
        proof, changes = Proof("door", NOW), 0
        for index, (patient, is_opened) in enumerate(zip(patients, openings, strict=True)):
            if is_opened:
                proof, changes = seen_open(proof, NOW), 0
            changes += index > 0 and patients[index - 1] != patient
            proof = session_begun(proof, patient)
        assert is_due(proof, None) == (changes >= 3)
