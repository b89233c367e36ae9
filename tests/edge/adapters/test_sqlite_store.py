"""The store against a real file: keys, locks, damage, and what a transaction keeps.

Planted bugs these catch: key applied after the first read (canary found in the file), NORMAL
instead of FULL, shared locking, a swallowed statement error inside a transaction, WAL lost at kill.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from edge.adapters.key_file import load_key
from edge.adapters.store.sqlite_store import MEMORY, SqliteStore
from edge.ports import StoreError
from edge.services.tables import LAYOUT_VERSION, TABLES

pytestmark = pytest.mark.control("durable-store")

KEY = bytes(range(32))
CANARY = "Canary-Name-4711"


def open_store(path: Path | str, key: bytes | None = KEY, version: int = 1) -> SqliteStore:
    tables = "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
    return SqliteStore(str(path), key, tables=tables, layout_version=version)


def add(store: SqliteStore, text: str) -> None:
    with store.transaction():
        store.rows("INSERT INTO note (text) VALUES (?)", (text,))


def texts(store: SqliteStore) -> list[object]:
    return [row[0] for row in store.rows("SELECT text FROM note ORDER BY id")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unit.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = open_store(path)
    yield opened
    opened.close()


def test_store_with_the_real_tables_opens_twice(path: Path) -> None:
    for _ in range(2):
        opened = SqliteStore(str(path), KEY, tables=TABLES, layout_version=LAYOUT_VERSION)
        assert opened.rows("SELECT count(*) FROM journal") == [(0,)]
        opened.close()


def test_pragmas_after_opening_are_the_durable_ones(store: SqliteStore) -> None:
    wanted = {
        "journal_mode": "wal",
        "locking_mode": "exclusive",
        "synchronous": 2,
        "cell_size_check": 1,
        "trusted_schema": 0,
        "foreign_keys": 1,
    }

    assert {name: store.rows(f"PRAGMA {name}")[0][0] for name in wanted} == wanted


def test_rows_after_closing_and_opening_are_there(path: Path) -> None:
    first = open_store(path)
    add(first, "kept")
    first.close()

    second = open_store(path)
    assert texts(second) == ["kept"]
    second.close()


def test_file_and_log_hold_no_plain_text_and_are_private(store: SqliteStore, path: Path) -> None:
    add(store, CANARY)

    for file in path.parent.iterdir():
        assert CANARY.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_open_without_encryption_would_show_the_canary(tmp_path: Path) -> None:
    """The test above can fail: the same look finds the text in a store without a key."""
    plain = open_store(tmp_path / "plain.db", key=None)
    add(plain, CANARY)
    found = [CANARY.encode() in file.read_bytes() for file in tmp_path.iterdir()]
    plain.close()
    assert any(found)


def test_open_with_a_wrong_key_is_refused_and_keeps_the_file(path: Path) -> None:
    opened = open_store(path)
    add(opened, "kept")
    opened.close()

    with pytest.raises(StoreError, match=r"unit\.db: the key does not fit, or the file is damaged"):
        open_store(path, key=bytes(32))

    again = open_store(path)
    assert texts(again) == ["kept"]
    again.close()


def test_open_with_another_layout_is_refused(path: Path) -> None:
    open_store(path).close()

    with pytest.raises(StoreError, match="has layout 1, this software needs 2"):
        open_store(path, version=2)


def test_open_of_a_damaged_file_is_refused(path: Path) -> None:
    opened = open_store(path)
    with opened.transaction():
        for number in range(300):
            opened.rows("INSERT INTO note (text) VALUES (?)", (f"{number} " * 50,))
    opened.close()
    data = bytearray(path.read_bytes())
    data[9000:9400] = bytes(400)
    path.write_bytes(data)

    with pytest.raises(StoreError, match=r"damaged|cannot be read"):
        open_store(path)


def test_open_of_a_text_file_is_refused_unchanged(path: Path) -> None:
    path.write_text("not a database at all\n" * 100)

    with pytest.raises(StoreError, match="the key does not fit, or the file is damaged"):
        open_store(path)

    assert path.read_text().startswith("not a database")


def test_open_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: No such file or directory"):
        open_store(tmp_path / "none" / "unit.db")


@pytest.mark.process
def test_open_by_a_second_process_is_refused(store: SqliteStore, path: Path) -> None:
    code = (
        "import sys; from edge.adapters.store.sqlite_store import SqliteStore\n"
        "SqliteStore(sys.argv[1], bytes(range(32)), tables='', layout_version=1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "another process holds it" in done.stderr


@pytest.mark.process
def test_rows_after_a_kill_without_closing_are_there(path: Path) -> None:
    code = (
        "import os, sys; from edge.adapters.store.sqlite_store import SqliteStore\n"
        "s = SqliteStore(sys.argv[1], bytes(range(32)), tables='CREATE TABLE note "
        "(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;', layout_version=1)\n"
        "with s.transaction(): s.rows('INSERT INTO note (text) VALUES (?)', ('kept',))\n"
        "t = s.transaction(); t.__enter__(); s.rows('INSERT INTO note (text) VALUES (?)', ('n',))\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9

    opened = open_store(path)
    assert texts(opened) == ["kept"]
    opened.close()


def add_and_raise(store: SqliteStore) -> None:
    with store.transaction():
        store.rows("INSERT INTO note (text) VALUES ('a')")
        raise ValueError("planted")


def add_and_swallow(store: SqliteStore) -> None:
    with store.transaction():
        store.rows("INSERT INTO note (text) VALUES ('a')")
        with contextlib.suppress(StoreError):
            store.rows("INSERT INTO note (text) VALUES (NULL)")


def add_and_nest(store: SqliteStore) -> None:
    with store.transaction():
        store.rows("INSERT INTO note (text) VALUES ('a')")
        with store.transaction():
            pass


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (add_and_raise, ValueError, "planted"),
        (add_and_swallow, StoreError, "nothing was kept"),
        (add_and_nest, AssertionError, "do not nest"),
    ],
)
def test_transaction_that_goes_wrong_keeps_nothing(
    store: SqliteStore, act: Callable[[SqliteStore], None], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        act(store)

    assert texts(store) == []
    add(store, "next")
    assert texts(store) == ["next"]


@pytest.mark.parametrize(
    ("sql", "args"),
    [
        ("SELEKT 1", ()),
        ("SELECT * FROM nowhere", ()),
        ("INSERT INTO note (text) VALUES (?)", ()),
        ("INSERT INTO note (text) VALUES (?)", (2**70,)),
        ("INSERT INTO note (text) VALUES (?)", ("\ud800",)),
        ("INSERT INTO note (text) VALUES (?)", (b"\x00",)),
    ],
)
def test_rows_with_a_bad_statement_is_a_store_error(
    store: SqliteStore, sql: str, args: tuple[int | str | bytes, ...]
) -> None:
    with pytest.raises(StoreError, match=r"unit\.db: "):
        store.rows(sql, args)

    assert texts(store) == []


def test_store_after_a_disk_error_stays_failed(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: retry after a failed sync would succeed here."""

    class FailingOnce:
        def __init__(self, inner: apsw.Connection) -> None:
            self.inner, self.left = inner, 1

        def execute(self, sql: str, args: object = ()) -> object:
            if self.left and sql == "COMMIT":
                self.left = 0
                raise apsw.IOError("disk I/O error")
            return self.inner.execute(sql, args)  # type: ignore[arg-type]

        @property
        def in_transaction(self) -> bool:
            return self.inner.in_transaction

    inner = store._db
    monkeypatch.setattr(store, "_db", FailingOnce(inner))
    with pytest.raises(StoreError, match="disk I/O error"):
        add(store, "lost")
    with pytest.raises(StoreError, match="failed earlier: disk I/O error"):
        add(store, "next")
    monkeypatch.undo()


