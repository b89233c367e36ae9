"""What one run has reached: states, alarms, stops and ways back, as the service itself has them.

Fed with the chair's state whenever it has changed. Only counts and notes: a run is judged on the
plant's record, never on this. RECOVERIES names every way in which a session can go on or end.
"""

from __future__ import annotations

from collections import Counter

from edge.domain.alarm_rules import ALARM_IDS
from edge.domain.faults import STOP_CODES
from edge.domain.session_states import S
from edge.domain.store_repair import Repair
from edge.services.chair_state import ChairState
from firmware.wire.codes import STATE_NAMES
from hw_sim.explore.notes import EDGE, Notes

RESUMED = {
    "pause": "resumed after a pause",
    "stop": "resumed after a stop",
    "uncertain": "resumed after an uncertain count",
    "controller": "resumed after a restart of the controller",
    "service": "resumed after a restart of the service",
}
ENDED_FROM = {state: f"ended early in {state.value}" for state in S}
# By the code of what the service did to its record at a start (edge/domain/store_repair.py).
REPAIRED = {
    Repair.CATCH_UP.value: "record brought up to date from its log",
    Repair.REBUILD_STORE.value: "record rebuilt from its log",
    Repair.REWRITE_LOG.value: "log written anew from the record",
}
KEPT_LOG = "record held, a person kept the log"
KEPT_STORE = "record held, a person kept the store"
NEW_CARD = "record held, a person changed the card"
DECIDED = "session held, a clinician decided"
RECOVERIES: tuple[str, ...] = (
    "whole dose without a break",
    "whole dose after a break",
    *RESUMED.values(),
    *(ENDED_FROM[state] for state in (S.READY, S.PAUSED, S.STOPPED, S.UNCERTAIN)),
    "left before a pulse",
    "arming failed, armed again",
    "record signed after a restart of the service",
    *REPAIRED.values(),
    KEPT_LOG,
    KEPT_STORE,
    NEW_CARD,
    DECIDED,
)
STATES: tuple[str, ...] = tuple(state.value for state in S)
CONTROLLER_STATES: tuple[str, ...] = tuple(STATE_NAMES)
ALARMS: tuple[str, ...] = ALARM_IDS
STOPS: tuple[str, ...] = tuple(STOP_CODES)


class Reached:
    """Counts of one run."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.states: Counter[str] = Counter()
        self.controller: Counter[str] = Counter()
        self.alarms: Counter[str] = Counter()
        self.stops: Counter[str] = Counter()
        self.recoveries: Counter[str] = Counter()
        self._state: S | None = None
        self._mcu_state = ""
        self._alarms: tuple[str, ...] = ()
        self._stop: tuple[str, float] | None = None
        self._boot: int | None = None
        self._breaks: list[str] = []  # since output was last possible
        self._has_broken = False
        self._has_restarted = False
        self._starts = 0

    def service_starts(self) -> None:
        """The edge has been made anew."""
        self._starts += 1
        self._state = None
        if self._starts > 1:
            self._break("service")
            self._has_restarted = True

    def repaired(self, code: str) -> None:
        """The service has found its record damaged or old, and has done this."""
        self.recoveries[REPAIRED[code]] += 1

    def look(self, chair: ChairState) -> None:
        """Something may have changed."""
        if chair.state is not self._state:
            self._move(self._state, chair.state, chair)
            self._state = chair.state
        device = chair.device
        if device.mcu_state != self._mcu_state:
            self._mcu_state = device.mcu_state
            if device.mcu_state:
                self.controller[device.mcu_state] += 1
                self._notes.add(EDGE, f"controller is {device.mcu_state}")
        if device.boot_epoch != self._boot:
            if self._boot is not None and device.boot_epoch is not None:
                self._break("controller")
            self._boot = device.boot_epoch
        self._look_at_alarms(chair)

    def _look_at_alarms(self, chair: ChairState) -> None:
        shown = tuple(alarm.alarm_id for alarm in chair.alarms if alarm.is_active)
        if shown != self._alarms:
            for alarm_id in shown:
                if alarm_id not in self._alarms:
                    self.alarms[alarm_id] += 1
                    self._notes.add(EDGE, f"alarm {alarm_id}")
            self._alarms = shown
        stop = None if chair.visit is None else chair.visit.session.stop
        told = None if stop is None else (stop.code, stop.at_utc_s)
        if told != self._stop:
            self._stop = told
            if stop is not None:
                self.stops[stop.code] += 1
                self._notes.add(EDGE, f"stop {stop.code}")

    def _move(self, was: S | None, now: S, chair: ChairState) -> None:
        self.states[now.value] += 1
        self._notes.add(EDGE, f"visit {'' if was is None else was.value} -> {now.value}")
        if now in (S.PAUSED, S.STOPPED, S.UNCERTAIN):
            words = {S.PAUSED: "pause", S.STOPPED: "stop", S.UNCERTAIN: "uncertain"}
            self._break(words[now])
        elif now is S.TREATING and self._breaks:
            self._resumed()
        elif now is S.WRAPUP:
            self._over(was, chair)
        elif now is S.IDLE and was in (S.PATIENT, S.CHECKS, S.READY):
            self.recoveries["left before a pulse"] += 1
        elif now is S.RECORD and self._has_restarted:
            self.recoveries["record signed after a restart of the service"] += 1
        if was is S.ARMING and now is S.READY:
            self._breaks.append("arming")

    def _break(self, what: str) -> None:
        self._breaks.append(what)
        self._has_broken = True

    def _resumed(self) -> None:
        for cause in ("service", "controller", "uncertain", "stop", "pause"):
            if cause in self._breaks:
                self.recoveries[RESUMED[cause]] += 1
                break
        if "arming" in self._breaks:
            self.recoveries["arming failed, armed again"] += 1
        self._breaks.clear()

    def _over(self, was: S | None, chair: ChairState) -> None:
        session = None if chair.visit is None else chair.visit.session
        if session is not None and session.dose.remaining == 0:
            how = "after a break" if self._has_broken else "without a break"
            self.recoveries[f"whole dose {how}"] += 1
        elif was is not None:
            self.recoveries[ENDED_FROM[was]] += 1
