"""States and events of one visit at the chair, and the table of moves between them.

The full product of states and events is written out: a next state, or IGNORE (accepted, the visit
does not change) or REJECT (refused as wrong_state). Conditions on values, such as open checks or an
interlock, are the services' and come before the event. The device has its own table
(firmware/core/transitions.py). No clock here. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class S(Enum):
    """Where the visit stands. The kiosk draws one screen for each."""

    IDLE = "idle"
    PATIENT = "patient"
    CHECKS = "checks"
    READY = "ready"
    ARMING = "arming"
    ARMED = "armed"
    TREATING = "treating"
    PAUSED = "paused"
    RESUMING = "resuming"
    STOPPED = "stopped"
    UNCERTAIN = "uncertain"
    WRAPUP = "wrapup"
    RECORD = "record"


class E(Enum):
    """What can happen."""

    OPEN = "open"  # operator opened an appointment
    LEAVE = "leave"  # operator goes back to today
    BEGIN_CHECKS = "begin_checks"
    CHECKS_PASSED = "checks_passed"
    BACK = "back"  # one step back, where nothing is at stake
    ARM = "arm"
    ARM_DONE = "arm_done"
    ARM_FAILED = "arm_failed"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"  # operator or patient
    FAULT = "fault"  # the MCU or the edge latched a fault
    LINK_LOST = "link_lost"
    RECONCILED = "reconciled"  # counts read back from the MCU and settled
    DOSE_COMPLETE = "dose_complete"
    ACKNOWLEDGE = "acknowledge"
    END = "end"  # operator ends the session early
    SIGN = "sign"
    RESTORED = "restored"  # start-up found an unfinished session


class Outcome(Enum):
    """Cells of the table that name no next state."""

    IGNORE = "ignore"
    REJECT = "reject"


IGNORE = Outcome.IGNORE
REJECT = Outcome.REJECT
Row = Mapping[E, S | Outcome]


@dataclass(frozen=True)
class StateNote:
    """The docstring of a state: what is true in it, what may be asked, what ends it."""

    is_true: str
    may_ask: str
    ends: str


# States in which the gate is, or may at any moment become, enabled.
OUTPUT_POSSIBLE: tuple[S, ...] = (S.ARMING, S.ARMED, S.TREATING, S.RESUMING)

NOTES: Mapping[S, StateNote] = {
    S.IDLE: StateNote(
        "no visit is open; the bank is empty",
        "open an appointment",
        "an appointment is opened, or start-up finds an unfinished session",
    ),
    S.PATIENT: StateNote(
        "a visit is open; order and threshold are shown; nothing is armed",
        "begin the checks; leave",
        "the checks are begun, or the operator leaves",
    ),
    S.CHECKS: StateNote(
        "the checklist is being answered; nothing is armed",
        "answer, release, finish the checks; go back; leave",
        "all checks are passed, or the operator goes back or leaves",
    ),
    S.READY: StateNote(
        "order and checks allow treatment; the bank is empty; nothing was delivered",
        "arm; go back; leave; end with a reason",
        "arming is asked for, or the operator goes back, leaves or ends",
    ),
    S.ARMING: StateNote(
        "the bank charges and the controller echoes the plan; the gate may close at the end",
        "stop",
        "the echo is confirmed, arming fails, or a stop, fault or lost link",
    ),
    S.ARMED: StateNote(
        "the controller holds the confirmed plan; the first start is awaited; no pulse yet",
        "start; go back (disarms); stop",
        "start, the operator goes back, or a stop, fault or lost link",
    ),
    S.TREATING: StateNote(
        "trains are sent and given by the plan",
        "pause; stop",
        "the dose is complete, a pause, or a stop, fault or lost link",
    ),
    S.PAUSED: StateNote(
        "the gate is open, the count is settled, the rest of the dose is known",
        "resume; end with a reason; stop",
        "resuming is asked for, the operator ends, or a stop or fault",
    ),
    S.RESUMING: StateNote(
        "as arming, with the delivered pulses named to the controller",
        "stop",
        "the echo is confirmed, arming fails, or a stop, fault or lost link",
    ),
    S.STOPPED: StateNote(
        "output is off, the bank is bled, the reason is latched and shown",
        "acknowledge; end with a reason",
        "the reason was acknowledged and its cause is gone, or the operator ends",
    ),
    S.UNCERTAIN: StateNote(
        "output is off or unreachable; pulses may have been given that are not counted yet",
        "end with a reason, when the controller is gone for good",
        "the controller's own count was read and settles the dose, or the operator ends",
    ),
    S.WRAPUP: StateNote(
        "no more pulses in this session; the record waits for pain, note and signature",
        "add notes; sign",
        "the operator signs",
    ),
    S.RECORD: StateNote(
        "the record is signed and on its way to the clinic",
        "leave",
        "the operator goes back to today",
    ),
}

# What the device or the service reports may arrive late; it then changes nothing. STOP is never
# rejected. ACKNOWLEDGE outside STOPPED may still clear an alarm or a latched fault.
_EVERYWHERE: Row = {
    E.OPEN: REJECT,
    E.LEAVE: REJECT,
    E.BEGIN_CHECKS: REJECT,
    E.CHECKS_PASSED: REJECT,
    E.BACK: REJECT,
    E.ARM: REJECT,
    E.ARM_DONE: IGNORE,
    E.ARM_FAILED: IGNORE,
    E.START: REJECT,
    E.PAUSE: REJECT,
    E.RESUME: REJECT,
    E.STOP: IGNORE,
    E.FAULT: IGNORE,
    E.LINK_LOST: IGNORE,
    E.RECONCILED: IGNORE,
    E.DOSE_COMPLETE: IGNORE,
    E.ACKNOWLEDGE: IGNORE,
    E.END: REJECT,
    E.SIGN: REJECT,
    E.RESTORED: REJECT,
}

_MOVES: Mapping[S, Row] = {
    S.IDLE: {E.OPEN: S.PATIENT, E.RESTORED: S.UNCERTAIN},
    S.PATIENT: {E.BEGIN_CHECKS: S.CHECKS, E.LEAVE: S.IDLE},
    S.CHECKS: {E.CHECKS_PASSED: S.READY, E.BACK: S.PATIENT, E.LEAVE: S.IDLE},
    S.READY: {E.ARM: S.ARMING, E.BACK: S.CHECKS, E.LEAVE: S.IDLE, E.END: S.WRAPUP},
    S.ARMING: {
        E.ARM_DONE: S.ARMED,
        E.ARM_FAILED: S.READY,
        E.STOP: S.STOPPED,
        E.FAULT: S.STOPPED,
        E.LINK_LOST: S.UNCERTAIN,
    },
    S.ARMED: {
        E.START: S.TREATING,
        E.BACK: S.READY,
        E.STOP: S.STOPPED,
        E.FAULT: S.STOPPED,
        E.LINK_LOST: S.UNCERTAIN,
    },
    S.TREATING: {
        E.DOSE_COMPLETE: S.WRAPUP,
        E.PAUSE: S.PAUSED,
        E.STOP: S.STOPPED,
        E.FAULT: S.STOPPED,
        E.LINK_LOST: S.UNCERTAIN,
    },
    S.PAUSED: {
        E.RESUME: S.RESUMING,
        E.END: S.WRAPUP,
        E.STOP: S.STOPPED,
        E.FAULT: S.STOPPED,
        E.DOSE_COMPLETE: S.WRAPUP,  # the pause came with the last pulse
    },
    S.RESUMING: {
        E.ARM_DONE: S.TREATING,
        E.ARM_FAILED: S.PAUSED,
        E.STOP: S.STOPPED,
        E.FAULT: S.STOPPED,
        E.LINK_LOST: S.UNCERTAIN,
    },
    S.STOPPED: {E.ACKNOWLEDGE: S.PAUSED, E.END: S.WRAPUP},
    S.UNCERTAIN: {E.RECONCILED: S.STOPPED, E.END: S.WRAPUP},
    S.WRAPUP: {E.SIGN: S.RECORD},
    S.RECORD: {E.LEAVE: S.IDLE},
}

TABLE: Mapping[S, Row] = {state: {**_EVERYWHERE, **_MOVES[state]} for state in S}


def next_state(state: S, event: E) -> S | Outcome:
    """The table's cell."""
    return TABLE[state][event]


@dataclass(frozen=True)
class Arrow:
    """One move, for a drawing."""

    source: S
    event: E
    target: S


def describe() -> tuple[Arrow, ...]:
    """Every move of the table in order of states and events."""
    return tuple(
        Arrow(state, event, cell)
        for state, row in TABLE.items()
        for event, cell in row.items()
        if isinstance(cell, S)
    )
