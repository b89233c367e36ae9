"""What is foreseen of the coil's heat, in the words of reasons, checks and alarms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.alarm_rules import AlarmFacts, alarm_conditions
from edge.domain.checks import machine_states
from edge.domain.device_facts import NOTHING_AHEAD, HeatAhead, not_ready_reasons
from edge.domain.faults import Priority, Reaction, fault_row
from edge.domain.session_states import S
from tests.edge.domain.builders import device, order
from tests.edge.domain.test_alarms import QUIET

pytestmark = pytest.mark.control("heat-look-ahead")

FINE = HeatAhead("ok", None, 380, None, is_off_head_due=False, has_cooling_failed=False)
RISKY = replace(FINE, peak_c10=418, limit_in_s=200.0)


def conditions(ahead: HeatAhead, state: S, held_code: str = "") -> dict[str, Priority]:
    facts: AlarmFacts = replace(QUIET, device=device(ahead=ahead), state=state, held_code=held_code)
    return {c.alarm_id: c.priority for c in alarm_conditions(facts)}


@pytest.mark.parametrize(
    ("ahead", "reasons"),
    [
        (NOTHING_AHEAD, ()),
        (FINE, ()),
        (replace(FINE, start="wait", ready_in_s=300.0), ("too_hot_ahead",)),
        (replace(FINE, start="never"), ("too_hot_ahead",)),
        (replace(FINE, start="unknown"), ("heat_unknown",)),
        (replace(FINE, has_cooling_failed=True), ("cooling_trend",)),
    ],
)
def test_reasons_name_what_is_foreseen(ahead: HeatAhead, reasons: tuple[str, ...]) -> None:
    assert not_ready_reasons(device(ahead=ahead)) == reasons


@pytest.mark.parametrize(
    ("ahead", "state"),
    [
        (FINE, "ok"),
        (replace(FINE, start="wait"), "red"),
        (replace(FINE, start="never"), "red"),
        (replace(FINE, has_cooling_failed=True), "red"),
        (replace(FINE, start="unknown"), "open"),
    ],
)
def test_temperature_check_looks_ahead(ahead: HeatAhead, state: str) -> None:
    assert machine_states(device(ahead=ahead), order(), ())["temperature"] == state


def test_temperature_check_of_a_hot_coil_is_red_whatever_is_foreseen() -> None:
    hot = device(surface_c10=400, ahead=replace(FINE, start="unknown"))

    assert machine_states(hot, order(), ())["temperature"] == "red"


def test_a_run_that_will_be_too_warm_is_at_risk_only_while_it_runs() -> None:
    assert conditions(RISKY, S.TREATING) == {"heat_ahead": Priority.LOW}
    assert conditions(RISKY, S.READY) == {}
    assert conditions(FINE, S.TREATING) == {}
    assert conditions(NOTHING_AHEAD, S.TREATING) == {}


def test_a_face_that_goes_on_warming_has_to_leave_the_head() -> None:
    due = replace(RISKY, is_off_head_due=True)

    assert conditions(due, S.WRAPUP) == {"coil_off_head": Priority.MEDIUM}


def test_cooling_that_fails_is_an_alarm_in_every_state() -> None:
    failed = replace(FINE, has_cooling_failed=True)

    for state in S:
        assert conditions(failed, state).get("cooling_trend") is Priority.MEDIUM


def test_a_hold_for_heat_is_shown_while_it_lasts() -> None:
    assert conditions(FINE, S.PAUSED, "too_hot_ahead") == {"too_hot_ahead": Priority.LOW}


@pytest.mark.parametrize("code", ["cooling_trend", "too_hot_ahead"])
def test_stops_for_heat_hold_and_keep_the_dose(code: str) -> None:
    row = fault_row(code)

    assert (row.code, row.reaction, row.dose_counts) == (code, Reaction.HOLD, True)
    assert row.value in ("surface_c10", "winding_c10")
