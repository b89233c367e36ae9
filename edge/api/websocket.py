"""Ties one WebSocket to one connection of the hub.

A reader hands frames in, a writer takes what the mailbox holds; a screen that takes nothing for
some seconds is cut off. No decision about what is said. Runs on the service's loop.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from edge.api.doors import HubDoors
from edge.api.hub import TooManyScreensError
from edge.api.mailbox import Mailbox

_log = structlog.get_logger()
# Above the hub's own limit, so that a message too long is answered in words; far above, it is not.
FRAME_BYTES_MAX = 64 * 1024
WRITE_S_MAX = 5.0  # [P] a page takes milliseconds; the controller disarmed long before
_PING_S = 5.0  # finds a half-open line


class Screens:
    """All open WebSockets."""

    def __init__(self, hub: HubDoors) -> None:
        self._hub = hub
        self._open: dict[web.WebSocketResponse, None] = {}

    async def serve(self, request: web.Request, token: str) -> web.StreamResponse:
        """One screen, until it goes. Raises HTTPUpgradeRequired for a plain request."""
        ws = web.WebSocketResponse(heartbeat=_PING_S, max_msg_size=FRAME_BYTES_MAX, compress=False)
        if not ws.can_prepare(request):
            raise web.HTTPUpgradeRequired
        await ws.prepare(request)
        mailbox = Mailbox()
        try:
            connection = self._hub.connect(
                mailbox.put, token=token, send_snapshot=mailbox.put_snapshot, close=mailbox.close
            )
        except TooManyScreensError:
            await ws.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many screens")
            return ws
        self._open[ws] = None
        writer = asyncio.create_task(_write(ws, request, mailbox))
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    connection.receive(message.data.encode("utf-8"))
                elif message.type is WSMsgType.BINARY:
                    connection.receive_binary(message.data)
        finally:
            connection.disconnect()
            del self._open[ws]
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return ws

    async def close_all(self) -> None:
        """The service ends."""
        for ws in list(self._open):
            await ws.close(code=WSCloseCode.GOING_AWAY)


async def _write(ws: web.WebSocketResponse, request: web.Request, mailbox: Mailbox) -> None:
    """Until the mailbox is closed, the line breaks, or the screen stops reading."""
    while (data := await mailbox.take()) is not None:
        try:
            async with asyncio.timeout(WRITE_S_MAX):
                await ws.send_frame(data, WSMsgType.TEXT)
        except TimeoutError:
            _log.warning("screen cut off: it does not read")
            if request.transport is not None:
                request.transport.abort()
            return
        except ConnectionError:
            return
    await ws.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many bad messages")
