"""The table of roles and commands: total, STOP for everybody, patients not for engineers."""

from __future__ import annotations

import pytest

from edge.domain.permissions import (
    ALLOWED,
    ALWAYS,
    COMMAND_KINDS,
    ROLES,
    judge_permission,
    may_open_console,
    may_release,
)

pytestmark = pytest.mark.control("permissions")


def test_permission_table_answers_every_role_and_command() -> None:
    for kind in COMMAND_KINDS:
        for role in (None, *ROLES):
            verdict = judge_permission(role, kind)
            is_allowed = kind in ALWAYS or (role is not None and role in ALLOWED[kind])
            assert verdict.is_accepted == is_allowed
            assert verdict.code in ("", "not_logged_in", "not_permitted")


def test_each_role_has_its_commands_and_no_other() -> None:
    # Catches a permission given or taken by a slip of the hand.
    of_role = {
        role: {kind for kind in COMMAND_KINDS if judge_permission(role, kind).is_accepted}
        for role in ROLES
    }
    every = set(COMMAND_KINDS)

    assert every - of_role["technician"] == {"start_full_safety_test"}
    assert every - of_role["clinician"] == {
        "start_safety_test", "start_full_safety_test", "repeat_safety_step",
    }  # fmt: skip
    assert of_role["engineer"] == {
        *ALWAYS, "take_control", "acknowledge", "acknowledge_alarm", "pause_audio", "test_alarms",
        "pause", "start_safety_test", "start_full_safety_test", "repeat_safety_step",
        "end_safety_test", "decide_held",
    }  # fmt: skip


def test_refusal_tells_what_and_who() -> None:
    assert judge_permission("engineer", "arm").args == {"kind": "arm", "role": "engineer"}


def test_stop_and_beat_are_allowed_to_everybody() -> None:
    for role in (None, *ROLES, "stranger"):
        assert judge_permission(role, "stop").is_accepted
        assert judge_permission(role, "beat").is_accepted


def test_everything_else_needs_a_log_in() -> None:
    for kind in ALLOWED:
        assert judge_permission(None, kind).code == "not_logged_in"


def test_engineer_neither_treats_nor_sees_patients() -> None:
    for kind in ("open_visit", "reveal", "arm", "start", "resume", "wrap_up"):
        assert judge_permission("engineer", kind).code == "not_permitted"


def test_unknown_role_or_command_is_not_permitted() -> None:
    assert judge_permission("stranger", "arm").code == "not_permitted"
    assert judge_permission("clinician", "set_limit").code == "not_permitted"


def test_release_is_the_clinician_s() -> None:
    assert [role for role in ROLES if may_release(role)] == ["clinician"]


def test_recordings_are_for_the_engineer_alone() -> None:
    assert [role for role in ROLES if may_open_console(role)] == ["engineer"]
