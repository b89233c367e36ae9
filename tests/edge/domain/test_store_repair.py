"""The judgement over everything that a store and its change log can look like at a start.

Planted bugs these catch: a copy that is whole overwritten by one that is not, two histories joined,
an ordinary power cut told as damage, damage repaired without a word.
"""

from __future__ import annotations

import pytest

from edge.domain.store_repair import LogEnd, LogKind, Repair, StoreEnd, StoreKind, judge

pytestmark = pytest.mark.control("durable-store")

STORES = [
    StoreEnd(StoreKind.NEW),
    StoreEnd(StoreKind.DAMAGED),
    StoreEnd(StoreKind.WHOLE),
    StoreEnd(StoreKind.WHOLE, 7, b"seven"),
    StoreEnd(StoreKind.WHOLE, 7, b"seven", is_log_behind=True),
]
LOGS = [
    LogEnd(LogKind.EMPTY),
    LogEnd(LogKind.DAMAGED),
    *[
        LogEnd(LogKind.WHOLE, last, there)
        for last in (0, 5, 7, 8, 12)
        for there in (None, b"", b"seven", b"other")
    ],
]


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("log", LOGS)
def test_judgement_never_loses_a_copy_that_is_whole(store: StoreEnd, log: LogEnd) -> None:
    found = judge(store, log)

    if store.kind is not StoreKind.WHOLE:
        assert found is not Repair.REWRITE_LOG
    if log.kind is not LogKind.WHOLE:
        assert found not in (Repair.REBUILD_STORE, Repair.CATCH_UP, Repair.FINISH_CHANGE)
    if store.kind is StoreKind.WHOLE:
        assert found is not Repair.REBUILD_STORE
    if found in (Repair.CATCH_UP, Repair.FINISH_CHANGE, Repair.NOTHING) and store.last_change:
        assert log.hash_there == store.last_hash
    assert not (found.is_held and found.is_told)


NOTED = StoreEnd(StoreKind.WHOLE, 7, b"seven", hash_there=b"six")
BEHIND = StoreEnd(StoreKind.WHOLE, 7, b"seven", is_log_behind=True)
FORGETFUL = StoreEnd(StoreKind.WHOLE, 7, b"seven")  # of all its past
EMPTY, DAMAGED = LogEnd(LogKind.EMPTY), LogEnd(LogKind.DAMAGED)


def log_to(last: int, there: bytes | None = b"seven", own: bytes | None = None) -> LogEnd:
    return LogEnd(LogKind.WHOLE, last, there, own)


@pytest.mark.parametrize(
    ("store", "log", "repair"),
    [
        (StoreEnd(StoreKind.NEW), EMPTY, Repair.NOTHING),
        (StoreEnd(StoreKind.NEW), log_to(7), Repair.REBUILD_STORE),
        (StoreEnd(StoreKind.NEW), DAMAGED, Repair.HOLD_LOG_ALONE_DAMAGED),
        (StoreEnd(StoreKind.DAMAGED), EMPTY, Repair.HOLD_STORE_ALONE_DAMAGED),
        (StoreEnd(StoreKind.DAMAGED), log_to(7), Repair.REBUILD_STORE),
        (StoreEnd(StoreKind.DAMAGED), DAMAGED, Repair.HOLD_BOTH_DAMAGED),
        (StoreEnd(StoreKind.WHOLE), EMPTY, Repair.BEGIN_LOG),
        (StoreEnd(StoreKind.WHOLE), log_to(7, None), Repair.HOLD_TWO_HISTORIES),
        (NOTED, EMPTY, Repair.REWRITE_LOG),
        (NOTED, DAMAGED, Repair.REWRITE_LOG),
        (NOTED, log_to(6, None, b"six"), Repair.REWRITE_LOG),
        (NOTED, log_to(6, None, b"another six"), Repair.HOLD_TWO_HISTORIES),
        (NOTED, log_to(6, None, None), Repair.HOLD_TWO_HISTORIES),
        (FORGETFUL, log_to(6, None, b"six"), Repair.HOLD_TWO_HISTORIES),
        (FORGETFUL, log_to(6, None, None), Repair.HOLD_TWO_HISTORIES),
        (NOTED, log_to(7), Repair.NOTHING),
        (NOTED, log_to(8), Repair.FINISH_CHANGE),
        (NOTED, log_to(9), Repair.CATCH_UP),
        (NOTED, log_to(7, b"other"), Repair.HOLD_TWO_HISTORIES),
        (NOTED, log_to(8, b"other"), Repair.HOLD_TWO_HISTORIES),
        (NOTED, log_to(8, None), Repair.HOLD_TWO_HISTORIES),
        (BEHIND, log_to(7), Repair.REWRITE_LOG),
        (BEHIND, log_to(8), Repair.REWRITE_LOG),
    ],
)
def test_judgement_of_each_case(store: StoreEnd, log: LogEnd, repair: Repair) -> None:
    assert judge(store, log) is repair


def test_what_is_told_and_what_is_held() -> None:
    assert [r.value for r in Repair if r.is_told] == ["catch_up", "rebuild_store", "rewrite_log"]
    assert [r for r in Repair if r.is_held] == [r for r in Repair if r.value.startswith("hold")]
