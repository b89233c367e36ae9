"""Real processes for tests: simulated unit, production edge, and a clinic in the test's own loop.

The treatment is a short protocol of its own signed library (80 pulses in four trains of two
seconds, every four and a half seconds), so that a whole visit takes half a minute of real time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from edge.domain.protocol import Protocol
from edge.domain.protocol_parse import parse_protocol
from edge.services.library import MANIFEST, read_library_files, sign_library
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.clinic.server import start as start_clinic
from hw_sim.keys.sign_library import KEY_FILE
from hw_sim.realtime.accounts import DEMO_ACCOUNTS, DemoAccount, seed_accounts
from hw_sim.realtime.certificate import grant_certificate
from hw_sim.realtime.run_files import REPOSITORY, Ports, config_text
from hw_sim.realtime.wiring import DIR_VARIABLE
from hw_sim.system import visit_resources

SHORT: dict[str, Any] = {
    "id": "short-10hz",
    "version": "1.0.0",
    "name": "Short 10 Hz",
    "indication": "tests",
    "status": "published",
    "side": "left",
    "site": "dlpfc-left",
    "coil_types": ["figure8", "figure8_cooled"],
    "mt_basis": "rmt",
    "percent_mt": {"min": 80, "default": 120, "max": 120},
    "gap_s_min": 0,
    "sessions_per_day_max": 9,
    "sessions_course": 36,
    "open": [],
    "notes": [],
    "steps": [{"name": "short", "train_levels": 1, "levels": [[20, 100_000], [4, 4_500_000]]}],
    "sources": [
        {"field": name, "tag": "P", "text": "for tests"}
        for name in ("steps", "percent_mt", "sessions_per_day_max", "sessions_course", "status")
    ],
}
PULSES = 80
R = TypeVar("R", bound="ShortRun")


def short_protocol(data: dict[str, Any] = SHORT) -> Protocol:
    parsed = parse_protocol(data)
    assert isinstance(parsed, Protocol), parsed
    return parsed


def write_library(folder: Path, data: dict[str, Any] = SHORT) -> None:
    """A library of the short protocol alone, signed with the development key."""
    folder.mkdir()
    (folder / "short-10hz.toml").write_text(_toml(data))
    files = read_library_files(folder)
    key = KEY_FILE.read_text(encoding="ascii").strip()
    manifest = sign_library(files, key, "2026.1.1", author="tests", approver="tests")
    (folder / MANIFEST).write_bytes(manifest)


class ShortRun:
    """The processes. kill_edge() and start_edge() as often as a test likes."""

    accounts: tuple[DemoAccount, ...] = DEMO_ACCOUNTS[:1]  # the technician
    image_hash = ""  # of the unit's firmware, hex
    has_certificate = True  # somebody has made the safety test this morning

    def __init__(self, folder: Path, protocol: dict[str, Any] = SHORT) -> None:
        self.folder = folder
        self._protocol = protocol
        self.ports = Ports(*_free_ports(3))
        self.origin = f"http://127.0.0.1:{self.ports.kiosk}"
        self.config = folder / "tms-edge.toml"
        self.clinic = ClinicServer(lambda: datetime.now(UTC))  # noqa: TID251
        self._edge: asyncio.subprocess.Process | None = None
        self._unit: asyncio.subprocess.Process | None = None
        self._site: Any = None
        self._env = os.environ | {DIR_VARIABLE: str(folder)}

    async def start(self) -> None:
        """Everything up and answering."""
        write_library(self.folder / "protocols", self._protocol)
        text = config_text(self.folder, self.ports)
        shipped = REPOSITORY / "edge" / "protocols"
        self.config.write_text(text.replace(str(shipped), str(self.folder / "protocols")))
        self.clinic.load(visit_resources(short_protocol(self._protocol), datetime.now(UTC)))  # noqa: TID251
        self._site = await start_clinic(self.clinic, self.ports.clinic)
        await self.start_unit()
        await seed_accounts([_command()], self.config, self.accounts)
        if self.has_certificate:
            grant_certificate(self.config, image_hash=self.image_hash)
        await self.start_edge()

    async def start_unit(self) -> None:
        """The simulated unit as a process of its own, on its pty and wires."""
        sim = (sys.executable, "-m", "hw_sim", "unit", "--dir", str(self.folder))
        self._unit = await self._spawn("unit", *sim, "--port", str(self.ports.bench))
        await self._answers(f"http://127.0.0.1:{self.ports.bench}/state")

    async def start_edge(self) -> None:
        """The production entry point as its own process, ready."""
        arguments = ("serve", "--config", str(self.config))
        self._edge = await self._spawn("edge", _command(), *arguments)
        await self._answers(f"{self.origin}/health")

    async def kill_edge(self) -> None:
        """SIGKILL, as a power cut of the Pi would look to the unit."""
        assert self._edge is not None
        self._edge.send_signal(signal.SIGKILL)
        await self._edge.wait()

    def signal_edge(self, number: signal.Signals) -> None:
        """SIGSTOP and SIGCONT: a process that stands still, and goes on."""
        assert self._edge is not None
        self._edge.send_signal(number)

    async def stop(self) -> None:
        for process in (self._edge, self._unit):
            if process is not None and process.returncode is None:
                process.terminate()
                await process.wait()
        if self._site is not None:
            await self._site.cleanup()
            self._site = None

    async def bench(self, path: str) -> Any:
        """JSON of the bench panel: /truth or /state."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{self.ports.bench}{path}") as answer,
        ):
            return await answer.json()

    async def act(self, name: str, **fields: object) -> None:
        """A hand at the bench panel, such as act("estop", on=True)."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                f"http://127.0.0.1:{self.ports.bench}/act", json={"act": name, **fields}
            ) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def cli(self, *arguments: str) -> str:
        """What `tms-edge` says to this unit's configuration and the technician's PIN."""
        process = await asyncio.create_subprocess_exec(
            _command(),
            *arguments,
            "--config",
            str(self.config),
            stdout=asyncio.subprocess.PIPE,
            env=self._env | {"TMS_PIN": DEMO_ACCOUNTS[0].pin},
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out
        return out.decode()

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    async def _spawn(self, name: str, *argv: str) -> asyncio.subprocess.Process:
        with (self.folder / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *argv, stdout=log, stderr=log, env=self._env
            )

    async def _answers(self, url: str) -> None:
        async with asyncio.timeout(40), aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.get(url) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)


@asynccontextmanager
async def short_run(folder: Path) -> AsyncIterator[ShortRun]:
    """Started processes, stopped at the end."""
    async with started(ShortRun(folder)) as run:
        yield run


@asynccontextmanager
async def started(run: R) -> AsyncIterator[R]:
    """The same for a run of another kind."""
    try:
        await run.start()
        yield run
    except BaseException:
        sys.stderr.write(f"--- edge\n{run.log_of('edge') if run.config.exists() else ''}\n")
        raise
    finally:
        await run.stop()


def _command() -> str:
    return str(Path(sys.executable).with_name("tms-edge"))


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _toml(data: dict[str, Any]) -> str:
    """TOML of plain nested data; JSON scalars and lists are TOML too, tables become inline."""
    return "\n".join(f"{key} = {_inline(value)}" for key, value in data.items()) + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(v) for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
