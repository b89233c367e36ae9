"""HTTP around the simulated clinic server, for people and for the production edge.

`python -m hw_sim clinic` calls serve(): loopback only, today's data made if there is none yet, what
was received kept in one file of the folder. No decisions here.
"""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from hw_sim.clinic import seed as seeds
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.clinic.quirks import Quirks

HOST = "127.0.0.1"
BODY_BYTES_MAX = 64 * 1024 * 1024
RESEED_S = 600.0  # a new day gets its appointments within this time


def serve(
    port: int,
    folder: Path,
    *,
    unit_id: str = "SIM-0001",
    seed: int = 1,
    time_zone: str = "Europe/Berlin",
    quirks: Quirks | None = None,
) -> None:
    """Run until SIGINT or SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ClinicServer(
        _now,
        quirks or Quirks(),
        base_url=f"http://{HOST}:{port}/fhir",
        file=folder / "clinic.json",
    )
    asyncio.run(_serve(server, port, unit_id=unit_id, seed=seed, time_zone=time_zone))


async def start(server: ClinicServer, port: int) -> web.AppRunner:
    """Listen on loopback; the caller cleans the runner up. Port 0 takes a free one."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        status, headers, text = server.handle(
            request.method, request.raw_path, dict(request.headers), body
        )
        return web.Response(status=status, headers=headers, body=text)

    application = web.Application(client_max_size=BODY_BYTES_MAX)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner


async def _serve(
    server: ClinicServer, port: int, *, unit_id: str, seed: int, time_zone: str
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    _seed(server, unit_id, seed, time_zone)
    runner = await start(server, port)
    try:
        while not stopped.is_set():
            try:
                async with asyncio.timeout(RESEED_S):
                    await stopped.wait()
            except TimeoutError:
                _seed(server, unit_id, seed, time_zone)
    finally:
        await runner.cleanup()


def _seed(server: ClinicServer, unit_id: str, seed: int, time_zone: str) -> None:
    """Today's data, unless today has some already: what people changed is not undone."""
    now = _now()
    if not seeds.has_day(server.resources("Appointment"), now, time_zone):
        server.load(seeds.day(now, unit_id, seed=seed, time_zone=time_zone))


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the entry point of a simulator process
