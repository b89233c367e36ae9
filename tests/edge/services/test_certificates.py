"""Keeping certificates: issue, chain, restart, interruption, faults, clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from edge.adapters.signing_key import Ed25519Signer
from edge.adapters.store.sqlite_store import SqliteStore
from edge.domain.certificate import Certificate, Examined
from edge.domain.safety_test import DAILY, Attempt, Run, Step
from edge.ports import StoreError, WallTime
from edge.services.audit import Audit
from edge.services.certificates import Certificates
from edge.services.tables import LAYOUT_VERSION, TABLES
from hw_sim import vtime

pytestmark = pytest.mark.control("morning-test")

UNIT = Examined("U-1", "0.1.0", "", 4, 1000, "", "c0ffee", "0.1.0")
STEP = Step("rest")
GOOD = Run(DAILY, (STEP,), (Attempt("rest", "", "", None, None),))
BAD = Run(DAILY, (STEP,), (Attempt("rest", "enable_at_rest", "gate", None, None),))
SEVEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
WHO = "Tina Tech"
HOUR = 3600.0


@dataclass
class Clock:
    utc: datetime = SEVEN
    is_trusted: bool = True

    def now(self) -> WallTime:
        return WallTime(self.utc, self.is_trusted)


class Kept:
    """A store and its clock; made() is the service, as after each start."""

    def __init__(self) -> None:
        self.store = SqliteStore(":memory:", None, tables=TABLES, layout_version=LAYOUT_VERSION)
        self.clock = Clock()
        self.signer = Ed25519Signer(bytes(32))
        self.audit = Audit(self.store, self.clock, 1)
        self.boot = "one"

    def made(self) -> Certificates:
        return Certificates(self.store, self.audit, self.signer, self.clock, 24, self.boot)

    def issued(self, run: Run = GOOD) -> Certificate:
        return self.made().issue(UNIT, run, WHO, SEVEN, {"door": "2026-11-23"})


def kept(check: Callable[[Kept], None]) -> None:
    async def main() -> None:
        made = Kept()
        try:
            check(made)
        finally:
            made.store.close()

    vtime.run(main())


def test_unit_without_certificates_has_none() -> None:
    kept(lambda made: _equal(made.made().judge(UNIT), "none"))


def _equal(found: object, wanted: object) -> None:
    assert found == wanted


def test_certificate_holds_at_once_and_after_a_restart_of_the_service() -> None:
    def check(made: Kept) -> None:
        service = made.made()
        service.issue(UNIT, GOOD, WHO, SEVEN, {})
        assert service.judge(UNIT) == ""
        assert made.made().judge(UNIT) == ""
        assert made.made().newest == service.newest

    kept(check)


def test_certificates_are_numbered_chained_and_in_the_audit() -> None:
    def check(made: Kept) -> None:
        numbers = [made.issued().number for _ in range(3)]
        assert numbers == [1, 2, 3]
        assert made.made().verify() == ""
        rows = made.audit.last(["safety_test_passed"], 9)
        assert [detail["number"] for _, detail in rows] == numbers
        assert made.audit.verify() is None

    kept(check)


def test_certificate_of_a_failed_test_ends_the_good_one_before() -> None:
    def check(made: Kept) -> None:
        made.issued()
        made.issued(BAD)
        assert made.made().judge(UNIT) == "failed"

    kept(check)


def test_test_that_came_to_no_end_ends_the_one_before_over_a_restart() -> None:
    def check(made: Kept) -> None:
        made.issued()
        made.made().begin(WHO, DAILY)
        again = made.made()
        assert again.judge(UNIT) == "interrupted"
        again.drop(WHO)
        assert again.judge(UNIT) == ""
        again.begin(WHO, DAILY)
        again.issue(UNIT, GOOD, WHO, SEVEN, {})
        assert made.made().judge(UNIT) == ""

    kept(check)


def test_fault_for_service_ends_it_until_the_next_good_test() -> None:
    def check(made: Kept) -> None:
        made.made().note_fault("303")  # nothing to end yet
        made.issued()
        service = made.made()
        service.note_fault("303")
        service.note_fault("304")
        assert (service.judge(UNIT), service.service_fault) == ("service_fault", "303")
        assert made.made().judge(UNIT) == "service_fault"
        made.issued(BAD)
        assert made.made().service_fault == "303"
        made.issued()
        assert (made.made().judge(UNIT), made.made().service_fault) == ("", "")

    kept(check)


@pytest.mark.parametrize("change", ["body", "signature"])
def test_row_that_was_touched_is_not_believed(change: str) -> None:
    def check(made: Kept) -> None:
        made.issued()
        made.store.rows(f"UPDATE certificate SET {change} = {change} || 'x'")
        again = made.made()
        assert again.judge(UNIT) == "bad_signature"
        assert "certificate 1" in again.verify()

    kept(check)


def test_row_signed_for_something_that_is_no_certificate_is_not_believed() -> None:
    def check(made: Kept) -> None:
        made.issued()
        body = '{"form":"something else"}'
        signature = made.signer.sign(body.encode()).hex()
        made.store.rows("UPDATE certificate SET body = ?, signature = ?", (body, signature))
        again = made.made()
        assert again.judge(UNIT) == "bad_signature"
        assert "another form" in again.verify()
        assert made.issued().number == 2

    kept(check)


def test_row_of_another_units_key_is_not_believed() -> None:
    def check(made: Kept) -> None:
        made.issued()
        made.signer = Ed25519Signer(bytes(31) + b"\1")
        assert made.made().judge(UNIT) == "bad_signature"

    kept(check)


def aged(check: Callable[[Kept, Certificates, Callable[[float], object]], object]) -> None:
    """check gets the store, a service with a certificate, and how to let hours pass."""

    async def main() -> None:
        made = Kept()
        service = made.made()
        service.issue(UNIT, GOOD, WHO, SEVEN, {})
        result = check(made, service, lambda hours: asyncio.sleep(hours * HOUR))
        if asyncio.iscoroutine(result):
            await result
        made.store.close()

    vtime.run(main())


def test_certificate_expires_by_the_loop_whatever_the_wall_clock_says() -> None:
    async def check(made: Kept, service: Certificates, after: Callable[[float], object]) -> None:
        await after(23.9)  # type: ignore[misc]
        assert service.judge(UNIT) == ""
        made.clock.utc = SEVEN - timedelta(days=30)
        made.clock.is_trusted = False
        assert service.judge(UNIT) == ""
        await after(0.2)  # type: ignore[misc]
        assert service.judge(UNIT) == "expired"
        assert made.made().judge(UNIT) == "expired"

    aged(check)


def test_certificate_of_another_start_of_the_machine_is_timed_by_a_trusted_clock_only() -> None:
    async def check(made: Kept, _service: Certificates, after: Callable[[float], object]) -> None:
        made.boot = "two"
        made.clock.is_trusted = False
        again = made.made()
        assert again.judge(UNIT) == "clock"
        made.clock.is_trusted = True
        made.clock.utc = SEVEN - timedelta(days=1)
        assert again.judge(UNIT) == "clock"
        made.clock.utc = SEVEN + timedelta(hours=20)
        assert again.judge(UNIT) == ""
        await after(3.9)  # type: ignore[misc]
        assert again.judge(UNIT) == ""
        await after(0.2)  # type: ignore[misc]
        assert again.judge(UNIT) == "expired"

    aged(check)


def test_machine_whose_start_has_no_name_relies_on_the_wall_clock() -> None:
    def check(made: Kept) -> None:
        made.boot = ""
        made.made().issue(UNIT, GOOD, WHO, SEVEN, {})
        made.clock.is_trusted = False
        assert made.made().judge(UNIT) == "clock"

    kept(check)


def test_store_that_fails_issues_nothing() -> None:
    def check(made: Kept) -> None:
        service = made.made()
        made.store.rows("DROP TABLE certificate")
        with pytest.raises(StoreError):
            service.issue(UNIT, GOOD, WHO, SEVEN, {})
        assert service.judge(UNIT) == "none"

    kept(check)
