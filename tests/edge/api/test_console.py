"""The service console over real HTTP: for the engineer alone, audited; its export replays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from edge.adapters.box_readers import ShelfRecordings
from edge.adapters.box_shelf import BoxShelf
from hw_sim import vtime
from hw_sim.replay.command import replay_file
from hw_sim.session import ordinary_visit, play
from hw_sim.system import SystemOptions
from tests.edge.api.fakes import DOCT, ENGI, TECH
from tests.edge.api.site import Site, open_site
from tests.support.short_run import PULSES, SHORT, write_library


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> BoxShelf:
    """One recorded session, sealed as a unit's."""
    folder = tmp_path_factory.mktemp("recorded")
    write_library(folder / "protocols")
    options = SystemOptions(
        seed=3, protocol=str(SHORT["id"]), library=folder / "protocols", record=folder / "box"
    )
    vtime.run(play(options, ordinary_visit))
    return BoxShelf(folder / "box", None)


@pytest_asyncio.fixture
async def site(shelf: BoxShelf) -> AsyncIterator[Site]:
    async with open_site(ShelfRecordings(shelf, lambda: "")) as site:
        yield site


def name_of(shelf: BoxShelf) -> str:
    return shelf.tracks()[0].name


@pytest.mark.parametrize("tail", ["", "/{name}", "/{name}/export"])
async def test_nobody_but_the_engineer_gets_in(site: Site, shelf: BoxShelf, tail: str) -> None:
    path = "/api/console/sessions" + tail.format(name=name_of(shelf))

    assert (await site.request("GET", path))[0] == 401
    for user_id in (TECH, DOCT):
        await site.login(user_id)
        status, _, body = await site.request("GET", path)
        assert (status, body["code"]) == (403, "not_permitted")
        assert "role" in body["text"]
        await site.request("POST", "/api/logout")


async def test_engineer_sees_the_list_and_one_session_as_rows(site: Site, shelf: BoxShelf) -> None:
    await site.login(ENGI)
    _, _, listed = await site.request("GET", "/api/console/sessions")
    status, headers, body = await site.request(
        "GET", f"/api/console/sessions/{listed['sessions'][0]['name']}"
    )

    assert listed["stopped"] == ""
    assert listed["sessions"][0]["header"]["protocol"] == SHORT["name"]
    assert listed["sessions"][0]["has_recording"]
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    rows = [row for chunk in body["chunks"] for row in chunk]
    assert max(row[7] for row in rows if row[0] == "s") == PULSES
    assert site.made.audit.last(["read_recording"], 5) == [
        ("read_recording", {"session_id": name_of(shelf)})
    ]


async def test_export_is_a_file_that_replays_and_is_audited(
    site: Site, shelf: BoxShelf, tmp_path: Path
) -> None:
    await site.login(ENGI)
    path = f"/api/console/sessions/{name_of(shelf)}/export"
    status, headers, body = await site.request("GET", path)
    (tmp_path / "export.tmsbox").write_bytes(body)
    result, damage = replay_file(tmp_path / "export.tmsbox", None)

    assert status == 200
    assert headers["Content-Disposition"].endswith('.tmsbox"')
    assert (damage, result.difference) == ("", None)
    assert result.events > 500
    assert len(site.made.audit.last(["export_recording"], 5)) == 1
    assert not list(shelf.recording_path(1).parent.glob("tmp*"))


@pytest.mark.parametrize(
    "name", ["nothing", "..%2F..%2Fetc%2Fpasswd", "000001.tmsbox", "000009-x.tmstrack"]
)
async def test_other_names_are_not_found(site: Site, name: str) -> None:
    await site.login(ENGI)

    for tail in ("", "/export"):
        status, _, body = await site.request("GET", f"/api/console/sessions/{name}{tail}")
        assert (status, body["code"]) == (404, "not_found")


async def test_unit_without_recordings_has_an_empty_list() -> None:
    async with open_site() as site:
        await site.login(ENGI)
        _, _, body = await site.request("GET", "/api/console/sessions")

    assert body == {"sessions": [], "stopped": ""}


async def test_damaged_track_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "000001-abc.tmstrack").write_bytes(b"ruined")
    async with open_site(ShelfRecordings(BoxShelf(tmp_path, None), lambda: "full")) as site:
        await site.login(ENGI)
        _, _, listed = await site.request("GET", "/api/console/sessions")
        status, _, body = await site.request("GET", "/api/console/sessions/000001-abc.tmstrack")

    assert json.dumps(listed["sessions"][0]["header"]) == "{}"
    assert listed["stopped"] == "full"
    assert (status, body["code"]) == (503, "store_failed")
    assert "is no recording" in body["text"]
