"""The store and its change log on real files: either rebuilds the other, and nothing is guessed.

Planted bugs these catch: a change committed before it is logged, a torn end taken for damage (or
damage for a torn end), a stale copy of the database that goes on as if nothing were missing, a log
of another unit that is made to fit, a log that fails unseen, plain text in the log.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.adapters.store import change_log as change_log_module
from edge.adapters.store.change_log import ChangeLog
from edge.adapters.store.log_folder import DiskLogFolder
from edge.adapters.store.sqlite_store import SqliteStore
from edge.config import StoreConfig
from edge.ports import StoreError
from edge.services.tables import LAYOUT_VERSION, LOGGED_TABLES, TABLES
from edge.store_file import open_store

pytestmark = pytest.mark.control("durable-store")
CANARY = "Canary-Name-4711"
Rows = dict[str, list[tuple[object, ...]]]


class Unit:
    """A store on files, opened and closed at will."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = folder / "store.db"
        self.log = folder / "changes"
        self.config = StoreConfig(str(self.db), str(self.log), str(folder / "store.key"))
        self.store: SqliteStore | None = None

    def open(self) -> SqliteStore:
        self.store = open_store(self.config)
        return self.store

    def close(self) -> None:
        if self.store is not None:
            self.store.close()
            self.store = None

    def again(self) -> SqliteStore:
        self.close()
        return self.open()

    def segments(self) -> list[Path]:
        return sorted(self.log.glob("changes-*.log"))


def note(store: SqliteStore, key: str, value: str = "x") -> None:
    with store.transaction():
        store.rows(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


def keys(store: SqliteStore) -> list[object]:
    return [row[0] for row in store.rows("SELECT key FROM meta ORDER BY key")]


def everything(store: SqliteStore) -> Rows:
    return {table: sorted(store.dump(table), key=repr) for table in LOGGED_TABLES}


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    made = Unit(tmp_path)
    yield made
    made.close()


def filled(unit: Unit, count: int = 5) -> Rows:
    """Inserts, updates and deletes; what is there afterwards."""
    store = unit.open()
    for number in range(count):
        note(store, f"k{number}", str(number))
        note(store, "last", f"{number} {CANARY}")
    with store.transaction():
        store.rows("DELETE FROM meta WHERE key = 'k1'")
    found = everything(store)
    unit.close()
    return found


def damage(path: Path, at: int, count: int = 40) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + count] = bytes(b ^ 0x5A for b in data[at : at + count])
    path.write_bytes(data)


def test_store_and_log_after_an_ordinary_close_agree(unit: Unit) -> None:
    before = filled(unit)

    store = unit.open()

    assert (store.repaired(), store.repair) == ("", ("", ""))
    assert everything(store) == before


def test_log_is_private_and_holds_no_plain_text(unit: Unit) -> None:
    filled(unit)

    for path in unit.log.iterdir():
        assert CANARY.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_store_that_is_gone_is_rebuilt_from_its_log(unit: Unit) -> None:
    before = filled(unit)
    unit.db.unlink()

    store = unit.open()

    assert everything(store) == before
    assert store.repaired() == "rebuild_store"
    assert "rebuilt from its change log" in store.repair[1]
    assert unit.again().repaired() == ""


def test_store_that_is_damaged_is_rebuilt_and_the_old_file_is_kept(unit: Unit) -> None:
    before = filled(unit, 200)
    damage(unit.db, 5000, 3000)

    store = unit.open()

    assert everything(store) == before
    assert store.repaired() == "rebuild_store"
    assert (unit.folder / "store.db.aside1").exists()
    assert "kept as store.db.aside1" in store.repair[1]


def test_log_that_is_gone_is_written_anew_and_rebuilds_the_store(unit: Unit) -> None:
    before = filled(unit)
    shutil.rmtree(unit.log)

    assert unit.open().repaired() == "rewrite_log"
    unit.close()
    unit.db.unlink()

    assert everything(unit.open()) == before


