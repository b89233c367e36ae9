"""The file of a recording: what was written comes back, and nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.adapters.box_file import FULL, BoxError, BoxFile, BoxReader, InlineSink

KEY = bytes(range(32))
CHUNKS = [b"header", b"", b"a" * 5000, os.urandom(300), b"\0" * 64]


def write(path: Path, key: bytes | None) -> None:
    box = BoxFile.create(path, key, CHUNKS[0])
    for chunk in CHUNKS[1:]:
        box.append(chunk)
    box.close()


def read_all(path: Path) -> tuple[list[bytes], str]:
    found: list[bytes] = []
    try:
        found.extend(BoxReader(path).chunks())
    except BoxError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("key", [None, KEY])
def test_file_gives_back_what_was_written(tmp_path: Path, key: bytes | None) -> None:
    write(tmp_path / "a", key)

    assert list(BoxReader(tmp_path / "a", key).chunks()) == CHUNKS


def test_file_is_the_owners_alone(tmp_path: Path) -> None:
    write(tmp_path / "a", KEY)

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_sealed_file_shows_nothing_and_needs_its_key(tmp_path: Path) -> None:
    box = BoxFile.create(tmp_path / "a", KEY, b"Pat Example" * 20)
    box.close()

    assert b"Example" not in (tmp_path / "a").read_bytes()
    with pytest.raises(BoxError, match="sealed"):
        next(BoxReader(tmp_path / "a").chunks())
    with pytest.raises(BoxError, match="key does not fit"):
        next(BoxReader(tmp_path / "a", bytes(32)).chunks())


@pytest.mark.parametrize("key", [None, KEY])
def test_every_single_changed_byte_is_found(tmp_path: Path, key: bytes | None) -> None:
    write(tmp_path / "a", key)
    whole = (tmp_path / "a").read_bytes()

    for at in range(0, len(whole), 7):
        data = bytearray(whole)
        data[at] ^= 0x10
        (tmp_path / "b").write_bytes(data)
        with pytest.raises(BoxError):
            list(BoxReader(tmp_path / "b", key).chunks())


def test_file_cut_anywhere_gives_whole_chunks_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a", None)
    whole = (tmp_path / "a").read_bytes()

    ends = 0
    for length in range(24, len(whole), 5):
        (tmp_path / "b").write_bytes(whole[:length])
        found, why = read_all(tmp_path / "b")
        assert found == CHUNKS[: len(found)]
        assert "cut off" in why or why == ""
        ends += why == ""  # between two frames: as a killed service leaves it
    assert ends < 6


def test_frames_of_two_files_cannot_be_mixed(tmp_path: Path) -> None:
    """The same content twice: only the chain tells that a frame comes from elsewhere."""
    write(tmp_path / "a", None)
    write(tmp_path / "b", None)
    first, second = (tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()
    (tmp_path / "c").write_bytes(first[:24] + second[24:])

    with pytest.raises(BoxError, match="something was changed"):
        list(BoxReader(tmp_path / "c").chunks())


def test_sink_that_is_full_or_fails_says_why(tmp_path: Path) -> None:
    box = BoxFile.create(tmp_path / "a", None, b"header")
    sink = InlineSink(box, bytes_max=500)
    assert sink.put(b"small") == ""
    assert sink.put(os.urandom(600)) == FULL
    box.close()
    closed = InlineSink(BoxFile.create(tmp_path / "b", None, b"header"))
    closed.close(b"end")
    with pytest.raises(ValueError, match="closed file"):  # a bug, not a disk
        closed.put(b"more")
