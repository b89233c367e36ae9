"""`python -m hw_sim replay`: a recording through the product again, and what came of it in words.

Takes a file, or a session of a unit's folder of recordings. Exit status 0: the same to the last
bit; 1: a difference, with both sides; 2: the recording cannot be read, or only in part.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from edge.adapters.box_file import BoxError, BoxReader
from edge.adapters.box_shelf import BoxShelf
from edge.adapters.key_file import read_key
from edge.blackbox.header import Header, HeaderError, read_header
from edge.blackbox.tape import Step, TapeError, TapeReader
from edge.ports import KeyFileError
from edge.version import SOFTWARE_VERSION
from hw_sim.replay.player import Player, Replay

SAME, DIFFERENT, UNREADABLE = 0, 1, 2


class Unreadable(Exception):  # noqa: N818 - it is said to people
    """A sentence for the person who asked."""


@dataclass
class Recording:
    """A file that begins well; damage further on is said when it is met."""

    path: Path
    header: Header
    key: bytes | None
    damage: str = ""

    def steps(self) -> Iterator[Step]:
        """As far as the file is whole; .damage tells what ended it."""
        tape, self.damage = TapeReader(), ""
        chunks = BoxReader(self.path, self.key).chunks()
        next(chunks)  # the header
        try:
            for chunk in chunks:
                yield from tape.feed(chunk)
        except (BoxError, TapeError) as error:
            self.damage = str(error)
        last = tape.rest()
        if last is not None and (not self.damage or last.kind in ("mark", "end")):
            yield last


def open_recording(path: Path, key: bytes | None) -> Recording:
    """Raises Unreadable."""
    try:
        first = next(BoxReader(path, key).chunks(), None)
        if first is None:
            raise Unreadable(f"{path}: holds nothing")
        return Recording(path, read_header(first), key)
    except (BoxError, HeaderError) as error:
        text = str(error)
        raise Unreadable(text if str(path) in text else f"{path}: {text}") from error


def find_recording(name: str, folder: Path | None, key: bytes | None) -> Path:
    """A path, or the recording of a session in the folder. Raises Unreadable."""
    if Path(name).is_file():
        return Path(name)
    if folder is None or not folder.is_dir():
        raise Unreadable(f"{name}: no such file; give the unit's folder of recordings with --dir")
    found = [track for track in BoxShelf(folder, key).tracks() if track.session_id == name]
    if not found:
        raise Unreadable(f"{name}: no such session in {folder}")
    if not found[0].has_recording:
        raise Unreadable(f"{name}: its recording has been thrown away for want of room or by age")
    return folder / f"{found[0].recording:06}.tmsbox"


def replay_file(path: Path, key: bytes | None) -> tuple[Replay, str]:
    """Play a file; also what was wrong with it, or ''. Raises Unreadable."""
    recording = open_recording(path, key)
    return play_recording(recording), recording.damage


def play_recording(recording: Recording, until_s: float | None = None) -> Replay:
    """Through a fresh product."""
    player = Player(recording.header)
    with muted():
        try:
            return player.play(recording.steps(), until_s=until_s)
        finally:
            player.close()


@contextmanager
def muted() -> Iterator[None]:
    """The log of a replay is the recorded one's, and its stamps would be of today."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def replay(
    name: str,
    *,
    folder: Path | None,
    key_path: Path | None,
    until_s: float | None,
    is_partial: bool,
    as_json: bool,
) -> int:
    """The command. Returns the exit status."""
    try:
        key = None if key_path is None else read_key(key_path)
        path = find_recording(name, folder, key)
        recording = open_recording(path, key)
        if not is_partial:
            _check_whole(recording)
        began_s = time.perf_counter()
        result = play_recording(recording, until_s)
    except (Unreadable, KeyFileError, FileNotFoundError) as error:
        _say({"error": str(error)}, f"{error}\n", as_json=as_json)
        return UNREADABLE
    _report(recording, result, time.perf_counter() - began_s, as_json=as_json)
    return SAME if result.difference is None else DIFFERENT


def _check_whole(recording: Recording) -> None:
    """Nothing is played of a file that is not what was written, unless that is asked for."""
    for _ in recording.steps():
        pass
    if recording.damage:
        raise Unreadable(f"{recording.damage}; --partial replays what is whole before that")


def _report(recording: Recording, result: Replay, wall_s: float, *, as_json: bool) -> None:
    header, damage = recording.header, recording.damage
    document = {
        "file": str(recording.path),
        "unit": header.unit_id,
        "started_utc": header.started_utc,
        "software_version": header.software_version,
        "wall_s": round(wall_s, 3),
        "damage": damage,
        "is_same": result.is_same,
        **asdict(result),
    }
    played = f"replayed {result.inputs:,} inputs, {result.events:,} events"
    lines = [
        f"{header.unit_id}, recorded from {header.started_utc}, software {header.software_version}",
        *_doubts(header),
        *([f"only in part: {damage}"] if damage else []),
        f"{played}, to {result.until_s:.6f} s of the unit's clock, in {wall_s:.1f} s",
    ]
    if not result.is_closed and not damage and result.difference is None:
        lines.append("the recording has no end: the service was killed, lost power, or still runs")
    found = result.difference
    if found is None:
        lines.append(f"same hash {result.hash}")
    else:
        place = f"after {found.input:,} inputs and {found.event:,} events"
        lines += [
            f"first difference at {found.at_s:.6f} s, {place}: {found.what}",
            f"  recorded: {found.recorded}",
            f"  replayed: {found.replayed}",
        ]
    _say(document, "\n".join(lines) + "\n", as_json=as_json)


def _doubts(header: Header) -> list[str]:
    """What may make a difference that is none of the product's."""
    found = []
    if header.software_version != SOFTWARE_VERSION:
        found.append(f"note: this is software {SOFTWARE_VERSION}; check out the recorded one")
    here = (platform.python_version(), platform.machine())
    if here != (header.python, header.machine):
        found.append(
            f"note: recorded by Python {header.python} on {header.machine}, replayed by"
            f" {here[0]} on {here[1]}"
        )
    return found


def _say(document: dict[str, object], text: str, *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(document) + "\n" if as_json else text)
