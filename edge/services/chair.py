"""The chair: the one facade that the API talks to.

Wires the services of one unit together and answers every request with a Verdict; a rejection is a
value, never an exception. Each command and the list of refusals for the screen use the same judge.
Runs on the loop's clock. Decides little itself: phases, checks, doses and alarms are the domain's,
the device is the runner's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from edge.config import LimitsConfig, UnitConfig
from edge.domain.device_facts import DeviceFacts
from edge.domain.session_states import E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done, Refused
from edge.ports import Entropy, Indicators, Panel, Store, WallClock
from edge.services.alarm_service import AlarmService
from edge.services.chair_judges import ChairJudges
from edge.services.chair_state import ChairState
from edge.services.device_watch import DeviceWatch, TracePoint
from edge.services.facts import Facts
from edge.services.health import health
from edge.services.journal import Journal
from edge.services.panel_service import PanelService
from edge.services.phase import Phase
from edge.services.ports_clinic import ClinicBookPort, ClinicSyncPort
from edge.services.session_desk import SessionDesk, UnitFacts
from edge.services.session_runner import IN_SESSION, SessionRunner
from edge.services.stop_words import PANEL_CODES
from edge.services.supervisor import supervise
from edge.services.visit_desk import VisitDesk
from firmware.wire.commands import ClearFault

log = structlog.get_logger(__name__)

STOP_SOURCES = ("operator", "patient")


@dataclass(frozen=True)
class ChairParts:
    """Everything the chair is made of."""

    unit: UnitConfig
    limits: LimitsConfig
    settings_hash: str  # hex
    software_version: str
    state: ChairState
    client: McuClient
    panel: Panel
    indicators: Indicators
    store: Store
    journal: Journal
    wall_clock: WallClock
    entropy: Entropy
    book: ClinicBookPort
    clinic: ClinicSyncPort


class Chair:
    """One unit and its visit."""

    def __init__(self, parts: ChairParts) -> None:
        self.state = parts.state
        self._parts = parts
        self._client = parts.client
        self._phase = Phase(parts.state, parts.wall_clock)
        self._watch = DeviceWatch(parts.state, parts.client, self._phase)
        self._panel = PanelService(parts.panel, parts.state, self._phase, self)
        self._facts = Facts(parts.state, parts.limits, self._watch, self._panel)
        self._runner = SessionRunner(
            parts.state, parts.limits, parts.client, self._watch, self._phase
        )
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
        self._judges = ChairJudges(
            parts.state,
            parts.limits,
            self._phase,
            self._desk,
            self._facts,
            self._panel,
            parts.client,
            self._runner,
        )
        self._alarms = AlarmService(
            parts.state,
            self._facts,
            self._phase,
            parts.indicators,
            parts.wall_clock,
            bad_frames=lambda: parts.client.bad_frames,
            page_silent_s=self._runner.page_silent_s,
        )
        self._started_at = asyncio.get_running_loop().time()
        self._watch.add(self)
        self._phase.on_move(lambda *_: self._alarms.evaluate_soon())

    # What the API and the entry point use.

    async def run(self) -> None:
        """Everything, until cancelled or until a task dies."""
        self._restore()
        await supervise(
            {
                "controller": self._client.run,
                "session": self._runner.run,
                "panel": self._panel.run,
                "alarms": lambda: self._alarms.run(self._each_period),
            },
            on_failure=self.task_died,
        )

    def on_change(self, callback: Callable[[], None]) -> None:
        """Hear, at most 20 times a second, that state.rev has grown."""
        self._phase.on_change(callback)

    def device_facts(self) -> DeviceFacts:
        """The unit as the domain judges it."""
        return self._facts.device()

    def trace(self) -> list[TracePoint]:
        """Temperatures of the last ten minutes at 2 Hz."""
        return self._watch.trace()

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

    def refusals(self) -> dict[str, str]:
        """Command tag of the API to the code it would be refused with now."""
        return self._judges.refusals()

    # The visit.

    def open_visit(self, who: str, appointment_id: str) -> Verdict:
        """IDLE to PATIENT."""
        return self._said("open_visit", self._desk.open(who, appointment_id))

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
            self._runner.arm(self._level(), who)
        return self._said("resume", verdict)

    async def stop(self, source: str) -> Verdict:
        """Output off, in every state. Sent before anything else, never refused."""
        code = source if source in STOP_SOURCES else "operator"
        self._runner.stop(code)
        log.warning("STOP", source=source, phase=self._phase.now.value)
        return ACCEPTED

    async def acknowledge(self, who: str) -> Verdict:
        """Clear what the controller latched; out of STOPPED, the session may go on."""
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

    def acknowledge_alarm(self, who: str, alarm_id: str) -> Verdict:
        """The signal was understood; the condition stays as it is."""
        log.info("acknowledge alarm", who=who, alarm=alarm_id)
        if not self._alarms.acknowledge(alarm_id):
            return self._said("acknowledge_alarm", refused("no_such_alarm", alarm_id=alarm_id))
        return ACCEPTED

    def pause_audio(self, who: str) -> Verdict:
        """Silence for two minutes at most."""
        log.info("pause audio", who=who)
        self._alarms.pause_audio()
        return ACCEPTED

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

    # What the device and the panel do; the runner has acted already.

    def on_lost(self, reason: str) -> None:
        """The line went."""
        log.warning("controller lost", reason=reason)
        self._alarms.evaluate_soon()

    def on_fault(self, _fault: int) -> None:
        """The controller latched a fault."""
        self._alarms.evaluate_soon()

    def on_identity(self) -> None:
        """The controller told who it is: orders are judged by what it can time."""
        if self._parts.book.fit_controller(self.state.device.ipi_us_min or 0):
            self.clinic_changed()

    def on_status(self) -> None:
        """A whole state was heard."""
        self._panel.compare()

    def on_panel_open(self, name: str) -> None:
        """The edge's own wire opened or cannot be read."""
        self._stop_for_panel(PANEL_CODES[name])

    def on_disagreement(self, _name: str) -> None:
        """Two wires, two answers."""
        self._stop_for_panel("disagree")

    def _stop_for_panel(self, code: str) -> None:
        self._alarms.evaluate_soon()
        if self._phase.now not in IN_SESSION:
            return
        if code == "patient":
            self._runner.stop(code)
        else:
            self._runner.halt(code)

    # Small things.

    def _restore(self) -> None:
        self._desk.clinic_changed()
        book = self._file.restore()
        if book is not None:
            self._runner.take(book)
            self._runner.restore()

    def _each_period(self) -> None:
        self._desk.look_at_machine()
        self._runner.check_page()

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
            log.warning("refused", command=command, code=verdict.code, **verdict.args)
        return verdict
