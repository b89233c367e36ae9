"""What a safety test writes down: measured times, failures with their details, and what is said of
a certificate that cannot be read.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edge.domain.certificate import CertificateError, body_of, read_body
from edge.domain.safety_test import (
    OWN_MS,
    REST_SPREAD_C10,
    STEPS,
    Attempt,
    Rest,
    Seen,
    judge,
    judge_rest,
)
from tests.edge.domain.test_certificate import GOOD
from tests.edge.domain.test_safety_test import good

pytestmark = pytest.mark.control("morning-test")

ESTOP = next(step for step in STEPS if step.key == "estop")


def test_attempt_keeps_the_times_that_were_measured() -> None:
    # Catches a certificate that says passed and does not say how fast.
    for each in STEPS:
        seen = replace(good(each), took_us=None if each.limit_ms is None else 123, own_us=77)
        took_us = None if each.limit_ms is None else 123
        assert judge(each, seen) == Attempt(each.key, "", "", took_us, each.limit_ms, 77)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"is_own_seen": False}, "own_blind"),
        ({"is_own_seen": False, "latched": ()}, "not_opened"),
        ({"latched": ()}, "controller_blind"),
        ({"took_us": None}, "not_measured"),
        ({"took_us": 10_001}, "too_slow"),
        ({"own_us": OWN_MS * 1000 + 1}, "own_slow"),
        ({"are_enables_low": False}, "enable_stayed"),
        ({"is_restored": False}, "not_restored"),
    ],
)
def test_failure_that_says_everything_has_no_detail(
    changes: dict[str, object], failure: str
) -> None:
    made = judge(ESTOP, replace(good(ESTOP), **changes))  # type: ignore[arg-type]

    assert (made.failure, made.detail) == (failure, "")


def test_temperatures_at_rest_may_differ_by_the_bound_and_no_more() -> None:
    rest = Rest((), (("door", "ok"),), (250, 250 + REST_SPREAD_C10, 260))

    assert judge_rest(rest) == Seen(is_own_seen=None, are_enables_low=True, is_restored=True)
    warmer = replace(rest, temperatures_c10=(249, 250 + REST_SPREAD_C10, 260))
    assert judge_rest(warmer).hindrance == "temperature_at_rest"


def test_certificate_that_cannot_be_read_says_why() -> None:
    fields = json.loads(body_of(GOOD))
    for body, words in (
        (json.dumps(fields | {"form": "another"}), "^it is of another form$"),
        (json.dumps(fields), "^it is not in its canonical form$"),
        (json.dumps(fields | {"extra": 1}), "^it cannot be read: .*extra"),
    ):
        with pytest.raises(CertificateError, match=words):
            read_body(body)
