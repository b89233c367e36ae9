"""The safety test on a screen: every stage of a run, and the certificate that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.api.safety_test_view import OUTCOMES, PROMPTS, STAGES, SafetyTestView, view_safety_test
from edge.domain.certificate import Certificate, Examined
from edge.domain.hash_chain import GENESIS
from edge.domain.safety_test import DAILY, STEPS, Run, Seen, judge, recorded
from edge.services.chair_state import ChairState, SafetyState

pytestmark = pytest.mark.control("morning-test")

SEVEN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
HELD = Certificate(
    number=7,
    tested=Examined("U-1", "0.1.0", "", 4, 1000, "", "c0ffee", "0.1.0"),
    variant=DAILY,
    who="Tina Tech",
    began=SEVEN,
    ended=SEVEN,
    valid_until=SEVEN + timedelta(hours=24),
    is_passed=True,
    attempts=(),
    proofs={},
    machine_boot="b",
    ended_s=0.0,
    previous=GENESIS,
    public_key="",
)
ESTOP = next(step for step in STEPS if step.key == "estop")
DOOR = next(step for step in STEPS if step.key == "door")
RUN = Run(DAILY, (ESTOP, DOOR))
GOOD = Seen("", "", True, (ESTOP.fault,), 420, are_enables_low=True, is_restored=True)
SLOW = replace(GOOD, latched=(DOOR.fault,), took_us=37_400)


def view(safety: SafetyState, why: str = "none", held: Certificate | None = None) -> SafetyTestView:
    state = ChairState(safety=safety, certificate=held)
    return view_safety_test(state, why, 100.0, ZONE)


def test_view_without_a_test_and_without_a_certificate_is_empty() -> None:
    shown = view(SafetyState())

    assert (shown.why, shown.number, shown.until, shown.stage) == ("none", "", "", "off")
    assert shown.steps == []
    assert not shown.may_repeat


def test_view_of_a_certificate_that_holds_has_its_number_and_local_time() -> None:
    shown = view(SafetyState(), why="", held=HELD)

    assert (shown.number, shown.until) == ("ST-000007", "2026-11-24T07:00:00+01:00")


def test_view_of_a_certificate_that_no_longer_holds_has_no_time() -> None:
    shown = view(SafetyState(), why="expired", held=HELD)

    assert (shown.number, shown.until) == ("ST-000007", "")


def test_view_of_a_step_that_waits_for_a_person_says_what_and_how_long() -> None:
    safety = SafetyState("person", run=RUN, prompt="open", prompt_until=148.0, who="Tina Tech")

    shown = view(safety)

    assert (shown.step, shown.prompt, shown.prompt_ms) == ("estop", "open", 48_000)
    assert [step.state for step in shown.steps] == ["now", "open"]


def test_view_of_a_step_that_failed_has_value_limit_and_word() -> None:
    run = recorded(recorded(RUN, judge(ESTOP, GOOD)), judge(DOOR, SLOW))

    shown = view(SafetyState("failed", run=run))

    first, second = shown.steps
    assert (first.state, first.took_ms, first.failure) == ("passed", 0.4, "")
    assert (second.state, second.took_ms, second.limit_ms) == ("failed", 37.4, 10)
    assert (second.failure, second.tries, shown.may_repeat) == ("too_slow", 1, True)


def test_view_of_a_step_that_is_repeated_hides_the_old_value() -> None:
    run = recorded(recorded(RUN, judge(ESTOP, GOOD)), judge(DOOR, SLOW))

    shown = view(SafetyState("running", run=run)).steps[1]

    assert (shown.state, shown.took_ms, shown.failure, shown.tries) == ("now", None, "", 1)


def test_view_of_a_test_that_is_over_has_no_step_due() -> None:
    run = recorded(Run(DAILY, (ESTOP,)), judge(ESTOP, GOOD))

    shown = view(SafetyState("over", outcome="passed", run=run), why="", held=HELD)

    assert (shown.stage, shown.outcome, shown.step) == ("over", "passed", "")


def test_words_of_the_view_are_those_of_the_state() -> None:
    assert set(STAGES) == {"off", "running", "person", "failed", "over"}
    assert set(OUTCOMES) == {"", "passed", "failed", "dropped", "stopped"}
    assert set(PROMPTS) == {"", "open", "close"}
