"""Whether a certificate holds, and the bytes that are signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.domain.certificate import (
    CLOCK_SLACK,
    REASONS,
    REASONS_FOR_NEXT,
    Certificate,
    CertificateError,
    Examined,
    Standing,
    body_of,
    fits_chain,
    hash_of,
    judge,
    number_text,
    read_body,
)
from edge.domain.hash_chain import GENESIS
from edge.domain.safety_test import DAILY, Attempt

pytestmark = pytest.mark.control("morning-test")

SEVEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
UNIT = Examined("U-1", "0.1.0", "ab" * 8, 4, 1000, "F8-1", "c0ffee", "0.1.0")
GOOD = Certificate(
    number=1,
    tested=UNIT,
    variant=DAILY,
    who="Tina Tech",
    began=SEVEN - timedelta(minutes=3),
    ended=SEVEN,
    valid_until=SEVEN + timedelta(hours=24),
    is_passed=True,
    attempts=(Attempt("estop", "", "", 420, 10),),
    proofs={"enclosure": "2026-01-12"},
    machine_boot="b",
    ended_s=12.5,
    previous=GENESIS,
    public_key="00" * 32,
)
LATER = SEVEN + timedelta(hours=5)
HELD = Standing(tested=UNIT, is_signed=True, now=LATER)


def test_certificate_of_this_unit_on_the_same_day_holds() -> None:
    assert judge(GOOD, HELD) == ""


CASES: tuple[tuple[Certificate | None, Standing, str], ...] = (
    (None, HELD, "none"),
    (GOOD, replace(HELD, is_signed=False), "bad_signature"),
    (replace(GOOD, is_passed=False), HELD, "failed"),
    (GOOD, replace(HELD, is_interrupted=True), "interrupted"),
    (GOOD, replace(HELD, has_service_fault=True), "service_fault"),
    (GOOD, replace(HELD, tested=None), "controller_unknown"),
    (GOOD, replace(HELD, tested=replace(UNIT, unit_id="U-2")), "other_controller"),
    (GOOD, replace(HELD, tested=replace(UNIT, boot_epoch=3)), "other_controller"),
    (GOOD, replace(HELD, tested=replace(UNIT, lifetime_pulses=999)), "other_controller"),
    (GOOD, replace(HELD, tested=replace(UNIT, firmware_version="0.1.1")), "other_firmware"),
    (GOOD, replace(HELD, tested=replace(UNIT, image_hash="")), "other_firmware"),
    (GOOD, replace(HELD, tested=replace(UNIT, software_version="0.2.0")), "other_software"),
    (GOOD, replace(HELD, tested=replace(UNIT, settings_hash="beef")), "other_settings"),
    (GOOD, replace(HELD, now=None), "clock"),
    (GOOD, replace(HELD, now=SEVEN - CLOCK_SLACK - timedelta(seconds=1)), "clock"),
    (GOOD, replace(HELD, now=SEVEN + timedelta(hours=24)), "expired"),
    (GOOD, replace(HELD, left_s=0.0), "expired"),
)


@pytest.mark.parametrize(("certificate", "standing", "reason"), CASES)
def test_certificate_that_does_not_hold_says_why(
    certificate: Certificate | None, standing: Standing, reason: str
) -> None:
    assert judge(certificate, standing) == reason


def test_reasons_are_all_reached_and_in_the_order_of_the_cases() -> None:
    reached = list(dict.fromkeys(reason for _, _, reason in CASES))

    assert reached == list(REASONS)
    assert set(REASONS_FOR_NEXT) < set(REASONS)


def test_standing_of_an_unknown_unit_holds_nothing() -> None:
    """Catches: a starting value that is the good case."""
    assert judge(GOOD, Standing()) != ""
    assert judge(GOOD, replace(Standing(), is_signed=True)) == "controller_unknown"
    assert judge(GOOD, replace(Standing(), is_signed=True, tested=UNIT)) == "clock"


def test_certificate_holds_for_another_coil_and_for_a_controller_that_went_on() -> None:
    now = replace(UNIT, coil_serial="F8-2", boot_epoch=9, lifetime_pulses=4600)

    assert judge(GOOD, replace(HELD, tested=now)) == ""


@pytest.mark.parametrize("now", [None, SEVEN - timedelta(days=9), SEVEN + timedelta(days=9)])
def test_certificate_timed_by_the_loop_cares_for_no_wall_clock(now: datetime | None) -> None:
    assert judge(GOOD, replace(HELD, now=now, left_s=0.1)) == ""


def test_certificate_put_back_by_a_little_still_holds() -> None:
    assert judge(GOOD, replace(HELD, now=SEVEN - CLOCK_SLACK)) == ""


# --- its bytes


def test_body_is_read_back_as_it_was() -> None:
    assert read_body(body_of(GOOD)) == GOOD


def test_body_names_what_it_is() -> None:
    assert json.loads(body_of(GOOD))["form"] == "tms-edge safety test 1"
    assert number_text(GOOD.number) == "ST-000001"


def _changed(**changes: object) -> str:
    return json.dumps(json.loads(body_of(GOOD)) | changes)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"form": 1}',
        _changed(form="another"),
        _changed(extra=1),
        _changed(ended="noon"),
        _changed(tested={}),
        _changed(attempts=[{}]),
        _changed(),  # not canonical: spaces
    ],
)
def test_body_that_is_none_is_refused(body: str) -> None:
    with pytest.raises(CertificateError):
        read_body(body)


# --- the chain


def _chain(count: int) -> list[tuple[Certificate, str]]:
    made: list[tuple[Certificate, str]] = []
    previous = GENESIS
    for number in range(1, count + 1):
        one = replace(GOOD, number=number, previous=previous)
        made.append((one, body_of(one)))
        previous = hash_of(made[-1][1])
    return made


def test_chain_of_certificates_fits() -> None:
    assert fits_chain(()) == ""
    assert fits_chain(tuple(_chain(3))) == ""


def test_chain_with_one_taken_out_is_found() -> None:
    whole = _chain(3)

    assert "ST-000001 is missing" in fits_chain(tuple(whole[1:]))
    assert "ST-000002 is missing" in fits_chain((whole[0], whole[2]))


def test_chain_with_one_exchanged_is_found() -> None:
    first, second, third = _chain(3)
    other = replace(second[0], who="Somebody Else")

    assert "ST-000003 does not name" in fits_chain((first, (other, body_of(other)), third))