def test_log_that_is_damaged_in_the_middle_is_kept_aside_and_written_anew(unit: Unit) -> None:
    before = filled(unit)
    (segment,) = unit.segments()
    damage(segment, 200)

    assert unit.open().repaired() == "rewrite_log"

    assert [p.name for p in unit.log.glob("*.aside*")] == [f"{segment.name}.aside1"]
    note(unit.again(), "later")
    unit.close()
    unit.db.unlink()
    assert everything(unit.open())["audit"] == before["audit"]
    assert unit.store is not None
    assert "later" in keys(unit.store)


@pytest.mark.parametrize("lost", [1, 7, 39, 48, 60])
def test_torn_end_of_the_log_is_an_ordinary_power_cut(unit: Unit, lost: int) -> None:
    """The last change did not reach the log, so it was not committed either."""
    filled(unit)
    store = unit.open()
    shutil.copy(unit.db, unit.folder / "before.db")
    note(store, "unfinished")
    unit.close()
    shutil.move(unit.folder / "before.db", unit.db)
    (segment,) = unit.segments()
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - lost)

    store = unit.open()

    assert store.repaired() == ""
    assert "unfinished" not in keys(store)
    note(store, "next")
    assert "next" in keys(unit.again())


def test_change_in_the_log_alone_is_made_in_the_store(unit: Unit) -> None:
    """The power was cut between log and commit."""
    filled(unit)
    store = unit.open()
    shutil.copy(unit.db, unit.folder / "before.db")
    note(store, "cut")
    unit.close()
    shutil.move(unit.folder / "before.db", unit.db)

    store = unit.open()

    assert "cut" in keys(store)
    assert store.repaired() == ""


def test_older_copy_of_the_store_gets_what_it_lacks_and_it_is_told(unit: Unit) -> None:
    filled(unit)
    shutil.copy(unit.db, unit.folder / "old.db")
    store = unit.open()
    for number in range(4):
        note(store, f"newer{number}")
    wanted = everything(store)
    unit.close()
    shutil.move(unit.folder / "old.db", unit.db)

    store = unit.open()

    assert everything(store) == wanted
    assert store.repaired() == "catch_up"
    assert "4 changes behind" in store.repair[1]


def test_log_that_lost_what_was_safe_is_written_anew(unit: Unit) -> None:
    filled(unit)
    (segment,) = unit.segments()
    shutil.copy(segment, unit.folder / "old.log")
    store = unit.open()
    note(store, "a")
    note(store, "b")
    unit.close()
    shutil.move(unit.folder / "old.log", segment)

    assert unit.open().repaired() == "rewrite_log"


@pytest.mark.parametrize(("swapped", "changes"), [("log", 20), ("store", 1), ("store", 300)])
def test_copy_of_another_unit_is_held_for_a_person(
    unit: Unit, tmp_path: Path, swapped: str, changes: int
) -> None:
    """A store of many changes is ahead of our log, as ours is when the log has lost its end."""
    filled(unit)
    other = Unit(tmp_path / "other")
    other.folder.mkdir()
    shutil.copy(unit.folder / "store.key", other.folder / "store.key")
    store = other.open()
    for number in range(changes):
        note(store, f"other{number}")
    other.close()
    if swapped == "log":
        shutil.rmtree(unit.log)
        shutil.copytree(other.log, unit.log)
    else:
        shutil.copy(other.db, unit.db)
    before = unit.db.read_bytes(), [segment.read_bytes() for segment in unit.segments()]

    with pytest.raises(StoreError, match="tell different histories"):
        unit.open()

    assert (unit.db.read_bytes(), [each.read_bytes() for each in unit.segments()]) == before


def test_log_under_another_key_is_held_for_a_person(unit: Unit) -> None:
    filled(unit)
    unit.db.unlink()
    (unit.folder / "store.key").write_bytes(bytes(32))

    with pytest.raises(StoreError, match="the key does not fit change 1"):
        unit.open()
    assert unit.segments()


