"""The checklist: nothing is passed by silence, and what must be put right cannot be released."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from edge.domain.checks import (
    ALL_KEYS,
    MACHINE_KEYS,
    QUESTION_KEYS,
    QUESTIONS,
    Finding,
    answer_state,
    find_question,
    judge,
    judge_answer,
    judge_release,
    machine_states,
)
from edge.domain.permissions import ROLES
from edge.domain.prescription import Problem
from tests.edge.domain.builders import ALL_SAFE, OWN_SAFE, device, order

pytestmark = pytest.mark.control("checklist")


@dataclass
class Line:
    key: str
    state: str


def lines(**states: str) -> list[Line]:
    return [Line(key, states.get(key, "ok")) for key in ALL_KEYS]


def test_questions_are_at_most_eight_cards_with_ear_plugs_last() -> None:
    assert len(QUESTIONS) <= 8
    assert QUESTION_KEYS[0] == "identity"
    assert QUESTION_KEYS[-1] == "earplugs"
    assert len(set(ALL_KEYS)) == len(ALL_KEYS)


def test_every_question_has_exactly_one_answer_that_is_fine() -> None:
    for question in QUESTIONS:
        fine = [choice for choice in question.choices if choice not in question.red]
        assert fine == [question.choices[0]]
        assert set(question.releasable) <= set(question.red)


@pytest.mark.parametrize(
    ("key", "answer"),
    [("identity", "not_confirmed"), ("metal", "still_on"), ("earplugs", "not_in")],
)
def test_what_must_be_put_right_is_released_by_nobody(key: str, answer: str) -> None:
    # Hazards 6, 38, 39: wrong patient, hearing, metal at the head.
    assert answer_state(key, answer) == "red"
    for role in ROLES:
        assert judge_release(key, answer, "red", role).code == "release_not_allowed"


def test_release_over_all_questions_answers_states_and_roles_is_a_clinician_s_alone() -> None:
    for question in QUESTIONS:
        for answer, state, role in product(
            ("", *question.choices), ("open", "ok", "red", "released"), ROLES
        ):
            verdict = judge_release(question.key, answer, state, role)
            is_allowed = state == "red" and answer in question.releasable and role == "clinician"
            assert verdict.is_accepted == is_allowed


def test_release_and_answer_of_an_unknown_check_are_refused() -> None:
    assert judge_release("colour", "blue", "red", "clinician").code == "unknown_check"
    assert judge_answer("colour", "blue").code == "unknown_check"
    assert judge_answer("link", "ok").code == "unknown_check"
    assert find_question("link") is None


def test_answer_that_is_no_choice_is_refused_and_leaves_the_check_open() -> None:
    assert judge_answer("sleep", "maybe").code == "unknown_choice"
    assert answer_state("sleep", "maybe") == "open"
    assert answer_state("sleep", "") == "open"
    assert answer_state("colour", "blue") == "open"


def test_refusals_name_the_check_and_the_answer() -> None:
    # The screen's sentence is made of them.
    assert judge_answer("colour", "blue").args == {"key": "colour"}
    assert judge_answer("sleep", "maybe").args == {"key": "sleep", "answer": "maybe"}
    assert judge_release("colour", "blue", "red", "clinician").args == {"key": "colour"}
    assert judge_release("sleep", "short", "red", "technician").args == {"key": "sleep"}


def test_answer_that_is_a_choice_is_accepted() -> None:
    assert judge_answer("sleep", "short").is_accepted
    assert answer_state("sleep", "usual") == "ok"


def test_judge_of_a_complete_list_finds_nothing() -> None:
    assert judge(lines(sleep="released")) == ()


def test_judge_of_each_single_open_or_red_check_finds_it() -> None:
    # Catches a check that is asked but not looked at.
    for key, state in product(ALL_KEYS, ("open", "red")):
        assert judge(lines(**{key: state})) == (Finding(key, state),)


def test_judge_of_an_empty_list_finds_every_check_open() -> None:
    assert [finding.key for finding in judge([])] == list(ALL_KEYS)
    assert {finding.state for finding in judge([])} == {"open"}


def test_machine_checks_of_a_ready_unit_are_ok() -> None:
    states = machine_states(device(), order(), [])

    assert list(states) == list(MACHINE_KEYS)
    assert set(states.values()) == {"ok"}


@pytest.mark.control("coil-identity")
@pytest.mark.parametrize(
    ("changes", "key", "state"),
    [
        ({"link": "closed"}, "link", "red"),
        ({"self_test": "failed"}, "self_test", "red"),
        ({"self_test": "open"}, "self_test", "open"),
        ({"inputs": ALL_SAFE | {"door": False}}, "interlocks", "red"),
        ({"inputs": ALL_SAFE | {"door": False}, "panel": OWN_SAFE | {"door": False}},
         "interlocks", "red"),
        ({"inputs": ALL_SAFE | {"door": None}}, "interlocks", "open"),
        ({"inputs_fitted": ()}, "interlocks", "open"),
        ({"coil_type": ""}, "coil", "open"),
        ({"coil_type": "h1"}, "coil", "red"),
        ({"surface_c10": None}, "temperature", "open"),
        ({"surface_c10": 400}, "temperature", "red"),
    ],
)  # fmt: skip
def test_machine_check_sees_what_it_is_for(
    changes: dict[str, object], key: str, state: str
) -> None:
    assert machine_states(device(**changes), order(), [])[key] == state


def test_machine_checks_of_order_and_threshold_follow_the_problems() -> None:
    old = Problem("threshold_old", "threshold")
    high = Problem("level_above", "level_pct_mso")
    expired = Problem("expired", "valid_until_utc")

    assert machine_states(device(), order(), [old, high])["order"] == "ok"
    assert machine_states(device(), order(), [old])["threshold"] == "red"
    assert machine_states(device(), order(), [expired])["order"] == "red"
    assert machine_states(device(), order(), [expired])["threshold"] == "ok"


def test_machine_checks_without_an_order_do_not_pass() -> None:
    states = machine_states(device(), None, [])

    assert (states["order"], states["threshold"], states["coil"]) == ("red", "open", "open")
