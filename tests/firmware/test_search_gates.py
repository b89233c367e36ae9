"""Every gate of the controller's envelope over its whole domain, against an oracle in words.

Each condition is taken at every value that matters, all of them at once. What may be asked in which
state is written here from the description of the states and not from the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from firmware.core import envelope
from firmware.core.envelope import Situation, judge_command
from firmware.wire.codes import (
    ARMED,
    BOOT,
    F_DOOR,
    F_ESTOP,
    FAULT,
    HOLD,
    INPUT_BITS,
    INPUTS_ALL,
    OK,
    READY,
    STANDBY,
    STATE_NAMES,
)
from firmware.wire.commands import Charge, ClearFault, Confirm
from firmware.wire.limits import IPI_US_MIN, START_LEAD_US_MAX, START_LEAD_US_MIN
from firmware.wire.message import Message
from tests.firmware.bench import SESSION_A, TEN_HZ_80, arm_of
from tests.firmware.situations import NOW, TOKEN, fire_of, good
from tests.support.told import tell

pytestmark = [
    pytest.mark.search,
    pytest.mark.control("mcu-limits"),
    pytest.mark.control("arm-echo-confirm"),
    pytest.mark.control("interlocks-mcu"),
    pytest.mark.timeout(240),  # a machine that is busy takes several times as long
]

STATES = range(len(STATE_NAMES))
YES_NO = (True, False)
CHARGED_PCT = 60
LEVEL_PCT_MAX = 90


def permissives() -> Iterator[tuple[bool, Situation]]:
    """Every combination of state, identity, settings, inputs, heat, heartbeat and settling."""
    unsafe = (0, *INPUT_BITS, INPUTS_ALL)
    for state, known, is_set, inputs, cool, alive, busy in product(
        STATES, YES_NO, YES_NO, unsafe, YES_NO, YES_NO, YES_NO
    ):
        situation = good(state)
        situation.is_identified = known
        situation.settings.settings_hash = 0x1234 if is_set else 0
        situation.unsafe_inputs = inputs
        situation.is_cool = cool
        situation.is_alive = alive
        situation.is_settling = busy
        yield known and is_set and not inputs and cool and alive and not busy, situation


def is_accepted(command: Message, situation: Situation) -> bool:
    return judge_command(command, situation)[0] == OK


def test_charge_over_its_whole_domain_needs_every_permissive_and_a_level_in_its_limits() -> None:
    asked = 0
    levels = (0, 1, CHARGED_PCT, LEVEL_PCT_MAX, LEVEL_PCT_MAX + 1, 101)
    for is_fit, situation in permissives():
        for level, is_staging in product(levels, YES_NO):
            situation.is_staging = is_staging
            right = is_fit and situation.state in (STANDBY, READY, HOLD)
            right = right and 1 <= level <= LEVEL_PCT_MAX and not is_staging
            assert is_accepted(Charge(level_pct_mso=level), situation) == right
            asked += 1
    tell(f"gate of Charge: {asked:,} combinations, the whole domain")


def test_arm_over_its_whole_domain_needs_ready_the_charged_level_and_the_true_count() -> None:
    asked = 0
    plans = [
        (level, delivered, arm_of(TEN_HZ_80, 1, level, SESSION_A, delivered))
        for level, delivered in product((CHARGED_PCT, CHARGED_PCT + 1, LEVEL_PCT_MAX + 1), (0, 1))
    ]
    for is_fit, situation in permissives():
        for (level, delivered, command), is_arming in product(plans, YES_NO):
            situation.is_arming = is_arming
            right = is_fit and situation.state == READY and not is_arming
            right = right and level == CHARGED_PCT and delivered == situation.session_pulses
            assert is_accepted(command, situation) == right
            asked += 1
    tell(f"gate of Arm: {asked:,} combinations, the whole domain")


def test_confirm_over_its_whole_domain_needs_the_token_and_every_permissive() -> None:
    asked = 0
    for is_fit, situation in permissives():
        for valid, told in product((0, TOKEN), (0, TOKEN, TOKEN + 1)):
            situation.token = valid
            right = is_fit and situation.state == READY and valid == told == TOKEN
            assert is_accepted(Confirm(token=told), situation) == right
            asked += 1
    tell(f"gate of Confirm: {asked:,} combinations, the whole domain")


# Start, last pulse, whether a train may begin so: leads at both bounds, the least interval. The
# last is inside the plan's pause, which only the rest of a broken train need not keep.
IN_PAUSE = (NOW + START_LEAD_US_MIN, NOW, True)
STARTS = (
    (NOW + START_LEAD_US_MIN - 1, -1, False),
    (NOW + START_LEAD_US_MIN, -1, True),
    (NOW + START_LEAD_US_MAX, -1, True),
    (NOW + START_LEAD_US_MAX + 1, -1, False),
    (NOW + START_LEAD_US_MIN, NOW + START_LEAD_US_MIN - IPI_US_MIN + 1, False),
    IN_PAUSE,
)
# Train, first pulse, count, given before, whether the plan of 2 x 40 has it.
PARTS = (
    (0, 0, 40, 0, True),
    (1, 39, 1, 79, True),
    (2, 0, 40, 0, False),
    (0, 40, 1, 0, False),
    (0, 0, 41, 0, False),
    (0, 0, 0, 0, False),
    (1, 0, 40, 41, False),
)


def test_fire_over_its_whole_domain_needs_token_plan_time_and_every_permissive() -> None:
    asked = 0
    cases = list(product((0, TOKEN), (TOKEN, TOKEN + 1), YES_NO, STARTS, PARTS))
    orders = [
        fire_of(token=told, train_index=train, first_pulse=first, pulse_count=n, start_us=at_us)
        for _, told, _, (at_us, _, _), (train, first, n, _, _) in cases
    ]
    for is_fit, situation in permissives():
        if situation.unsafe_inputs not in (0, INPUT_BITS[0], INPUTS_ALL):
            continue  # each input by itself is in the other gates' domain
        plan = situation.plan
        for (valid, told, has_plan, start, part), command in zip(cases, orders, strict=True):
            situation.token = valid
            situation.plan = plan if has_plan else None
            situation.last_pulse_us = situation.armed_pulse_us = start[1]
            situation.session_pulses = part[3]
            right = is_fit and situation.state == ARMED and valid == told and has_plan
            right = right and start[2] and part[4] and (start != IN_PAUSE or part[1] > 0)
            assert is_accepted(command, situation) == right
            asked += 1
    tell(f"gate of FireTrain: {asked:,} combinations")


def test_clear_over_its_whole_domain_needs_a_latched_fault_without_its_cause() -> None:
    asked = 0
    faults = ((), (F_DOOR,), (F_DOOR, F_ESTOP))
    for state, known, busy, latched, named in product(
        STATES, YES_NO, YES_NO, faults, (0, F_DOOR, F_ESTOP)
    ):
        for causes in ((), (F_DOOR,), (F_DOOR, F_ESTOP)):
            situation = good(state)
            situation.is_identified = known
            situation.is_settling = busy
            situation.faults = list(latched)
            situation.faults_with_cause = [f for f in causes if f in latched]
            there = situation.faults_with_cause
            right = known and state == FAULT and not busy
            right = right and (named in latched and named not in there if named else not there)
            assert is_accepted(ClearFault(fault=named), situation) == right
            asked += 1
    tell(f"gate of ClearFault: {asked:,} combinations, the whole domain")


def test_situation_that_nobody_filled_in_refuses_everything() -> None:
    for command in (Charge(level_pct_mso=1), Confirm(token=0), fire_of(), arm_of(TEN_HZ_80, 1)):
        assert Situation().state == BOOT
        assert not is_accepted(command, Situation())


@pytest.mark.parametrize("field", ["unsafe_inputs", "is_cool", "is_alive", "is_settling"])
def test_permissive_planted_as_forgotten_is_found(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    judge = envelope._judge_permissives

    def blind(situation: Situation) -> tuple[int, int]:
        kept = getattr(situation, field)
        setattr(situation, field, field in ("is_cool", "is_alive"))
        verdict = judge(situation)
        setattr(situation, field, kept)
        return verdict

    monkeypatch.setattr(envelope, "_judge_permissives", blind)

    with pytest.raises(AssertionError):
        test_confirm_over_its_whole_domain_needs_the_token_and_every_permissive()
    tell(f"  planted in the envelope: {field} is not looked at. Found")
