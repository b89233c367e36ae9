"""The WebSocket over a real line.

Planted bugs these catch: a queue of pictures per screen, a line closed by one bad frame, patients
before log-in.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from edge.api import schema, websocket
from edge.domain.session_states import S
from tests.edge.api.fakes import (
    CANARIES,
    decode_server,
    visit,
)
from tests.edge.api.site import Site, snapshot_of


async def test_screen_before_login_sees_the_unit_and_no_patient(site: Site) -> None:
    site.made.chair.change(state=S.TREATING, visit=visit())
    async with site.connect() as ws:
        text = (await ws.receive(timeout=5)).data
        assert not [canary for canary in CANARIES if canary in text]
        assert decode_server(text.encode()).phase == "treating"


async def test_stop_over_the_wire_without_login_is_done(site: Site) -> None:
    async with site.connect() as ws:
        await snapshot_of(ws)
        await ws.send_str('{"t":"stop","id":5}')
        while not isinstance(found := decode_server((await ws.receive()).data), schema.Accepted):
            pass
        assert found.id == 5
        assert site.made.chair.calls == [("stop", "operator")]


@pytest.mark.parametrize(
    ("frame", "where"),
    [("{", "message"), ('{"t":"x"}', "t"), (b"\x00\x01", "message"), ("x" * 9_000, "message")],
)
async def test_frame_that_is_wrong_is_answered_and_the_line_stays(
    site: Site, frame: str | bytes, where: str
) -> None:
    async with site.connect() as ws:
        await snapshot_of(ws)
        await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
        while not isinstance(found := decode_server((await ws.receive()).data), schema.Malformed):
            pass
        assert found.where == where
        assert (await snapshot_of(ws)).phase == "idle"


async def test_frame_far_too_long_closes_the_line(site: Site) -> None:
    async with site.connect() as ws:
        await snapshot_of(ws)
        await ws.send_str("x" * 100_000)
        while (message := await ws.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert ws.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_frames_wrong_twenty_times_close_the_line(site: Site) -> None:
    async with site.connect() as ws:
        for _ in range(20):
            await ws.send_str("{")
        answers = 0
        while (message := await ws.receive(timeout=5)).type is WSMsgType.TEXT:
            answers += b"malformed" in message.data.encode()
        assert answers == 20
        assert ws.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_screens_beyond_the_limit_are_told_to_try_later(site: Site) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(16):
            ws = await stack.enter_async_context(site.connect())
            await snapshot_of(ws)
        extra = await stack.enter_async_context(site.connect())
        await extra.receive(timeout=5)
        assert extra.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER


async def test_screen_that_does_not_read_keeps_one_picture_waiting_and_is_cut_off(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a queue of pictures per screen would hold all of them."""
    monkeypatch.setattr(websocket, "WRITE_S_MAX", 0.5)
    async with site.connect() as slow, site.connect() as quick:
        await snapshot_of(slow)
        await snapshot_of(quick)
        slow._conn.protocol.pause_reading()
        boxes: list[Any] = [connection.send_snapshot for connection in site.made.hub._connections]
        slow_box = boxes[0].__self__
        for _ in range(300):
            slow_box.put_snapshot(b"x" * 100_000)
            await asyncio.sleep(0)
        assert slow_box.skipped > 200
        assert len(slow_box._waiting) <= 1
        site.made.chair.change(state=S.TREATING)
        while (await snapshot_of(quick)).phase != "treating":
            pass
        for _ in range(10):
            await snapshot_of(quick)
        assert len(site.made.hub._connections) == 1
        slow._response.close()  # its closing handshake would wait for what it does not read
