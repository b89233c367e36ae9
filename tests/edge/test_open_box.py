"""The black box as the service opens it: sealed beside the store, or none when it cannot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edge.adapters.box_file import BoxError, BoxReader
from edge.adapters.key_file import create_key, read_key
from edge.blackbox.header import read_header
from edge.config import Config
from edge.config_load import load_config
from edge.open_box import FOLDER, BlackBox, open_black_box
from hw_sim.realtime.run_files import Ports, config_text


@pytest.fixture
def config(tmp_path: Path) -> Config:
    found = load_config(config_text(Path("/run/tms"), Ports(kiosk=8080, bench=8090, clinic=8070)))
    create_key(tmp_path / "store.key")
    store = replace(
        found.store, path=str(tmp_path / "store.db"), key_path=str(tmp_path / "store.key")
    )
    return replace(found, store=store)


def opened(config: Config) -> BlackBox:
    return open_black_box(config, {"library.json": b"{}"}, machine_boot="b", has_link_key=True)


async def run_something(box: BlackBox) -> str:
    """A product of one callback."""

    async def work() -> None:
        await asyncio.sleep(0)

    await box.stage.run(work)
    return "ran"


async def test_box_is_sealed_beside_the_store_and_begins_with_what_a_replay_needs(
    config: Config, tmp_path: Path
) -> None:
    box = opened(config)
    assert await run_something(box) == "ran"
    box.close("stopped")
    path = tmp_path / FOLDER / "000001.tmsbox"
    chunks = list(BoxReader(path, read_key(tmp_path / "store.key")).chunks())

    assert box.tracks.is_recorded()
    assert read_header(chunks[0]).unit_id == config.unit.unit_id
    assert len(chunks) == 3  # header, what was there at the start, the end
    with pytest.raises(BoxError, match="key does not fit"):
        next(BoxReader(path, bytes(32)).chunks())


@pytest.mark.parametrize("trouble", ["folder", "key"])
async def test_service_runs_without_a_box_that_cannot_be_opened_and_says_so(
    config: Config, tmp_path: Path, trouble: str
) -> None:
    if trouble == "folder":
        (tmp_path / FOLDER).write_text("a file stands in its way")
    else:
        (tmp_path / "store.key").unlink()
    box = opened(config)

    assert await run_something(box) == "ran"
    assert not box.tracks.is_recorded()
    box.close("stopped")


async def test_each_start_has_a_recording_of_its_own(config: Config, tmp_path: Path) -> None:
    for _ in range(2):
        box = opened(config)
        await run_something(box)
        box.close("stopped")

    assert len(list((tmp_path / FOLDER).glob("*.tmsbox"))) == 2
