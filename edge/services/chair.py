"""The chair: the one facade that the API talks to.

Wires the services of one unit together and answers every request with a Verdict; a rejection is a
value, never an exception. Each command and the list of refusals for the screen use the same judge.
Runs on the loop's clock. Decides little itself: phases, checks, doses and alarms are the domain's,
the device is the runner's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog

from edge.domain.device_facts import DeviceFacts
from edge.domain.session_states import OUTPUT_POSSIBLE, E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.mcu.outcome import Done, Refused
from edge.ports import StoreError
from edge.services.chair_judges import ChairJudges
from edge.services.chair_parts import ChairParts
from edge.services.device_watch import TracePoint
from edge.services.health import health
from edge.services.held_sessions import HeldSessions
from edge.services.phase import Phase
from edge.services.resume_desk import ResumeDesk
from edge.services.safety_test import SafetyTest
from edge.services.session_desk import SessionDesk, UnitFacts
from edge.services.supervisor import supervise
from edge.services.unit_watch import UnitWatch
from edge.services.visit_desk import VisitDesk
from firmware.wire.commands import ClearFault

log = structlog.get_logger(__name__)

STOP_SOURCES = ("operator", "patient")


class Chair:
    """One unit and its visit."""

    def __init__(self, parts: ChairParts) -> None:
        self.state = parts.state
        self._parts = parts
        self._client = parts.client
        self._phase = Phase(parts.state, parts.wall_clock)
        self._unit = UnitWatch(parts, self._phase)
        self._facts = self._unit.facts
        self._runner = self._unit.runner
        self.safety = SafetyTest(parts, self._phase, self._unit)
        self._alarms = self._unit.alarms
        self._desk = VisitDesk(parts.state, self._phase, self._facts, parts.book, parts.clinic)
        self._file = SessionDesk(
            parts.state,
            UnitFacts(parts.unit.unit_id, parts.software_version, parts.settings_hash),
            parts.store,
            parts.journal,
            parts.wall_clock,
            parts.entropy,
            parts.book,
            parts.clinic,
        )
        self._rest = ResumeDesk(
            parts.state,
            parts.limits,
            self._phase,
            parts.book,
            self._runner,
            parts.wall_clock,
            ZoneInfo(parts.unit.time_zone),
        )
        self._held = HeldSessions(
            parts.state, parts.store, parts.client, parts.wall_clock, self._phase
        )
        self._judges = ChairJudges(
            parts.state,
            self._phase,
            self._desk,
            self._facts,
            self._unit.panel,
            parts.client,
            self._runner,
            self._rest,
        )
        self._started_at = asyncio.get_running_loop().time()
        self._unit.device.add(self)

    # What the API and the entry point use.

    async def run(self) -> None:
        """Everything, until cancelled or until a task dies."""
        self._restore()
        await supervise(
            {
                "controller": self._client.run,
                "safety test": self.safety.run,
                "held sessions": self._held.run,
                **self._unit.tasks(self._look),
            },
            on_failure=self.task_died,
        )

    def on_change(self, callback: Callable[[], None]) -> None:
        """Hear, at most 20 times a second, that state.rev has grown."""
        self._phase.on_change(callback)

    def on_move(self, callback: Callable[[S, S, E], None]) -> None:
        """Hear each move of the visit's phase, inside it."""
        self._phase.on_move(callback)

    def device_facts(self) -> DeviceFacts:
        """The unit as the domain judges it."""
        return self._facts.device()

    def trace(self) -> list[TracePoint]:
        """Temperatures of the last ten minutes at 2 Hz."""
        return self._unit.device.trace()

    def health(self) -> dict[str, object]:
        """Facts for /health."""
        return health(
            self.state,
            self._facts.device(),
            self._parts.wall_clock,
            software_version=self._parts.software_version,
            bad_frames=self._client.bad_frames,
            up_s=asyncio.get_running_loop().time() - self._started_at,
        )

    def page_seen(self) -> None:
        """A beat of the controlling screen."""
        self._runner.page.seen()

    def clinic_changed(self) -> None:
        """Appointments, orders or the fate of a record have changed."""
        self._desk.clinic_changed()
        self._rest.clinic_changed()

    def refusals(self) -> dict[str, str]:
        """Command tag of the API to the code it would be refused with now."""
        test = self._alarms.judge_test_by_hand()
        mine = {} if test.is_accepted else {"test_alarms": test.code}
        if not (verdict := self._held.judge_decide()).is_accepted:
            mine["decide_held"] = verdict.code
        return self._judges.refusals() | mine | self.safety.refusals()

    # The visit.

    def open_visit(self, who: str, appointment_id: str) -> Verdict:
        """IDLE to PATIENT."""
        verdict = self.safety.judge_other()
        if verdict.is_accepted:
            verdict = self._desk.open(who, appointment_id)
        return self._said("open_visit", verdict)

    def leave_visit(self, who: str) -> Verdict:
        """Back to today; a session in which nothing was given is closed as abandoned."""
        was = self._phase.now
        verdict = self._phase.judge(E.LEAVE)
        if not verdict.is_accepted:
            return self._said("leave_visit", verdict)
        if was is not S.RECORD:
            self._file.abandon()
        self._phase.say("left", who=who)
        self._file.forget()
        self._runner.drop()
        self._phase.move(E.LEAVE)
        self.state.visit = None
        self._desk.clinic_changed()
        return ACCEPTED

    def begin_checks(self, who: str) -> Verdict:
        """PATIENT to CHECKS."""
        log.info("checks", who=who)
        return self._said("begin_checks", self._desk.begin_checks())

    def answer_check(self, who: str, key: str, answer: str) -> Verdict:
        """One answer of the checklist."""
        return self._said("answer_check", self._desk.answer(who, key, answer))

    def release_check(self, who_clinician: str, key: str, reason: str) -> Verdict:
        """A clinician (the API has checked role and PIN) releases a red answer."""
        return self._said("release_check", self._desk.release(who_clinician, key, reason))

    def finish_checks(self, who: str) -> Verdict:
        """CHECKS to READY."""
        return self._said("finish_checks", self._desk.finish_checks(who))

    def back(self, who: str) -> Verdict:
        """One step back, where nothing is at stake; out of ARMED the unit is disarmed first."""
        verdict = self._phase.judge(E.BACK)
        if verdict.is_accepted:
            log.info("back", who=who)
            if self._phase.now is S.ARMED:
                self._runner.disarm()
            self._phase.move(E.BACK)
        return self._said("back", verdict)

    # The treatment.

    async def arm(self, who: str) -> Verdict:
        """READY to ARMING; the outcome shows as ARMED, or READY and a log line."""
        self._desk.look_at_machine()
        verdict = self._judges.arm()
        if not verdict.is_accepted:
            return self._said("arm", verdict)
        opened = self._file.open(self._runner.book, who)
        if isinstance(opened, Verdict):
            return self._said("arm", opened)
        if opened is not self._runner.book:
            self._runner.take(opened)
        self._runner.arm(self._level(), who)
        return ACCEPTED

    async def start(self, who: str) -> Verdict:
        """ARMED to TREATING: countdown, then the first train."""
        verdict = self._judges.start()
        if verdict.is_accepted:
            self._runner.start(who)
        return self._said("start", verdict)

    async def pause(self, who: str) -> Verdict:
        """TREATING to PAUSED: the gate closes after the running pulse."""
        verdict = self._phase.judge(E.PAUSE)
        if verdict.is_accepted:
            self._runner.pause("operator", who)
        return self._said("pause", verdict)

    async def resume(self, who: str) -> Verdict:
        """PAUSED to RESUMING: charge, arm with the delivered count, go on with the rest."""
        verdict = self._judges.resume()
        if verdict.is_accepted:
            self._runner.gap = self._rest.words()
            self._runner.arm(self._level(), who)
        return self._said("resume", verdict)

    def release_gap(self, who_clinician: str, reason: str) -> Verdict:
        """A clinician (the API has checked role and PIN) lets the session go on after its gap."""
        verdict = self._rest.judge_release()
        if verdict.is_accepted:
            told: dict[str, object] = {"who": who_clinician, "reason": reason}
            verdict = self._file.tell("gap_released", told | self._rest.words())
        if verdict.is_accepted:
            self._rest.release(who_clinician, reason)
        return self._said("release_gap", verdict)

    async def stop(self, source: str) -> Verdict:
        """Output off, in every state. Sent before anything else, never refused."""
        code = source if source in STOP_SOURCES else "operator"
        self._runner.stop(code)
        self.safety.stop()
        log.warning("STOP", source=source, phase=self._phase.now.value)
        return ACCEPTED

    async def acknowledge(self, who: str) -> Verdict:
        """Clear what the controller latched; out of STOPPED, the session may go on."""
        verdict = self.safety.judge_acknowledge()
        if verdict.is_accepted:
            verdict = self._judges.acknowledge()
        if not verdict.is_accepted:
            return self._said("acknowledge", verdict)
        for fault in self.state.device.faults:
            outcome = await self._client.request(ClearFault(fault=fault))
            if isinstance(outcome, Refused):
                return self._said("acknowledge", refused("mcu_refused", reason=outcome.code))
            if not isinstance(outcome, Done):
                return self._said("acknowledge", refused("uncertain"))
        # The world may have moved on while the controller was asked.
        verdict = self._judges.acknowledge()
        if verdict.is_accepted and self._phase.now is S.STOPPED:
            verdict = self._file.tell("acknowledged", {"who": who})
            if verdict.is_accepted:
                self._runner.acknowledged()
        return self._said("acknowledge", verdict)

    def decide_held(self, who_clinician: str, reason: str) -> Verdict:
        """A clinician decides about a stored session that nobody can read."""
        verdict = self._held.decide(who_clinician, reason)
        if verdict.is_accepted:
            self._parts.book.invalidate()
            self._desk.clinic_changed()
        return self._said("decide_held", verdict)

    def acknowledge_alarm(self, who: str, alarm_id: str) -> Verdict:
        """The signal was understood; the condition stays as it is."""
        if not self._alarms.acknowledge(who, alarm_id):
            return self._said("acknowledge_alarm", refused("no_such_alarm", alarm_id=alarm_id))
        return ACCEPTED

    def pause_audio(self, who: str) -> Verdict:
        """Silence for two minutes at most."""
        self._alarms.pause_audio(who)
        return ACCEPTED

    def test_alarms(self, who: str) -> Verdict:
        """Lamps and a short tone, read back; the outcome shows with the device."""
        verdict = self.safety.judge_other()
        if verdict.is_accepted:
            verdict = self._alarms.judge_test_by_hand()
        if verdict.is_accepted:
            verdict = self._alarms.ask_test(who)
        return self._said("test_alarms", verdict)

    def start_safety_test(self, who: str, variant: str) -> Verdict:
        """Trip every safety path once; IDLE only. The outcome shows as state.safety."""
        return self._said("start_safety_test", self.safety.start(who, variant))

    def repeat_safety_step(self, who: str) -> Verdict:
        """The step that failed, once more."""
        return self._said("repeat_safety_step", self.safety.repeat(who))

    def end_safety_test(self, who: str) -> Verdict:
        """Give the test up, or close its result."""
        return self._said("end_safety_test", self.safety.end(who))

    def end_session(self, who: str, reason: str) -> Verdict:
        """To WRAPUP with a reason; the bank is bled."""
        verdict = self._judges.end()
        if not verdict.is_accepted:
            return self._said("end_session", verdict)
        if self._runner.book is None:
            opened = self._file.open(None, who)
            if isinstance(opened, Verdict):
                return self._said("end_session", opened)
            self._runner.take(opened)
        verdict = self._file.tell("ended", {"who": who, "reason": reason})
        if verdict.is_accepted:
            self._phase.say("ended", who=who, reason=reason)
            self._phase.move(E.END)
            self._runner.finish()
        return self._said("end_session", verdict)

    def add_note(self, who: str, note: str) -> Verdict:
        """A remark in the session's story and record."""
        verdict = self._judges.note()
        if verdict.is_accepted:
            verdict = self._file.tell("note", {"who": who, "note": note})
        if verdict.is_accepted:
            self._phase.say_private("note", who=who, note=note)
        return self._said("add_note", verdict)

    def wrap_up(self, who: str, pain_0_10: int, note: str) -> Verdict:
        """Sign: the record is stored and queued for the clinic, both or neither."""
        verdict = self._phase.judge(E.SIGN)
        book = self._runner.book
        if verdict.is_accepted:
            assert book is not None, "WRAPUP has a session"
            verdict = self._file.sign(book, who, pain_0_10, note)
        if verdict.is_accepted:
            self._runner.close()
            self._phase.say("signed", who=who)
            self._phase.move(E.SIGN)
        return self._said("wrap_up", verdict)

    # What the device does; runner and watchers have acted already.

    def on_lost(self, _reason: str) -> None:
        """Theirs."""

    def on_fault(self, _fault: int) -> None:
        """Theirs."""

    def on_identity(self) -> None:
        """The controller told who it is: orders are judged by what it can time."""
        if self._parts.book.fit_controller(self.state.device.ipi_us_min or 0):
            self.clinic_changed()

    def on_status(self) -> None:
        """Theirs."""

    # Small things.

    def _look(self) -> None:
        self._desk.look_at_machine()
        self._rest.look()

    def _restore(self) -> None:
        self._desk.clinic_changed()
        book, held = self._file.restore()
        self._held.find(held)
        if book is not None:
            self._runner.take(book)
            self._runner.restore()

    def store_failed(self, error: StoreError) -> None:
        """Somebody's row was not kept: with a live coil the next one may be a train's."""
        if self._phase.now in OUTPUT_POSSIBLE:
            self._runner.store_failed(error)

    def task_died(self, name: str, error: BaseException) -> None:
        """Last words: the heartbeat ends with us, the Stop is there before that."""
        log.critical("stopping the controller", task=name, error=repr(error))
        self._client.stop()

    def _level(self) -> int:
        level_pct_mso = self._desk.visit.level_pct_mso
        assert level_pct_mso is not None, "judged before"
        return level_pct_mso

    def _said(self, command: str, verdict: Verdict) -> Verdict:
        if not verdict.is_accepted:
            words = self._parts.sentence(f"refusal-{verdict.code}", verdict.args)
            log.warning("refused", command=command, code=verdict.code, text=words, **verdict.args)
        return verdict
