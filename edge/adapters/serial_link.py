"""The serial line to the controller, through pyserial and the loop's file-descriptor watch.

Opens exclusively and never blocks: reads happen when the device is readable, writes go out at once
or wait in a bounded buffer. Readiness without data means unplugged, reset, or a second reader: the
line is lost, never retried here. Decides nothing. Real loops only.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import serial

from edge.ports import ByteLink, LinkLostError

CHUNK_MAX = 4096  # edge/ports.py
# A controller that takes no bytes for this long (0.7 s at 115,200 baud) is not there any more.
UNSENT_MAX = 8192


class SerialLinkOpener:
    """Opens one named device."""

    def __init__(self, device: str, baud: int) -> None:
        self._device = device
        self._baud = baud

    async def open(self) -> ByteLink:
        """Raises LinkLostError with a sentence that names the device and the cause."""
        try:
            port = serial.Serial(self._device, self._baud, exclusive=True, timeout=0)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkLostError(f"{self._device}: cannot be opened: {error}") from error
        # USB bridges hold bytes back for 16 ms otherwise; other drivers do not know the setting.
        with suppress(OSError, ValueError, NotImplementedError, AttributeError):
            port.set_low_latency_mode(True)
        return SerialLink(port, self._device)


class SerialLink:
    """The open device."""

    def __init__(self, port: serial.Serial, device: str) -> None:
        self._port: serial.Serial | None = port
        self._device = device
        self._fd = port.fileno()
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()
        self._readable: asyncio.Future[None] | None = None
        self._why_lost = ""
        os.set_blocking(self._fd, False)

    async def read(self) -> bytes:
        """Next chunk; waits for the device to be readable."""
        assert self._readable is None, "one reader at a time"
        while True:
            self._check()
            await self._until_readable()
            self._check()
            try:
                data = os.read(self._fd, CHUNK_MAX)
            except BlockingIOError:
                continue
            except OSError as error:
                self._lose(f"reading failed: {error.strerror}")
                continue
            if data:
                return data
            self._lose("readable without data: unplugged, reset, or read by another program")

    def write(self, data: bytes) -> None:
        """Send now what the device takes, keep the rest."""
        self._check()
        if not self._unsent:
            data = data[self._send(data) :]
            self._check()
            if not data:
                return
            self._loop.add_writer(self._fd, self._on_writable)
        if len(self._unsent) + len(data) > UNSENT_MAX:
            self._lose("the device takes no more bytes")
            self._check()
        self._unsent += data

    def close(self) -> None:
        """Release the device."""
        self._lose("closed")

    async def _until_readable(self) -> None:
        self._readable = self._loop.create_future()
        self._loop.add_reader(self._fd, self._on_readable)
        try:
            await self._readable
        finally:
            self._readable = None
            if self._port is not None:
                self._loop.remove_reader(self._fd)

    def _on_readable(self) -> None:
        if self._readable is not None and not self._readable.done():
            self._readable.set_result(None)

    def _on_writable(self) -> None:
        sent = self._send(bytes(self._unsent))
        del self._unsent[:sent]
        if not self._unsent and self._port is not None:
            self._loop.remove_writer(self._fd)

    def _send(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._lose(f"writing failed: {error.strerror}")
            return 0

    def _lose(self, why: str) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        self._why_lost = why
        self._unsent.clear()
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        with suppress(OSError, serial.SerialException):
            port.close()
        self._on_readable()

    def _check(self) -> None:
        if self._port is None:
            raise LinkLostError(f"{self._device}: {self._why_lost}")
