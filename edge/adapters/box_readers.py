"""Reads recordings for the service console, on a thread, as files may be long.

Lists tracks, hands one on as the JSON that it is made of, and copies the part of a recording that
a session needs into a file of its own: not sealed, for whoever is to replay it, and no longer than
the session. Decides nothing about who may.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
from collections.abc import Callable
from typing import BinaryIO, cast

from edge.adapters.box_file import BoxError, BoxFile, BoxReader
from edge.adapters.box_shelf import BoxShelf, TrackFile
from edge.blackbox.tape import TapeError, TapeReader
from edge.ports import Export, RecordingError, TrackEntry

LISTED_MAX = 200  # newest; a quarter of a busy chair
AFTER_MS = 10_000  # of an export, behind the session's end


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
        # Open beyond this function; FileExport closes it.
        file = cast(BinaryIO, tempfile.TemporaryFile(dir=path.parent))  # noqa: SIM115
        try:
            copy_until(BoxReader(path, self._shelf.key), file, end_ms)
        except BoxError as error:
            file.close()
            raise RecordingError(str(error)) from error
        file.seek(0)
        return FileExport(file, f"{path.stem}-{found[0].session_id}.tmsbox")


class FileExport:
    """edge.ports.Export; the file has no name any more and goes with it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name

    async def read(self) -> bytes:
        return await asyncio.to_thread(self._file.read, 256 * 1024)

    def close(self) -> None:
        self._file.close()


def copy_until(reader: BoxReader, file: BinaryIO, end_ms: int) -> None:
    """Whole chunks up to the first that begins after the end; a running recording ends anywhere."""
    chunks = reader.chunks()
    box = BoxFile(file, secrets.token_bytes(16), None)
    box.append(next(chunks))
    tape = TapeReader()
    try:
        for chunk in chunks:
            steps = list(tape.feed(chunk))
            box.append(chunk)
            if steps and steps[-1].now_s * 1000 > end_ms:
                return
    except (BoxError, TapeError):
        return
