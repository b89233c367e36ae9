"""Readiness of the unit: unknown is unsafe, and the worst reason comes first."""

from __future__ import annotations

from typing import Any

import pytest

from edge.domain.device_facts import (
    NOT_READY_REASONS,
    attendance,
    heat_state,
    interlock_states,
    not_ready_reasons,
    own_heat_reason,
)
from tests.edge.domain.builders import ALL_SAFE, OWN_SAFE, device


def test_ready_unit_has_no_reasons_and_closed_interlocks() -> None:
    assert not_ready_reasons(device()) == ()
    assert dict(interlock_states(device())) == dict.fromkeys(ALL_SAFE, "ok")


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"link": "silent"}, ("link_down",)),
        ({"is_heard": False}, ("link_down",)),
        ({"link": "version_mismatch", "is_heard": False}, ("version_mismatch",)),
        ({"link": "key_refused"}, ("key_refused",)),
        ({"fault": 101}, ("fault",)),
        ({"inputs": ALL_SAFE | {"door": False}, "panel": OWN_SAFE | {"door": False}},
         ("interlock_open",)),
        ({"inputs": ALL_SAFE | {"door": False}}, ("inputs_disagree",)),
        ({"inputs": ALL_SAFE | {"door": None}}, ("inputs_unknown",)),
        ({"panel": {}}, ("inputs_unknown",)),
        ({"inputs_fitted": ()}, ("inputs_unknown",)),
        ({"inputs": ALL_SAFE | {"cooling": False}, "panel": OWN_SAFE | {"flow": False}},
         ("interlock_open",)),
        ({"panel": OWN_SAFE | {"flow": False}}, ("inputs_disagree",)),  # the tacho lies
        ({"panel": {name: True for name in OWN_SAFE if name != "flow"}}, ("inputs_unknown",)),
        ({"inputs": ALL_SAFE | {"enclosure": False}}, ("inputs_disagree",)),
        ({"coil_type": ""}, ("coil_absent",)),
        ({"surface_c10": 390}, ("too_hot",)),
        ({"winding_c10": 770}, ("too_hot",)),
        ({"surface_c10": None}, ("temperature_unknown",)),
        ({"winding_c10": None}, ("temperature_unknown",)),
        ({"surface_own_c10": 390}, ("too_hot",)),
        ({"surface_own_c10": 380, "is_surface_own_hot": True}, ("too_hot",)),
        ({"surface_own_c10": None}, ("temperature_unknown",)),
        ({"surface_own_doubt": "differs"}, ("temperature_unknown",)),
        ({"self_test": "failed"}, ("self_test_failed",)),
        ({"self_test": "open"}, ("self_test_open",)),
        ({"settings_match": False}, ("settings_mismatch",)),
        ({"clock_uncertainty_us": None}, ("clock_unsure",)),
        ({"sounder": "failed"}, ("sounder_dead",)),
        ({"sounder": "open"}, ("sounder_unproved",)),
        ({"is_session_held": True}, ("session_held",)),
        ({"clock_uncertainty_us": 5_001}, ("clock_unsure",)),
        ({"clock_uncertainty_us": 5_001, "fault": 1, "coil_type": "", "surface_c10": None},
         ("fault", "coil_absent", "temperature_unknown", "clock_unsure")),
    ],
)  # fmt: skip
def test_unit_with_something_wrong_names_it(changes: dict[str, Any], reasons: tuple[str]) -> None:
    assert not_ready_reasons(device(**changes)) == reasons
    assert set(reasons) <= set(NOT_READY_REASONS)


def test_interlocks_of_a_unit_that_is_not_heard_are_unknown() -> None:
    # Catches last values shown as live after the line broke.
    states = dict(interlock_states(device(is_heard=False)))

    assert set(states.values()) == {"unknown"}


def test_interlocks_that_are_not_fitted_are_not_listed() -> None:
    assert interlock_states(device(inputs_fitted=("door",))) == (("door", "ok"),)


def test_clock_at_the_bound_is_sure_enough() -> None:
    assert not_ready_reasons(device(clock_uncertainty_us=5_000)) == ()


def test_heat_just_under_the_warning_is_ok() -> None:
    assert heat_state(device(surface_c10=389, winding_c10=769)) == "ok"


def test_own_sensor_forbids_going_on_while_it_would_stop_again() -> None:
    assert own_heat_reason(device()) == ""
    assert own_heat_reason(device(is_surface_own_hot=True)) == "too_hot"
    assert own_heat_reason(device(surface_own_doubt="open")) == "temperature_unknown"
    hot = device(is_surface_own_hot=True, surface_own_doubt="open")
    assert own_heat_reason(hot) == "too_hot"


@pytest.mark.parametrize(
    ("panel", "word"),
    [
        (OWN_SAFE, "not_fitted"),
        (OWN_SAFE | {"attend": True}, "held"),
        (OWN_SAFE | {"attend": False}, "released"),
        (OWN_SAFE | {"attend": None}, "unknown"),
    ],
)
def test_attendance_is_a_word_of_its_own_and_no_interlock(
    panel: dict[str, bool | None], word: str
) -> None:
    facts = device(panel=panel)

    assert attendance(facts) == word
    assert not_ready_reasons(facts) == ()


def test_contacts_that_are_not_proved_keep_nobody_from_being_treated() -> None:
    assert not_ready_reasons(device(unproved=("door", "estop"))) == ()
