"""Opens the store together with its change log, and brings the two together when they differ.

What to do is edge/domain/store_repair.py's to say; here it is done. A damaged copy is never
deleted: it is kept beside the new one under a name that ends in .aside and a number. Raises
StoreError in words when a person has to decide. Synchronous, at start only; no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

import apsw

from edge.adapters.store.change_log import (
    SNAPSHOT_END,
    SNAPSHOT_PART,
    Change,
    ChangeLog,
    snapshot_hash,
)
from edge.adapters.store.frames import GENESIS
from edge.adapters.store.sqlite_store import MEMORY, DamagedError, SqliteStore
from edge.domain.store_repair import Repair, StoreEnd, StoreKind, judge
from edge.ports import StoreError

WHAT_TO_DO = "nothing was changed; `tms-edge store check` says what each of them holds"
ROWS_PER_PART = 2_000  # [P] of one table in one part of a snapshot: about a megabyte
_HELD = {
    Repair.HOLD_BOTH_DAMAGED: "the store and its change log are both damaged",
    Repair.HOLD_LOG_ALONE_DAMAGED: "the store is gone, and its change log is damaged",
    Repair.HOLD_STORE_ALONE_DAMAGED: "the store is damaged, and its change log is gone",
    Repair.HOLD_TWO_HISTORIES: "the store and its change log tell different histories;"
    " one of them belongs to another unit or another time",
}


@dataclass(frozen=True)
class StoreFiles:
    """How to reach the database. open raises DamagedError for a file that is not whole."""

    open: Callable[[], SqliteStore]
    set_aside: Callable[[], str]  # keeps the file under another name, and says which
    open_scratch: Callable[[], SqliteStore]  # an empty one that nobody keeps


def open_both(files: StoreFiles, log: ChangeLog, tables: Sequence[str]) -> SqliteStore:
    """One whole store that keeps these tables in its log. Raises StoreError in words."""
    store, why = _open_or_why(files)
    try:
        end = StoreEnd(StoreKind.DAMAGED) if store is None else store.end(tables)
        log_end = log.look(end.last_change)
        if store is not None:
            end = replace(end, hash_there=store.past(log_end.last_change))
        repair = judge(end, log_end)
        _refuse(repair, why)
        if store is None:
            why += f"; kept as {files.set_aside()}"
            store = files.open()
        sentence = _act(repair, store, log, tables, end.last_change)
    except BaseException:
        if store is not None:
            store.close()
        raise
    store.keep_log(log, tables)
    store.repair = (repair.value if repair.is_told else "", f"{sentence} {why}".strip())
    return store


def _open_or_why(files: StoreFiles) -> tuple[SqliteStore | None, str]:
    try:
        return files.open(), ""
    except DamagedError as error:
        return None, f"({error})"


def _refuse(repair: Repair, why: str) -> None:
    if repair.is_held:
        raise StoreError(f"{_HELD[repair]} {why}".rstrip() + f"; {WHAT_TO_DO}")


def _act(
    repair: Repair, store: SqliteStore, log: ChangeLog, tables: Sequence[str], known: int
) -> str:
    """Do it; returns what was done in words, '' for what is ordinary."""
    if repair is Repair.NOTHING:
        return ""
    if repair in (Repair.BEGIN_LOG, Repair.REWRITE_LOG):
        write_log(store, log, tables)
        return "the change log was written anew from the store" * repair.is_told
    made = _make(store, log.changes(after=known if repair is not Repair.REBUILD_STORE else -1))
    if repair is Repair.REBUILD_STORE:
        return f"the store was rebuilt from its change log ({made} changes)"
    return (
        f"the store was {made} changes behind its log and was brought up to date" * repair.is_told
    )


def _make(store: SqliteStore, changes: Iterator[Change]) -> int:
    """Apply these in one transaction; returns how many."""
    made, last = 0, (0, GENESIS)
    with store.transaction():
        for change in changes:
            if change.kind == SNAPSHOT_END:
                last = (change.number, snapshot_hash(change))
                continue
            store.apply(change.data)
            last = (change.number, change.hash)
            made += 1
        store.set_end(*last)
    return made


def write_log(store: SqliteStore, log: ChangeLog, tables: Sequence[str]) -> None:
    """A new log with everything that the store has; an old one is kept aside. StoreError."""
    end = store.end(tables)
    log.set_aside()
    for table in tables:
        for part in _parts(store, table):
            log.append(SNAPSHOT_PART, end.last_change, part)
    log.end_snapshot(end.last_change, end.last_hash or GENESIS)
    with store.transaction():
        store.set_end(end.last_change, end.last_hash or GENESIS)


def _parts(store: SqliteStore, table: str) -> Iterator[bytes]:
    """The rows of a table as changesets of bounded size."""
    ((made_by,),) = store.rows("SELECT sql FROM sqlite_schema WHERE name = ?", (table,))
    rows = store.dump(table)
    while chunk := list(islice(rows, ROWS_PER_PART)):
        with closing(apsw.Connection(MEMORY)) as scratch:
            scratch.execute(str(made_by))
            recording = apsw.Session(scratch, "main")
            recording.attach(table)
            marks = ", ".join("?" for _ in chunk[0])
            scratch.executemany(f"INSERT INTO {table} VALUES ({marks})", chunk)  # noqa: S608
            yield recording.changeset()
            recording.close()
