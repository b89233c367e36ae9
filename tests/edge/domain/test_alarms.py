"""Alarm rules and reducer: every condition is seen, latched ones stay, sound pauses are bounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.domain.alarm_rules import (
    ALARM_IDS,
    HOLDS_SHOWN,
    RULE_ALARM_IDS,
    STOPS_SHOWN,
    AlarmFacts,
    alarm_conditions,
)
from edge.domain.alarms import (
    AUDIO_PAUSE_S_MAX,
    AlarmCondition,
    acknowledge,
    audio_pause_until,
    is_sounding,
    pause_left,
    restored,
    update,
)
from edge.domain.faults import FAULT_ROWS, Priority
from edge.domain.session_states import S
from firmware.wire import codes
from tests.edge.domain.builders import ALL_SAFE, device

pytestmark = [
    pytest.mark.control("line-quality"),
    pytest.mark.control("alarm-rules"),
    pytest.mark.control("alarm-reducer"),
]

QUIET = AlarmFacts(
    device=device(),
    state=S.IDLE,
    link_lost_s=None,
    uncertain_pulses=0,
    clinic_silent_s=1.0,
    quarantined=0,
    clock_is_trusted=True,
    disk_used_pct=10,
    is_store_log_failed=False,
    store_repaired="",
    is_recorded=True,
    page_silent_s=0.2,
    bad_frames_per_min=0,
    sounder="passed",
    loop_late_ms=5,
    repeats_per_min=0,
    stop_code="",
    held_code="",
    expected=(),
)


def found(**changes: Any) -> dict[str, Priority]:
    conditions = alarm_conditions(replace(QUIET, **changes))
    return {condition.alarm_id: condition.priority for condition in conditions}


def test_quiet_unit_has_no_alarms() -> None:
    assert alarm_conditions(QUIET) == ()
    assert found(clinic_silent_s=None, page_silent_s=None, disk_used_pct=None) == {}


def test_a_line_that_comes_and_goes_is_one_alarm() -> None:
    assert found(link_lost_s=1.9) == {"link_down": Priority.MEDIUM}
    assert found(link_lost_s=2.0) == {}


@pytest.mark.parametrize("row", FAULT_ROWS, ids=[row.name for row in FAULT_ROWS])
def test_every_latched_fault_is_an_alarm_of_its_priority(row: Any) -> None:
    (condition,) = alarm_conditions(replace(QUIET, device=device(faults=(row.number,))))

    assert condition.alarm_id == row.name
    assert condition.priority is row.priority
    assert condition.is_latching


def test_fault_number_without_a_row_is_still_a_high_alarm() -> None:
    assert found(device=device(faults=(999,))) == {"internal": Priority.HIGH}


@pytest.mark.parametrize(
    ("changes", "alarm_id", "priority"),
    [
        ({"device": device(link="silent")}, "link_down", Priority.MEDIUM),
        ({"device": device(link="silent"), "state": S.TREATING}, "link_down", Priority.HIGH),
        ({"device": device(link="version_mismatch")}, "version_mismatch", Priority.MEDIUM),
        ({"device": device(link="key_refused")}, "key_refused", Priority.MEDIUM),
        ({"device": device(inputs=ALL_SAFE | {"door": False})}, "inputs_disagree", Priority.HIGH),
        ({"device": device(settings_match=False)}, "settings_mismatch", Priority.MEDIUM),
        ({"device": device(self_test="failed")}, "self_test_failed", Priority.MEDIUM),
        ({"state": S.UNCERTAIN}, "uncertain_dose", Priority.MEDIUM),
        ({"state": S.WRAPUP, "uncertain_pulses": 3}, "uncertain_dose", Priority.MEDIUM),
        ({"state": S.TREATING, "page_silent_s": 3.1}, "page_silent", Priority.MEDIUM),
        ({"device": device(surface_c10=390)}, "surface_warm", Priority.LOW),
        ({"device": device(surface_own_c10=390)}, "surface_warm", Priority.LOW),
        ({"device": device(is_surface_own_hot=True)}, "surface_hot_own", Priority.HIGH),
        ({"device": device(surface_own_doubt="differs")}, "sensor_own", Priority.MEDIUM),
        ({"clinic_silent_s": 901.0}, "clinic_offline", Priority.LOW),
        ({"quarantined": 1}, "record_refused", Priority.LOW),
        ({"clock_is_trusted": False}, "clock_untrusted", Priority.LOW),
        ({"disk_used_pct": 90}, "disk_full", Priority.LOW),
        ({"is_recorded": False}, "recording_stopped", Priority.LOW),
        ({"bad_frames_per_min": 11}, "noisy_line", Priority.LOW),
        ({"sounder": "failed"}, "sounder_dead", Priority.MEDIUM),
        ({"state": S.TREATING, "loop_late_ms": 101}, "risk_load", Priority.LOW),
        ({"state": S.TREATING, "repeats_per_min": 7}, "risk_link", Priority.LOW),
        ({"stop_code": "store_failed"}, "store_failed", Priority.HIGH),
        ({"device": device(chattering=("door",))}, "contact_chatter", Priority.MEDIUM),
        ({"device": device(unproved=("door",))}, "contact_not_proved", Priority.LOW),
        ({"held_code": "attend_released"}, "attend_released", Priority.LOW),
        ({"stop_code": "edge_internal"}, "edge_internal", Priority.HIGH),
        ({"stop_code": "mcu_reboot"}, "mcu_reboot", Priority.MEDIUM),
        ({"stop_code": "unknown"}, "unknown", Priority.HIGH),
    ],
)
def test_every_rule_sees_its_condition(
    changes: dict[str, Any], alarm_id: str, priority: Priority
) -> None:
    assert found(**changes) == {alarm_id: priority}
    assert alarm_id in RULE_ALARM_IDS


@pytest.mark.parametrize(
    "changes",
    [
        {"state": S.TREATING, "uncertain_pulses": 3},  # on their way, not uncertain yet
        {"page_silent_s": 60.0},  # nobody is being treated
        {"device": device(surface_c10=None)},
        {"device": device(surface_c10=None, surface_own_c10=None)},
        {"device": device(surface_own_c10=None, surface_own_doubt="starting")},
        {"device": device(surface_c10=389)},
        {"clinic_silent_s": 900.0},
        {"disk_used_pct": 89},
        {"bad_frames_per_min": 10},
        {"sounder": "open"},  # not tried yet; it keeps the unit from being ready
        {"loop_late_ms": 5_000},  # nothing is given that could be lost
        {"state": S.TREATING, "loop_late_ms": 100},
        {"repeats_per_min": 60},
        {"state": S.TREATING, "repeats_per_min": 6},
        {"stop_code": "operator"},  # a person knows
        {"held_code": "operator"},
        {"stop_code": "101"},  # the controller's own alarm says it
    ],
)
def test_no_rule_cries_too_early(changes: dict[str, Any]) -> None:
    assert found(**changes) == {}


def test_alarm_ids_are_unique_and_every_stop_shown_has_one() -> None:
    assert len(set(ALARM_IDS)) == len(ALARM_IDS)
    assert {*STOPS_SHOWN, *HOLDS_SHOWN} <= set(RULE_ALARM_IDS)


def test_fault_with_a_reading_shows_what_was_measured_and_its_limit() -> None:
    hot = device(faults=(codes.F_SURFACE_HOT,), surface_c10=412)
    (condition, _) = alarm_conditions(replace(QUIET, device=hot))
    assert condition.args == {"value": 41.2, "limit": 41.0, "unit": "°C"}

    unknown = device(faults=(codes.F_SURFACE_HOT,), surface_c10=None)
    (condition,) = alarm_conditions(replace(QUIET, device=unknown))
    assert condition.args == {}


# The reducer

HOT = AlarmCondition("surface_hot", Priority.HIGH, "technical", is_latching=True, args={})
WARM = AlarmCondition("surface_warm", Priority.LOW, "technical", is_latching=False, args={})
LINK = AlarmCondition("link_down", Priority.MEDIUM, "technical", is_latching=False, args={})


def test_update_sorts_by_priority_then_by_age() -> None:
    signals = update((), [WARM], 1.0)

    signals = update(signals, [WARM, LINK, HOT], 2.0)

    assert [signal.alarm_id for signal in signals] == ["surface_hot", "link_down", "surface_warm"]
    assert signals[2].since == 1.0


def test_latched_signal_stays_until_it_is_both_acknowledged_and_gone() -> None:
    signals = update(update((), [HOT], 1.0), [], 2.0)
    assert [(s.alarm_id, s.is_active) for s in signals] == [("surface_hot", False)]

    after = acknowledge(signals, "surface_hot")

    assert after == ()


def test_acknowledged_signal_stays_while_its_condition_is_present() -> None:
    # Catches an acknowledgement that hides a condition.
    signals = acknowledge(update((), [HOT], 1.0), "surface_hot")
    assert signals is not None

    signals = update(signals, [HOT], 2.0)

    assert [(s.is_active, s.is_acknowledged) for s in signals] == [(True, True)]
    assert update(signals, [], 3.0) == ()


def test_signal_that_does_not_latch_goes_with_its_condition() -> None:
    assert update(update((), [WARM], 1.0), [], 2.0) == ()


def test_signal_that_grows_worse_must_be_acknowledged_again() -> None:
    signals = acknowledge(update((), [LINK], 1.0), "link_down")
    assert signals is not None

    (signal,) = update(signals, [replace(LINK, priority=Priority.HIGH)], 5.0)

    assert (signal.is_acknowledged, signal.since) == (False, 5.0)


def test_latched_signal_that_comes_back_is_active_and_not_acknowledged() -> None:
    gone = update(update((), [HOT], 1.0), [], 2.0)

    (signal,) = update(gone, [HOT], 3.0)

    assert (signal.is_active, signal.is_acknowledged, signal.since) == (True, False, 1.0)


def test_acknowledge_of_a_signal_that_is_not_there_is_told_apart() -> None:
    assert acknowledge(update((), [HOT], 1.0), "door") is None


def test_acknowledge_leaves_the_other_signals_alone() -> None:
    signals = acknowledge(update((), [HOT, LINK], 1.0), "link_down")

    assert signals is not None
    assert [(s.alarm_id, s.is_acknowledged) for s in signals] == [
        ("surface_hot", False),
        ("link_down", True),
    ]


def test_sound_is_that_of_the_first_signal_nobody_acknowledged() -> None:
    signals = acknowledge(update((), [HOT, LINK], 1.0), "surface_hot")
    assert signals is not None

    sounding = is_sounding(signals, 2.0, None)

    assert sounding is not None
    assert sounding.alarm_id == "link_down"
    assert is_sounding((), 2.0, None) is None


def test_sound_pause_ends_after_two_minutes_and_with_a_newer_signal() -> None:
    signals = update((), [LINK], 1.0)
    until = audio_pause_until(10.0)

    assert until == 130.0
    assert is_sounding(signals, 10.0, until) is None
    assert is_sounding(signals, 129.9, until) is None
    assert is_sounding(signals, 130.0, until) is not None
    assert is_sounding(update(signals, [LINK, HOT], 20.0), 20.0, until) is not None


@pytest.mark.parametrize("now", [10.0, 0.1, 1.3, 2.7, 33.3, 1e6 + 0.7])
def test_a_signal_of_the_very_moment_of_a_sound_pause_is_heard(now: float) -> None:
    # Nobody can have meant it. Catches a start that is reckoned back from the end: 1.3 + 120 - 120
    # is less than 1.3.
    signals = update((), [LINK], now)

    assert is_sounding(signals, now, audio_pause_until(now)) == signals[0]


def test_sound_pause_ends_when_a_latched_signal_comes_up_again() -> None:
    # Catches a pause that takes the age of the first occurrence for the age of the alarm.
    gone = update(update((), [HOT], 1.0), [], 2.0)
    until = audio_pause_until(10.0)

    again = update(gone, [HOT], 20.0)

    assert pause_left(gone, 15.0, until) == until
    assert pause_left(again, 20.0, until) is None
    assert is_sounding(again, 20.0, until) is not None
    assert pause_left((), 15.0, None) is None


def test_latching_signal_keeps_what_was_measured_when_it_came_up() -> None:
    first = replace(HOT, args={"value": 41.2})
    signals = update((), [first], 1.0)

    (later,) = update(signals, [replace(HOT, args={"value": 39.0})], 2.0)
    (back,) = update(update(signals, [], 2.0), [replace(HOT, args={"value": 41.5})], 3.0)

    assert later.condition.args == {"value": 41.2}
    assert back.condition.args == {"value": 41.5}


def test_signal_that_does_not_latch_shows_the_present_figures() -> None:
    signals = update((), [replace(WARM, args={"value": 39.1})], 1.0)

    (later,) = update(signals, [replace(WARM, args={"value": 40.0})], 2.0)

    assert later.condition.args == {"value": 40.0}


def test_restored_signals_are_latched_silent_conditions_that_sound() -> None:
    signals = restored([HOT, WARM], 5.0)

    assert [(s.alarm_id, s.is_active, s.is_acknowledged) for s in signals] == [
        ("surface_hot", False, False)
    ]
    assert (signals[0].since, signals[0].raised_at) == (5.0, 5.0)
    assert is_sounding(signals, 5.0, None) is not None
    assert update(signals, [], 6.0) == signals


def test_sound_pause_from_the_far_future_is_not_believed() -> None:
    # Catches a pause of any length: an end further away than the bound is no pause.
    signals = update((), [LINK], 1.0)

    assert is_sounding(signals, 10.0, 10.0 + 2 * AUDIO_PAUSE_S_MAX) is not None
