"""May this be done now? One judge for each command of the treatment.

Used by the command itself and by the list of refusals the screen gets beforehand, so that the two
cannot differ. Pure looks at the present; nothing is changed here. Loop time for the pause's length.
"""

from __future__ import annotations

import asyncio

from edge.config import LimitsConfig
from edge.domain.device_facts import not_ready_reasons
from edge.domain.session_states import E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.mcu.client import McuClient
from edge.services.chair_state import ChairState
from edge.services.facts import Facts
from edge.services.panel_service import PanelService
from edge.services.phase import Phase
from edge.services.session_runner import Count, SessionRunner
from edge.services.visit_desk import VisitDesk

NOTE_PHASES = (S.ARMED, S.TREATING, S.PAUSED, S.STOPPED, S.UNCERTAIN, S.WRAPUP)


class ChairJudges:
    """Of one chair."""

    def __init__(
        self,
        state: ChairState,
        limits: LimitsConfig,
        phase: Phase,
        desk: VisitDesk,
        facts: Facts,
        panel: PanelService,
        client: McuClient,
        runner: SessionRunner,
    ) -> None:
        self._state = state
        self._limits = limits
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
        return self._ready() if verdict.is_accepted else verdict

    def start(self) -> Verdict:
        """Armed, and nothing has changed since."""
        verdict = self._phase.judge(E.START)
        return self._ready() if verdict.is_accepted else verdict

    def resume(self) -> Verdict:
        """The count is settled, something is left, the pause was not too long."""
        verdict = self._phase.judge(E.RESUME)
        if not verdict.is_accepted:
            return verdict
        if self._runner.count is not Count.SETTLED:
            return refused("uncertain")
        if self._runner.remaining == 0:
            return refused("nothing_to_resume")
        paused_s, limit_s = self._paused_s(), self._limits.pause_s_max
        if paused_s > limit_s:
            return refused("pause_too_long", minutes=round(paused_s / 60), limit=limit_s // 60)
        return self._ready()

    def acknowledge(self) -> Verdict:
        """Out of STOPPED only with a settled count and closed loops; elsewhere always."""
        if self._phase.now is not S.STOPPED:
            return ACCEPTED
        if not self._client.is_live:
            return refused("link_down")
        if self._runner.count is not Count.SETTLED:
            return refused("uncertain")
        return ACCEPTED if self._panel.is_closed() else refused("interlock_open")

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

    def _ready(self) -> Verdict:
        reasons = not_ready_reasons(self._facts.device())
        return refused("device_not_ready", reason=reasons[0]) if reasons else ACCEPTED

    def _paused_s(self) -> float:
        visit = self._state.visit
        if visit is None or visit.session.paused_at is None:
            return 0.0
        return asyncio.get_running_loop().time() - visit.session.paused_at
