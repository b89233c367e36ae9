"""The line to the edge: a pseudo-terminal under a name that the edge opens like any serial device.

The edge may open, close or die at any time. Bytes for nobody, or for a reader that has stalled, are
dropped and counted, as a UART would. Never blocks but in wait_until(). Knows nothing of frames.
"""

from __future__ import annotations

import errno
import os
import select
import termios
import tty
from contextlib import suppress
from pathlib import Path

from firmware.pi.clock import Clock

READ_BYTES_MAX = 4096
BACKLOG_BYTES_MAX = 16384  # [P] seconds of Status and pulse reports; a live edge reads sooner


class LineError(Exception):
    """The name of the line cannot be had; a sentence."""


class PtyLine:
    """One serial line."""

    def __init__(self, clock: Clock, name: Path) -> None:
        """Raises LineError when the name is taken by something that is no link."""
        self._clock = clock
        self._name = name
        self._pending = b""
        self._is_open = False
        self.dropped_bytes = 0
        if name.exists() and not name.is_symlink():
            raise LineError(f"core.line {name}: something else has this name")
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._device = os.ttyname(slave)
        os.close(slave)  # held by the edge alone, so that its going away shows
        try:
            name.parent.mkdir(parents=True, exist_ok=True)
            name.unlink(missing_ok=True)
            name.symlink_to(self._device)
        except OSError as error:
            os.close(self._master)
            raise LineError(f"core.line {name}: {error.strerror}") from error

    @property
    def name(self) -> Path:
        """What the edge opens."""
        return self._name

    @property
    def is_open(self) -> bool:
        """Somebody had the device open at the last read."""
        return self._is_open

    def read(self) -> bytes:
        """What has arrived, b"" when nothing has."""
        try:
            data = os.read(self._master, READ_BYTES_MAX)
        except BlockingIOError:
            self._is_open = True
            return b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._hang_up()
            return b""
        self._is_open = True
        return data

    def write(self, data: bytes) -> None:
        """Send what goes now; the rest goes with the next calls."""
        if not self._is_open:
            self.dropped_bytes += len(data)
            return
        self._pending += data
        if not self._pending:
            return
        with suppress(OSError):  # full, or closed since the read
            sent = os.write(self._master, self._pending)
            self._pending = self._pending[sent:]
        if len(self._pending) > BACKLOG_BYTES_MAX:
            self.dropped_bytes += len(self._pending)
            self._pending = b""

    def wait_until(self, at_ns: int) -> None:
        """Sleep until this time, or until bytes arrive."""
        left_ns = at_ns - self._clock.now_ns()
        if left_ns <= 0:
            return
        if not self._is_open:
            self._clock.sleep_until_ns(at_ns)
            return
        outgoing = [self._master] if self._pending else []
        select.select([self._master], outgoing, [], left_ns / 1_000_000_000)

    def close(self) -> None:
        """Take the name away and hang up."""
        if self._name.is_symlink():
            self._name.unlink(missing_ok=True)
        os.close(self._master)

    def _hang_up(self) -> None:
        """Bytes meant for the last reader must not greet the next one."""
        if self._is_open:
            self._is_open = False
            self.dropped_bytes += len(self._pending)
            self._pending = b""
            # They wait at the slave's end, which only an open slave can flush.
            with suppress(OSError):
                slave = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
                termios.tcflush(slave, termios.TCIFLUSH)
                os.close(slave)
