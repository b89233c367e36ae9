"""The simulated flash keeps the promises of firmware/board/files.py, and so does littlefs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from firmware.board.files import Files
from firmware.wire.limits import FLASH_STALL_US_MAX
from hw_sim.flash import SECTOR_BYTES, MemoryFiles, SimFlash
from tests.update.littlefs_flash import RecordingFlash, files_on
from tests.update.power_cut import image, manifest_of

if TYPE_CHECKING:
    from firmware.board.files import Flash


@pytest.fixture(params=["disk", "littlefs", "memory"])
def flash(request: pytest.FixtureRequest, tmp_path: Path) -> Flash:
    made: dict[str, Flash] = {
        "disk": Files(f"{tmp_path}/"),
        "littlefs": files_on(RecordingFlash(), is_new=True),
        "memory": MemoryFiles(),
    }
    return made[request.param]


def test_files_are_written_read_and_removed(flash: Flash) -> None:
    assert flash.mkdir("a")
    assert flash.mkdir("a")
    assert flash.mkdir("a/b")
    assert flash.write("a/x", b"12")
    assert flash.append("a/x", b"3")
    assert flash.append("a/b/new", b"4")

    assert flash.read("a/x") == b"123"
    assert flash.digest("a/x") == (3, hashlib.sha256(b"123").digest())
    assert flash.list("a") == [("b", True), ("x", False)]
    assert flash.replace("a/x", b"other")
    assert flash.read("a/x") == b"other"
    assert flash.remove("a/x")
    assert flash.read("a/x") is None
    assert flash.free_bytes() > SECTOR_BYTES


def test_what_cannot_be_is_refused(flash: Flash) -> None:
    flash.mkdir("a")
    flash.write("a/x", b"")

    assert not flash.write("no/where", b"")
    assert not flash.replace("no/where", b"")
    assert not flash.write("a", b"")
    assert not flash.mkdir("no/where")
    assert not flash.mkdir("a/x")
    assert not flash.remove("a")
    assert not flash.remove("none")
    assert flash.read("none") is None
    assert flash.digest("none") is None
    assert flash.list("none") == []


def test_image_passes_through_the_simulated_flash() -> None:
    flash = SimFlash(is_armed=lambda: False, keep_awake=lambda: None)
    files = image(1)
    flash.take_cost_ns()

    longest_ns = 0
    assert flash.stage_begin()
    for name in sorted(files):
        assert flash.stage_write(name, files[name])
        longest_ns = max(longest_ns, flash.take_cost_ns())
    assert flash.stage_finish(manifest_of(files))
    assert flash.stage_try()
    flash.boot()
    assert flash.image()[2] == 1
    assert flash.stage_commit()
    assert flash.image()[2] == 0
    assert 0 < longest_ns < FLASH_STALL_US_MAX * 1000

    flash.damage_slot(1)
    flash.boot()
    assert flash.image() == (0, bytes(8), 0)


def test_ledger_of_the_simulated_flash_survives_and_can_be_damaged() -> None:
    flash = SimFlash(is_armed=lambda: False, keep_awake=lambda: None)
    assert flash.load_ledger() == b""
    assert flash.save_ledger(b"count")
    flash.boot()
    assert flash.load_ledger() == b"count"

    flash.damage_ledger(b"rot")
    assert flash.load_ledger() not in (b"", b"count")
    flash.damage_ledger(b"")
    assert flash.load_ledger() == b""
