"""Which role may send which command: the total table.

STOP and the page's beat are always allowed, logged in or not. Conditions of the moment (state,
control of the screen, open checks) are judged elsewhere; so is the PIN. A contract test holds the
list of commands against the messages of the page. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.domain.verdict import ACCEPTED, Verdict, refused

TECHNICIAN = "technician"
ENGINEER = "engineer"
CLINICIAN = "clinician"
ROLES: tuple[str, ...] = (TECHNICIAN, ENGINEER, CLINICIAN)

ALWAYS: tuple[str, ...] = ("stop", "beat")
_EVERYONE = ROLES
_UNIT = (TECHNICIAN, ENGINEER)  # whoever looks after the unit
_CHAIRSIDE = (TECHNICIAN, CLINICIAN)  # whoever may treat and see patients

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "take_control": _EVERYONE,
    "acknowledge": _EVERYONE,
    "acknowledge_alarm": _EVERYONE,
    "pause_audio": _EVERYONE,
    "test_alarms": _EVERYONE,
    "start_safety_test": _UNIT,
    "start_full_safety_test": (ENGINEER,),  # opens the cover of the power stage
    "repeat_safety_step": _UNIT,
    "end_safety_test": _EVERYONE,  # makes it safer, whoever stands there
    "open_visit": _CHAIRSIDE,
    "leave_visit": _CHAIRSIDE,
    "reveal": _CHAIRSIDE,
    "begin_checks": _CHAIRSIDE,
    "answer_check": _CHAIRSIDE,
    "release_check": _CHAIRSIDE,  # the message names the clinician and carries his PIN
    "release_gap": _CHAIRSIDE,  # the same
    "decide_held": _EVERYONE,  # the same
    "finish_checks": _CHAIRSIDE,
    "back": _CHAIRSIDE,
    "arm": _CHAIRSIDE,
    "start": _CHAIRSIDE,
    "pause": _EVERYONE,  # makes it safer, whoever stands there
    "resume": _CHAIRSIDE,
    "end_session": _CHAIRSIDE,
    "add_note": _CHAIRSIDE,
    "wrap_up": _CHAIRSIDE,
}
COMMAND_KINDS: tuple[str, ...] = (*ALWAYS, *ALLOWED)


def judge_permission(role: str | None, kind: str) -> Verdict:
    """Whether this role may send this command; None is nobody logged in."""
    if kind in ALWAYS:
        return ACCEPTED
    if role is None:
        return refused("not_logged_in")
    if role not in ALLOWED.get(kind, ()):
        return refused("not_permitted", kind=kind, role=role)
    return ACCEPTED


def may_open_console(role: str) -> bool:
    """Whether this role may look at recordings of the unit, and take one away."""
    return role == ENGINEER


def may_release(role: str) -> bool:
    """Whether this role may release a red answer of the checklist, or a gap that was too long."""
    return role == CLINICIAN
