"""The app on the stand-in chip: what ends it leaves the outputs closed, whoever is at fault.

The sessions on this board are scenarios_chip.py; here it is only what surrounds them.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import types

import pytest

import machine
import rig
from firmware import app
from firmware.board.pins import GP_BLEED_OPEN, GP_CHARGER_ON, GP_ENABLE, GP_TRIGGER
from firmware.board.slots import Choice
from firmware.wire.codes import SELF_TEST_KEY
from hw_sim import vtime
from tests.firmware.chip_seat import Chance, ChipSeat, NotedWatchdog, board_on, bring_up

CHOICE = Choice(0, bytes(8), False)


def _is_dark() -> bool:
    rig.sync()
    outputs = (GP_TRIGGER, GP_ENABLE, GP_CHARGER_ON, GP_BLEED_OPEN)
    return not any(rig.net(gp).level_at(rig.now_cycles()) for gp in outputs)


def _fail() -> int:
    raise OSError("a part broke")


@pytest.mark.parametrize("part", ["sample_sensors", "read_line", "feed_watchdog", "read_inputs"])
def test_part_that_breaks_ends_the_app_with_outputs_closed(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        board = board_on(bring_up("TEST-001"), NotedWatchdog(), Chance().draw)
        serving = asyncio.create_task(app.serve(board))
        await asyncio.sleep(0.3)
        board.hal.set_bleed(False)
        board.hal.arm_gate(1_000_000)
        assert not _is_dark()
        monkeypatch.setattr(board, part, _fail)
        rig.the().lines[0].feed(b"\0")
        with pytest.raises(OSError, match="a part broke"):
            await serving
        assert _is_dark()

    vtime.run(scenario())


def test_self_test_feeds_the_watchdog_and_tells_what_is_missing() -> None:
    async def scenario() -> None:
        seat = ChipSeat(bring_up("TEST-001", key=b""))
        assert await app.self_test(seat._board) == SELF_TEST_KEY
        assert seat._board.hal.self_test() == SELF_TEST_KEY
        assert seat.watchdog.feeds >= 5

    vtime.run(scenario())


def test_ledger_is_scrubbed_each_ten_minutes_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        seat = ChipSeat()
        scrubs: list[int] = []
        monkeypatch.setattr(seat._board._ledger, "scrub", lambda: scrubs.append(1))
        for _ in range(5):
            await asyncio.sleep(300)
            seat.keep_house(2)
            seat.keep_house(5)
        assert len(scrubs) == 2

    vtime.run(scenario())


def test_main_sets_the_clock_and_closes_outputs_whatever_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reserved: list[int] = []
    module = types.SimpleNamespace(alloc_emergency_exception_buf=reserved.append)
    monkeypatch.setitem(sys.modules, "micropython", module)
    monkeypatch.setattr(gc, "threshold", reserved.append, raising=False)
    monkeypatch.setattr(app, "asyncio", types.SimpleNamespace(run=_interrupted))

    async def scenario() -> None:
        files = bring_up("TEST-001")
        monkeypatch.setattr(app, "Files", lambda: files)
        machine.freq(48_000_000)
        with pytest.raises(KeyboardInterrupt):
            app.main(CHOICE, NotedWatchdog())
        assert machine.freq() == 125_000_000
        assert reserved == [app.EMERGENCY_BYTES, app.COLLECT_BYTES]
        assert _is_dark()

    vtime.run(scenario())


def _interrupted(serving: object) -> None:
    serving.close()  # type: ignore[attr-defined]
    raise KeyboardInterrupt
