"""The visit's table: it is total, and what it promises holds in every reachable state."""

from __future__ import annotations

import pytest

from edge.domain.session_states import (
    IGNORE,
    NOTES,
    OUTPUT_POSSIBLE,
    REJECT,
    TABLE,
    E,
    S,
    describe,
    next_state,
)

pytestmark = pytest.mark.control("session-states")

GOOD_DAY = [
    (E.OPEN, S.PATIENT),
    (E.BEGIN_CHECKS, S.CHECKS),
    (E.CHECKS_PASSED, S.READY),
    (E.ARM, S.ARMING),
    (E.ARM_DONE, S.ARMED),
    (E.START, S.TREATING),
    (E.PAUSE, S.PAUSED),
    (E.RESUME, S.RESUMING),
    (E.ARM_DONE, S.TREATING),
    (E.DOSE_COMPLETE, S.WRAPUP),
    (E.SIGN, S.RECORD),
    (E.LEAVE, S.IDLE),
]


# The visit in words: event, from where, to where.
MOVES = """
open           idle>patient
restored       idle>uncertain
begin_checks   patient>checks
checks_passed  checks>ready
leave          patient>idle checks>idle ready>idle record>idle
back           checks>patient ready>checks armed>ready
arm            ready>arming
arm_done       arming>armed resuming>treating
arm_failed     arming>ready resuming>paused
start          armed>treating
pause          treating>paused
resume         paused>resuming
stop           arming>stopped armed>stopped treating>stopped paused>stopped resuming>stopped
fault          arming>stopped armed>stopped treating>stopped paused>stopped resuming>stopped
link_lost      arming>uncertain armed>uncertain treating>uncertain resuming>uncertain
dose_complete  treating>wrapup paused>wrapup
reconciled     uncertain>stopped
acknowledge    stopped>paused
end            ready>wrapup paused>wrapup stopped>wrapup uncertain>wrapup
sign           wrapup>record
"""
# What a device or the service tells, a stop and an understanding are never refused.
NEVER_REFUSED = (
    *(E.ARM_DONE, E.ARM_FAILED, E.STOP, E.FAULT, E.LINK_LOST, E.RECONCILED),
    *(E.DOSE_COMPLETE, E.ACKNOWLEDGE),
)


def after(state: S, event: E) -> S:
    """State after the event, whether it moves or not."""
    cell = next_state(state, event)
    return cell if isinstance(cell, S) else state


def reachable(start: S, without: tuple[E, ...] = ()) -> set[S]:
    """Every state that events other than these can lead to."""
    seen = {start}
    todo = [start]
    while todo:
        state = todo.pop()
        for event in E:
            target = after(state, event)
            if event not in without and target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def test_table_names_every_state_and_event_once() -> None:
    assert list(TABLE) == list(S)
    assert all(list(row) == list(E) for row in TABLE.values())
    assert sum(len(row) for row in TABLE.values()) == len(S) * len(E) == 13 * 20


def test_table_holds_the_visit_in_words_in_every_cell() -> None:
    # Catches any cell changed by a slip of the hand.
    moves: dict[tuple[E, S], S] = {}
    for line in MOVES.split("\n")[1:-1]:
        word, *ways = line.split()
        moves |= {(E(word), S(way.split(">")[0])): S(way.split(">")[1]) for way in ways}

    for state in S:
        for event in E:
            still = IGNORE if event in NEVER_REFUSED else REJECT
            assert next_state(state, event) is moves.get((event, state), still), (state, event)


def test_table_of_a_good_day_leads_from_today_back_to_today() -> None:
    state = S.IDLE
    for event, target in GOOD_DAY:
        state = after(state, event)
        assert state is target


def test_every_state_is_reachable_and_has_a_note() -> None:
    assert reachable(S.IDLE) == set(S)
    assert list(NOTES) == list(S)
    assert all(note.is_true and note.may_ask and note.ends for note in NOTES.values())


def test_treating_is_reached_only_after_the_controller_confirmed() -> None:
    # Catches a short cut from READY or PAUSED: without ARM_DONE nothing may lead to TREATING.
    assert S.TREATING not in reachable(S.IDLE, without=(E.ARM_DONE,))
    sources = {(arrow.source, arrow.event) for arrow in describe() if arrow.target is S.TREATING}
    assert sources == {(S.ARMED, E.START), (S.RESUMING, E.ARM_DONE)}
    armed = {(arrow.source, arrow.event) for arrow in describe() if arrow.target is S.ARMED}
    assert armed == {(S.ARMING, E.ARM_DONE)}


def test_ready_is_reached_only_by_passed_checks_or_by_disarming() -> None:
    sources = {(arrow.source, arrow.event) for arrow in describe() if arrow.target is S.READY}

    assert sources == {
        (S.CHECKS, E.CHECKS_PASSED),
        (S.ARMING, E.ARM_FAILED),
        (S.ARMED, E.BACK),
    }


@pytest.mark.parametrize("state", list(S))
def test_stop_from_every_state_leads_to_one_without_output(state: S) -> None:
    assert next_state(state, E.STOP) is not REJECT
    assert after(state, E.STOP) not in OUTPUT_POSSIBLE


@pytest.mark.parametrize("event", [E.FAULT, E.LINK_LOST])
@pytest.mark.parametrize("state", list(S))
def test_fault_and_lost_link_end_output_from_every_state(state: S, event: E) -> None:
    assert after(state, event) not in OUTPUT_POSSIBLE


@pytest.mark.parametrize("state", OUTPUT_POSSIBLE)
def test_lost_link_with_output_possible_is_uncertain(state: S) -> None:
    assert next_state(state, E.LINK_LOST) is S.UNCERTAIN


def test_nothing_delivered_gets_lost_before_it_is_signed() -> None:
    # Catches a LEAVE or BACK after the first pulse: from TREATING the only way to IDLE is a
    # signature, also through stops, faults and lost links.
    assert S.IDLE not in reachable(S.TREATING, without=(E.SIGN,))
    assert S.READY not in reachable(S.TREATING, without=(E.SIGN,))


def test_uncertain_count_is_never_resumed_without_reconciling() -> None:
    assert {after(S.UNCERTAIN, event) for event in E} == {S.UNCERTAIN, S.STOPPED, S.WRAPUP}


def test_stopped_goes_on_only_after_acknowledgement() -> None:
    assert {after(S.STOPPED, event) for event in E} == {S.STOPPED, S.PAUSED, S.WRAPUP}
    assert next_state(S.STOPPED, E.RESUME) is REJECT
    assert next_state(S.STOPPED, E.ACKNOWLEDGE) is S.PAUSED


def test_every_state_can_end_the_visit() -> None:
    for state in S:
        assert S.IDLE in reachable(state), state


def test_late_reports_of_the_device_change_nothing() -> None:
    for state in (S.IDLE, S.STOPPED, S.WRAPUP):
        for event in (E.ARM_DONE, E.ARM_FAILED, E.DOSE_COMPLETE, E.RECONCILED):
            assert next_state(state, event) is IGNORE


def test_describe_lists_every_move_in_order() -> None:
    arrows = describe()

    assert len(arrows) == sum(isinstance(c, S) for row in TABLE.values() for c in row.values())
    assert arrows[0].source is S.IDLE
