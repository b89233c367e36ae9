"""Reads recordings for the service console, on a thread, as files may be long.

Lists tracks, hands one on as the JSON that it is made of, and copies the part of a recording that
a session needs as a file of its own: not sealed, for whoever is to replay it, and no longer than
the session. Decides nothing about who may.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain

from edge.adapters.box_file import BoxError, BoxFile, BoxReader
from edge.adapters.box_shelf import BoxShelf, TrackFile
from edge.blackbox.tape import TapeError, TapeReader
from edge.ports import Export, RecordingError, TrackEntry

LISTED_MAX = 200  # newest; a quarter of a busy chair
AFTER_MS = 10_000  # of an export, behind the session's end
PIECE_BYTES = 256 * 1024  # at least, at a time


class ShelfRecordings:
    """edge.ports.Recordings on a shelf."""

    def __init__(self, shelf: BoxShelf, why_stopped: Callable[[], str]) -> None:
        """why_stopped: asked for the reason why nothing is recorded now, '' while it is."""
        self._shelf = shelf
        self._why_stopped = why_stopped

    def why_stopped(self) -> str:
        return self._why_stopped()

    async def tracks(self) -> list[TrackEntry]:
        return await asyncio.to_thread(self._tracks)

    async def track(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._track, name)

    async def export(self, name: str) -> Export | None:
        return await asyncio.to_thread(self._export, name)

    def _tracks(self) -> list[TrackEntry]:
        try:
            files = self._shelf.tracks()[:LISTED_MAX]
        except OSError as error:
            raise RecordingError(f"the recordings cannot be listed: {error.strerror}") from error
        return [entry for each in files if (entry := self._entry(each)) is not None]

    def _entry(self, file: TrackFile) -> TrackEntry | None:
        try:
            header = json.loads(next(self._shelf.track_chunks(file.name)))
        except (BoxError, StopIteration, ValueError):
            return TrackEntry(file.name, file.recording, file.session_id, file.has_recording, "{}")
        return TrackEntry(
            file.name, file.recording, file.session_id, file.has_recording, json.dumps(header)
        )

    def _track(self, name: str) -> bytes | None:
        if name not in [each.name for each in self._shelf.tracks()]:
            return None
        try:
            header, *rows = self._shelf.read_track(name)
        except (BoxError, ValueError) as error:
            raise RecordingError(str(error)) from error
        return b'{"header":' + header + b',"chunks":[' + b",".join(rows) + b"]}"

    def _export(self, name: str) -> Export | None:
        found = [each for each in self._shelf.tracks() if each.name == name]
        if not found or not found[0].has_recording:
            return None
        rows = [row for chunk in self._shelf.read_track(name)[1:] for row in json.loads(chunk)]
        end_ms = max((int(row[1]) for row in rows), default=0) + AFTER_MS
        path = self._shelf.recording_path(found[0].recording)
        pieces = copied(BoxReader(path, self._shelf.key), end_ms)
        try:
            first = next(pieces)
        except BoxError as error:
            raise RecordingError(str(error)) from error
        return PlainCopy(first, pieces, f"{path.stem}-{found[0].session_id}.tmsbox")


class PlainCopy:
    """edge.ports.Export; read piece by piece and never written here, as it is not sealed."""

    def __init__(self, first: bytes, pieces: Iterator[bytes], name: str) -> None:
        self._pieces: Iterator[bytes] = chain([first], pieces)
        self.name = name

    async def read(self) -> bytes:
        return await asyncio.to_thread(self._some)

    def close(self) -> None:
        self._pieces = iter(())

    def _some(self) -> bytes:
        found = bytearray()
        for piece in self._pieces:
            found += piece
            if len(found) >= PIECE_BYTES:
                break
        return bytes(found)


def copied(reader: BoxReader, end_ms: int) -> Iterator[bytes]:
    """Whole chunks up to the first that ends behind the end, as the bytes of a file of their own.

    A recording that still runs ends anywhere. Raises BoxError when not even its header is there.
    """
    chunks, out = reader.chunks(), BytesIO()
    header = next(chunks)
    box, tape = BoxFile(out, secrets.token_bytes(16), None), TapeReader()
    box.append(header)
    try:
        for chunk in chunks:
            steps = list(tape.feed(chunk))
            box.append(chunk)
            yield _taken(out)
            if steps and steps[-1].now_s * 1000 > end_ms:
                return
    except (BoxError, TapeError):
        pass
    yield _taken(out)


def _taken(out: BytesIO) -> bytes:
    data = out.getvalue()
    out.seek(0)
    out.truncate()
    return data
