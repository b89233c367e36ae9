"""The bench panel: one page, its live states, the acts of a person at the unit, and the truth.

Serves 127.0.0.1 only. A page of another origin can neither read nor press anything: Host and
Origin must be this panel's own, and an act is a JSON POST. Knows HTTP; what an act does is
bench_unit.py's business. Runs on the unit's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from hw_sim.realtime.bench_unit import ActError, BenchUnit
from hw_sim.realtime.truth import ROWS_MAX

BODY_BYTES_MAX: Final = 4096
LIVE_PERIOD_S: Final = 0.5
LIVE_GAP_S: Final = 0.05  # pulses of a burst are drawn together
VIEWERS_MAX: Final = 8

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGE: Final = {
    "/": ("bench.html", "text/html"),
    "/bench.css": ("bench.css", "text/css"),
    "/bench.js": ("bench.js", "text/javascript"),
}

log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Bench:
    """HTTP around one unit."""

    def __init__(self, unit: BenchUnit, port: int) -> None:
        self._unit = unit
        self._port = port
        self._viewers: list[web.WebSocketResponse] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Serve on 127.0.0.1. Raises OSError when the port is taken."""
        app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[self._guard])
        for path in PAGE:
            app.router.add_get(path, self._page)
        app.router.add_get("/favicon.ico", self._nothing)
        app.router.add_get("/state", self._state)
        app.router.add_get("/truth", self._truth)
        app.router.add_get("/live", self._live)
        app.router.add_post("/act", self._act)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def close(self) -> None:
        """Send the viewers away and stop serving."""
        for viewer in list(self._viewers):
            await viewer.close(code=WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        names = (f"127.0.0.1:{self._port}", f"localhost:{self._port}")
        origin = request.headers.get("Origin")
        if request.host not in names or origin not in (None, *(f"http://{n}" for n in names)):
            answer: web.StreamResponse = _error(403, "the bench panel answers its own page only")
        else:
            try:
                answer = await handler(request)
            except web.HTTPException as error:
                answer = _error(error.status, error.reason)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    async def _page(self, request: web.Request) -> web.Response:
        name, kind = PAGE[request.path]
        body = files("hw_sim.realtime").joinpath("bench_page", name).read_bytes()
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def _nothing(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(self._unit.state())

    async def _truth(self, request: web.Request) -> web.Response:
        try:
            since_ns = int(request.query.get("since_ns", "0"))
            rows = int(request.query.get("rows", str(ROWS_MAX)))
        except ValueError:
            return _error(400, "since_ns and rows are whole numbers")
        return web.json_response(self._unit.truth(since_ns=since_ns, rows=max(rows, 0)))

    async def _act(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _error(415, "an act is JSON")
        try:
            body = json.loads(await request.read())
            self._unit.act(body)
        except ValueError as error:
            return _error(400, f"not JSON: {error}")
        except ActError as error:
            return _error(400, str(error))
        log.info("act at the bench", **body)
        return web.json_response(self._unit.state())

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if len(self._viewers) >= VIEWERS_MAX:
            return _error(503, "too many bench panels are open; close one")
        socket = web.WebSocketResponse(max_msg_size=BODY_BYTES_MAX, compress=False)
        socket.headers.update(HEADERS)
        await socket.prepare(request)
        self._viewers.append(socket)
        sender = asyncio.create_task(self._send_states(socket))
        try:
            async for message in socket:
                if message.type is not WSMsgType.PONG:
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        finally:
            self._viewers.remove(socket)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
        return socket

    async def _send_states(self, socket: web.WebSocketResponse) -> None:
        while not socket.closed:
            with contextlib.suppress(ConnectionError):
                await socket.send_json(self._unit.state())
            await self._unit.changed(LIVE_PERIOD_S)
            await asyncio.sleep(LIVE_GAP_S)


def _error(status: int, words: str) -> web.Response:
    return web.json_response({"error": words}, status=status)
