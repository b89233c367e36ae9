"""The two enables against what was asked: every combination, and how long a difference may last."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from edge.domain.alarm_rules import alarm_conditions
from edge.domain.device_facts import interlock_states, not_ready_reasons
from edge.domain.enables import (
    DIFFERENCES,
    GATE_STATES,
    HOST_LOST_S,
    STUCK_S,
    EnableFacts,
    EnableJudge,
    differences,
)
from edge.domain.faults import STOP_CODES
from firmware.wire.codes import STATE_NAMES
from tests.edge.domain.builders import ALL_SAFE, device
from tests.edge.domain.test_alarms import QUIET as QUIET_ALARMS

pytestmark = pytest.mark.control("host-enable")

LEVELS = (True, False, None)
QUIET = EnableFacts(is_beating=False, host_back=False, gate_back=False, mcu_state="STANDBY")


def judged(facts: EnableFacts, lasting_s: float) -> str:
    judge = EnableJudge()
    judge.look(10.0, facts)
    return judge.look(10.0 + lasting_s, facts)


def test_enables_whole_input_domain_has_no_unjudged_wire() -> None:
    """Every state, want and level: an enable that is on without being asked for is always told."""
    for state, beats, host, gate in product(("", *STATE_NAMES), (True, False), LEVELS, LEVELS):
        found = differences(EnableFacts(beats, host, gate, state))
        assert ("host_on" in found) == (host is True and not beats)
        assert ("host_off" in found) == (host is not True and beats)
        assert ("gate_on" in found) == (gate is True and bool(state) and state not in GATE_STATES)
        assert ("gate_off" in found) == (gate is False and state in GATE_STATES)
        assert list(found) == [name for name in DIFFERENCES if name in found]


def test_enables_as_asked_are_no_difference() -> None:
    for facts in (
        QUIET,
        EnableFacts(is_beating=True, host_back=True, gate_back=False, mcu_state="READY"),
        EnableFacts(is_beating=True, host_back=True, gate_back=True, mcu_state="TRAIN"),
    ):
        assert judged(facts, 60.0) == ""


@pytest.mark.parametrize(
    ("facts", "name", "bound_s"),
    [
        (EnableFacts(False, False, True, "STANDBY"), "gate_on", STUCK_S),
        (EnableFacts(False, True, False, "STANDBY"), "host_on", STUCK_S),
        (EnableFacts(True, True, False, "ARMED"), "gate_off", STUCK_S),
        (EnableFacts(True, False, False, "READY"), "host_off", HOST_LOST_S),
        (EnableFacts(True, None, False, "READY"), "host_off", HOST_LOST_S),
    ],
)
def test_enable_difference_counts_when_it_has_lasted(
    facts: EnableFacts, name: str, bound_s: float
) -> None:
    assert judged(facts, bound_s - 0.001) == ""
    assert judged(facts, bound_s + 0.001) == name
    assert DIFFERENCES[name][0] in STOP_CODES


@pytest.mark.parametrize("name", list(DIFFERENCES))
def test_enable_difference_may_last_exactly_as_long_as_it_may(name: str) -> None:
    facts = {
        "gate_on": EnableFacts(False, False, True, "STANDBY"),
        "host_on": EnableFacts(False, True, False, "STANDBY"),
        "gate_off": EnableFacts(True, True, False, "ARMED"),
        "host_off": EnableFacts(True, False, False, "READY"),
    }[name]
    judge = EnableJudge()

    assert judge.look(0.0, facts) == ""
    assert judge.look(DIFFERENCES[name][1], facts) == ""


def test_enable_difference_that_went_meanwhile_begins_anew() -> None:
    judge = EnableJudge()
    stuck = EnableFacts(False, True, False, "STANDBY")
    assert judge.look(0.0, stuck) == ""
    assert judge.look(0.4, QUIET) == ""
    assert judge.look(0.6, stuck) == ""
    assert judge.look(1.2, stuck) == "host_on"


def test_enable_gate_is_not_compared_with_a_state_nobody_heard() -> None:
    assert judged(EnableFacts(False, False, True, ""), 60.0) == ""


def test_enables_two_differences_tell_the_worst() -> None:
    assert judged(EnableFacts(False, True, True, "STANDBY"), 1.0) == "gate_on"


@pytest.mark.parametrize(
    ("fault", "alarm_id"), [(name, code) for name, (code, _) in DIFFERENCES.items()]
)
def test_enable_difference_bars_arming_and_is_an_alarm(fault: str, alarm_id: str) -> None:
    facts = device(enable_fault=fault)
    assert "enable_stuck" in not_ready_reasons(facts)
    conditions = {c.alarm_id: c for c in alarm_conditions(replace(QUIET_ALARMS, device=facts))}
    assert conditions[alarm_id].is_latching
    assert conditions[alarm_id].args["wire"] == fault


def test_enables_that_cannot_be_read_bar_arming() -> None:
    """Catches: a wire nobody can read taken for the good level."""
    for facts in (device(host_back=None), device(gate_back=None)):
        assert "inputs_unknown" in not_ready_reasons(facts)


def test_edge_s_enable_is_no_interlock_of_the_screen() -> None:
    facts = device(inputs={**ALL_SAFE, "host": False}, inputs_fitted=(*ALL_SAFE, "host"))
    assert "host" not in dict(interlock_states(facts))
    assert not_ready_reasons(facts) == ()
