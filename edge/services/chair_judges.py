"""May this be done now? One judge for each command of the treatment.

Used by the command itself and by the list of refusals the screen gets beforehand, so that the two
cannot differ. Pure looks at the present; nothing is changed here. Whether a session that was broken
off may go on at all is edge/services/resume_desk.py's.
"""

from __future__ import annotations

import math
from dataclasses import replace

from edge.domain.certificate import REASONS_FOR_NEXT
from edge.domain.device_facts import not_ready_reasons, own_heat_reason
from edge.domain.session_states import E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.mcu.client import McuClient
from edge.services.chair_state import ChairState
from edge.services.facts import Facts
from edge.services.panel_service import PanelService
from edge.services.phase import Phase
from edge.services.resume_desk import ResumeDesk
from edge.services.session_runner import SessionRunner
from edge.services.settling import Count
from edge.services.visit_desk import VisitDesk

NOTE_PHASES = (S.ARMED, S.TREATING, S.PAUSED, S.STOPPED, S.UNCERTAIN, S.WRAPUP)


class ChairJudges:
    """Of one chair."""

    def __init__(
        self,
        state: ChairState,
        phase: Phase,
        desk: VisitDesk,
        facts: Facts,
        panel: PanelService,
        client: McuClient,
        runner: SessionRunner,
        rest: ResumeDesk,
    ) -> None:
        self._state = state
        self._rest = rest
        self._phase = phase
        self._desk = desk
        self._facts = facts
        self._panel = panel
        self._client = client
        self._runner = runner

    def refusals(self) -> dict[str, str]:
        """Command tag of the API to the code it would be refused with now."""
        judged = {
            "open_visit": self._phase.judge(E.OPEN),
            "leave_visit": self._phase.judge(E.LEAVE),
            "begin_checks": self._desk.judge_begin_checks(),
            "answer_check": self._desk.judge_in_checks(),
            "release_check": self._desk.judge_in_checks(),
            "finish_checks": self._desk.judge_finish(),
            "back": self._phase.judge(E.BACK),
            "arm": self.arm(),
            "start": self.start(),
            "pause": self._phase.judge(E.PAUSE),
            "resume": self.resume(),
            "release_gap": self._rest.judge_release(),
            "acknowledge": self.acknowledge(),
            "end_session": self.end(),
            "add_note": self.note(),
            "wrap_up": self._phase.judge(E.SIGN),
        }
        return {kind: each.code for kind, each in judged.items() if not each.is_accepted}

    def arm(self) -> Verdict:
        """Order, checks and unit allow it."""
        verdict = self._phase.judge(E.ARM)
        for judge in (self._desk.judge_order, self._desk.judge_checks):
            if verdict.is_accepted:
                verdict = judge()
        return self._ready(is_begun=False) if verdict.is_accepted else verdict

    def start(self) -> Verdict:
        """Armed, and nothing has changed since."""
        verdict = self._phase.judge(E.START)
        if verdict.is_accepted:
            verdict = self._ready(is_begun=True)
        return self._attended() if verdict.is_accepted else verdict

    def resume(self) -> Verdict:
        """The count is settled, something is left, the order stands, the gap was not too long."""
        verdict = self._phase.judge(E.RESUME)
        if not verdict.is_accepted:
            return verdict
        if self._runner.count is not Count.SETTLED:
            return refused("uncertain")
        book = self._runner.book
        if book is None or not book.remaining:
            return refused("nothing_to_resume")
        if book.unsensed:
            return refused("pulse_unsensed")
        verdict = self._rest.judge()
        if verdict.is_accepted:
            verdict = self._ready(is_begun=True)
        if verdict.is_accepted:
            verdict = self._desk.judge_coil()
        return self._attended() if verdict.is_accepted else verdict

    def acknowledge(self) -> Verdict:
        """Out of STOPPED only with a settled count and closed loops; elsewhere always."""
        if self._phase.now is not S.STOPPED:
            return ACCEPTED
        if not self._client.is_live:
            return refused("link_down")
        if self._runner.count is not Count.SETTLED:
            return refused("uncertain")
        if not self._panel.is_closed():
            return refused("interlock_open")
        heat = own_heat_reason(self._facts.device())
        return refused("device_not_ready", reason=heat) if heat else ACCEPTED

    def end(self) -> Verdict:
        """Not while the count is just being read; a session never armed needs an order."""
        verdict = self._phase.judge(E.END)
        if verdict.is_accepted and self._phase.now is S.READY:
            verdict = self._desk.judge_order()
        is_asking = self._runner.count is Count.ASKING and self._client.is_live
        return refused("uncertain") if verdict.is_accepted and is_asking else verdict

    def note(self) -> Verdict:
        """There is a session to write into."""
        if self._phase.now not in NOTE_PHASES:
            return refused("wrong_state", state=self._phase.now.value)
        return ACCEPTED

    def _ready(self, *, is_begun: bool) -> Verdict:
        """is_begun: this session was armed under a certificate that held, and goes on under it."""
        device = self._facts.device()
        if is_begun and device.certificate in REASONS_FOR_NEXT:
            device = replace(device, certificate="")
        reasons = not_ready_reasons(device)
        if not reasons:
            return ACCEPTED
        if reasons[0] == "no_certificate":
            return refused("no_certificate", why=device.certificate)
        if reasons[0] != "too_hot_ahead":
            return refused("device_not_ready", reason=reasons[0])
        if device.ahead.ready_in_s is None:
            return refused("too_hot_never")
        return refused("too_hot_ahead", minutes=math.ceil(device.ahead.ready_in_s / 60))

    def _attended(self) -> Verdict:
        return ACCEPTED if self._panel.is_attended() else refused("attend_released")
