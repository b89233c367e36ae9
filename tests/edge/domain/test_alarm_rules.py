"""Every alarm condition as the screen gets it: priority, kind, whether it latches, what was
measured and its limit; and each rule at its bound and in each state of the visit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.domain.alarm_rules import (
    BAD_FRAMES_PER_MIN_MAX,
    CLINIC_SILENT_S_MAX,
    DISK_USED_PCT_MAX,
    LOOP_LATE_MS_MAX,
    PAGE_SILENT_S_MAX,
    REPEATS_PER_MIN_MAX,
    alarm_conditions,
)
from edge.domain.alarms import AlarmCondition
from edge.domain.device_facts import NOTHING_AHEAD
from edge.domain.faults import FAULT_ROWS, Priority
from edge.domain.session_states import S
from firmware.wire import codes
from tests.edge.domain.builders import ALL_SAFE, OWN_SAFE, device
from tests.edge.domain.test_alarms import QUIET

pytestmark = pytest.mark.control("alarm-rules")

AT_WORK = (S.ARMING, S.ARMED, S.TREATING, S.RESUMING)
HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


def _all(**changes: Any) -> tuple[AlarmCondition, ...]:
    return alarm_conditions(replace(QUIET, **changes))


def _technical(
    alarm_id: str, priority: Priority, *, latching: bool = False, **args: Any
) -> AlarmCondition:
    return AlarmCondition(alarm_id, priority, "technical", latching, args)


def _ahead(**changes: Any) -> Any:
    return device(ahead=replace(NOTHING_AHEAD, **changes))


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({"device": device(link="silent")}, _technical("link_down", MEDIUM)),
        ({"device": device(is_heard=False)}, _technical("link_down", MEDIUM)),
        ({"device": device(link="key_refused")}, _technical("key_refused", MEDIUM)),
        (
            {"device": device(inputs=ALL_SAFE | {"door": False, "cooling": False})},
            _technical("inputs_disagree", HIGH, latching=True, input="door"),
        ),
        (
            {"device": device(chattering=("door", "coil"))},
            _technical("contact_chatter", MEDIUM, latching=True, input="door"),
        ),
        (
            {"device": device(unproved=("door", "coil"))},
            _technical("contact_not_proved", LOW, input="door"),
        ),
        ({"held_code": "attend_released"}, _technical("attend_released", LOW)),
        ({"held_code": "too_hot_ahead"}, _technical("too_hot_ahead", LOW)),
        (
            {"device": device(enable_fault="host_off")},
            _technical("host_lost", MEDIUM, latching=True, wire="host_off"),
        ),
        (
            {"device": device(enable_fault="gate_on")},
            _technical("enable_stuck", HIGH, latching=True, wire="gate_on"),
        ),
        ({"device": device(settings_match=False)}, _technical("settings_mismatch", MEDIUM)),
        ({"device": device(self_test="failed")}, _technical("self_test_failed", MEDIUM)),
        (
            {"state": S.WRAPUP, "uncertain_pulses": 1},
            _technical("uncertain_dose", MEDIUM, pulses=1),
        ),
        ({"state": S.UNCERTAIN}, _technical("uncertain_dose", MEDIUM, pulses=0)),
        ({"device": _ahead(has_cooling_failed=True)}, _technical("cooling_trend", MEDIUM)),
        (
            {"device": _ahead(peak_c10=411, is_off_head_due=True)},
            _technical("coil_off_head", MEDIUM, value=41.1, limit=41.0, unit="°C"),
        ),
        (
            {"device": _ahead(peak_c10=411), "state": S.TREATING},
            _technical("heat_ahead", LOW, value=41.1, limit=41.0, unit="°C"),
        ),
        (
            {"device": device(is_surface_own_hot=True)},
            _technical("surface_hot_own", HIGH, latching=True, limit=41.0, unit="°C"),
        ),
        (
            {"device": device(surface_own_doubt="open")},
            _technical("sensor_own", MEDIUM, latching=True, found="open"),
        ),
        (
            {"device": device(surface_c10=395, surface_own_c10=393)},
            _technical("surface_warm", LOW, value=39.5, limit=41.0, unit="°C"),
        ),
        (
            {"device": device(surface_c10=None, surface_own_c10=390)},
            _technical("surface_warm", LOW, value=39.0, limit=41.0, unit="°C"),
        ),
        ({"clinic_silent_s": 959.0}, _technical("clinic_offline", LOW, minutes=15)),
        ({"clinic_silent_s": 960.0}, _technical("clinic_offline", LOW, minutes=16)),
        ({"quarantined": 2}, _technical("record_refused", LOW, records=2)),
        ({"clock_is_trusted": False}, _technical("clock_untrusted", LOW)),
        ({"disk_used_pct": 93}, _technical("disk_full", LOW, value=93, limit=90, unit="%")),
        ({"is_store_log_failed": True}, _technical("store_log_failed", MEDIUM)),
        (
            {"store_repaired": "catch_up"},
            _technical("store_repaired", LOW, what="catch_up"),
        ),
        ({"is_recorded": False}, _technical("recording_stopped", LOW)),
        ({"bad_frames_per_min": 12}, _technical("noisy_line", LOW, frames=12)),
        ({"sounder": "failed"}, _technical("sounder_dead", MEDIUM)),
        (
            {"state": S.ARMED, "loop_late_ms": 140},
            _technical("risk_load", LOW, value=140, limit=100, unit="ms"),
        ),
        ({"state": S.ARMED, "repeats_per_min": 9}, _technical("risk_link", LOW, value=9, limit=6)),
        ({"state": S.ARMED, "page_silent_s": 4.0}, _technical("page_silent", MEDIUM)),
        ({"stop_code": "store_failed"}, _technical("store_failed", HIGH, latching=True)),
        ({"stop_code": "mcu_reboot"}, _technical("mcu_reboot", MEDIUM, latching=True)),
    ],
)
def test_condition_is_told_whole(changes: dict[str, Any], condition: AlarmCondition) -> None:
    (told,) = _all(**changes)

    assert told == condition
    assert [type(arg) for arg in told.args.values()] == [type(a) for a in condition.args.values()]
    assert type(told.is_latching) is bool


@pytest.mark.parametrize("row", FAULT_ROWS, ids=[row.name for row in FAULT_ROWS])
def test_fault_is_told_whole_with_its_reading(row: Any) -> None:
    (told,) = _all(device=device(faults=(row.number,)))

    readings: dict[str, dict[str, str | float]] = {
        "surface_c10": {"value": 31.0, "limit": 41.0, "unit": "°C"},
        "winding_c10": {"value": 35.0, "limit": 80.0, "unit": "°C"},
    }
    assert told == AlarmCondition(
        row.name, row.priority, row.kind, True, readings.get(row.value, {})
    )


def test_fault_of_the_winding_without_a_reading_tells_none() -> None:
    (told,) = _all(device=device(faults=(codes.F_WINDING_HOT,), winding_c10=None))

    assert told.args == {}


def test_faults_come_first_and_in_their_order() -> None:
    told = _all(device=device(faults=(codes.F_DOOR, codes.F_ESTOP), settings_match=False))

    assert [each.alarm_id for each in told] == ["door", "estop", "settings_mismatch"]


@pytest.mark.parametrize("state", list(S))
def test_conditions_that_depend_on_the_state_are_there_in_the_right_ones(state: S) -> None:
    is_at_work = state in AT_WORK

    def ids(**changes: Any) -> list[str]:
        told = _all(state=state, **changes)
        return [each.alarm_id for each in told if each.alarm_id != "uncertain_dose"]

    (link,) = [c for c in _all(state=state, device=device(link="silent")) if c.alarm_id[0] == "l"]
    assert link.priority is (HIGH if is_at_work else MEDIUM)
    assert ids(page_silent_s=9.0) == (["page_silent"] if is_at_work else [])
    assert ids(loop_late_ms=500) == (["risk_load"] if is_at_work else [])
    assert ids(repeats_per_min=50) == (["risk_link"] if is_at_work else [])
    assert ids(device=_ahead(peak_c10=450)) == (["heat_ahead"] if is_at_work else [])
    assert ids(device=_ahead(peak_c10=450, is_off_head_due=True)) == ["coil_off_head"]
    is_told = any(c.alarm_id == "uncertain_dose" for c in _all(state=state, uncertain_pulses=1))
    assert is_told is (not is_at_work)
    is_told = any(c.alarm_id == "uncertain_dose" for c in _all(state=state))
    assert is_told is (state is S.UNCERTAIN)


@pytest.mark.parametrize(
    ("field", "bound", "alarm_id"),
    [
        ("clinic_silent_s", CLINIC_SILENT_S_MAX, "clinic_offline"),
        ("page_silent_s", PAGE_SILENT_S_MAX, "page_silent"),
        ("bad_frames_per_min", BAD_FRAMES_PER_MIN_MAX, "noisy_line"),
        ("loop_late_ms", LOOP_LATE_MS_MAX, "risk_load"),
        ("repeats_per_min", REPEATS_PER_MIN_MAX, "risk_link"),
        ("disk_used_pct", DISK_USED_PCT_MAX - 1, "disk_full"),
        ("quarantined", 0, "record_refused"),
    ],
)
def test_condition_begins_above_its_bound(field: str, bound: float, alarm_id: str) -> None:
    assert _all(state=S.TREATING, **{field: bound}) == ()
    (told,) = _all(state=S.TREATING, **{field: bound + 1})
    assert told.alarm_id == alarm_id


@pytest.mark.parametrize(
    "changes",
    [
        {"device": device(link="silent", settings_match=False)},  # nobody knows its settings
        {"device": device(panel=OWN_SAFE | {"door": None})},  # unknown is no contradiction
        {"device": _ahead(peak_c10=410, is_off_head_due=True)},
        {"device": _ahead(peak_c10=None, is_off_head_due=True)},
        {"device": device(surface_c10=389, surface_own_c10=389)},
        {"device": device(self_test="open")},
        {"stop_code": "attend_released"},
        {"held_code": "store_failed"},
    ],
)
def test_condition_that_is_not_there_is_not_told(changes: dict[str, Any]) -> None:
    assert [c.alarm_id for c in _all(**changes) if c.alarm_id != "link_down"] == []
