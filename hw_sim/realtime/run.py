"""`python -m hw_sim run`: everything on one machine, for people.

Starts the simulated unit, the clinic server and the production edge, each as a process of its own,
prints one address, and keeps watch: the edge is restarted as an init system would, the end of
anything else ends the run. Decides nothing about treatment. Runs on its own asyncio loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from rich.console import Console
from rich.markup import escape

from hw_sim.realtime.accounts import DEMO_ACCOUNTS, seed_accounts
from hw_sim.realtime.certificate import grant_certificate
from hw_sim.realtime.children import Child, ending
from hw_sim.realtime.run_files import (
    TIME_ZONE,
    UNIT_ID,
    Ports,
    RunError,
    check_ports,
    claim_folder,
    link_key_of,
    write_config,
)
from hw_sim.realtime.wiring import DIR_VARIABLE, SERIAL_NAME, SOCKET_NAME

READY_S_MAX: Final = 30.0
# One child after the other, within five seconds for Ctrl-C: the edge first, so that it can disarm.
STOP_S: Final = 2.5
STOP_REST_S: Final = 1.0
RESTART_AFTER_S: Final = 1.0
RESTARTS_MAX: Final = 10
RESTART_WINDOW_S: Final = 300.0


@dataclass(frozen=True)
class RunOptions:
    """The command line of `run`."""

    folder: Path
    seed: int
    coil: str
    ports: Ports
    is_fresh: bool
    has_certificate: bool
    sim: tuple[str, ...] = (sys.executable, "-m", "hw_sim")
    edge: tuple[str, ...] = (str(Path(sys.executable).with_name("tms-edge")),)


class RestartBudget:
    """How often the edge may come back: as an init system with a start limit."""

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def take(self, now_s: float) -> bool:
        """One restart at this time; False when there were too many lately."""
        while self._at and now_s - self._at[0] > RESTART_WINDOW_S:
            self._at.popleft()
        if len(self._at) >= RESTARTS_MAX:
            return False
        self._at.append(now_s)
        return True


class Run:
    """The processes of one run and their order."""

    def __init__(self, options: RunOptions, console: Console) -> None:
        self._options = options
        self._console = console
        folder, ports = options.folder, options.ports
        self._config = folder / "tms-edge.toml"
        sim = options.sim
        at = ("--dir", str(folder))
        seed = ("--seed", str(options.seed), "--unit-id", UNIT_ID)
        coil = ("--coil", options.coil)
        self.unit = self._child(
            "unit", (*sim, "unit", *at, *seed, *coil, "--port", str(ports.bench))
        )
        zone = ("--time-zone", TIME_ZONE)
        self.clinic = self._child(
            "clinic", (*sim, "clinic", *at, *seed, *zone, "--port", str(ports.clinic))
        )
        self.edge = self._child("edge", (*options.edge, "serve", "--config", str(self._config)))

    async def start(self) -> None:
        """Bring everything up in order. Raises RunError (in a group) naming what did not come."""
        ports = self._options.ports
        await self.unit.start()
        await self.clinic.start()
        async with asyncio.TaskGroup() as group:
            bench = f"http://127.0.0.1:{ports.bench}/state"
            group.create_task(self._ready(self.unit, bench))
            clinic = f"http://127.0.0.1:{ports.clinic}/fhir/metadata"
            group.create_task(self._ready(self.clinic, clinic))
            group.create_task(seed_accounts(list(self._options.edge), self._config))
        if self._options.has_certificate:
            grant_certificate(self._config)
        for name in (SERIAL_NAME, SOCKET_NAME):
            assert (self._options.folder / name).exists(), f"the unit offers no {name}"
        await self.edge.start()
        await self._ready(self.edge, f"http://127.0.0.1:{ports.kiosk}/health")

    async def watch(self) -> None:
        """Until something ends the run. Raises RunError (in a group) when a child did."""
        async with asyncio.TaskGroup() as group:
            for child in (self.unit, self.clinic):
                group.create_task(self._must_live(child))
            group.create_task(self._keep_edge())

    async def stop(self) -> None:
        """The edge first, so that it can disarm and close its database; then the rest."""
        await self.edge.stop(STOP_S)
        await asyncio.gather(self.clinic.stop(STOP_REST_S), self.unit.stop(STOP_REST_S))

    def _child(self, name: str, argv: tuple[str, ...]) -> Child:
        folder = self._options.folder
        env = {DIR_VARIABLE: str(folder), "PYTHONUNBUFFERED": "1"}
        return Child(name, argv, folder / "logs" / f"{name}.log", env)

    async def _ready(self, child: Child, url: str) -> None:
        """Wait for a 200. Raises RunError when the child ends or takes too long."""
        waiting = asyncio.create_task(_answers(url))
        ended = asyncio.create_task(child.wait())
        await asyncio.wait(
            {waiting, ended}, timeout=READY_S_MAX, return_when=asyncio.FIRST_COMPLETED
        )
        is_ready = waiting.done() and waiting.exception() is None
        code = ended.result() if ended.done() else None
        for task in (waiting, ended):
            task.cancel()
        await asyncio.gather(waiting, ended, return_exceptions=True)
        if code is not None:
            raise RunError(_obituary(child, f"The {child.name} {ending(code)}."))
        if not is_ready:
            what = f"The {child.name} did not answer at {url} within {READY_S_MAX:.0f} s."
            raise RunError(_obituary(child, what))

    async def _must_live(self, child: Child) -> None:
        code = await child.wait()
        raise RunError(_obituary(child, f"The {child.name} {ending(code)}."))

    async def _keep_edge(self) -> None:
        """Restart the edge when it ends; give up when it does so too often."""
        loop = asyncio.get_running_loop()
        budget = RestartBudget()
        while True:
            code = await self.edge.wait()
            if not budget.take(loop.time()):
                minutes = RESTART_WINDOW_S / 60
                what = f"The edge {ending(code)}, {RESTARTS_MAX} restarts in {minutes:.0f} minutes."
                raise RunError(_obituary(self.edge, what))
            self._console.print(f"The edge {ending(code)}; restarting it.", style="yellow")
            await asyncio.sleep(RESTART_AFTER_S)
            await self.edge.start()


async def run_everything(options: RunOptions, console: Console) -> int:
    """Start, print the address, watch, stop. Exit code of the command."""
    try:
        lock = claim_folder(options.folder, is_fresh=options.is_fresh)
    except RunError as error:
        return _refuse(console, error)
    try:
        check_ports(options.ports)
        write_config(options.folder, options.ports)
        link_key_of(options.folder)
        return await _until_signal(lambda: _session(Run(options, console), options, console))
    except RunError as error:
        return _refuse(console, error)
    finally:
        os.close(lock)


async def _session(running: Run, options: RunOptions, console: Console) -> None:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(running.stop)
        try:
            with console.status("Starting the simulated unit, the clinic and the edge"):
                await running.start()
            _announce(options, console)
            await running.watch()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None


async def _until_signal(body: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run until Ctrl-C, SIGTERM or the closing of the terminal: the ordinary ends."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(body())
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return 0
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
    return 0


async def _answers(url: str) -> None:
    """Return once this address answers 200."""
    async with aiohttp.ClientSession(trust_env=False) as http:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)


def _announce(options: RunOptions, console: Console) -> None:
    ports = options.ports
    console.print(f"\nOpen [bold]http://127.0.0.1:{ports.kiosk}/[/bold]\n")
    rows = (
        *((f"Log in as {a.role}", f"{a.name}, PIN {a.pin}") for a in DEMO_ACCOUNTS),
        ("Bench panel", f"http://127.0.0.1:{ports.bench}/"),
        ("Clinic", f"http://127.0.0.1:{ports.clinic}/"),
        ("Service console", f"http://127.0.0.1:{ports.kiosk}/service"),
        ("Files and logs", f"{options.folder}"),
    )
    for name, value in rows:
        console.print(f"{name:<22} {escape(value)}", style="dim", highlight=False, soft_wrap=True)
    console.print("Simulated unit, not a medical device. Ctrl-C stops everything.", style="dim")


def _refuse(console: Console, error: RunError) -> int:
    console.print(f"[bold red]Stopped.[/] {escape(str(error))}", highlight=False)
    return 1


def _obituary(child: Child, what: str) -> str:
    lines = "\n".join(f"  {line}" for line in child.tail()) or "  (empty)"
    return f"{what}\nLast lines of {child.log}:\n{lines}"
