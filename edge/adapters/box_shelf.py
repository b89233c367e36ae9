"""The folder of recordings: one file for each start of the service, one track for each session.

Owns names, and what is thrown away when: the oldest first, by age and by the room that all of them
take. A track is small and outlives its recording. Blocks; the service console reads through
edge/adapters/box_readers.py. The wall clock only dates files; order is by number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from edge.adapters.box_file import BoxError, BoxFile, BoxReader

log = structlog.get_logger(__name__)

RECORDING_BYTES_MAX = 256 * 1024 * 1024  # [P] one start: two weeks of a unit that is never off
ALL_BYTES_MAX = 1024 * 1024 * 1024  # [P] all together; a Pi's card has 32 GB
RECORDING_AGE_S_MAX = 90 * 86_400  # [P] a clinic that asks what happened asks within the quarter
TRACK_AGE_S_MAX = 366 * 86_400  # [P]
_RECORDING = re.compile(r"(\d{6})\.tmsbox")
_TRACK = re.compile(r"(\d{6})-([0-9A-Za-z-]{1,64})\.tmstrack")


Job = Callable[[], None]


@dataclass(frozen=True)
class TrackFile:
    """One session's track."""

    name: str
    recording: int
    session_id: str
    modified_s: float
    has_recording: bool


def do_now(job: Job) -> str:
    """For where nothing waits: virtual time."""
    job()
    return ""


class ShelfTracks:
    """edge.ports.Tracks on a shelf. do runs a job: at once, or on a writer's thread."""

    def __init__(
        self,
        shelf: BoxShelf,
        recording: int,
        do: Callable[[Job], str],
        why_stopped: Callable[[], str] = lambda: "",
    ) -> None:
        self._shelf = shelf
        self._recording = recording
        self._do = do
        self._why_stopped = why_stopped
        self._box: BoxFile | None = None

    def begin(self, session_id: str, header: bytes) -> None:
        self._do(lambda: self._begin(session_id, header))

    def put(self, rows: bytes) -> None:
        self._do(lambda: self._append(rows))

    def end(self) -> None:
        self._do(self._end)

    def is_recorded(self) -> bool:
        return not self._why_stopped()

    def _begin(self, session_id: str, header: bytes) -> None:
        self._end()
        try:
            self._box = self._shelf.begin_track(self._recording, session_id, header)
        except OSError as error:
            log.error("no track of this session", why=str(error))  # noqa: TRY400 - words enough

    def _append(self, rows: bytes) -> None:
        if self._box is not None:
            self._box.append(rows)

    def _end(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            box.sync()
            box.close()


class BoxShelf:
    """One folder. key None: not sealed, for the simulator."""

    def __init__(self, folder: Path, key: bytes | None) -> None:
        self._folder = folder
        self._key = key

    def begin(self, header: bytes, now: datetime) -> tuple[int, BoxFile]:
        """A new recording, after making room. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_room(now.timestamp())
        number = max((number for number, _ in self._recordings()), default=0) + 1
        tracks = [track.recording for track in self.tracks()]
        number = max([number, *(each + 1 for each in tracks)])
        return number, BoxFile.create(self.recording_path(number), self._key, header)

    def begin_track(self, recording: int, session_id: str, header: bytes) -> BoxFile:
        """A new track. Raises OSError."""
        return BoxFile.create(
            self._folder / f"{recording:06}-{session_id}.tmstrack", self._key, header
        )

    @property
    def key(self) -> bytes | None:
        return self._key

    def track_chunks(self, name: str) -> Iterator[bytes]:
        """One after the other. Raises BoxError."""
        return BoxReader(self._folder / name, self._key).chunks()

    def recording_path(self, number: int) -> Path:
        return self._folder / f"{number:06}.tmsbox"

    def tracks(self) -> list[TrackFile]:
        """Newest first. Raises OSError."""
        kept = {number for number, _ in self._recordings()}
        found = []
        for path in self._folder.glob("*.tmstrack"):
            match = _TRACK.fullmatch(path.name)
            if match is not None:
                number = int(match[1])
                modified_s = path.stat().st_mtime
                found.append(TrackFile(path.name, number, match[2], modified_s, number in kept))
        return sorted(found, key=lambda each: (each.recording, each.modified_s), reverse=True)

    def read_track(self, name: str) -> list[bytes]:
        """The chunks of a track; of a torn one those that are whole. Raises BoxError."""
        if _TRACK.fullmatch(name) is None:
            raise BoxError(f"{name!r} is no name of a track")
        found: list[bytes] = []
        try:
            found.extend(self.track_chunks(name))
        except BoxError as error:
            if not found:
                raise
            log.warning("a track ends early", name=name, why=str(error))
        return found

    def _recordings(self) -> list[tuple[int, Path]]:
        found = []
        for path in self._folder.glob("*.tmsbox"):
            match = _RECORDING.fullmatch(path.name)
            if match is not None:
                found.append((int(match[1]), path))
        return sorted(found)

    def _make_room(self, now_s: float) -> None:
        """Before a start: what is too old goes, then the oldest until there is room."""
        for track in self.tracks():
            if now_s - track.modified_s > TRACK_AGE_S_MAX:
                (self._folder / track.name).unlink(missing_ok=True)
        kept = []
        for _, path in self._recordings():
            facts = path.stat()
            if now_s - facts.st_mtime > RECORDING_AGE_S_MAX:
                path.unlink(missing_ok=True)
            else:
                kept.append((path, facts.st_size))
        room = ALL_BYTES_MAX - RECORDING_BYTES_MAX
        used = sum(size for _, size in kept)
        for path, size in kept:
            if used <= room:
                return
            path.unlink(missing_ok=True)
            used -= size
