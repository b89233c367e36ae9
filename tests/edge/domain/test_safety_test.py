"""Steps of the safety test: what each must show, and the run through them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from edge.domain.faults import CLASS_MS, StopClass
from edge.domain.safety_test import (
    ATTEMPTS_MAX,
    BEAT_MS,
    COOLING,
    DAILY,
    FAILURES,
    FULL,
    HOST_FALL_MS,
    OWN_MS,
    REST_SPREAD_C10,
    STEPS,
    TRIP_MS,
    WATCHDOG,
    Fitted,
    Rest,
    Run,
    Seen,
    Step,
    due_step,
    is_failed,
    is_passed,
    judge,
    judge_rest,
    may_repeat,
    recorded,
    step_state,
    steps_for,
    tries,
)
from edge.services.host_enable import HOST_LIFE_S
from firmware.wire.codes import INPUT_NAMES, TIMING_PIO, TIMING_RT_PROCESS
from firmware.wire.limits import HEARTBEAT_MS_MAX, LEFT_CHARGED_MS_MAX

pytestmark = pytest.mark.control("morning-test")

ALL = Fitted(INPUT_NAMES, ("attend",), TIMING_PIO)
BY_KEY = {step.key: step for step in STEPS}


def good(step: Step) -> Seen:
    """What a whole unit shows."""
    latched = (step.fault,) if step.fault else ()
    took_us = None if step.limit_ms is None else step.limit_ms * 1000
    return Seen("", "", True, latched, took_us, OWN_MS * 1000, True, True)


def passed(run: Run, count: int) -> Run:
    for _ in range(count):
        step = due_step(run)
        assert step is not None
        run = recorded(run, judge(step, good(step)))
    return run


def failed(run: Run) -> Run:
    step = due_step(run)
    assert step is not None
    return recorded(run, judge(step, Seen()))


# --- which steps


def test_steps_have_one_key_each_and_guided_ones_time_for_a_person() -> None:
    assert len(BY_KEY) == len(STEPS) == 16
    for step in STEPS:
        assert step.wait_s >= (50 if step.is_guided else 5)
        assert step.wait_s * 1000 < LEFT_CHARGED_MS_MAX  # the controller's, while it is charged


def test_steps_of_a_full_unit_are_all_but_the_cover_each_morning() -> None:
    daily = [step.key for step in steps_for(ALL, DAILY)]

    assert daily == [step.key for step in STEPS if step.key != "enclosure"]
    assert steps_for(ALL, FULL) == STEPS


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"timing_class": TIMING_RT_PROCESS}, WATCHDOG),
        ({"timing_class": None}, WATCHDOG),
        ({"inputs": ("estop",)}, COOLING),
        ({"panel": ()}, "attend"),
    ],
)
def test_steps_leave_out_what_the_unit_lacks(change: dict[str, object], missing: str) -> None:
    keys = [step.key for step in steps_for(replace(ALL, **change), FULL)]  # type: ignore[arg-type]

    assert keys == [step.key for step in STEPS if step.key != missing]


def test_limits_are_those_of_the_stop_classes() -> None:
    assert CLASS_MS[StopClass.E] == TRIP_MS
    assert CLASS_MS[StopClass.S] == OWN_MS
    assert BEAT_MS == HEARTBEAT_MS_MAX
    # Catches: a one-shot whose life has grown would pass.
    assert HOST_FALL_MS <= HOST_LIFE_S * 1000 * 1.2


# --- one observation


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.key)
def test_step_of_a_whole_unit_at_its_limit_passes(step: Step) -> None:
    attempt = judge(step, good(step))

    assert attempt.is_passed
    assert (attempt.key, attempt.limit_ms) == (step.key, step.limit_ms)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.key)
def test_step_that_nothing_is_known_of_fails(step: Step) -> None:
    assert not judge(step, Seen()).is_passed


ESTOP = BY_KEY["estop"]
WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"hindrance": "frozen", "detail": "x"}, "frozen"),
    ({"is_own_seen": False, "latched": ()}, "not_opened"),
    ({"is_own_seen": False}, "own_blind"),
    ({"latched": ()}, "controller_blind"),
    ({"latched": (102, 101)}, "other_fault"),
    ({"took_us": None}, "not_measured"),
    ({"took_us": TRIP_MS * 1000 + 1}, "too_slow"),
    ({"own_us": OWN_MS * 1000 + 1}, "own_slow"),
    ({"are_enables_low": False}, "enable_stayed"),
    ({"is_restored": False}, "not_restored"),
)


@pytest.mark.parametrize(("change", "failure"), WRONG, ids=[failure for _, failure in WRONG])
def test_step_with_one_thing_wrong_says_what(change: dict[str, object], failure: str) -> None:
    attempt = judge(ESTOP, replace(good(ESTOP), **change))  # type: ignore[arg-type]

    assert attempt.failure == failure
    assert failure in FAILURES


def test_step_that_tripped_on_something_else_names_it() -> None:
    assert judge(ESTOP, replace(good(ESTOP), latched=(102,))).detail == "102"


def test_step_that_nobody_guides_and_the_edge_did_not_see_is_the_edge_being_blind() -> None:
    step = BY_KEY["face_own"]

    assert judge(step, replace(good(step), is_own_seen=False)).failure == "own_blind"


def test_every_observation_of_every_step_is_judged_and_passes_only_when_all_is_right() -> None:
    """The whole domain, as far as values differ in what they mean."""
    count = 0
    for step in STEPS:
        limit_us = (step.limit_ms or 0) * 1000
        latches: tuple[tuple[int, ...], ...] = ((), (step.fault,), (999, step.fault))
        for values in product(
            ("", "link_lost"),
            (True, False, None),
            latches,
            (None, 0, limit_us, limit_us + 1),
            (None, OWN_MS * 1000, OWN_MS * 1000 + 1),
            (True, False),
            (True, False),
        ):
            hindrance, own, latched, took, lag, low, restored = values
            seen = Seen(hindrance, "", own, latched, took, lag, low, restored)
            attempt = judge(step, seen)
            is_right = (
                not hindrance
                and own is not False
                and (latched[0] if latched else 0) == step.fault
                and (step.limit_ms is None or (took is not None and took <= limit_us))
                and (lag or 0) <= OWN_MS * 1000
                and low
                and restored
            )
            assert attempt.is_passed == is_right, (step.key, seen)
            assert attempt.failure in ("", *FAILURES)
            count += 1
    print(f"safety test: {count} observations judged")  # noqa: T201
    assert count == 16 * 2 * 3 * 3 * 4 * 3 * 2 * 2


# --- at rest

RESTING = Rest((), (("estop", "ok"), ("door", "ok")), (240, 244, 241))


def test_rest_of_a_whole_unit_is_good() -> None:
    assert judge(BY_KEY["rest"], judge_rest(RESTING)).is_passed


@pytest.mark.parametrize(
    ("change", "failure", "detail"),
    [
        ({"enables_on": ("gate",)}, "enable_at_rest", "gate"),
        ({"contacts": ()}, "contact_at_rest", ""),
        ({"contacts": (("estop", "ok"), ("door", "open"))}, "contact_at_rest", "door"),
        ({"contacts": (("estop", "unknown"),)}, "contact_at_rest", "estop"),
        ({"temperatures_c10": (240, None, 241)}, "temperature_at_rest", ""),
        ({"temperatures_c10": (240, 240 + REST_SPREAD_C10 + 1, 241)}, "temperature_at_rest", ""),
    ],
)
def test_rest_with_one_thing_wrong_says_what(
    change: dict[str, object], failure: str, detail: str
) -> None:
    attempt = judge(BY_KEY["rest"], judge_rest(replace(RESTING, **change)))  # type: ignore[arg-type]

    assert (attempt.failure, attempt.detail) == (failure, detail)


def test_rest_counts_the_edge_s_own_enable_as_an_enable_and_not_as_a_contact() -> None:
    rest = replace(RESTING, contacts=(("estop", "ok"), ("host", "open")))

    assert judge(BY_KEY["rest"], judge_rest(rest)).is_passed


# --- the run

RUN = Run(DAILY, STEPS[:3])


def test_run_goes_step_by_step_and_passes_with_the_last() -> None:
    assert [step_state(RUN, step.key) for step in RUN.steps] == ["open"] * 3
    assert due_step(passed(RUN, 1)) == STEPS[1]
    assert not is_passed(passed(RUN, 2))
    assert is_passed(passed(RUN, 3))
    assert due_step(passed(RUN, 3)) is None
    assert not may_repeat(passed(RUN, 3))


def test_run_without_steps_proves_nothing() -> None:
    assert not is_passed(Run(DAILY, ()))


def test_run_with_a_failed_step_waits_for_its_repeat() -> None:
    run = failed(passed(RUN, 1))

    assert is_failed(run)
    assert due_step(run) == STEPS[1]
    assert may_repeat(run)
    assert not may_repeat(passed(RUN, 1))


def test_run_whose_repeat_passes_goes_on_and_names_both_tries() -> None:
    run = passed(failed(passed(RUN, 1)), 1)

    assert not is_failed(run)
    assert [each.is_passed for each in tries(run, STEPS[1].key)] == [False, True]
    assert is_passed(passed(run, 1))


def test_run_may_repeat_a_step_twice_and_no_more() -> None:
    run = RUN
    for _ in range(ATTEMPTS_MAX):
        assert not is_failed(run) or may_repeat(run)
        run = failed(run)

    assert not may_repeat(run)
    assert not is_passed(run)