def test_both_damaged_is_held_for_a_person_and_changes_nothing(unit: Unit) -> None:
    filled(unit, 100)
    damage(unit.db, 5000, 3000)
    damage(unit.segments()[0], 200)
    before = {path: path.read_bytes() for path in (unit.db, *unit.log.iterdir())}

    with pytest.raises(StoreError, match="both damaged"):
        unit.open()

    assert {path: path.read_bytes() for path in (unit.db, *unit.log.iterdir())} == before


def test_log_of_newer_software_is_refused_in_words(unit: Unit) -> None:
    filled(unit)
    (segment,) = unit.segments()
    data = bytearray(segment.read_bytes())
    data[6] = 9
    segment.write_bytes(data)

    with pytest.raises(StoreError, match="written by other software"):
        unit.open()


def test_log_goes_on_in_the_next_segment(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log_module, "SEGMENT_BYTES_MAX", 1_000)
    before = filled(unit, 20)
    assert len(unit.segments()) > 3

    assert everything(unit.open()) == before
    unit.close()
    unit.db.unlink()
    assert everything(unit.open()) == before


def test_log_that_fails_is_left_behind_and_written_anew_at_the_next_start(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(unit)
    store = unit.open()

    def full(*_: object) -> None:
        raise StoreError("no space left on device")

    monkeypatch.setattr(DiskLogFolder, "append", full)
    note(store, "kept once")
    assert store.log_failure() == "no space left on device"
    note(store, "and again")
    monkeypatch.undo()
    note(store, "not tried again")
    wanted = everything(store)

    assert unit.again().repaired() == "rewrite_log"
    unit.close()
    unit.db.unlink()
    assert everything(unit.open()) == wanted


def refer_to_nothing(store: SqliteStore) -> None:
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('second', 'x')")
        store.rows("PRAGMA defer_foreign_keys = 1")
        store.rows("INSERT INTO journal VALUES (1, 'none', 1, 1, 'now', 'k', '{}', 'p', 'h')")


def test_commit_that_fails_leaves_nothing_in_the_log(unit: Unit) -> None:
    store = unit.open()
    note(store, "first")

    with pytest.raises(StoreError, match="FOREIGN KEY"):
        refer_to_nothing(store)
    note(store, "third")
    unit.close()
    unit.db.unlink()

    assert keys(unit.open()) == ["first", "third"]


def test_every_single_damaged_byte_is_repaired_or_told(unit: Unit) -> None:
    """Never a start that silently lacks something."""
    before = filled(unit, 4)
    rng = random.Random(5)
    kept = {path: path.read_bytes() for path in (unit.db, *unit.segments())}
    for path in itertools.chain.from_iterable([list(kept)] * 40):
        data = bytearray(kept[path])
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        shutil.rmtree(unit.log)
        unit.log.mkdir()
        for each, content in kept.items():
            each.write_bytes(bytes(data) if each == path else content)
        for rest in unit.folder.glob("store.db?*"):
            rest.unlink()
        with contextlib.suppress(StoreError):  # refused in words; each cause has its own test
            assert everything(unit.open()) == before
        unit.close()


def test_snapshot_that_was_not_finished_is_written_again(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled(unit)
    shutil.rmtree(unit.log)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ChangeLog, "end_snapshot", cut)
    with pytest.raises(KeyboardInterrupt):
        unit.open()
    monkeypatch.undo()

    assert everything(unit.open()) == before
    unit.close()
    unit.db.unlink()
    assert everything(unit.open()) == before


OWN = ("change_log_end", "change_log_past")


def test_tables_of_the_log_are_all_but_the_clinics_copies() -> None:
    store = SqliteStore(":memory:", None, tables=TABLES, layout_version=LAYOUT_VERSION)
    names = {str(row[0]) for row in store.rows("SELECT name FROM sqlite_schema WHERE type='table'")}

    assert names - set(LOGGED_TABLES) == {"clinic_resource", *OWN}
    store.close()
