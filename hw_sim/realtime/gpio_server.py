"""The unit's end of the GPIO wires: a Unix socket in the unit's folder.

Sends the panel levels on every edge and again every REPEAT_S, so that the Pi's end can tell a quiet
unit from a frozen one; takes the Pi's driven outputs. A client that talks nonsense or does not read
is cut off. What the Pi sends is taken in before any timer of the same turn of the loop, so that a
unit that was not let run for a moment books edges before their absence. Runs on the unit's loop;
decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from edge.ports import Panel, Thermometer
from hw_sim.kernel import NS_PER_S
from hw_sim.realtime.pin_lines import (
    Drive,
    LineBuffer,
    LineError,
    decode_drive,
    encode,
    moment_ns,
)
from hw_sim.realtime.pin_spi import encode_analogue
from hw_sim.realtime.wiring import INPUT_PINS, OUTPUT_PINS, REPEAT_S, SOUNDER_BACK_PIN

# A reader this far behind is dead: 64 KiB is more than a minute of repeats.
BACKLOG_BYTES_MAX: Final = 65536

log = structlog.get_logger()


class GpioServer:
    """Serves one unit's wires to any number of Pis (one, in practice)."""

    def __init__(
        self,
        path: Path,
        panel: Panel,
        thermometer: Thermometer,
        on_outputs: Callable[[dict[str, bool]], None],
    ) -> None:
        self._path = path
        self._panel = panel
        self._thermometer = thermometer
        self._on_outputs = on_outputs
        self._drives: dict[_Client, dict[int, Drive]] = {}
        self.moved_ns = 0  # when the outputs handed over last were set; never in the future
        self.is_sounder_dead = False  # neither sound nor current; a bench fault
        self._server: asyncio.Server | None = None
        self._repeat: asyncio.TimerHandle | None = None

    @property
    def clients(self) -> int:
        """Pis connected now."""
        return len(self._drives)

    async def start(self) -> None:
        """Listen; a socket left by a dead unit is replaced."""
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Client(self), path=str(self._path))
        self._panel.watch(self._send_levels)
        self._tick()

    async def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        self.freeze()
        if self._server is not None:
            self._server.close()
            for client in list(self._drives):
                client.transport.abort()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Go silent without hanging up, as a stopped process would; a bench fault."""
        self._panel.watch(None)
        if self._repeat is not None:
            self._repeat.cancel()

    def outputs(self) -> dict[str, bool]:
        """What the Pi drives, by name; an undriven output is off."""
        high = {pin for drive in self._drives.values() for pin, level in drive.items() if level}
        outputs = {name: pin in high for name, pin in OUTPUT_PINS.items()}
        outputs["sounder"] &= not self.is_sounder_dead
        return outputs

    def joined(self, client: _Client) -> None:
        """A Pi is there; it hears all levels at once."""
        self._drives[client] = {}
        client.transport.write(self._levels() + self._analogue())

    def left(self, client: _Client) -> None:
        """It hung up or was killed: its outputs are released."""
        if self._drives.pop(client, None) is not None:
            self._hand_over(None)

    def take(self, client: _Client, line: bytes) -> None:
        """The Pi drives something else; the sounder's current follows at once. Raises LineError."""
        drive, at_ns = decode_drive(line), moment_ns(line)
        was_sounding = self.outputs()["sounder"]
        self._drives[client] = drive
        self._hand_over(at_ns)
        if self.outputs()["sounder"] is not was_sounding:
            self._send_levels()

    def _hand_over(self, at_ns: int | None) -> None:
        now_ns = round(asyncio.get_running_loop().time() * NS_PER_S)
        self.moved_ns = now_ns if at_ns is None else min(at_ns, now_ns)
        self._on_outputs(self.outputs())

    def _levels(self) -> bytes:
        levels = self._panel.read()
        pins: dict[int, Drive] = {INPUT_PINS[name]: level for name, level in levels.items()}
        return encode("levels", pins | {SOUNDER_BACK_PIN: self.outputs()["sounder"]})

    def _send_levels(self) -> None:
        self._send(self._levels())

    def _send(self, lines: bytes) -> None:
        for client in list(self._drives):
            if client.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
                log.warning("gpio client cut off", reason="does not read")
                client.transport.abort()
            elif not client.transport.is_closing():
                client.transport.write(lines)

    def _analogue(self) -> bytes:
        """What the converter would read now; nothing when it is dead."""
        raw = self._thermometer.read()
        return encode_analogue({} if raw is None else dict(enumerate(raw)))

    def _tick(self) -> None:
        self._send(self._levels() + self._analogue())
        self._repeat = asyncio.get_running_loop().call_later(REPEAT_S, self._tick)


class _Client(asyncio.Protocol):
    """One Pi on the socket."""

    transport: asyncio.Transport

    def __init__(self, server: GpioServer) -> None:
        self._server = server
        self._buffer = LineBuffer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._server.joined(self)

    def data_received(self, data: bytes) -> None:
        try:
            for line in self._buffer.feed(data):
                self._server.take(self, line)
        except LineError as error:
            log.warning("gpio client cut off", reason=str(error))
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # a killed Pi hangs up with one
        self._server.left(self)
