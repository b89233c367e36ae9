"""The audit chain: every change to what was written is found.

Planted bugs these catch: a column left out of the hash, an end that may be cut off.
"""

from __future__ import annotations

import asyncio

import pytest

from edge.adapters.store.sqlite_store import MEMORY, SqliteStore
from edge.services.audit import Audit
from edge.services.tables import LAYOUT_VERSION, TABLES
from tests.edge.api.fakes import FixedClock, virtual

pytestmark = pytest.mark.control("tamper-evidence")


async def written(rows: int = 4) -> tuple[SqliteStore, Audit]:
    store = SqliteStore(MEMORY, None, tables=TABLES, layout_version=LAYOUT_VERSION)
    audit = Audit(store, FixedClock(), boot=7)
    for number in range(rows):
        audit.record("Tess", "login", {"n": number, "name": "Zoë"})
        await asyncio.sleep(1)
    return store, audit


@virtual
async def test_chain_as_written_is_whole() -> None:
    store, audit = await written()
    assert audit.verify() is None
    assert store.rows(
        "SELECT seq, boot, mono_us, who, action, detail FROM audit WHERE seq = 2"
    ) == [(2, 7, 1_000_000, "Tess", "login", '{"n":1,"name":"Zoë"}')]
    store.close()


@virtual
async def test_chain_without_rows_is_whole() -> None:
    store, audit = await written(rows=0)
    assert audit.verify() is None
    store.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE audit SET boot = 8 WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET mono_us = 1 WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET utc = '' WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET who = 'Egon' WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET action = 'logout' WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET prev = hash WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET hash = prev WHERE seq = 2", "row 2 does not fit"),
        ("UPDATE audit SET seq = 9 WHERE seq = 2", "row 2 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "row 1 is missing"),
        ("DELETE FROM audit WHERE seq = 2", "row 2 is missing"),
        ("DELETE FROM audit WHERE seq = 4", "ends at row 3"),
        ("DELETE FROM audit", "ends at row 0"),
        ("DELETE FROM meta", "ends at row 4"),
    ],
)
@virtual
async def test_chain_after_tampering_is_refused_with_the_row(change: str, words: str) -> None:
    store, audit = await written()
    with store.transaction():
        store.rows(change)
    found = audit.verify()
    assert found is not None
    assert words in found
    store.close()


@virtual
async def test_row_inside_a_failed_transaction_is_not_kept() -> None:
    store, audit = await written()
    with pytest.raises(ValueError, match="planted"):
        append_and_raise(store, audit)
    assert audit.verify() is None
    assert store.rows("SELECT count(*) FROM audit") == [(4,)]
    store.close()


def append_and_raise(store: SqliteStore, audit: Audit) -> None:
    with store.transaction():
        audit.append("Tess", "reveal", {})
        raise ValueError("planted")
