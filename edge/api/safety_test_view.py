"""The safety test as a screen shows it: whether it holds, its steps, what to do now, the result.

Part of the messages of edge/api/schema.py, with the one function that fills it. Copies and names
values; judges nothing.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

from msgspec import Struct

from edge.domain.certificate import Certificate, number_text
from edge.domain.safety_test import Run, Step, due_step, may_repeat, step_state, tries
from edge.services.chair_state import ChairState, SafetyState

Stage = Literal["off", "running", "person", "failed", "over"]
Outcome = Literal["", "passed", "failed", "dropped", "stopped"]
Prompt = Literal["", "open", "close"]
StepState = Literal["open", "now", "passed", "failed"]

STAGES: dict[str, Stage] = {
    "off": "off",
    "running": "running",
    "person": "person",
    "failed": "failed",
    "over": "over",
}
OUTCOMES: dict[str, Outcome] = {
    "": "",
    "passed": "passed",
    "failed": "failed",
    "dropped": "dropped",
    "stopped": "stopped",
}
PROMPTS: dict[str, Prompt] = {"": "", "open": "open", "close": "close"}


class SafetyStepView(Struct, frozen=True):
    key: str  # text keys proof-<key>, and -open and -close of guided ones
    is_guided: bool
    state: StepState
    took_ms: float | None
    limit_ms: int | None
    tries: int
    failure: str  # text key failure-<code>, '' without one
    detail: str


class SafetyTestView(Struct, frozen=True):
    why: str  # text key certificate-<why>: why none holds; '' when treatments may begin
    number: str  # of the last certificate, good or not
    until: str  # ISO local time to which it holds; '' when none does
    stage: Stage
    outcome: Outcome  # with over
    who: str
    prompt: Prompt  # with person: what to do with the contact of the step
    prompt_ms: int
    step: str  # key of the step that is due
    may_repeat: bool
    steps: list[SafetyStepView]


def view_safety_test(state: ChairState, why: str, now_s: float, zone: tzinfo) -> SafetyTestView:
    """The test that runs or was run, and the certificate that holds."""
    safety, certificate = state.safety, state.certificate
    run = safety.run
    due = None if run is None else due_step(run)
    until = safety.prompt_until
    return SafetyTestView(
        why=why,
        number="" if certificate is None else number_text(certificate.number),
        until=_until(certificate, zone) if certificate is not None and not why else "",
        stage=STAGES[safety.stage],
        outcome=OUTCOMES[safety.outcome],
        who=safety.who,
        prompt=PROMPTS[safety.prompt],
        prompt_ms=0 if until is None else max(0, round((until - now_s) * 1000)),
        step="" if due is None else due.key,
        may_repeat=run is not None and may_repeat(run),
        steps=[] if run is None else [_step(run, step, due, safety) for step in run.steps],
    )


def _until(certificate: Certificate, zone: tzinfo) -> str:
    return certificate.valid_until.astimezone(zone).isoformat(timespec="seconds")


def _step(run: Run, step: Step, due: Step | None, safety: SafetyState) -> SafetyStepView:
    made = tries(run, step.key)
    last = made[-1] if made else None
    is_now = safety.stage in ("running", "person") and step == due
    states: dict[str, StepState] = {"open": "open", "passed": "passed", "failed": "failed"}
    took_us = None if last is None or is_now else last.took_us
    return SafetyStepView(
        key=step.key,
        is_guided=step.is_guided,
        state="now" if is_now else states[step_state(run, step.key)],
        took_ms=None if took_us is None else round(took_us / 1000, 1),
        limit_ms=step.limit_ms,
        tries=len(made),
        failure="" if last is None or is_now else last.failure,
        detail="" if last is None or is_now else last.detail,
    )
