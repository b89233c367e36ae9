"""The visit searched through its gates, and every gate over its whole domain.

Counts and planted bugs are printed at the end of the run. tests/search/ has the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest

from edge.domain import checks, device_facts, permissions, session_states
from edge.domain.checks import ALL_KEYS, PASSED_STATES, judge
from edge.domain.device_facts import (
    CLOCK_UNCERTAINTY_US_MAX,
    ENABLE_NAMES,
    NOTHING_AHEAD,
    OWN_WIRES,
    WINDING_RESTART_C10,
    DeviceFacts,
    HeatAhead,
    heat_state,
    interlock_states,
    not_ready_reasons,
)
from edge.domain.permissions import ALWAYS, COMMAND_KINDS, ROLES, judge_permission
from edge.domain.session_states import E, S
from firmware.wire.codes import INPUT_NAMES
from tests.edge.domain.builders import ALL_SAFE, OWN_SAFE, device
from tests.search.engine import RuleBrokenError, search
from tests.search.session_world import RULES, Line, SessionWorld
from tests.support.told import tell

pytestmark = [
    pytest.mark.search,
    pytest.mark.control("session-states"),
    pytest.mark.control("permissions"),
    pytest.mark.timeout(240),  # a machine that is busy takes several times as long
]

STATES_MAX = 60_000
Patch = pytest.MonkeyPatch


def test_visit_searched_whole_breaks_no_rule() -> None:
    found = search(SessionWorld(), STATES_MAX)

    tell(found.line("visit at the chair"))
    assert found.is_whole
    assert set(found.places) == {state.value for state in S}
    assert {event.value for event in E} <= set(found.events)


def _cell(patch: Patch, state: S, event: E, target: object) -> None:
    table = {**session_states.TABLE, state: {**session_states.TABLE[state], event: target}}
    patch.setattr(session_states, "TABLE", table)


# Name, the rule that has to break, and the bug.
PLANTED: tuple[tuple[str, str, Callable[[Patch], None]], ...] = (
    ("a line that is missing or open counts as passed", "checks",
     lambda p: p.setattr(checks, "judge", lambda lines: ())),
    ("the unit is not asked before arming", "unit",
     lambda p: p.setattr("tests.search.session_world.not_ready_reasons", lambda facts: ())),
    ("a start needs no confirmation of the controller", "confirmed",
     lambda p: _cell(p, S.READY, E.START, S.TREATING)),
    ("an uncertain count is paused like any other", "settled",
     lambda p: p.setattr("tests.search.session_world.may_resume", lambda visit: True)),
    ("a stop while resuming is ignored", "stop",
     lambda p: _cell(p, S.RESUMING, E.STOP, session_states.IGNORE)),
    ("a lost link while treating changes nothing", "stop",
     lambda p: _cell(p, S.TREATING, E.LINK_LOST, session_states.IGNORE)),
    ("a stop is rejected in the checks", "stop",
     lambda p: _cell(p, S.CHECKS, E.STOP, session_states.REJECT)),
    ("a stopped session is resumed without a word", "reason",
     lambda p: _cell(p, S.STOPPED, E.RESUME, S.RESUMING)),
    ("a visit is left with pulses given", "kept",
     lambda p: _cell(p, S.PAUSED, E.LEAVE, S.IDLE)),
)  # fmt: skip


def test_every_rule_of_the_visit_has_a_planted_bug() -> None:
    assert {rule for _, rule, _ in PLANTED} == set(RULES) - {"assertion"}


@pytest.mark.parametrize(("name", "rule", "plant"), PLANTED, ids=[p[1] for p in PLANTED])
def test_search_of_the_visit_with_a_planted_bug_finds_it(
    monkeypatch: Patch, name: str, rule: str, plant: Callable[[Patch], None]
) -> None:
    plant(monkeypatch)

    with pytest.raises(RuleBrokenError) as caught:
        search(SessionWorld(), STATES_MAX)

    assert caught.value.rule == rule
    tell(f"  planted in the visit: {name}. Found by rule '{caught.value.rule}'")


# Every value of every fact that readiness depends on, at and on both sides of its bounds. What is
# read and not judged has one value. Contacts have a product of their own below.
_WORDS = ("closed", "opening", "identifying", "version_mismatch", "key_refused", "live", "silent")
NOT_JUDGED = (
    "faults",
    "mcu_state",
    "chattering",
    "unproved",
    "inputs",
    "panel",
    "inputs_fitted",
    "surface_c10_warn",
    "surface_c10_max",
    "winding_c10_max",
)
_AHEAD = tuple(
    replace(NOTHING_AHEAD, start=word, has_cooling_failed=failed)
    for word in ("none", "ok", "wait", "never", "unknown")
    for failed in (False, True)
)
# Values of which the first is fine; the others that are fine too are named in FINE.
DOMAIN: dict[str, tuple[Any, ...]] = {
    "link": ("live", *(word for word in _WORDS if word != "live")),
    "is_heard": (True, False),
    "self_test": ("passed", "failed", "open"),
    "fault": (0, 101),
    "surface_c10": (389, 390, 410, None),
    "surface_own_c10": (389, 390, 410, None),
    "surface_own_doubt": ("", "frozen"),
    "is_surface_own_hot": (False, True),
    "winding_c10": (800 - WINDING_RESTART_C10 - 1, 800 - WINDING_RESTART_C10, 800, None),
    "coil_type": ("figure8", ""),
    "settings_match": (True, False),
    "clock_uncertainty_us": (CLOCK_UNCERTAINTY_US_MAX, CLOCK_UNCERTAINTY_US_MAX + 1, None),
    "host_back": (False, True, None),
    "gate_back": (False, True, None),
    "enable_fault": ("", "gate", "host"),
    "sounder": ("passed", "failed", "open"),
    "certificate": ("", "expired"),
    "ahead": _AHEAD,
    "is_session_held": (False, True),
}
FINE: dict[str, tuple[Any, ...]] = {
    "host_back": (False, True),
    "gate_back": (False, True),
    "ahead": tuple(a for a in _AHEAD if a.start in ("none", "ok") and not a.has_cooling_failed),
}


def is_fine(name: str, value: Any) -> bool:
    return value in FINE.get(name, DOMAIN[name][:1])


def test_every_fact_of_the_unit_has_its_domain() -> None:
    named = {field.name for field in fields(DeviceFacts)}

    assert named == set(DOMAIN) | set(NOT_JUDGED)
    assert {field.name for field in fields(HeatAhead)} >= {"start", "has_cooling_failed"}


def test_readiness_over_every_value_of_every_two_facts_is_all_fine_or_refused() -> None:
    # A gate that is a conjunction shows any hole in a single fact, and any mask in a pair.
    asked = 0
    for one, other in _pairs(sorted(DOMAIN)):
        for a, b in product(DOMAIN[one], DOMAIN[other]):
            is_ready = not not_ready_reasons(device(**{one: a, other: b}))
            assert is_ready == (is_fine(one, a) and is_fine(other, b)), (one, a, other, b)
            asked += 1
    tell(f"readiness of the unit: {asked:,} combinations of any two facts")


def _pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    return ((a, b) for i, a in enumerate(names) for b in names[i + 1 :])


def test_readiness_over_every_combination_of_fine_and_wrong_facts() -> None:
    # Each fact fine, or wrong in its first wrong way: the whole product.
    names = sorted(DOMAIN)
    wrong = {n: next(v for v in DOMAIN[n] if not is_fine(n, v)) for n in names}
    asked = 0
    for bits in product((False, True), repeat=len(names)):
        chosen = {n: wrong[n] for n, is_wrong in zip(names, bits, strict=True) if is_wrong}
        if len(chosen) <= 4:
            assert (not not_ready_reasons(device(**chosen))) == (not chosen), chosen
            asked += 1
    tell(f"readiness of the unit: {asked:,} combinations of up to four facts wrong")


def test_heat_over_its_whole_domain_is_cool_only_when_known_and_below() -> None:
    names = (
        "surface_c10",
        "surface_own_c10",
        "surface_own_doubt",
        "is_surface_own_hot",
        "winding_c10",
    )
    combinations = list(product(*(DOMAIN[name] for name in names)))

    for values in combinations:
        facts = dict(zip(names, values, strict=True))
        is_cool = all(is_fine(name, value) for name, value in facts.items())
        assert (heat_state(device(**facts)) == "ok") == is_cool, facts
    tell(f"heat gate: {len(combinations):,} combinations, the whole domain")


CONTACTS = tuple(name for name in INPUT_NAMES if name not in ENABLE_NAMES)
LEVELS = (True, False, None)


def test_every_contact_over_its_whole_domain_is_ok_only_when_both_wires_say_so() -> None:
    for name, mcu, own, is_heard in product(CONTACTS, LEVELS, LEVELS, (True, False)):
        facts = device(
            inputs={**ALL_SAFE, name: mcu},
            panel={**OWN_SAFE, OWN_WIRES[name]: own},
            is_heard=is_heard,
        )
        is_ok = dict(interlock_states(facts))[name] == "ok"
        assert is_ok == (mcu is True and own is True and is_heard), (name, mcu, own)


def test_contacts_over_every_combination_of_their_states_close_the_gate() -> None:
    # ok, open on both wires, unknown, the two wires apart: for every contact at once.
    ways = ((True, True), (False, False), (None, True), (True, False))
    asked = 0
    for chosen in product(ways, repeat=len(CONTACTS)):
        pairs = list(zip(CONTACTS, chosen, strict=True))
        facts = device(
            inputs={name: mcu for name, (mcu, _) in pairs},
            panel={OWN_WIRES[name]: own for name, (_, own) in pairs},
        )
        is_ready = not not_ready_reasons(facts)
        assert is_ready == all(way == (True, True) for way in chosen), chosen
        asked += 1
    tell(f"contact gate: {asked:,} combinations, the whole domain of {len(CONTACTS)} contacts")


def test_checklist_over_every_set_of_lines_passes_only_when_all_are_passed() -> None:
    states = dict.fromkeys(ALL_KEYS, ("ok", "red"))
    asked = 0
    for chosen in product(*states.values()):
        lines = [Line(key, state) for key, state in zip(states, chosen, strict=True)]
        assert (not judge(lines)) == all(state in PASSED_STATES for state in chosen)
        asked += 1
    for key, state in product(ALL_KEYS, ("open", "red", "ok", "released", "", "OK", None)):
        lines = [Line(k, "ok") for k in ALL_KEYS if k != key]
        if state is not None:
            lines.append(Line(key, state))
        assert (not judge(lines)) == (state in PASSED_STATES)
        asked += 1
    tell(f"checklist gate: {asked:,} combinations")


def test_permissions_over_every_role_and_command_need_a_log_in() -> None:
    asked = 0
    for role, kind in product((None, "", "nobody", *ROLES), (*COMMAND_KINDS, "", "unknown")):
        is_accepted = judge_permission(role, kind).is_accepted
        if kind in ALWAYS:
            assert is_accepted
        elif role not in ROLES or kind not in COMMAND_KINDS:
            assert not is_accepted
        asked += 1
    tell(f"permission gate: {asked:,} combinations, the whole domain")


@pytest.mark.parametrize(
    ("module", "name", "bug", "test"),
    [
        (device_facts, "_is_clock_sure", lambda facts: True,
         test_readiness_over_every_value_of_every_two_facts_is_all_fine_or_refused),
        (device_facts, "WINDING_RESTART_C10", 0,
         test_readiness_over_every_value_of_every_two_facts_is_all_fine_or_refused),
        (device_facts, "_interlock_state", lambda facts, name: "ok",
         test_contacts_over_every_combination_of_their_states_close_the_gate),
        (permissions, "ALWAYS", (*ALWAYS, "start"),
         test_permissions_over_every_role_and_command_need_a_log_in),
    ],
)  # fmt: skip
def test_hole_planted_in_a_gate_is_found(
    monkeypatch: Patch, module: Any, name: str, bug: Any, test: Callable[[], None]
) -> None:
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(AssertionError):
        test()
    tell(f"  planted in a gate: {module.__name__}.{name}. Found")
