"""The real HTTP server on the loopback, on a fake chair; and a client for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from edge.api import schema
from edge.api.page import Asset, assets_of
from edge.api.server import create_app, make_runner
from edge.ports import Recordings
from edge.services.archive import Archive
from edge.services.journal import Journal
from tests.edge.api.fakes import (
    PINS,
    Bench,
    FixedClock,
    decode_server,
)

PAGE = assets_of(
    {
        "index.html": b"<!doctype html><title>chair</title>",
        "assets/main-Ab12_-xy.js": b"let a=1",
        "assets/plain.css": b"a{}",
        "secret.key": b"never",
    }
)


@dataclass
class Site:
    made: Bench
    client: aiohttp.ClientSession
    origin: str
    port: int

    async def request(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any, Any]:
        """Status, headers, body; the own Origin unless headers are given."""
        kwargs.setdefault("headers", {"Origin": self.origin})
        async with self.client.request(method, self.origin + path, **kwargs) as answer:
            body = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, answer.headers, json.loads(body) if is_json else body

    async def login(self, user_id: str) -> tuple[int, Any, Any]:
        body = {"user_id": user_id, "pin": PINS[user_id]}
        return await self.request("POST", "/api/login", json=body)

    def connect(self, **kwargs: Any) -> Any:
        kwargs.setdefault("headers", {"Origin": self.origin})
        return self.client.ws_connect(self.origin + "/ws", **kwargs)


@contextlib.asynccontextmanager
async def open_site(
    recordings: Recordings | None = None, page: Mapping[str, Asset] = PAGE
) -> AsyncIterator[Site]:
    made = Bench()
    await made.add_accounts()
    port = unused_port()
    origin = f"http://127.0.0.1:{port}"
    app = create_app(
        made.hub,
        kiosk=made.with_origins(origin),
        page=page,
        archive=Archive(made.store),
        journal=Journal(made.store, FixedClock(), boot=1),
        recordings=recordings,
    )
    running = asyncio.create_task(made.hub.run())
    runner = make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        yield Site(made, client, origin, port)
    await runner.cleanup()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    made.store.close()


async def snapshot_of(ws: aiohttp.ClientWebSocketResponse) -> schema.Snapshot:
    while True:
        message = decode_server((await ws.receive(timeout=5)).data)
        if isinstance(message, schema.Snapshot):
            return message


async def raw(site: Site, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(request)
    answer = await reader.read(2000)
    writer.close()
    await writer.wait_closed()
    return answer
