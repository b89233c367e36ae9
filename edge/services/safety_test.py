"""The safety test: begins, repeats, gives up and ends it, and issues its certificate.

One at a time, only while no visit is open, the unit is at rest and has no fault; while it runs no
visit can be opened. STOP, a lost process or a lost line end it with everything let go and without a
certificate. A step that failed stands against the unit until a repeat has passed, also when the
test is given up. Runs on the loop as a task of the chair; the steps are driven by safety_steps.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from edge.domain.certificate import Certificate
from edge.domain.device_facts import DeviceFacts
from edge.domain.faults import Severity, fault_row
from edge.domain.safety_test import (
    FACE_OWN,
    WATCHDOG,
    Fitted,
    Run,
    Step,
    due_step,
    is_failed,
    judge,
    may_repeat,
    recorded,
    steps_for,
)
from edge.domain.session_states import E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import StoreError
from edge.services.chair_parts import ChairParts
from edge.services.chair_state import SafetyState
from edge.services.phase import Phase
from edge.services.safety_steps import SafetySteps
from edge.services.unit_watch import UnitWatch

# Alarms that these steps bring about, besides the controller's fault that a step names itself.
EXPECTED = {WATCHDOG: ("link_down",), FACE_OWN: ("surface_hot_own",)}

log = structlog.get_logger(__name__)


class SafetyTest:
    """The writer of ChairState.safety and .certificate, and a Watcher of the device."""

    def __init__(self, parts: ChairParts, phase: Phase, unit: UnitWatch) -> None:
        self._parts = parts
        self._state = parts.state
        self._phase = phase
        self._unit = unit
        self._certificates = parts.certificates
        self._steps = SafetySteps(parts.state, parts.client, unit, self._prompt)
        self._asked = asyncio.Event()
        self._repeat = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._began: datetime = parts.wall_clock.now().utc
        self._is_over_by_stop = False
        self._state.certificate = parts.certificates.newest
        phase.on_move(self._on_move)
        unit.device.add(self)

    async def run(self) -> None:
        """One test after another, until cancelled."""
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                self._task = asyncio.create_task(self._test(), name="safety test")
                await asyncio.wait({self._task})
                task, self._task = self._task, None
                if self._state.safety.is_busy:
                    self._end(is_whole=False)  # given up before its first turn
                if not task.cancelled():
                    task.result()
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    # What people ask.

    def refusals(self) -> dict[str, str]:
        """Command tag of the API to the code it would be refused with now."""
        start = self.judge_start()
        judged = {
            "start_safety_test": start,
            "start_full_safety_test": start,
            "repeat_safety_step": self.judge_repeat(),
            "end_safety_test": self.judge_end(),
            "acknowledge": self.judge_acknowledge(),
            **dict.fromkeys(("open_visit", "test_alarms"), self.judge_other()),
        }
        return {kind: each.code for kind, each in judged.items() if not each.is_accepted}

    def judge_other(self) -> Verdict:
        """For what may not be done beside it."""
        return refused("safety_test_running") if self._state.safety.is_busy else ACCEPTED

    def judge_acknowledge(self) -> Verdict:
        """What a step brings about is the step's to clear; what it found is a person's."""
        is_driving = self._state.safety.stage in ("running", "person")
        return refused("safety_test_running") if is_driving else ACCEPTED

    def judge_start(self) -> Verdict:
        """No visit, no fault, a unit at rest that answers."""
        if self._state.safety.is_busy:
            return refused("safety_test_running")
        if self._phase.now is not S.IDLE:
            return refused("wrong_state", state=self._phase.now.value)
        verdict = self._judge_unit(self._unit.facts.device())
        return self._unit.alarms.judge_test() if verdict.is_accepted else verdict

    def judge_repeat(self) -> Verdict:
        """A step failed and may be tried again."""
        safety = self._state.safety
        if safety.stage != "failed" or safety.run is None or not may_repeat(safety.run):
            return refused("no_step_to_repeat")
        return self._judge_unit(self._unit.facts.device())

    def judge_end(self) -> Verdict:
        """There is a test, or its result is shown."""
        return refused("no_safety_test") if self._state.safety.stage == "off" else ACCEPTED

    def start(self, who: str, variant: str) -> Verdict:
        """Begin with the first step."""
        verdict = self.judge_start()
        if not verdict.is_accepted:
            return verdict
        try:
            self._certificates.begin(who, variant)
        except StoreError as error:
            log.error("safety test not begun", why=str(error))  # noqa: TRY400
            return refused("store_failed")
        device = self._state.device
        fitted = Fitted(self._unit.device.inputs_fitted, tuple(device.panel), device.timing_class)
        self._began = self._parts.wall_clock.now().utc
        self._is_over_by_stop = False
        run = Run(variant, steps_for(fitted, variant))
        self._show(SafetyState(stage="running", run=run, who=who))
        log.info("safety test", who=who, variant=variant)
        self._asked.set()
        return ACCEPTED

    def repeat(self, who: str) -> Verdict:
        """Try the failed step once more."""
        verdict = self.judge_repeat()
        if verdict.is_accepted:
            log.info("safety test step repeated", who=who)
            self._show(replace(self._state.safety, stage="running"))
            self._repeat.set()
        return verdict

    def end(self, who: str) -> Verdict:
        """Give the test up, or close its result."""
        verdict = self.judge_end()
        if not verdict.is_accepted:
            return verdict
        if self._state.safety.is_busy:
            log.info("safety test given up", who=who)
            self._give_up()
        else:
            self._show(SafetyState())
        return ACCEPTED

    def stop(self) -> None:
        """A person pressed STOP; it has been sent already. A stop of the edge's own fails the step
        that met it."""
        if self._state.safety.is_busy:
            self._is_over_by_stop = True
            self._give_up()

    # What the device does.

    def on_lost(self, _reason: str) -> None:
        """The step that is tried notices by itself."""

    def on_fault(self, fault: int) -> None:
        """A fault that nobody asked for."""
        row = fault_row(fault)
        if row.name not in self._state.safety.expected:
            self._note(row.severity, row.code)

    def on_identity(self) -> None:
        """Whose certificate it is may have changed."""

    def on_status(self) -> None:
        """Changes nothing."""

    # Inside.

    async def _test(self) -> None:
        is_whole = False
        try:
            is_whole = await self._try_all()
        finally:
            self._steps.let_go()
            self._end(is_whole=is_whole)

    async def _try_all(self) -> bool:
        """True when the test came to its end, good or not."""
        while (step := due_step(self._run)) is not None:
            if is_failed(self._run):
                self._show(replace(self._state.safety, stage="failed", expected=()))
                self._repeat.clear()
                await self._repeat.wait()
            await self._try(step)
        return True

    async def _try(self, step: Step) -> None:
        safety = replace(self._state.safety, stage="running", expected=self._expected(step))
        self._show(safety)
        seen = await self._steps.drive(step, safety.who)
        attempt = judge(step, seen)
        tell = log.info if attempt.is_passed else log.warning
        tell(
            "safety test step",
            step=step.key,
            failure=attempt.failure,
            detail=attempt.detail,
            took_us=attempt.took_us,
        )
        run = recorded(self._run, attempt)
        self._show(replace(self._state.safety, stage="running", run=run, expected=()))

    @property
    def _run(self) -> Run:
        run = self._state.safety.run
        assert run is not None, "a test runs"
        return run

    @staticmethod
    def _expected(step: Step) -> tuple[str, ...]:
        if step.key in EXPECTED:
            return EXPECTED[step.key]
        return (fault_row(step.fault).name,) if step.fault else ()

    def _end(self, *, is_whole: bool) -> None:
        """Issue what is due; a test that found nothing and was given up leaves the one before."""
        safety = self._state.safety
        is_bad = is_failed(self._run)
        outcome = "failed" if is_bad else "passed" if is_whole else "dropped"
        try:
            if is_whole or is_bad:
                self._state.certificate = self._issue(safety.who)
            else:
                self._certificates.drop(safety.who)
        except StoreError as error:
            log.error("safety test not kept", why=str(error))  # noqa: TRY400
            outcome = "failed"
        if outcome == "dropped" and self._is_over_by_stop:
            outcome = "stopped"
        self._show(SafetyState(stage="over", outcome=outcome, run=safety.run, who=safety.who))

    def _issue(self, who: str) -> Certificate:
        tested = self._unit.facts.tested()
        assert tested is not None, "a test needs a controller that was heard"
        proofs = self._unit.proofs.dates()
        return self._certificates.issue(tested, self._run, who, self._began, proofs)

    def _give_up(self) -> None:
        if self._task is None:
            self._asked.clear()
            self._end(is_whole=False)
        else:
            self._task.cancel()
        self._steps.let_go()
        self._parts.client.stop()

    def _on_move(self, _was: S, _now: S, event: E) -> None:
        """A session was ended by what service has to look at."""
        visit = self._state.visit
        if event is E.FAULT and visit is not None and visit.session.stop is not None:
            row = fault_row(visit.session.stop.code)
            self._note(row.severity, row.code)

    def _note(self, severity: Severity, code: str) -> None:
        if severity is not Severity.SERVICE:
            return
        try:
            self._certificates.note_fault(code)
        except StoreError as error:
            log.error("fault not noted for the safety test", why=str(error))  # noqa: TRY400
        self._phase.touch()

    def _judge_unit(self, facts: DeviceFacts) -> Verdict:
        if not facts.is_live:
            return refused("link_down")
        if facts.fault:
            return refused("device_not_ready", reason="fault")
        if not facts.settings_match:
            return refused("device_not_ready", reason="settings_mismatch")
        if facts.mcu_state != "STANDBY" or self._parts.client.is_stopping:
            return refused("unit_not_at_rest")
        return ACCEPTED

    def _prompt(self, word: str, wait_s: float) -> None:
        safety = self._state.safety
        until = asyncio.get_running_loop().time() + wait_s if word else None
        stage = "person" if word else "running"
        self._show(replace(safety, stage=stage, prompt=word, prompt_until=until))

    def _show(self, safety: SafetyState) -> None:
        self._state.safety = safety
        self._phase.touch()
