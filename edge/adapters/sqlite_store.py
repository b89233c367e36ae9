"""The one database connection, encrypted, exclusive and durable at each commit.

Owns how the file is opened, keyed and checked, and what a transaction means; knows no table: the
caller hands in the statements and the version of their layout. Synchronous, used on the loop. A
second process is refused at open. After a failed read or write of the disk nothing is tried again:
the store stays failed until it is opened anew, because what reached the disk is then unknown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from edge.ports import StoreError, Value

MEMORY = ":memory:"
KEY_BYTES = 32
_STATEMENTS_CACHED = 128  # more than the service has
# [P] 4 KiB pages: 40 MiB of log between checkpoints, so that none falls into a train by itself; the
# service calls checkpoint() when the chair is idle, and opening does one.
_AUTOCHECKPOINT_PAGES = 10_000
_APPLICATION_ID = 0x544D5345  # "TMSE"
_DISK_ERRORS = (apsw.IOError, apsw.CorruptError, apsw.NotADBError)


class SqliteStore:
    """edge.ports.Store on SQLite. path ":memory:" and key None for the simulator."""

    def __init__(self, path: str, key: bytes | None, *, tables: str, layout_version: int) -> None:
        """Open or create. Raises StoreError with a sentence that names the file and the cause."""
        assert key is None or len(key) == KEY_BYTES
        self._path = path
        self._is_open_transaction = False
        self._is_doomed = False  # a statement of the open transaction failed
        self._failure = ""
        _make_private_file(path)
        try:
            self._db = apsw.Connection(path, statementcachesize=_STATEMENTS_CACHED)
        except apsw.Error as error:
            raise StoreError(f"store {path}: cannot be opened: {error}") from error
        try:
            self._prepare(key)
            self._check_layout(tables, layout_version)
        except BaseException:
            self._db.close()
            raise

    def rows(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Run one statement and return all rows. Raises StoreError."""
        if self._failure:
            raise StoreError(f"store {self._path}: failed earlier: {self._failure}")
        try:
            return list(self._db.execute(sql, args))
        except (apsw.Error, OverflowError, UnicodeEncodeError) as error:
            self._is_doomed = True
            raise self._refusal(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit durably at the end, or keep nothing; a failed statement cannot be ignored."""
        assert not self._is_open_transaction, "transactions do not nest"
        self.rows("BEGIN IMMEDIATE")
        self._is_open_transaction, self._is_doomed = True, False
        is_committed = False
        try:
            yield
            if self._is_doomed:
                raise StoreError(f"store {self._path}: a statement failed, nothing was kept")
            self.rows("COMMIT")
            is_committed = True
        finally:
            self._is_open_transaction = False
            if not is_committed:
                self._roll_back()

    def checkpoint(self) -> None:
        """Move the log into the file and empty it; call when nothing is at stake. StoreError."""
        assert not self._is_open_transaction
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Release the file; a transaction left open is rolled back."""
        self._failure = self._failure or "closed"
        self._db.close()

    def _prepare(self, key: bytes | None) -> None:
        try:
            if key is not None:
                self._db.pragma("key", f"raw:{key.hex()}")  # before anything reads the file
            self._db.pragma("locking_mode", "EXCLUSIVE")  # before WAL: then no shared memory
            mode = self._db.pragma("journal_mode", "WAL")
            self._db.pragma("synchronous", "FULL")
            self._db.pragma("cell_size_check", True)
            self._db.pragma("trusted_schema", False)
            self._db.pragma("foreign_keys", True)
            self._db.pragma("wal_autocheckpoint", _AUTOCHECKPOINT_PAGES)
            self._db.execute("BEGIN IMMEDIATE; COMMIT")  # takes the lock for good
            found = [str(row[0]) for row in self._db.execute("PRAGMA quick_check(3)")]
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except apsw.BusyError as error:
            raise StoreError(f"store {self._path}: another process holds it") from error
        except apsw.NotADBError as error:
            raise StoreError(
                f"store {self._path}: the key does not fit, or the file is damaged"
            ) from error
        except apsw.Error as error:
            raise StoreError(f"store {self._path}: cannot be read: {error}") from error
        if mode != ("memory" if self._path == MEMORY else "wal"):
            raise StoreError(f"store {self._path}: no write-ahead log here (mode {mode})")
        if found != ["ok"]:
            raise StoreError(f"store {self._path}: the file is damaged: {'; '.join(found)}")

    def _check_layout(self, tables: str, layout_version: int) -> None:
        ((found,),) = self.rows("PRAGMA user_version")
        ((names,),) = self.rows("SELECT count(*) FROM sqlite_schema")
        if found == 0 and names == 0:
            with self.transaction():
                self.rows(tables)
                self.rows(f"PRAGMA application_id = {_APPLICATION_ID}")
                self.rows(f"PRAGMA user_version = {int(layout_version)}")
        elif found != layout_version:
            raise StoreError(
                f"store {self._path}: has layout {found!r}, this software needs {layout_version}"
            )

    def _roll_back(self) -> None:
        if not self._db.in_transaction:  # SQLite rolled back by itself
            return
        try:
            self._db.execute("ROLLBACK")
        except apsw.Error as error:
            self._failure = self._failure or str(error)

    def _refusal(self, error: Exception) -> StoreError:
        if isinstance(error, _DISK_ERRORS):
            self._failure = str(error)
        return StoreError(f"store {self._path}: {error}")


def _make_private_file(path: str) -> None:
    """Create the file for its owner alone; SQLite's log file inherits the mode."""
    if path == MEMORY:
        return
    try:
        os.close(os.open(Path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"store {path}: cannot be opened: {error.strerror}") from error
