"""The production edge on a controller that is real MicroPython under node.

node owns a TCP socket; here it is joined to a pty that the edge opens as its serial device. The
panel's wires are the simulator's GPIO socket with every contact safe. Runs on the test's own loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

from edge.ports import PanelInput
from firmware.wire.codes import ARMED, TRAIN
from firmware.wire.framing import Decoder
from firmware.wire.reports import Status
from hw_sim.plant.host_enable import HOST_LIFE_NS
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.realtime.gpio_server import GpioServer
from hw_sim.realtime.run_files import UNIT_ID, link_key_of
from hw_sim.realtime.serial_pty import PtySerial
from hw_sim.realtime.wiring import HOST_OUTPUT, SERIAL_NAME, SOCKET_NAME
from tests.firmware.fake_hal import FakeHal
from tests.support.short_run import SHORT, ShortRun

TESTS = Path(__file__).parents[1]
SCRIPT = TESTS / "micropython" / "unit_on_line.mjs"
PACKAGE = TESTS / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
# Two trains of a second: the shortest session that has a pause between trains.
BRIEF: dict[str, Any] = SHORT | {
    "steps": [{"name": "short", "train_levels": 1, "levels": [[10, 100_000], [2, 3_000_000]]}]
}
BRIEF_PULSES = 20
BRIEF_SPAN_US = 3_000_000 + 9 * 100_000
START_S_MAX = 20.0


class SafePanel:
    """Every contact of the room closed, nobody moves one; both enables read back as they are."""

    def __init__(self) -> None:
        self._host_level = False
        self._host_edge_at: float | None = None
        self._is_armed = False
        self._decoder = Decoder()

    def drive(self, outputs: Mapping[str, bool]) -> None:
        """The edge's outputs: an edge of its enable retriggers the one-shot."""
        if outputs[HOST_OUTPUT] is not self._host_level:
            self._host_level = outputs[HOST_OUTPUT]
            self._host_edge_at = asyncio.get_running_loop().time()

    def hear(self, data: bytes) -> None:
        """What the controller says: its enable is on in the states that it names."""
        for kind, _, payload in self._decoder.feed(data):
            if kind == Status.TYPE:
                status = Status.unpack(payload)
                assert isinstance(status, Status)
                self._is_armed = status.state in (ARMED, TRAIN)

    def fitted(self) -> tuple[PanelInput, ...]:
        return tuple(PanelInput)

    def read(self) -> Mapping[PanelInput, bool]:
        edge_at, now = self._host_edge_at, asyncio.get_running_loop().time()
        return dict.fromkeys(PanelInput, True) | {
            PanelInput.HOST_BACK: edge_at is not None and now - edge_at < HOST_LIFE_NS / 1e9,
            PanelInput.GATE_BACK: self._is_armed,
        }

    def watch(self, callback: Callable[[], None] | None) -> None:
        del callback


class SafeThermometer:
    """A contact face of 25 degrees; its last digit moves, as a working sensor's does."""

    def __init__(self) -> None:
        self._faces = cycle((512, 513))

    def read(self) -> tuple[int, int]:
        return next(self._faces), 512


class MicroPythonUnit:
    """The node process, its socket, and the pty in the run's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pty = PtySerial(folder / SERIAL_NAME, self._to_unit)
        self._panel = SafePanel()
        self._gpio = GpioServer(
            folder / SOCKET_NAME, self._panel, SafeThermometer(), self._panel.drive
        )
        self._node: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Up and listening."""
        assert PACKAGE.is_dir(), f"MicroPython is not installed: run 'npm ci' in {TESTS}"
        key = link_key_of(self._folder).hex()
        pipe = asyncio.subprocess.PIPE
        self._node = await asyncio.create_subprocess_exec(
            "node", str(SCRIPT), key, UNIT_ID, stdin=pipe, stdout=pipe, cwd=TESTS
        )
        async with asyncio.timeout(START_S_MAX):
            port = int((await self._said("PORT"))[0])
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._pty.plug()
        self._pump = asyncio.create_task(self._to_edge(reader))
        await self._gpio.start()

    async def stop(self) -> tuple[int, int, int, str]:
        """What it gave: count, time of the first and the last pulse, state."""
        assert self._node is not None
        assert self._node.stdin is not None
        self._node.stdin.close()
        count, first_us, last_us, state = await self._said("PULSES")
        await self._node.wait()
        return int(count), int(first_us), int(last_us), state

    async def close(self) -> None:
        """Everything away, whatever happened before."""
        if self._node is not None and self._node.returncode is None:
            self._node.kill()
            await self._node.wait()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
        await self._gpio.close()
        self._pty.unplug()

    def _to_unit(self, data: bytes) -> None:
        if self._writer is not None:
            self._writer.write(data)

    async def _to_edge(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(4096):
            self._panel.hear(data)
            self._pty.write(data)

    async def _said(self, word: str) -> list[str]:
        assert self._node is not None
        assert self._node.stdout is not None
        while line := (await self._node.stdout.readline()).decode():
            first, *rest = line.split()
            if first == word:
                return rest
            assert first != "ENDED", line
        raise AssertionError(f"the controller ended without a word of {word}")


class MicroPythonRun(ShortRun):
    """Edge and clinic as in every short run; the unit is real MicroPython."""

    accounts = DEMO_ACCOUNTS[:1]
    image_hash = FakeHal().image()[1].hex()

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, BRIEF)
        self.unit = MicroPythonUnit(folder)

    async def start_unit(self) -> None:
        await self.unit.start()

    async def stop(self) -> None:
        await super().stop()
        await self.unit.close()
