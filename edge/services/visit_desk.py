"""The visit before treatment: open, checks, release, back and leave.

Judges by the phase table and the checklist of the domain, writes VisitState, and never touches the
device. Every judge_ function is also what the screen learns beforehand. No clock of its own.
"""

from __future__ import annotations

import structlog

from edge.domain.checks import (
    ALL_KEYS,
    MACHINE_KEYS,
    QUESTION_KEYS,
    RELEASING_ROLE,
    answer_state,
    judge,
    judge_answer,
    judge_release,
    machine_states,
)
from edge.domain.session_states import E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.services.chair_state import ChairState, CheckState, VisitState
from edge.services.facts import Facts
from edge.services.phase import Phase
from edge.services.ports_clinic import ClinicBookPort, ClinicSyncPort, VisitFactsPort

log = structlog.get_logger(__name__)

BEFORE_TREATMENT = (S.PATIENT, S.CHECKS, S.READY)
WITH_CHECKS = (S.CHECKS, S.READY)


class VisitDesk:
    """The writer of ChairState.visit up to READY, and of today's list."""

    def __init__(
        self,
        state: ChairState,
        phase: Phase,
        facts: Facts,
        book: ClinicBookPort,
        clinic: ClinicSyncPort,
    ) -> None:
        self._state = state
        self._phase = phase
        self._facts = facts
        self._book = book
        self._clinic = clinic

    @property
    def visit(self) -> VisitState:
        """The open visit; there is one."""
        assert self._state.visit is not None, "no visit is open"
        return self._state.visit

    def open(self, who: str, appointment_id: str) -> Verdict:
        """IDLE to PATIENT."""
        verdict = self._phase.judge(E.OPEN)
        if not verdict.is_accepted:
            return verdict
        facts = self._book.visit(appointment_id)
        if facts is None:
            return refused("unknown_appointment", appointment_id=appointment_id)
        self._state.visit = VisitState(
            appointment=facts.appointment,
            patient=facts.patient,
            order=facts.order,
            threshold=facts.threshold,
            plan=facts.plan,
            level_pct_mso=facts.level_pct_mso,
            problems=facts.problems,
            operator=who,
        )
        self._phase.say("opened", appointment_id=appointment_id, who=who)
        self._phase.move(E.OPEN)
        return ACCEPTED

    def judge_begin_checks(self) -> Verdict:
        """Only an order without problems can lead anywhere."""
        verdict = self._phase.judge(E.BEGIN_CHECKS)
        return verdict if not verdict.is_accepted else self.judge_order()

    def judge_order(self) -> Verdict:
        """The order is understood, allowed and complete."""
        visit = self.visit
        if visit.problems:
            first = visit.problems[0]
            return refused("order_has_problems", problem=first.code, count=len(visit.problems))
        if None in (visit.order, visit.threshold, visit.plan, visit.level_pct_mso):
            return refused("order_has_problems", problem="missing", count=1)
        return ACCEPTED

    def begin_checks(self) -> Verdict:
        """PATIENT to CHECKS; answers given before are kept."""
        verdict = self.judge_begin_checks()
        if not verdict.is_accepted:
            return verdict
        visit = self.visit
        if not visit.checks:
            visit.checks = [
                CheckState(key, "question" if key in QUESTION_KEYS else "machine")
                for key in ALL_KEYS
            ]
        self._phase.move(E.BEGIN_CHECKS)
        self.look_at_machine()
        return ACCEPTED

    def judge_in_checks(self) -> Verdict:
        """Answers and releases are taken on the checks screen only."""
        if self._phase.now is not S.CHECKS:
            return refused("wrong_state", state=self._phase.now.value)
        return ACCEPTED

    def answer(self, who: str, key: str, answer: str) -> Verdict:
        """Take an answer; an earlier one, and its release, is replaced."""
        verdict = self.judge_in_checks()
        if verdict.is_accepted:
            verdict = judge_answer(key, answer)
        if not verdict.is_accepted:
            return verdict
        check = self._check(key)
        check.answer, check.state = answer, answer_state(key, answer)
        check.by, check.reason = who, ""
        log.info("check answered", key=key, who=who)  # the answer is the patient's, not the log's
        self._phase.touch()
        return ACCEPTED

    def release(self, who: str, key: str, reason: str) -> Verdict:
        """A clinician takes responsibility for a red answer."""
        verdict = self.judge_in_checks()
        if not verdict.is_accepted:
            return verdict
        if key not in ALL_KEYS:
            return refused("unknown_check", key=key)
        check = self._check(key)
        verdict = judge_release(key, check.answer, check.state, RELEASING_ROLE)
        if not verdict.is_accepted:
            return verdict
        check.state, check.by, check.reason = "released", who, reason
        self._phase.say_private("check_released", key=key, who=who, reason=reason)
        return ACCEPTED

    def judge_checks(self) -> Verdict:
        """Every check is answered well, or released."""
        findings = judge(self.visit.checks)
        if findings:
            return refused("checks_open", key=findings[0].key, count=len(findings))
        return ACCEPTED

    def judge_coil(self) -> Verdict:
        """The coil plugged in now is the one of the order; it may have been changed in a pause."""
        states = machine_states(self._facts.device(), self.visit.order, self.visit.problems)
        if states["coil"] != "ok":
            return refused("checks_open", key="coil", count=1)
        return ACCEPTED

    def judge_finish(self) -> Verdict:
        """CHECKS_PASSED, by table and checklist."""
        verdict = self._phase.judge(E.CHECKS_PASSED)
        return verdict if not verdict.is_accepted else self.judge_checks()

    def finish_checks(self, who: str) -> Verdict:
        """CHECKS to READY."""
        self.look_at_machine()
        verdict = self.judge_finish()
        if verdict.is_accepted:
            self._phase.say("checks_passed", who=who)
            self._phase.move(E.CHECKS_PASSED)
        return verdict

    def look_at_machine(self) -> None:
        """Renew the machine's own checks; call a few times a second."""
        visit = self._state.visit
        if visit is None or self._phase.now not in WITH_CHECKS:
            return
        states = machine_states(self._facts.device(), visit.order, visit.problems)
        for check in visit.checks:
            if check.key in MACHINE_KEYS and check.state != states[check.key]:
                check.state = states[check.key]
                self._phase.touch()

    def clinic_changed(self) -> None:
        """Appointments, orders or the fate of a record have changed."""
        self._state.today = self._book.today()
        visit = self._state.visit
        if visit is not None and self._phase.now in BEFORE_TREATMENT:
            facts = self._book.visit(visit.appointment.appointment_id)
            if facts is not None:
                self._renew(visit, facts)
        if visit is not None and self._phase.now is S.RECORD:
            visit.record_state = self._clinic.session_state(visit.session.session_id) or "signed"
        self._phase.touch()

    def _renew(self, visit: VisitState, facts: VisitFactsPort) -> None:
        visit.appointment, visit.patient = facts.appointment, facts.patient
        visit.order, visit.threshold = facts.order, facts.threshold
        visit.plan, visit.level_pct_mso = facts.plan, facts.level_pct_mso
        visit.problems = facts.problems
        self.look_at_machine()

    def _check(self, key: str) -> CheckState:
        return next(check for check in self.visit.checks if check.key == key)
