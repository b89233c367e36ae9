"""STOP from any screen, in any message, behind anything.

Planted bugs these catch: STOP queued behind a command or a PIN check, answered before it was sent,
refused for want of a log-in or a well-formed message.
"""

from __future__ import annotations

import asyncio

import pytest

from edge.api import schema
from tests.edge.api.commands import fields_for
from tests.edge.api.fakes import (
    ENGI,
    TECH,
    SlowPins,
    bench,
    virtual,
)

pytestmark = pytest.mark.control("stop-path")


@pytest.mark.parametrize("user_id", ["", ENGI, TECH])
@virtual
async def test_stop_from_any_screen_is_accepted(user_id: str) -> None:
    async with bench() as made:
        screen = await made.screen(user_id)
        stop_id = screen.stop()
        assert screen.answer(stop_id) is None  # not before it was sent to the controller
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert made.chair.calls == [("stop", "operator")]
        assert isinstance(screen.answer(stop_id), schema.Accepted)  # before the controller answers


@virtual
async def test_stop_behind_a_hanging_command_goes_out_at_once() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.chair.hold = asyncio.Event()
        screen.send(schema.ArmUnit)
        screen.send(schema.AddNote, note="waits")
        await asyncio.sleep(0.01)
        began = asyncio.get_running_loop().time()

        stop_id = screen.stop()
        for _ in range(3):  # turns of the loop, in which no time passes
            await asyncio.sleep(0)

        assert isinstance(screen.answer(stop_id), schema.Accepted)
        assert asyncio.get_running_loop().time() == began
        assert [call[0] for call in made.chair.calls] == ["arm", "stop"]
        made.chair.hold.set()


@virtual
async def test_stop_repeated_is_sent_again_and_audited_once() -> None:
    async with bench() as made:
        screen = await made.screen()
        ids = []
        for _ in range(3):
            ids.append(screen.stop())
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)

        assert all(isinstance(screen.answer(i), schema.Accepted) for i in ids)
        assert [call[0] for call in made.chair.calls] == ["stop"] * 3
        assert [row for row in made.audited() if row[1] == "stop"] == [("", "stop")]


@pytest.mark.parametrize(
    "data",
    [
        b'{"t":"stop"}',
        b'{"t":"stop","id":0}',
        b'{"t":"stop","id":"x","rev":3}',
        b'{"rev":99999,"id":1,"t":"stop"}',
    ],
)
@virtual
async def test_stop_in_a_message_that_is_otherwise_wrong_stops(data: bytes) -> None:
    async with bench() as made:
        screen = await made.screen()
        screen.connection.receive(data)
        await asyncio.sleep(0.1)
        assert made.chair.calls == [("stop", "operator")]
        assert len(screen.malformed) == 1


@virtual
async def test_stop_in_a_binary_frame_stops() -> None:
    async with bench() as made:
        screen = await made.screen()
        screen.connection.receive_binary(b'{"t":"stop","id":1}')
        await asyncio.sleep(0.1)
        assert made.chair.calls == [("stop", "operator")]
        assert screen.malformed[0].where == "message"


@virtual
async def test_stop_when_the_store_fails_stops_all_the_same() -> None:
    async with bench() as made:
        screen = await made.screen()
        made.store.close()
        stop_id = screen.stop()
        await asyncio.sleep(0.1)
        assert isinstance(screen.answer(stop_id), schema.Accepted)
        assert made.chair.calls == [("stop", "operator")]


@virtual
async def test_stop_a_hundred_at_once_is_bounded_and_answered() -> None:
    async with bench() as made:
        screen = await made.screen()
        ids = [screen.stop() for _ in range(100)]
        await asyncio.sleep(0.1)
        assert all(isinstance(screen.answer(i), schema.Accepted) for i in ids)
        assert len(made.chair.calls) == 20


@virtual
async def test_stop_during_the_check_of_a_pin_goes_out_at_once() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.accounts._pins = SlowPins()
        screen.send(schema.WrapUp, **fields_for(schema.WrapUp, TECH))
        await asyncio.sleep(0.1)
        screen.stop()
        await asyncio.sleep(0.001)
        assert made.chair.calls == [("stop", "operator")]
