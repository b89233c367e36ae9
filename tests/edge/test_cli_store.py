"""`tms-edge store`: both copies looked at and repaired by a person's word.

Planted bugs these catch: a look that says "agree" without comparing, a repair that deletes, a
repair from a log that nobody can read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge import cli, cli_store
from edge.config_load import load_config
from edge.ports import StoreError
from edge.store_file import open_store
from tests.support.unit_config import unit_toml

pytestmark = pytest.mark.control("durable-store")
assert cli_store.store_app is not None  # adds its commands


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A unit with thirty changes in its store; its configuration."""
    path = tmp_path / "tms-edge.toml"
    path.write_text(unit_toml().replace("/var/lib/tms-edge/", f"{tmp_path}/"))
    store = open_store(load_config(path.read_text()).store)
    for number in range(30):
        with store.transaction():
            store.rows("INSERT INTO meta VALUES (?, ?)", (f"{number:02}", "x" * 300))
    store.close()
    return path


def call(*words: str, config: Path) -> Result:
    return CliRunner().invoke(cli.app, ["store", *words, "--config", str(config)])


def looked(config: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(call("check", "--json", config=config).stdout)
    return found


def damage(path: Path, at: int, count: int) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + count] = bytes(b ^ 0x5A for b in data[at : at + count])
    path.write_bytes(data)


def segment(config: Path) -> Path:
    (found,) = (config.parent / "changes").glob("*.log")
    return found


def rows(config: Path) -> int:
    store = open_store(load_config(config.read_text()).store)
    ((count,),) = store.rows("SELECT count(*) FROM meta")
    store.close()
    return int(str(count))


def test_check_of_two_whole_copies_says_that_they_agree(unit: Path) -> None:
    done = call("check", config=unit)

    assert done.exit_code == 0
    assert "they agree" in done.stdout
    assert looked(unit)["is_good"] is True


def test_check_finds_a_row_that_only_one_copy_has(unit: Path) -> None:
    """Written past the log, as by another program."""
    store = open_store(load_config(unit.read_text()).store)
    store.rows("INSERT INTO meta VALUES ('smuggled', '')")
    store.close()

    assert looked(unit)["differing"] == ["meta"]
    assert "differ in meta" in call("check", config=unit).stdout


def test_check_names_what_is_damaged(unit: Path) -> None:
    damage(segment(unit), 3000, 10)
    assert "damaged after change" in str(looked(unit)["log"])

    damage(unit.parent / "store.db", 4096, 20_000)
    assert "damaged" in str(looked(unit)["store"])
    assert call("check", config=unit).exit_code == 1


def test_repair_from_the_log_keeps_what_can_be_read_and_the_old_file(unit: Path) -> None:
    damage(segment(unit), 8000, 10)
    damage(unit.parent / "store.db", 4096, 20_000)
    with pytest.raises(StoreError, match="both damaged"):
        rows(unit)

    done = call("repair", "--keep", "log", config=unit)

    assert done.exit_code == 0, done.output
    assert "store.db.aside1" in done.stdout
    assert (unit.parent / "store.db.aside1").exists()
    assert 0 < rows(unit) < 30
    assert looked(unit)["is_good"] is True


def test_repair_from_the_store_keeps_the_old_log(unit: Path) -> None:
    damage(segment(unit), 3000, 10)

    done = call("repair", "--keep", "store", config=unit)

    assert done.exit_code == 0, done.output
    assert list((unit.parent / "changes").glob("*.aside1"))
    assert rows(unit) == 30
    assert looked(unit)["is_good"] is True


def test_repair_from_a_log_that_nobody_can_read_changes_nothing(unit: Path) -> None:
    damage(segment(unit), 20, 10)
    before = (unit.parent / "store.db").read_bytes()

    done = call("repair", "--keep", "log", config=unit)

    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr
    assert (unit.parent / "store.db").read_bytes() == before


def test_store_of_a_running_service_is_not_touched(unit: Path) -> None:
    store = open_store(load_config(unit.read_text()).store)

    done = call("check", config=unit)

    store.close()
    assert done.exit_code == 1
    assert "another process holds it" in done.stderr
