"""Looks at both copies of the record thoroughly, and does what a person decided about them.

For the command line, with the service stopped: open_both() decides by itself where nothing can be
lost, and everything else comes here. Damaged copies are kept aside. No clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.adapters.store.change_log import SNAPSHOT_END, ChangeLog, snapshot_hash
from edge.adapters.store.frames import GENESIS
from edge.adapters.store.sqlite_store import DamagedError, SqliteStore
from edge.adapters.store.two_copies import StoreFiles, write_log
from edge.ports import StoreError

WHOLE = "whole"


@dataclass(frozen=True)
class Finding:
    """Both copies. store and log: "whole", or what is wrong; differing: tables that disagree."""

    store: str
    store_change: int
    log: str
    log_change: int  # the last that can be read
    differing: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return (self.store, self.log, self.differing) == (WHOLE, WHOLE, ())


def look(files: StoreFiles, log: ChangeLog, tables: Sequence[str]) -> Finding:
    """Every page of the store, every change of the log, and each row against each. StoreError."""
    scratch = files.open_scratch()
    log_words, log_change, _ = _replay(log, scratch)
    try:
        store = files.open()
    except DamagedError as error:
        return Finding(str(error), 0, log_words, log_change, ())
    try:
        wrong = [str(row[0]) for row in store.rows("PRAGMA integrity_check(5)")]
        words = WHOLE if wrong == ["ok"] else "; ".join(wrong)
        differing = tuple(table for table in tables if not _are_same(store, scratch, table))
        end = store.end(tables)
        is_comparable = log_words == WHOLE
        return Finding(
            words, end.last_change, log_words, log_change, differing if is_comparable else ()
        )
    finally:
        store.close()
        scratch.close()


def keep_store(files: StoreFiles, log: ChangeLog, tables: Sequence[str]) -> None:
    """The store is right: write the log anew from it; the old log is kept aside. StoreError."""
    store = files.open()
    try:
        write_log(store, log, tables)
    finally:
        store.close()


def keep_log(files: StoreFiles, log: ChangeLog, tables: Sequence[str]) -> tuple[int, str]:
    """The log is right, as far as it can be read: make the store from it, keep the old one aside.

    Returns the last change that was made, and the name under which the old store is kept.
    """
    scratch = files.open_scratch()
    words, readable, _ = _replay(log, scratch)
    scratch.close()
    if not readable:
        raise StoreError(f"nothing can be read from the change log ({words}); nothing was changed")
    aside = files.set_aside()
    store = files.open()
    try:
        _, last, last_hash = _replay(log, store)
        with store.transaction():
            store.set_end(last, last_hash)
        write_log(store, log, tables)
    finally:
        store.close()
    return last, aside


def _replay(log: ChangeLog, store: SqliteStore) -> tuple[str, int, bytes]:
    """Make every readable change; returns whole or what is wrong, the last number and its hash."""
    last, last_hash = 0, GENESIS
    try:
        for change in log.changes():
            if change.kind == SNAPSHOT_END:
                last, last_hash = change.number, snapshot_hash(change)
                continue
            with store.transaction():
                store.apply(change.data)
            last, last_hash = change.number, change.hash
    except StoreError as error:
        return str(error), last, last_hash
    return WHOLE, last, last_hash


def _are_same(store: SqliteStore, other: SqliteStore, table: str) -> bool:
    ordered = f"{table} ORDER BY 1, 2"
    mine: Iterator[object] = store.dump(ordered)
    theirs: Iterator[object] = other.dump(ordered)
    return all(a == b for a, b in zip(_ended(mine), _ended(theirs), strict=False))


def _ended(rows: Iterator[object]) -> Iterator[object]:
    yield from rows
    yield None
