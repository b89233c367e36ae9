"""Writes recordings on a thread of its own, so that a slow disk holds up nobody.

One thread, one bounded queue. When it is full or a write fails, put() says why and the recorder
gives up; the service goes on. Everything else of the edge stays on its loop.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog

from edge.adapters.box_file import FULL, BoxFile

log = structlog.get_logger(__name__)

QUEUE_MAX = 256  # [P] chunks; a second makes one or two, so this is a disk that hangs for minutes
CLOSE_S = 3.0  # [P] at the end of the service; systemd waits longer
Job = Callable[[], None]


class BoxWriter:
    """The thread. Jobs run in order; the first OSError ends it all."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue(QUEUE_MAX)
        self.failure = ""
        self._thread = threading.Thread(target=self._work, name="black box", daemon=True)
        self._thread.start()

    def post(self, job: Job) -> str:
        """Do this soon; '' or why not."""
        if self.failure:
            return self.failure
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return "the disk is too slow for the recording"
        return ""

    def close(self) -> None:
        """Finish what is queued, for a moment."""
        try:
            self._jobs.put(None, timeout=CLOSE_S)
        except queue.Full:
            return
        self._thread.join(CLOSE_S)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if not self.failure:
                    job()
            except OSError as error:
                self.failure = f"the recording cannot be written: {error.strerror}"
                log.error("black box", why=self.failure)  # noqa: TRY400 - the sentence says it


class QueuedSink:
    """edge.blackbox.recording.Sink of the service."""

    def __init__(self, writer: BoxWriter, box: BoxFile, bytes_max: int) -> None:
        self._writer = writer
        self._box = box
        self._bytes_max = bytes_max

    def put(self, chunk: bytes) -> str:
        """Queue it."""
        if self._box.size >= self._bytes_max:
            return FULL
        return self._writer.post(lambda: self._box.append(chunk))

    def close(self, chunk: bytes) -> None:
        """The last one, and to the disk."""
        self._writer.post(lambda: self._end(chunk))

    def _end(self, chunk: bytes) -> None:
        try:
            self._box.append(chunk)
            self._box.sync()
        finally:
            self._box.close()


class NoSink:
    """For a service whose recordings have no place: says why at once."""

    def __init__(self, why: str) -> None:
        self._why = why

    def put(self, chunk: bytes) -> str:
        del chunk
        return self._why

    def close(self, chunk: bytes) -> None:
        del chunk
