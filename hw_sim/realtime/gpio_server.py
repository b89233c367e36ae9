"""The unit's end of the GPIO wires: a Unix socket in the unit's folder.

Sends the panel levels on every edge and again every REPEAT_S, so that the Pi's end can tell a quiet
unit from a frozen one; takes the Pi's driven outputs. A client that talks nonsense or does not read
is cut off. Runs on the unit's loop; decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from edge.ports import Panel
from hw_sim.realtime.pin_lines import LineBuffer, LineError, decode, encode
from hw_sim.realtime.wiring import INPUT_PINS, OUTPUT_PINS, REPEAT_S

# A reader this far behind is dead: 64 KiB is more than a minute of repeats.
BACKLOG_BYTES_MAX: Final = 65536

log = structlog.get_logger()


class GpioServer:
    """Serves one unit's wires to any number of Pis (one, in practice)."""

    def __init__(
        self, path: Path, panel: Panel, on_outputs: Callable[[dict[str, bool]], None]
    ) -> None:
        self._path = path
        self._panel = panel
        self._on_outputs = on_outputs
        self._drives: dict[asyncio.StreamWriter, dict[int, bool]] = {}
        self._server: asyncio.Server | None = None
        self._repeat: asyncio.TimerHandle | None = None

    @property
    def clients(self) -> int:
        """Pis connected now."""
        return len(self._drives)

    async def start(self) -> None:
        """Listen; a socket left by a dead unit is replaced."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path=str(self._path))
        self._panel.watch(self._send_levels)
        self._tick()

    async def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        self.freeze()
        if self._server is not None:
            self._server.close()
            for writer in list(self._drives):
                writer.transport.abort()
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
        return {name: pin in high for name, pin in OUTPUT_PINS.items()}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._drives[writer] = {}
        buffer = LineBuffer()
        try:
            writer.write(self._levels())
            while data := await reader.read(4096):
                for line in buffer.feed(data):
                    self._drives[writer] = decode("drive", line)
                    self._on_outputs(self.outputs())
        except LineError as error:
            log.warning("gpio client cut off", reason=str(error))
        except ConnectionError:
            pass  # a killed Pi hangs up like this; its outputs are released below
        finally:
            del self._drives[writer]
            writer.transport.abort()
            self._on_outputs(self.outputs())

    def _levels(self) -> bytes:
        levels = self._panel.read()
        return encode("levels", {INPUT_PINS[name]: level for name, level in levels.items()})

    def _send_levels(self) -> None:
        line = self._levels()
        for writer in list(self._drives):
            if writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
                log.warning("gpio client cut off", reason="does not read")
                writer.transport.abort()
            elif not writer.is_closing():
                writer.write(line)

    def _tick(self) -> None:
        self._send_levels()
        self._repeat = asyncio.get_running_loop().call_later(REPEAT_S, self._tick)
