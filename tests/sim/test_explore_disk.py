"""Faults of the disk in whole visits: what each does to the record, and what is done about it.

Planted bugs these catch: a store that is not compared with its log at a start, a lost change that
nobody notices, a service that starts on a database which another process holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from edge.adapters.store import two_copies
from edge.domain.store_repair import Repair
from hw_sim.explore.outcome import Outcome, play_plan
from hw_sim.explore.plan import EARLY, FaultPlan, Strike
from hw_sim.explore.reached import KEPT_LOG, NEW_CARD, REPAIRED
from hw_sim.faults.campaign import silence

pytestmark = [pytest.mark.timeout(120), pytest.mark.control("truth-checkers")]
SHORT = FaultPlan(seed=7, protocol="ctbs-300", person="technician", ends=EARLY, chaos_s=20)
REBUILT = REPAIRED[Repair.REBUILD_STORE.value]
CAUGHT_UP = REPAIRED[Repair.CATCH_UP.value]
REWRITTEN = REPAIRED[Repair.REWRITE_LOG.value]


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    silence()
    yield
    structlog.reset_defaults()


def struck(kind: str, *, hold_ms: int = 2000) -> Outcome:
    outcome = play_plan(replace(SHORT, strikes=(Strike(kind, "pulse 30", 0, hold_ms),)))
    assert outcome.struck == [kind]
    return outcome


@pytest.mark.parametrize(
    ("kind", "recovery"),
    [
        ("D91a", (REBUILT,)),
        ("D92a", (CAUGHT_UP,)),
        ("D92b", (REWRITTEN,)),
        ("D96b", (REWRITTEN,)),
        ("D90e", (REWRITTEN, KEPT_LOG, NEW_CARD)),
        ("D93c", (KEPT_LOG,)),
    ],
)
def test_damaged_copy_is_repaired_or_held_and_the_visit_comes_to_its_end(
    kind: str, recovery: tuple[str, ...]
) -> None:
    outcome = struck(kind)

    assert outcome.violations == []
    assert [each for each in recovery if outcome.counts["recoveries"][each]] != []


def test_power_cut_of_the_whole_unit_loses_no_record_and_no_pulse() -> None:
    outcome = struck("D83g")

    assert outcome.violations == []
    assert outcome.counts["stops"]["restored"] == 1


def test_lock_of_another_process_keeps_the_service_from_starting_until_it_ends() -> None:
    outcome = struck("D95a")

    assert outcome.violations == []


def test_planted_store_that_is_not_compared_with_its_log_is_found_by_an_old_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(two_copies, "judge", lambda _store, _log: Repair.NOTHING)

    outcome = struck("D92a")

    assert any(text.startswith("I23: change") for text in outcome.violations)
