"""The folder of recordings: names, what is thrown away, and what the service console reads."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.adapters import box_shelf
from edge.adapters.box_file import BoxFile
from edge.adapters.box_readers import ShelfRecordings
from edge.adapters.box_shelf import BoxShelf, ShelfTracks, do_now
from edge.adapters.box_writer import QUEUE_MAX, BoxWriter, NoSink, QueuedSink
from edge.ports import RecordingError

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SESSION = "ace4798d-eb9a-4f66-9162-cdb5487acd1d"


def begin(shelf: BoxShelf, size: int = 0) -> int:
    number, box = shelf.begin(b"header", NOW)
    if size:
        box.append(os.urandom(size))
    box.close()
    return number


def age(path: Path, days: float) -> None:
    then = NOW.timestamp() - days * 86_400
    os.utime(path, (then, then))


def test_numbers_go_on_after_everything_was_thrown_away(tmp_path: Path) -> None:
    shelf = BoxShelf(tmp_path / "new", None)
    assert [begin(shelf), begin(shelf)] == [1, 2]
    tracks = ShelfTracks(shelf, 2, do_now)
    tracks.begin(SESSION, b"{}")
    tracks.end()
    for path in (tmp_path / "new").glob("*.tmsbox"):
        path.unlink()

    assert begin(shelf) == 3


def test_old_recordings_go_and_their_tracks_stay_for_a_year(tmp_path: Path) -> None:
    shelf = BoxShelf(tmp_path, None)
    begin(shelf)
    tracks = ShelfTracks(shelf, 1, do_now)
    tracks.begin(SESSION, b"{}")
    tracks.end()
    age(tmp_path / "000001.tmsbox", 91)
    age(tmp_path / f"000001-{SESSION}.tmstrack", 91)

    begin(shelf)
    assert [track.has_recording for track in shelf.tracks()] == [False]
    age(tmp_path / f"000001-{SESSION}.tmstrack", 400)
    begin(shelf)
    assert shelf.tracks() == []


def test_oldest_recordings_go_when_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box_shelf, "ALL_BYTES_MAX", 40_000)
    monkeypatch.setattr(box_shelf, "RECORDING_BYTES_MAX", 10_000)
    shelf = BoxShelf(tmp_path, None)
    for _ in range(6):
        begin(shelf, 9_000)

    kept = sorted(path.name for path in tmp_path.glob("*.tmsbox"))
    assert kept == ["000003.tmsbox", "000004.tmsbox", "000005.tmsbox", "000006.tmsbox"]


async def test_console_lists_reads_and_refuses_foreign_names(tmp_path: Path) -> None:
    shelf = BoxShelf(tmp_path, bytes(32))
    begin(shelf)
    tracks = ShelfTracks(shelf, 1, do_now)
    tracks.begin(SESSION, b'{"protocol":"x"}')
    tracks.put(b'[["e",5,"mcu",{}]]')
    tracks.end()
    (tmp_path / "notes.txt").write_text("x")
    recordings = ShelfRecordings(shelf, lambda: "no room")

    (entry,) = await recordings.tracks()
    found = await recordings.track(entry.name)
    assert recordings.why_stopped() == "no room"
    assert json.loads(entry.header) == {"protocol": "x"}
    assert found is not None
    assert json.loads(found) == {"header": {"protocol": "x"}, "chunks": [[["e", 5, "mcu", {}]]]}
    for name in ("../../etc/passwd", "notes.txt", "000001.tmsbox", ""):
        assert await recordings.track(name) is None
        assert await recordings.export(name) is None


async def test_torn_track_shows_what_is_whole_and_a_ruined_one_is_told(tmp_path: Path) -> None:
    shelf = BoxShelf(tmp_path, None)
    begin(shelf)
    tracks = ShelfTracks(shelf, 1, do_now)
    tracks.begin(SESSION, b"{}")
    tracks.put(b"[]")
    tracks.put(b"[[]]")
    tracks.end()
    path = tmp_path / f"000001-{SESSION}.tmstrack"
    path.write_bytes(path.read_bytes()[:-3])
    recordings = ShelfRecordings(shelf, lambda: "")

    assert await recordings.track(path.name) == b'{"header":{},"chunks":[[]]}'
    path.write_bytes(b"ruined")
    assert [entry.header for entry in await recordings.tracks()] == ["{}"]
    with pytest.raises(RecordingError, match="is no recording"):
        await recordings.track(path.name)


def test_writer_writes_on_its_thread_and_ends_with_the_service(tmp_path: Path) -> None:
    writer = BoxWriter()
    box = BoxFile.create(tmp_path / "a", None, b"header")
    sink = QueuedSink(writer, box, 10_000)
    names: list[str] = []

    assert writer.post(lambda: names.append(threading.current_thread().name)) == ""
    assert sink.put(b"one") == ""
    sink.close(b"end")
    writer.close()

    assert names == ["black box"]
    assert (tmp_path / "a").stat().st_size == box.size


def test_writer_whose_disk_fails_or_hangs_says_why_and_blocks_nobody(tmp_path: Path) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    failing = BoxWriter()
    assert failing.post(fail) == ""
    failing.close()
    assert failing.post(fail) == "the recording cannot be written: No space left on device"

    gate, hanging = threading.Event(), BoxWriter()
    hanging.post(gate.wait)  # type: ignore[arg-type]
    answers = {hanging.post(lambda: None) for _ in range(QUEUE_MAX + 2)}
    gate.set()
    hanging.close()
    assert "the disk is too slow for the recording" in answers
    assert NoSink("no key").put(b"") == "no key"