def test_store_after_closing_refuses_in_words(path: Path) -> None:
    opened = open_store(path)
    opened.close()

    with pytest.raises(StoreError, match="failed earlier: closed"):
        opened.rows("SELECT 1")


def test_checkpoint_empties_the_log(store: SqliteStore, path: Path) -> None:
    add(store, "a" * 10_000)
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > 0

    store.checkpoint()

    assert log.stat().st_size == 0
    assert texts(store) == ["a" * 10_000]


def test_store_in_memory_works_and_is_forgotten() -> None:
    for _ in range(2):
        opened = open_store(MEMORY, key=None)
        add(opened, "a")
        assert texts(opened) == ["a"]
        opened.close()


def test_key_file_when_made_is_private_and_stable(tmp_path: Path) -> None:
    path = tmp_path / "unit.key"

    key = load_key(path, may_create=True)

    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path, may_create=False) == key


def test_key_file_missing_beside_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing, but the store exists"):
        load_key(tmp_path / "unit.key", may_create=False)

    assert not (tmp_path / "unit.key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_file_with_a_wider_mode_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "unit.key"
    load_key(path, may_create=True)
    path.chmod(mode)

    with pytest.raises(StoreError, match="lets others read it; run chmod 600"):
        load_key(path, may_create=True)


def test_key_file_of_a_wrong_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unit.key"
    path.touch(mode=0o600)

    with pytest.raises(StoreError, match="exactly 32 bytes"):
        load_key(path, may_create=True)


def test_key_file_that_is_a_link_or_folder_is_refused(tmp_path: Path) -> None:
    load_key(tmp_path / "real.key", may_create=True)
    (tmp_path / "link.key").symlink_to(tmp_path / "real.key")

    with pytest.raises(StoreError, match="cannot be read"):
        load_key(tmp_path / "link.key", may_create=True)
    with pytest.raises(StoreError, match="not a regular file"):
        load_key(tmp_path, may_create=True)


def test_key_file_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be created: No such file"):
        load_key(tmp_path / "none" / "unit.key", may_create=True)
