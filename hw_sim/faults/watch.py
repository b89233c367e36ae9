"""Goes on with a visit as a technician would, and says in one word how the product reacted.

tolerate: pulses are given as if nothing had happened. alarm: the same, and the screen says that
something is wrong. refuse: nothing can be given, and the screen says why. stop: what was going on
was stopped, with a code. lost: none of these within the time, which is always a defect.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edge.api import schema
from edge.api.schema import Refused, Snapshot
from edge.domain.checks import QUESTIONS
from edge.domain.session_states import OUTPUT_POSSIBLE
from edge.ports import StoreError
from hw_sim.faults.bench import FaultBench
from hw_sim.kiosk_robot import RobotError
from hw_sim.system import APPOINTMENT_ID, TECHNICIAN

TOLERATE, ALARM, REFUSE, STOP, LOST = "tolerate", "alarm", "refuse", "stop", "lost"
WORDS = (TOLERATE, ALARM, REFUSE, STOP)
LOOK_S = 0.05
REFUSE_S = 8.0  # a unit that is not ready for longer than a restart with its self-test takes
TRY_S = 0.5
GIVE_UP_S = 60.0
CLOSE_S = 120.0
PULSES_WANTED = 12  # a train and its gap
RESTARTED = "edge_restarted"
NO_ANSWER = "no_answer"
EDGE_DOWN = "edge_down"
GIVEN_UP = "given_up"  # alarms come and go, each try is in vain, and nothing was given
LIVE_PHASES = tuple(state.value for state in OUTPUT_POSSIBLE)


@dataclass
class Seen:
    """What was shown while the watch went on."""

    word: str = LOST
    code: str = ""
    alarms: set[str] = field(default_factory=set)
    phase: str = ""


class Technician:
    """One pair of hands at the screen after the fault has struck."""

    def __init__(self, bench: FaultBench, own_alarms: tuple[str, ...]) -> None:
        picture = bench.picture
        self._bench = bench
        self._began_s = asyncio.get_running_loop().time()
        self._pulses_before = len(bench.system.unit.recorder.pulses)
        # Those of the way to this situation may come and go.
        self._alarms_before = {*own_alarms, *(alarm.alarm_id for alarm in picture.alarms)}
        self._first_phase = picture.phase
        self._has_treated = picture.phase in ("armed", "treating")
        self._stop_before = _stop_of(picture)
        self._watch_s = 0.0
        self._log_before = _log_length(picture)
        self._refused_since: float | None = None
        self._try_again_s = 0.0
        self._last_refusal = ""
        self.seen = Seen()

    async def go_on(self, watch_s: float) -> Seen:
        """Until the reaction is clear; at least so long although nothing seems wrong."""
        self._watch_s = watch_s
        while self._passed_s() < GIVE_UP_S:
            if self._bench.system.is_dead:
                self.seen.alarms.add(RESTARTED)
                if not await self._bench.revive():
                    is_live = self._first_phase in LIVE_PHASES
                    return self._end(STOP if is_live else REFUSE, EDGE_DOWN)
            self._look()
            if await self._is_over():
                return self.seen
            await asyncio.sleep(LOOK_S)
        is_kept_out = self._given() == 0 and bool(self.seen.alarms)
        return self._end(REFUSE, GIVEN_UP) if is_kept_out else self._end(LOST, "")

    def _given(self) -> int:
        return len(self._bench.system.unit.recorder.pulses) - self._pulses_before

    def _passed_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_s

    def _look(self) -> None:
        picture = self._bench.picture
        shown = {alarm.alarm_id for alarm in picture.alarms}
        self.seen.alarms |= shown - self._alarms_before
        self.seen.phase = picture.phase
        self._has_treated = self._has_treated or picture.phase == "treating"
        self._stop_before = _stop_of(picture) and self._stop_before

    async def _is_over(self) -> bool:
        picture = self._bench.picture
        stopped = self._stop_code(picture)
        if stopped is not None:
            self._end(STOP, stopped)
            return True
        failed = self._arming_failure(picture)
        if failed:
            self._end(REFUSE, failed)
            return True
        is_long_enough = self._passed_s() >= self._watch_s
        if is_long_enough and self._has_enough(picture):
            self._end(ALARM if self.seen.alarms else TOLERATE, "")
            return True
        refused = await self._next_step(picture)
        return self._is_refused(refused)

    def _stop_code(self, picture: Snapshot) -> str | None:
        """Code of a stop that was not there before; '' is a pause that a hand asked for."""
        if picture.phase not in ("stopped", "uncertain", "paused"):
            return None
        stop = _stop_of(picture)
        if stop is None:
            return "" if picture.phase == "paused" and self._has_treated else None
        return None if stop == self._stop_before else stop[0]

    def _has_enough(self, picture: Snapshot) -> bool:
        return self._given() >= PULSES_WANTED or picture.phase in ("wrapup", "record")

    def _arming_failure(self, picture: Snapshot) -> str:
        if picture.visit is None or picture.phase not in ("ready", "paused"):
            return ""
        lines = picture.visit.session.log[-3:]
        if _log_length(picture) == self._log_before:
            return ""
        failed = [str(line.args.get("code", "")) for line in lines if line.kind == "arm_failed"]
        return failed[-1] if failed else ""

    def _is_refused(self, code: str) -> bool:
        now_s = asyncio.get_running_loop().time()
        if not code:
            self._refused_since = None
            return False
        if self._refused_since is None:
            self._refused_since = now_s
        if now_s - self._refused_since < REFUSE_S:
            return False
        self._end(REFUSE, code)
        return True

    async def _next_step(self, picture: Snapshot) -> str:
        """Do what comes next; returns why it is refused, '' when it is not."""
        steps: dict[str, tuple[str, type, dict[str, object]]] = {
            "idle": ("open_visit", schema.OpenVisit, {"appointment_id": APPOINTMENT_ID}),
            "patient": ("begin_checks", schema.BeginChecks, {}),
            "checks": ("finish_checks", schema.FinishChecks, {}),
            "ready": ("arm", schema.ArmUnit, {}),
            "armed": ("start", schema.Start, {}),
            "stopped": ("acknowledge", schema.Acknowledge, {}),
            "paused": ("resume", schema.Resume, {}),
        }
        if picture.phase == "checks":
            await self._answer(picture)
        if picture.phase not in steps:
            return "uncertain" if picture.phase == "uncertain" else ""
        name, kind, fields = steps[picture.phase]
        if name in picture.refusals:
            return _why(picture, picture.refusals[name])
        return await self._do(kind, fields)

    async def _do(self, kind: type, fields: dict[str, object]) -> str:
        """At most twice a second, as a hurried person would; returns the last refusal."""
        if self._passed_s() < self._try_again_s:
            return self._last_refusal
        self._try_again_s = self._passed_s() + TRY_S
        robot = self._bench.robot
        try:
            answer = await robot.send(kind(id=robot.new_id(), rev=robot.rev, **fields))
        except RobotError:
            answer = Refused(0, NO_ANSWER, {}, "")
        refusal = answer.code if isinstance(answer, Refused) else ""
        self._last_refusal = "" if refusal == "stale_screen" else refusal
        return self._last_refusal

    async def _answer(self, picture: Snapshot) -> None:
        if picture.visit is None:
            return
        open_keys = {c.key for c in picture.visit.checks if c.state == "open"}
        for question in QUESTIONS:
            if question.key in open_keys:
                await self._quietly(
                    schema.AnswerCheck, key=question.key, answer=question.choices[0]
                )

    async def _quietly(self, kind: type, **fields: object) -> None:
        try:
            await self._bench.robot.do(kind, **fields)
        except RobotError:
            return

    def _end(self, word: str, code: str) -> Seen:
        self.seen.word, self.seen.code = word, code
        return self.seen


async def close_visit(bench: FaultBench) -> str:
    """Bring the visit to its signed record, all faults being mended; '' or where it is stuck."""
    ends_s = asyncio.get_running_loop().time() + CLOSE_S
    steps: dict[str, tuple[str, type, dict[str, object]]] = {
        "patient": ("leave_visit", schema.LeaveVisit, {}),
        "checks": ("leave_visit", schema.LeaveVisit, {}),
        "ready": ("leave_visit", schema.LeaveVisit, {}),
        "armed": ("back", schema.Back, {}),
        "treating": ("pause", schema.Pause, {}),
        "paused": ("end_session", schema.EndSession, {"reason": "equipment"}),
        "stopped": ("end_session", schema.EndSession, {"reason": "equipment"}),
        "uncertain": ("end_session", schema.EndSession, {"reason": "equipment"}),
        "wrapup": ("wrap_up", schema.WrapUp, {"pain_0_10": 2, "note": "", "pin": TECHNICIAN[3]}),
    }
    while asyncio.get_running_loop().time() < ends_s:
        picture = bench.picture
        if picture.phase in ("idle", "record"):
            return ""
        name, kind, fields = steps.get(picture.phase, ("", schema.LeaveVisit, {}))
        if name and name not in picture.refusals:
            try:
                await bench.robot.do(kind, **fields)
            except (RobotError, StoreError):
                await asyncio.sleep(0.5)
        await asyncio.sleep(0.1)
    picture = bench.picture
    return f"phase {picture.phase}, refusals {picture.refusals}, device {picture.device.reasons}"


def _why(picture: Snapshot, code: str) -> str:
    """The unit's own reason behind a refusal."""
    if code in ("device_not_ready", "checks_open", "checks_red") and picture.device.reasons:
        return picture.device.reasons[0]
    return code


def _stop_of(picture: Snapshot) -> tuple[str, str] | None:
    """Which stop this picture explains: its code and moment."""
    stop = None if picture.visit is None else picture.visit.session.stop
    return None if stop is None else (stop.code, stop.at)


def _log_length(picture: Snapshot) -> int:
    return 0 if picture.visit is None else len(picture.visit.session.log)
