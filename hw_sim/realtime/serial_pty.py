"""The unit's serial line as a pseudo-terminal, named DIR/tms-serial.

The production edge opens it with pyserial like any serial device; it may close, reopen or be killed
at any time. Bytes for a line that nobody has open, or whose reader is stalled, are dropped and
counted, as a UART would. Runs on the unit's loop; knows nothing of frames.
"""

from __future__ import annotations

import asyncio
import os
import select
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

# The kernel does not tell a master that its slave was opened: look this often.
OPEN_CHECK_S: Final = 0.02
READ_BYTES_MAX: Final = 4096


class PtySerial:
    """One serial line. write() never blocks and never raises for the edge's doings."""

    def __init__(self, link: Path, on_bytes: Callable[[bytes], None]) -> None:
        self._link = link
        self._on_bytes = on_bytes
        self._master: int | None = None
        self._check: asyncio.TimerHandle | None = None
        self._is_open = False
        self.dropped_bytes = 0

    @property
    def is_plugged(self) -> bool:
        """The device exists under its name."""
        return self._master is not None

    @property
    def is_open(self) -> bool:
        """Somebody has the device open."""
        return self._is_open

    def plug(self) -> None:
        """Make the device appear; a name left by a dead unit is replaced."""
        if self._master is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        name = os.ttyname(slave)
        os.close(slave)  # held by the edge alone, so that its going away shows as a hang-up
        self._master = master
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(name)
        self._look()

    def unplug(self) -> None:
        """Make the device vanish: an open one hangs up."""
        if self._master is None:
            return
        self._stop_reading()
        if self._check is not None:
            self._check.cancel()
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        self._master = None

    def write(self, data: bytes) -> None:
        """Towards the edge; what cannot go now is dropped."""
        sent = 0
        if self._master is not None and not self._is_hung_up(self._master):
            with suppress(OSError):  # full, or closed since the look
                sent = os.write(self._master, data)
        self.dropped_bytes += len(data) - sent

    def _look(self) -> None:
        """Wait for somebody to open the device."""
        assert self._master is not None
        loop = asyncio.get_running_loop()
        if self._is_hung_up(self._master):
            self._check = loop.call_later(OPEN_CHECK_S, self._look)
            return
        self._is_open = True
        loop.add_reader(self._master, self._read)

    def _read(self) -> None:
        assert self._master is not None
        try:
            data = os.read(self._master, READ_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last holder closed it or was killed
            self._stop_reading()
            self._flush_unread()
            self._look()
            return
        self._on_bytes(data)

    def _flush_unread(self) -> None:
        """Bytes meant for the last reader must not greet the next one."""
        # They wait at the slave's end, which only an open slave can flush.
        slave = os.open(self._link.readlink(), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        termios.tcflush(slave, termios.TCIFLUSH)
        os.close(slave)

    def _stop_reading(self) -> None:
        if self._is_open and self._master is not None:
            asyncio.get_running_loop().remove_reader(self._master)
        self._is_open = False

    @staticmethod
    def _is_hung_up(master: int) -> bool:
        poll = select.poll()
        poll.register(master, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))
