"""A service that only plays pictures: serves kiosk/dist and one fixture over /ws, again and again.

For the page's own tests and for looking at it. The picture is chosen by `/?fixture=NAME` and kept
in a cookie, so that tabs of one browser share it. Commands are accepted or refused as the test
says; STOP takes the output off. The real service, its rules and its checks are elsewhere. Run as a
module it serves on 127.0.0.1:8099.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from edge.api.page import Asset, answer_page, read_page

ROOT = Path(__file__).parents[2] / "kiosk"
DIST = ROOT / "dist"
FIXTURES = ROOT / "tests" / "fixtures"
COOKIE = "fixture"
PERIOD_S = 0.25
# The policy of the real service: an inline script or style would be seen here.
POLICY = "default-src 'self'; frame-ancestors 'none'"


@dataclass
class Player:
    """What is played, what was heard, and how the service misbehaves."""

    received: list[dict[str, Any]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # command -> code
    change: dict[str, Any] = field(default_factory=dict)  # fields put over the picture
    name: str = ""  # when set, every page is shown this picture, whatever its cookie says
    is_silent: bool = False
    is_deaf: bool = False  # nothing is answered
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    rev: int = 100
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, message: dict[str, Any]) -> None:
        """Keeps a message and wakes who waits for it."""
        self.received.append(message)
        self.news.set()

    async def until(self, kind: str, count: int = 1, within_s: float = 3.0) -> dict[str, Any]:
        """The count-th message of a kind; TimeoutError when it does not come."""
        async with asyncio.timeout(within_s):
            while len(found := self.heard(kind)) < count:
                self.news.clear()
                await self.news.wait()
        return found[count - 1]

    def picture(self, name: str) -> bytes:
        """The fixture with its changes, under the present revision."""
        path = FIXTURES / f"{Path(self.name or name).name}.json"
        data: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        return msgspec.json.encode(merged(data, self.change | {"rev": self.rev}))

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """Messages of one kind, oldest first."""
        return [message for message in self.received if message["t"] == kind]

    async def show(self, name: str) -> int:
        """From now on every open page plays this picture; answers the revision sent at once."""
        self.name = name
        self.rev += 1
        picture = self.picture(name).decode()
        for socket in self.sockets:
            with contextlib.suppress(ConnectionError):
                await socket.send_str(picture)
        return self.rev

    def reset(self) -> None:
        """As at the start, but for the revision, which only grows."""
        self.received.clear()
        self.refuse.clear()
        self.change.clear()
        self.name = ""
        self.is_silent = self.is_deaf = False


PLAYER = web.AppKey("player", Player)
ASSETS = web.AppKey("assets", Mapping[str, Asset])


def merged(data: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Deep copy of data with the changes put over it; lists are replaced whole."""
    result = dict(data)
    for key, value in change.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def create_app() -> web.Application:
    """The application; the test reaches its Player through app[PLAYER]."""
    app = web.Application()
    app[PLAYER] = Player()
    app[ASSETS] = read_page(DIST)
    app.on_response_prepare.append(_guard)
    app.add_routes(
        [
            web.get("/ws", _socket),
            web.get("/api/trace", _trace),
            web.post("/api/login", _login),
            web.post("/api/logout", _logout),
        ]
    )
    app.router.add_get("/{path:(?!api/).*}", _page)
    return app


async def _guard(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"


async def _page(request: web.Request) -> web.StreamResponse:
    """From memory, as the service does: a file left open when the server goes is a test's error."""
    response = answer_page(request.app[ASSETS], request.path)
    if name := request.query.get("fixture"):
        response.set_cookie(COOKIE, name, samesite="Strict")
    return response


async def _trace(_request: web.Request) -> web.Response:
    """Nine minutes of a coil that warms up."""
    points = [
        [s / 2, 24 + 10 * (1 - s / 1080), 30 + 15 * (1 - s / 1080)] for s in range(1080, 0, -1)
    ]
    return web.json_response(points)


async def _login(request: web.Request) -> web.Response:
    player = request.app[PLAYER]
    body = await request.json()
    player.hear({"t": "login", **body})
    if body["pin"] != "1111":
        answer = {"code": "wrong_pin", "text": "This PIN is not right.", "where": "pin", "args": {}}
        return web.json_response(answer, status=401)
    player.name = ""
    response = web.json_response({})
    response.set_cookie(COOKIE, "today", samesite="Strict")
    return response


async def _logout(request: web.Request) -> web.Response:
    request.app[PLAYER].name = ""
    response = web.json_response({})
    response.set_cookie(COOKIE, "lock", samesite="Strict")
    return response


async def _socket(request: web.Request) -> web.WebSocketResponse:
    player = request.app[PLAYER]
    name = request.cookies.get(COOKIE, "lock")
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    player.sockets.append(socket)
    play = asyncio.create_task(_play(player, socket, name))
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await _answer(player, socket, name, msgspec.json.decode(message.data))
    finally:
        play.cancel()
        player.sockets.remove(socket)
    return socket


async def _play(player: Player, socket: web.WebSocketResponse, name: str) -> None:
    with contextlib.suppress(ConnectionError):
        while not socket.closed:
            if not player.is_silent:
                await socket.send_str(player.picture(name).decode())
            await asyncio.sleep(PERIOD_S)


async def _answer(
    player: Player, socket: web.WebSocketResponse, name: str, message: dict[str, Any]
) -> None:
    player.hear(message)
    kind = message["t"]
    if kind == "beat" or player.is_deaf:
        return
    if kind == "stop":
        off = {"mcu_state": "DISCHARGING", "can_fire": True, "link": "live", "heard_ms_ago": 5}
        player.change = merged(player.change, {"unit": off})
        player.rev += 1
        await socket.send_str(player.picture(name).decode())
    if code := player.refuse.get(kind):
        refused = {
            "t": "refused",
            "id": message["id"],
            "code": code,
            "args": {},
            "text": f"No: {code}.",
        }
        await socket.send_json(refused)
        return
    await socket.send_json({"t": "accepted", "id": message["id"]})


if __name__ == "__main__":
    web.run_app(create_app(), host="127.0.0.1", port=8099, print=None)
