"""The hub's doors over real HTTP and WebSocket: the kiosk robot drives a real process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from edge.domain.verdict import Verdict


class HttpConnection:
    """One WebSocket; what is received before it is open waits."""

    def __init__(self, hub: HttpHub, send: Callable[[bytes], None]) -> None:
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(hub, send))

    def receive(self, data: bytes) -> None:
        """What the page says."""
        self._outbox.put_nowait(data)

    def disconnect(self) -> None:
        self._task.cancel()

    async def _run(self, hub: HttpHub, send: Callable[[bytes], None]) -> None:
        async with hub.http.ws_connect("/ws", headers={"Origin": hub.origin}) as socket:
            writer = asyncio.create_task(self._write(socket))
            try:
                async for message in socket:
                    send(message.data if isinstance(message.data, bytes) else message.data.encode())
            finally:
                writer.cancel()

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await socket.send_str((await self._outbox.get()).decode())


class HttpHub:
    """login() and connect() as edge.api.hub.Hub has them."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = aiohttp.ClientSession(origin, cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def login(self, user_id: str, pin: str) -> tuple[str, Any] | Verdict:
        body = {"user_id": user_id, "pin": pin}
        async with self.http.post(
            "/api/login", json=body, headers={"Origin": self.origin}
        ) as answer:
            if answer.status != 200:
                return Verdict((await answer.json())["code"])
            return "cookie", await answer.json()

    def connect(self, send: Callable[[bytes], None], *, token: str = "") -> HttpConnection:
        del token  # the cookie jar holds it
        return HttpConnection(self, send)

    async def close(self) -> None:
        await self.http.close()
