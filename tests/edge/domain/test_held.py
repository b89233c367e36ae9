"""What a stored session that nobody can read forbids, and until when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.dose import LedgerCount
from edge.domain.held import (
    DAMAGED,
    HELD_REASONS,
    NEWER,
    UNKNOWN,
    HeldSession,
    blocks_unit,
    counts_unknown,
    unknown_session,
)

pytestmark = pytest.mark.control("dose-ledger")

TORN = HeldSession("s-1", "pat-1", "2026-11-23T11:00:00+00:00", DAMAGED, "$.plan", is_open=True)
NEW = replace(TORN, why=NEWER)
OTHER = LedgerCount("s-2", 600, 19, 30, is_valid=True)
SAME = replace(OTHER, session_id="s-1")


def test_newer_session_keeps_the_unit_from_treating_whatever_the_controller_counted() -> None:
    for ledger in (None, OTHER, SAME, replace(OTHER, is_valid=False)):
        assert blocks_unit(NEW, ledger)


def test_damaged_session_keeps_the_unit_only_while_the_count_may_be_of_it() -> None:
    assert blocks_unit(TORN, None)
    assert blocks_unit(TORN, SAME)
    assert blocks_unit(TORN, replace(OTHER, is_valid=False))
    assert not blocks_unit(TORN, OTHER)


def test_session_that_was_signed_or_decided_keeps_nobody_else() -> None:
    for held in (TORN, NEW):
        for ledger in (None, OTHER, SAME):
            assert not blocks_unit(replace(held, is_open=False), ledger)
            assert not blocks_unit(replace(held, is_decided=True), ledger)


def test_patient_waits_until_it_is_decided_and_on_its_day_in_any_case() -> None:
    decided = replace(TORN, is_decided=True)
    assert counts_unknown(TORN, is_today=False)
    assert counts_unknown(TORN, is_today=True)
    assert counts_unknown(decided, is_today=True)
    assert not counts_unknown(decided, is_today=False)
    assert HELD_REASONS == ("newer", "damaged", "unknown")


def test_count_of_a_session_that_is_not_in_the_record_keeps_the_whole_unit() -> None:
    # Catches a prescription that is given once more after the card was exchanged.
    held = unknown_session(OTHER, is_known=False)
    assert held is not None
    assert (held.session_id, held.why, held.pulses) == ("s-2", UNKNOWN, 600)
    for ledger in (None, OTHER, SAME):
        assert blocks_unit(held, ledger)
        assert not blocks_unit(replace(held, is_decided=True), ledger)
    assert unknown_session(OTHER, is_known=True) is None
    assert unknown_session(replace(OTHER, session_pulses=0), is_known=False) is None
    doubtful = unknown_session(replace(OTHER, is_valid=False), is_known=False)
    assert doubtful is not None
    assert "lower bound" in doubtful.detail
