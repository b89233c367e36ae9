"""The tasks' scenarios and the asyncio shims, in virtual time on CPython."""

from __future__ import annotations

import asyncio

import pytest

from firmware import compat, shim_cpython
from firmware.wire.ticks import TICKS_PERIOD, Continuous
from hw_sim import vtime
from tests.firmware import test_tasks


@pytest.mark.parametrize("scenario", test_tasks.SCENARIOS)
def test_scenario_in_virtual_time_holds(scenario: object) -> None:
    assert callable(scenario)
    vtime.run(scenario())


def test_ticks_start_five_seconds_before_the_wrap_and_stay_continuous() -> None:
    async def scenario() -> None:
        assert TICKS_PERIOD - compat.ticks_us() == 5_000_000
        clock = Continuous(compat.ticks_us())
        before = compat.ticks_ms()
        for step in range(1, 101):
            await compat.sleep_ms(100)
            assert clock.us(compat.ticks_us()) == step * 100_000
        assert compat.ticks_us() < TICKS_PERIOD // 2
        assert compat.ticks_diff(compat.ticks_ms(), before) == 10_000
        assert compat.ticks_diff(compat.ticks_add(TICKS_PERIOD - 1, 2), TICKS_PERIOD - 1) == 2

    vtime.run(scenario())


def test_flag_set_before_or_during_the_wait_wakes_once() -> None:
    async def scenario() -> None:
        flag = compat.ThreadSafeFlag()
        flag.set()
        await compat.wait_for_ms(flag.wait(), 10)
        with pytest.raises(asyncio.TimeoutError):
            await compat.wait_for_ms(flag.wait(), 10)
        asyncio.get_running_loop().call_later(0.005, flag.set)
        await compat.wait_for_ms(flag.wait(), 10)
        flag.set()
        flag.clear()
        with pytest.raises(asyncio.TimeoutError):
            await compat.wait_for_ms(flag.wait(), 10)

    vtime.run(scenario())


def test_flag_set_twice_while_a_waiter_finishes_does_no_harm() -> None:
    async def scenario() -> None:
        flag = compat.ThreadSafeFlag()
        waiter = asyncio.create_task(flag.wait())
        await asyncio.sleep(0)
        flag.set()
        flag.set()
        await waiter

    vtime.run(scenario())


def test_const_returns_its_argument() -> None:
    assert shim_cpython.const(5) == 5
