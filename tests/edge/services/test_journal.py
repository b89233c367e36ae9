"""The chain of the journal: whatever is done to a row behind our back is found, with its number."""

from __future__ import annotations

import asyncio

import pytest

from edge.adapters.store.sqlite_store import SqliteStore
from edge.services.journal import Journal, take_boot_number
from edge.services.tables import LAYOUT_VERSION, TABLES
from hw_sim import vtime
from tests.support.chair_bench import FakeWallClock

pytestmark = pytest.mark.control("tamper-evidence")


def store_with_session() -> SqliteStore:
    store = SqliteStore(":memory:", None, tables=TABLES, layout_version=LAYOUT_VERSION)
    store.rows(
        "INSERT INTO session (session_id, appointment_id, patient_id, facts, state, opened_utc)"
        " VALUES ('s', 'a', 'p', '{}', 'open', '')"
    )
    return store


def written(store: SqliteStore, count: int = 5) -> Journal:
    async def write() -> Journal:
        journal = Journal(store, FakeWallClock(), take_boot_number(store))
        for index in range(count):
            await asyncio.sleep(1.0)
            journal.record("s", "note", {"note": f"grüß {index}", "index": index})
        return journal

    return vtime.run(write())


def test_journal_untouched_verifies_and_reads_back_in_order() -> None:
    journal = written(store_with_session())
    assert journal.verify() is None
    assert [row.body["index"] for row in journal.rows("s")] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "column", ["body = '{}'", "kind = 'x'", "utc = 'x'", "mono_us = 1", "boot = 9", "prev = 'x'",
               "hash = 'x'"],
)  # fmt: skip
def test_journal_with_a_changed_field_names_the_row(column: str) -> None:
    store = store_with_session()
    journal = written(store)
    store.rows(f"UPDATE journal SET {column} WHERE seq = 3")
    assert journal.verify() == "journal row 3 was changed"


def test_journal_with_a_removed_row_names_it() -> None:
    store = store_with_session()
    journal = written(store)
    store.rows("DELETE FROM journal WHERE seq = 2")
    assert journal.verify() == "journal row 2 is missing"


def test_journal_with_swapped_rows_is_found() -> None:
    store = store_with_session()
    journal = written(store)
    store.rows("UPDATE journal SET seq = 99 WHERE seq = 2")
    store.rows("UPDATE journal SET seq = 2 WHERE seq = 3")
    store.rows("UPDATE journal SET seq = 3 WHERE seq = 99")
    assert journal.verify() == "journal row 2 was changed"


def test_journal_row_of_a_rolled_back_transaction_leaves_the_chain_whole() -> None:
    """Catches: a chain head kept in memory beyond its transaction."""
    store = store_with_session()

    async def write() -> Journal:
        journal = Journal(store, FakeWallClock(), take_boot_number(store))
        journal.record("s", "note", {})

        def lose() -> None:
            with store.transaction():
                journal.append("s", "note", {})
                raise RuntimeError("lost")

        with pytest.raises(RuntimeError, match="lost"):
            lose()
        journal.record("s", "note", {})
        return journal

    journal = vtime.run(write())
    assert journal.verify() is None
    assert [row.seq for row in journal.rows("s")] == [1, 2]


def test_boot_number_grows_with_each_start_and_moments_name_it() -> None:
    store = store_with_session()
    written(store, 3)
    journal = written(store, 2)
    moments = journal.moments("s")
    assert [boot for boot, _ in moments.values()] == [1, 1, 1, 2, 2]
    assert moments[3][1] - moments[1][1] == 2_000_000
