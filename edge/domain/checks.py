"""The short checklist before a session: what is asked, what the machine checks, who may release.

Eight cards, one topic each, after the daily re-screen of the reference; ear plugs last, because
they go in last and are a start interlock. An answer is never filled in beforehand. A red answer
stops the visit until it is put right or, where allowed, a clinician releases it by name with a
reason. The weighing of an answer is the clinician's. No clock. Pure.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.domain.device_facts import DeviceFacts, heat_state, interlock_states
from edge.domain.prescription import Order, Problem
from edge.domain.verdict import ACCEPTED, Verdict, refused


@dataclass(frozen=True)
class Question:
    """One card. The first choice is the ordinary answer; red ones stop; some can be released."""

    key: str
    choices: tuple[str, ...]
    red: tuple[str, ...]
    releasable: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A check that is not passed: open or red."""

    key: str
    state: str


class CheckLine(typing.Protocol):
    """A line of the checklist as the services keep it."""

    @property
    def key(self) -> str: ...

    @property
    def state(self) -> str: ...


def _question(key: str, fine: str, *red: str, fix: Sequence[str] = ()) -> Question:
    releasable = tuple(answer for answer in red if answer not in fix)
    return Question(key, (fine, *red), red, releasable)


# Two identifiers, metal and ear plugs are put right, never released: hazards 6, 38 and 39 of the
# reference. The rest of the daily re-screen is weighed by a clinician.
QUESTIONS: tuple[Question, ...] = (
    _question("identity", "confirmed", "not_confirmed", fix=["not_confirmed"]),
    _question("medication", "unchanged", "changed"),
    _question("sleep", "usual", "short"),
    _question("alcohol", "none", "alcohol_or_drugs"),
    _question("health", "well", "illness", "headache", "hearing_change"),
    _question("mood", "usual", "worse", "suicidal_thoughts"),
    _question("metal", "none_on", "still_on", "new_implant", fix=["still_on"]),
    _question("earplugs", "both_in", "not_in", fix=["not_in"]),
)
QUESTION_KEYS: tuple[str, ...] = tuple(question.key for question in QUESTIONS)
MACHINE_KEYS: tuple[str, ...] = (
    "link",
    "self_test",
    "interlocks",
    "coil",
    "temperature",
    "order",
    "threshold",
)
ALL_KEYS: tuple[str, ...] = QUESTION_KEYS + MACHINE_KEYS
RELEASING_ROLE = "clinician"
PASSED_STATES = ("ok", "released")
# Problems of the order that are put right by measuring, not by prescribing.
_THRESHOLD_PROBLEMS = ("threshold_", "level_")


def find_question(key: str) -> Question | None:
    return next((question for question in QUESTIONS if question.key == key), None)


def judge_answer(key: str, answer: str) -> Verdict:
    """Whether this is an answer to one of the questions."""
    question = find_question(key)
    if question is None:
        return refused("unknown_check", key=key)
    if answer not in question.choices:
        return refused("unknown_choice", key=key, answer=answer)
    return ACCEPTED


def answer_state(key: str, answer: str) -> str:
    """open without a valid answer, else ok or red."""
    question = find_question(key)
    if question is None or answer not in question.choices:
        return "open"
    return "red" if answer in question.red else "ok"


def judge_release(key: str, answer: str, state: str, role: str) -> Verdict:
    """Whether a person of this role may release this red answer."""
    question = find_question(key)
    if question is None:
        return refused("unknown_check", key=key)
    if state != "red" or answer not in question.releasable or role != RELEASING_ROLE:
        return refused("release_not_allowed", key=key)
    return ACCEPTED


def machine_states(
    facts: DeviceFacts, order: Order | None, problems: Iterable[Problem]
) -> dict[str, str]:
    """State of every machine check: ok, red (known to be wrong) or open (not known yet)."""
    is_threshold = [problem.code.startswith(_THRESHOLD_PROBLEMS) for problem in problems]
    return {
        "link": "ok" if facts.is_live else "red",
        "self_test": {"passed": "ok", "failed": "red"}.get(facts.self_test, "open"),
        "interlocks": _interlocks_state(facts),
        "coil": _coil_state(facts, order),
        "temperature": _temperature_state(facts),
        "order": "red" if order is None or not all(is_threshold) else "ok",
        "threshold": _threshold_state(order, is_threshold),
    }


def _temperature_state(facts: DeviceFacts) -> str:
    """Fit now, and for what is to be given."""
    state = {"ok": "ok", "hot": "red", "unknown": "open"}[heat_state(facts)]
    is_ahead_bad = facts.ahead.start in ("wait", "never") or facts.ahead.has_cooling_failed
    if is_ahead_bad:
        return "red"
    return "open" if state == "ok" and facts.ahead.start == "unknown" else state


def _threshold_state(order: Order | None, is_threshold: Sequence[bool]) -> str:
    if any(is_threshold):
        return "red"
    return "open" if order is None else "ok"


def _interlocks_state(facts: DeviceFacts) -> str:
    states = [state for _, state in interlock_states(facts)]
    if any(state in ("open", "disagree") for state in states):
        return "red"
    return "open" if not states or "unknown" in states else "ok"


def _coil_state(facts: DeviceFacts, order: Order | None) -> str:
    if order is None or not facts.coil_type:
        return "open"
    return "ok" if facts.coil_type == order.coil_type else "red"


def judge(checks: Iterable[CheckLine]) -> tuple[Finding, ...]:
    """Every check that is not passed, in the list's order; one that is missing counts as open."""
    states = {line.key: line.state for line in checks}
    return tuple(
        Finding(key, states.get(key, "open"))
        for key in ALL_KEYS
        if states.get(key) not in PASSED_STATES
    )
