"""The one database connection, encrypted, exclusive and durable at each commit.

Owns how the file is opened, keyed and checked, and what a transaction means; knows no table: the
caller hands in the statements and the version of their layout. Synchronous, used on the loop. A
second process is refused at open. After a failed read or write of the disk nothing is tried again:
the store stays failed until it is opened anew, because what reached the disk is then unknown.
With a change log each transaction is there before it is committed here; a log that fails is left
behind, and log_failure() says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from edge.adapters.store.change_log import CHANGE, ChangeLog
from edge.domain.store_repair import StoreEnd, StoreKind
from edge.ports import StoreError, Value

MEMORY = ":memory:"
KEY_BYTES = 32
_STATEMENTS_CACHED = 128  # more than the service has
# [P] 4 KiB pages: 40 MiB of log between checkpoints, so that none falls into a train by itself; the
# service calls checkpoint() when the chair is idle, and opening does one.
_AUTOCHECKPOINT_PAGES = 10_000
# [M] 100 KB are looked at in 1,000 steps. [P] 400 MB, ten seconds of a slow card: a start must not
# take longer, and `tms-edge store check` looks at everything.
_CHECK_STEPS = 1_000
_CHECK_LOOKS_MAX = 4_000
_APPLICATION_ID = 0x544D5345  # "TMSE"
_DISK_ERRORS = (apsw.IOError, apsw.CorruptError, apsw.NotADBError)
# Where the change log stands for this store. Not part of any change.
_LOG_END = """
CREATE TABLE IF NOT EXISTS change_log_end (
  one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, hash BLOB NOT NULL,
  is_behind INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS change_log_past (
  number INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
"""
# [P] Newest changes whose hashes the store keeps: a log that lacks more than about a month of them
# cannot be told from another unit's.
_PAST_KEPT = 20_000
_NOTE_PAST = "INSERT OR REPLACE INTO change_log_past VALUES (?, ?)"
_FORGET_PAST = "DELETE FROM change_log_past WHERE number <= ?"
_SET_LOG_END = (
    "INSERT INTO change_log_end VALUES (1, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET"
    " number = excluded.number, hash = excluded.hash, is_behind = excluded.is_behind"
)


class DamagedError(StoreError):
    """The file is there and is not whole, or the key is another one."""


class SqliteStore:
    """edge.ports.Store on SQLite. path ":memory:" and key None for the simulator."""

    def __init__(
        self,
        path: str,
        key: bytes | None,
        *,
        tables: str,
        layout_version: int,
        vfs: str | None = None,
    ) -> None:
        """Open or create. Raises StoreError with a sentence that names the file and the cause.

        vfs: name of the engine's file layer; None is the operating system's.
        """
        assert key is None or len(key) == KEY_BYTES
        self._path = path
        self._is_open_transaction = False
        self._is_doomed = False  # a statement of the open transaction failed
        self._failure = ""
        self._log: ChangeLog | None = None
        self._log_tables: tuple[str, ...] = ()
        self._log_failure = ""
        self.repair = ("", "")  # what was done at opening: its code, and a sentence for service
        if vfs is None:
            _make_private_file(path)
        try:
            self._db = apsw.Connection(path, vfs=vfs, statementcachesize=_STATEMENTS_CACHED)
        except apsw.Error as error:
            raise StoreError(f"store {path}: cannot be opened: {error}") from error
        try:
            self._prepare(key)
            self._check_layout(tables, layout_version)
        except BaseException:
            self.close()
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
        recording = self._record()
        try:
            yield
            if self._is_doomed:
                raise StoreError(f"store {self._path}: a statement failed, nothing was kept")
            is_logged = self._log_change(recording)
            try:
                self.rows("COMMIT")
            except StoreError:
                self._unlog(is_logged=is_logged)
                raise
            is_committed = True
        finally:
            self._is_open_transaction = False
            if recording is not None:
                recording.close()
            if not is_committed:
                self._roll_back()

    def keep_log(self, log: ChangeLog, tables: Sequence[str]) -> None:
        """From now on every transaction that changes these tables is in the log first."""
        self._log, self._log_tables = log, tuple(tables)

    def repaired(self) -> str:
        """What was done at opening that a person should hear of (store-<code>); '' for nothing."""
        return self.repair[0]

    def log_failure(self) -> str:
        """Why changes are no longer kept a second time; '' while they are."""
        return self._log_failure

    def end(self, tables: Sequence[str]) -> StoreEnd:
        """Where the change log of these tables has to stand for this store. Raises StoreError."""
        found = self.rows("SELECT number, hash, is_behind FROM change_log_end")
        if not found:
            has_rows = any(self.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)  # noqa: S608
            return StoreEnd(StoreKind.WHOLE if has_rows else StoreKind.NEW)
        number, last_hash, is_behind = found[0]
        assert isinstance(last_hash, bytes)
        return StoreEnd(StoreKind.WHOLE, int(str(number)), last_hash, bool(is_behind))

    def set_end(self, number: int, last_hash: bytes, *, is_behind: bool = False) -> None:
        """Note where the log stands. Raises StoreError."""
        self.rows(_SET_LOG_END, (number, last_hash, is_behind))
        self.rows(_NOTE_PAST, (number, last_hash))
        self.rows(_FORGET_PAST, (number - _PAST_KEPT,))

    def past(self, number: int) -> bytes | None:
        """The hash of an earlier change; None when it is not known any more. Raises StoreError."""
        found = self.rows("SELECT hash FROM change_log_past WHERE number = ?", (number,))
        return bytes(found[0][0]) if found and isinstance(found[0][0], bytes) else None

    def apply(self, change: bytes) -> None:
        """Make this changeset here, inside the caller's transaction. Raises StoreError."""
        try:
            apsw.Changeset.apply(change, self._db, conflict=_no_conflict)
        except apsw.Error as error:
            self._is_doomed = True
            raise StoreError(f"store {self._path}: a change does not fit: {error}") from error

    def dump(self, table: str) -> Iterator[tuple[Value, ...]]:
        """Every row of a table, one after the other. Raises StoreError."""
        try:
            yield from self._db.execute(f"SELECT * FROM {table}")  # noqa: S608  a name of ours
        except apsw.Error as error:
            raise self._refusal(error) from error

    def checkpoint(self) -> None:
        """Move the log into the file and empty it; call when nothing is at stake. StoreError."""
        assert not self._is_open_transaction
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Release the file; a transaction left open is rolled back."""
        self._failure = self._failure or "closed"
        with suppress(apsw.Error):  # tidying only: every commit is safe already
            self._db.close()
        if self._log is not None:
            self._log.close()

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
            found = self._quick_check()
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except apsw.BusyError as error:
            raise StoreError(f"store {self._path}: another process holds it") from error
        except apsw.NotADBError as error:
            raise DamagedError(
                f"store {self._path}: the key does not fit, or the file is damaged"
            ) from error
        except apsw.CorruptError as error:
            raise DamagedError(f"store {self._path}: the file is damaged: {error}") from error
        except apsw.Error as error:
            raise StoreError(f"store {self._path}: cannot be read: {error}") from error
        if mode != ("memory" if self._path == MEMORY else "wal"):
            raise StoreError(f"store {self._path}: no write-ahead log here (mode {mode})")
        if found != ["ok"]:
            raise DamagedError(f"store {self._path}: the file is damaged: {'; '.join(found)}")

    def _quick_check(self) -> list[str]:
        """What is wrong with the file; a store too large for the bound is looked at in part."""
        looks = 0

        def is_enough() -> bool:
            nonlocal looks
            looks += 1
            return looks > _CHECK_LOOKS_MAX

        self._db.set_progress_handler(is_enough, _CHECK_STEPS)
        try:
            return [str(row[0]) for row in self._db.execute("PRAGMA quick_check(3)")]
        except apsw.InterruptError:
            return ["ok"]
        finally:
            self._db.set_progress_handler(None)

    def _check_layout(self, tables: str, layout_version: int) -> None:
        ((found,),) = self.rows("PRAGMA user_version")
        ((names,),) = self.rows("SELECT count(*) FROM sqlite_schema")
        is_new = found == 0 and names == 0
        if not is_new and found != layout_version:
            raise StoreError(
                f"store {self._path}: has layout {found!r}, this software needs {layout_version}"
            )
        with self.transaction():
            self.rows(tables)
            self.rows(_LOG_END)
            if is_new:
                self.rows(f"PRAGMA application_id = {_APPLICATION_ID}")
                self.rows(f"PRAGMA user_version = {int(layout_version)}")

    def _record(self) -> apsw.Session | None:
        """What the open transaction changes, from here on."""
        if self._log is None:
            return None
        recording = apsw.Session(self._db, "main")
        for table in self._log_tables:
            recording.attach(table)
        return recording

    def _log_change(self, recording: apsw.Session | None) -> bool:
        """Write the change to the log; a log that fails is left behind until the next start."""
        if recording is None or self._log is None or recording.is_empty:
            return False
        if not self._log_failure:
            number = self._log.last_change + 1
            try:
                self.set_end(number, self._log.append(CHANGE, number, recording.changeset()))
            except StoreError as error:
                self._log_failure = str(error)
            else:
                return True
        self.rows("UPDATE change_log_end SET is_behind = 1")
        return False

    def _unlog(self, *, is_logged: bool) -> None:
        """The commit failed: take the change out of the log again.

        Not after a failure of the disk: then the commit may be there or not, and the next start
        finds out and, if it has to, makes the change from the log.
        """
        if not is_logged or self._failure or self._log is None:
            return
        try:
            self._log.take_back()
        except StoreError as error:
            self._failure = str(error)

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


def _no_conflict(_reason: int, _change: object) -> int:
    return apsw.SQLITE_CHANGESET_ABORT


def _make_private_file(path: str) -> None:
    """Create the file for its owner alone; SQLite's log file inherits the mode."""
    if path == MEMORY:
        return
    try:
        os.close(os.open(Path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"store {path}: cannot be opened: {error.strerror}") from error
