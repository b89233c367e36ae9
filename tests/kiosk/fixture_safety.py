"""Pictures of the safety test: due, under way, waiting for a person, failed, over."""

from __future__ import annotations

from msgspec.structs import replace

from edge.api.safety_test_view import SafetyStepView, SafetyTestView, StepState
from edge.api.schema import Operator, Snapshot
from edge.domain.safety_test import FULL, STEPS, Fitted, Step, steps_for
from firmware.wire.codes import INPUT_NAMES, TIMING_PIO

ALL_STEPS = steps_for(Fitted(INPUT_NAMES, ("attend",), TIMING_PIO), FULL)
HOLDS = SafetyTestView(
    why="",
    number="ST-000212",
    until="2026-11-22T07:52:10+01:00",
    stage="off",
    outcome="",
    who="",
    prompt="",
    prompt_ms=0,
    step="",
    may_repeat=False,
    steps=[],
)
DUE = replace(HOLDS, why="expired", until="")
# A tenth of each limit: what a good unit shows.
TOOK = {step.key: None if step.limit_ms is None else step.limit_ms / 10 for step in STEPS}
WATCHDOG_MS = 8_412.3


def _step(step: Step, state: StepState) -> SafetyStepView:
    is_done = state in ("passed", "failed")
    took_ms = TOOK[step.key] if step.key != "watchdog" else WATCHDOG_MS
    return SafetyStepView(
        key=step.key,
        is_guided=step.is_guided,
        state=state,
        took_ms=took_ms if is_done else None,
        limit_ms=step.limit_ms,
        tries=1 if is_done else 0,
        failure="",
        detail="",
    )


def _until(key: str, state: StepState) -> list[SafetyStepView]:
    """Everything before this step has passed; this one is in this state."""
    at = [step.key for step in ALL_STEPS].index(key)
    before: list[StepState] = ["passed"] * at
    after: list[StepState] = ["open"] * (len(ALL_STEPS) - at - 1)
    states = [*before, state, *after]
    return [_step(step, word) for step, word in zip(ALL_STEPS, states, strict=True)]


def _failed(key: str, failure: str, *, tries: int, took_ms: float | None) -> list[SafetyStepView]:
    return [
        replace(one, failure=failure, tries=tries, took_ms=took_ms) if one.key == key else one
        for one in _until(key, "failed")
    ]


def _at(idle: Snapshot, stage: str, steps: list[SafetyStepView], **changes: object) -> Snapshot:
    test = replace(DUE, why="interrupted", stage=stage, who="Eva Novak", steps=steps, **changes)
    reasons = ["no_certificate"]
    device = replace(idle.device, ready="not_ready", reasons=reasons)
    return replace(idle, safety_test=test, device=device, refusals={"open_visit": "busy"})


def safety_pictures(idle: Snapshot) -> dict[str, Snapshot]:
    """From the picture of an idle chair."""
    not_ready = replace(idle.device, ready="not_ready", reasons=["no_certificate"])
    asked = {
        f"safety_{key}": _at(
            idle, "person", _until(key, "now"), prompt="open", prompt_ms=48_000, step=key
        )
        for key in ("estop", "patient", "door", "coil", "enclosure", "attend")
    }
    all_passed = [_step(step, "passed") for step in ALL_STEPS]
    slow = _failed("door", "too_slow", tries=1, took_ms=37.4)
    stuck = _failed("estop", "not_opened", tries=3, took_ms=None)
    over = {"stage": "over", "who": "Eva Novak"}
    passed = replace(HOLDS, outcome="passed", steps=all_passed, **over)
    engineer = replace(idle, me=Operator("jb", "Jonas Brandt", "engineer"))
    return {
        "today_engineer": engineer,
        "today_safety_due": replace(
            idle, safety_test=DUE, device=not_ready, refusals={"arm": "no_certificate"}
        ),
        "safety_running": _at(idle, "running", _until("watchdog", "now"), step="watchdog"),
        **asked,
        "safety_estop_close": _at(
            idle, "person", _until("estop", "now"), prompt="close", prompt_ms=59_000, step="estop"
        ),
        "safety_failed": _at(idle, "failed", slow, step="door", may_repeat=True),
        "safety_failed_last": _at(idle, "failed", stuck, step="estop"),
        "safety_passed": replace(idle, safety_test=passed),
        "safety_over_failed": _at(idle, "over", stuck, step="estop", outcome="failed"),
        "safety_stopped": _at(idle, "over", _until("coil", "open"), outcome="stopped"),
    }
