"""Opens the black box of one start of the service: its recording, and the stage it is made on.

Apart from the entry point, as the store's file is. A box that cannot be opened says why in the log
and at /health, and the service runs without: no treatment waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from edge.adapters.box_readers import ShelfRecordings
from edge.adapters.box_shelf import RECORDING_BYTES_MAX, BoxShelf, ShelfTracks
from edge.adapters.box_writer import BoxWriter, NoSink, QueuedSink
from edge.adapters.key_file import load_key
from edge.adapters.system_clock import SystemClock
from edge.blackbox.header import make_header, pack_header
from edge.blackbox.recording import RecordingLoop, Sink
from edge.blackbox.stage import RecordedStage
from edge.config import Config, StoreConfig
from edge.ports import NoRecordings, NoTracks, Recordings, StoreError, Tracks
from edge.version import SOFTWARE_VERSION

log = structlog.get_logger("edge")

FOLDER = "blackbox"  # beside the store
# [P] The product's clock may lag so much behind the real one; a tenth of the shortest interval that
# anything here is timed by, and a quarter of the bytes.
CLOCK_GRAIN_S = 0.000_2


@dataclass(frozen=True)
class BlackBox:
    """Open as long as the service runs."""

    stage: RecordedStage
    tracks: Tracks
    recordings: Recordings
    writer: BoxWriter

    def close(self, reason: str) -> None:
        """Everything to the disk."""
        self.tracks.end()
        self.stage.finish(reason)
        self.writer.close()


def open_shelf(config: StoreConfig) -> BoxShelf:
    """The folder of recordings, sealed with a key made of the store's. Raises StoreError."""
    key = load_key(Path(config.key_path), may_create=False)
    return BoxShelf(Path(config.path).parent / FOLDER, key)


def open_black_box(
    config: Config,
    library: Mapping[str, bytes],
    *,
    machine_boot: str,
    has_link_key: bool,
) -> BlackBox:
    """On the running loop, after the store, whose key it shares."""
    writer = BoxWriter()
    now = SystemClock().now().utc
    header = make_header(
        config,
        dict(library),
        software_version=SOFTWARE_VERSION,
        started_utc=now.isoformat(),
        machine_boot=machine_boot,
        has_link_key=has_link_key,
    )
    why: list[str] = []
    loop: RecordingLoop | None = None

    def why_stopped() -> str:
        return why[0] if why else loop.gave_up if loop is not None else ""

    tracks: Tracks = NotRecorded()
    recordings: Recordings = NoRecordings()
    sink: Sink
    try:
        shelf = open_shelf(config.store)
        number, box = shelf.begin(pack_header(header), now)
        sink = QueuedSink(writer, box, RECORDING_BYTES_MAX)
        tracks = ShelfTracks(shelf, number, writer.post, why_stopped)
        recordings = ShelfRecordings(shelf, why_stopped)
        log.info("black box", recording=number)
    except (OSError, StoreError) as error:
        why.append(f"no recording can be made: {error}")
        sink = NoSink(why[0])
    loop = RecordingLoop(asyncio.get_running_loop(), sink, CLOCK_GRAIN_S)
    loop.hand_over()
    return BlackBox(RecordedStage(loop), tracks, recordings, writer)


class NotRecorded(NoTracks):
    """Of a unit whose box could not be opened."""

    def is_recorded(self) -> bool:
        return False
