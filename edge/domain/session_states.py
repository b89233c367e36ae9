"""States and events of one visit at the chair.

The words only; the table and its reasons follow below the enums. Pure.
"""

from __future__ import annotations

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
