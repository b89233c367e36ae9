"""The edge's enable over the simulated unit's GPIO socket, in real time.

A unit that is not let run for a moment must not take its own sleep for the edge's: edges are booked
when the Pi made them.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hw_sim.plant.host_enable import HOST_WIRE
from hw_sim.realtime.bench_unit import BenchUnit
from hw_sim.realtime.pin_lines import LineError, decode_drive, encode, moment_ns
from hw_sim.realtime.wiring import HOST_OUTPUT, OUTPUT_PINS, SOCKET_NAME
from hw_sim.unit import SimUnit
from tests.sim.idle_unit import IdleCore

PIN = OUTPUT_PINS[HOST_OUTPUT]
TOGGLE_NS = 40_000_000
ASLEEP_S = 0.45


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[BenchUnit]:
    unit = SimUnit(seed=1, core_factory=IdleCore)
    it = BenchUnit(unit, tmp_path)
    await it.start()
    yield it
    await it.close()
    unit.close()


async def fallen(bench: BenchUnit) -> None:
    """Until the one-shot is off."""
    for _ in range(250):
        if not bench.unit.state()["host_enable"]:
            return
        await asyncio.sleep(0.02)
    pytest.fail("the one-shot stays on")


async def a_sleeping_unit(bench: BenchUnit, folder: Path, *, has_moments: bool) -> list[int]:
    """Levels of the one-shot after edges that all came while the unit's process was not run."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(folder / SOCKET_NAME))
        line.sendall(encode("drive", {PIN: True}, time.monotonic_ns()))
        await asyncio.sleep(0.02)
        await asyncio.sleep(0)  # a turn of the loop of its own: no timer of the unit in it
        begin_ns = time.monotonic_ns()
        for number in range(int(ASLEEP_S * 1e9) // TOGGLE_NS):
            at_ns = begin_ns + number * TOGGLE_NS if has_moments else None
            line.sendall(encode("drive", {PIN: bool(number % 2)}, at_ns))
        time.sleep(ASLEEP_S)  # noqa: ASYNC251, TID251 - the planted fault
        await asyncio.sleep(0.02)
        return [level for _, level in bench.unit.recorder.levels(HOST_WIRE)]


async def test_edges_that_came_while_the_unit_slept_hold_its_one_shot(
    bench: BenchUnit, tmp_path: Path
) -> None:
    assert await a_sleeping_unit(bench, tmp_path, has_moments=True) == [0, 1]


async def test_planted_wire_without_moments_is_caught(bench: BenchUnit, tmp_path: Path) -> None:
    assert await a_sleeping_unit(bench, tmp_path, has_moments=False) != [0, 1]


async def test_pi_that_hangs_up_lets_the_one_shot_fall(bench: BenchUnit, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(tmp_path / SOCKET_NAME))
        line.sendall(encode("drive", {PIN: True}, time.monotonic_ns()))
        await asyncio.sleep(0.05)
        assert bench.unit.state()["host_enable"] is True
    await fallen(bench)


async def test_moment_in_the_future_is_now(bench: BenchUnit, tmp_path: Path) -> None:
    """Catches: a Pi that can hold its enable with one far edge."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(tmp_path / SOCKET_NAME))
        line.sendall(encode("drive", {PIN: True}, time.monotonic_ns() + 10**12))
        await asyncio.sleep(0.05)
        assert bench.gpio.moved_ns <= time.monotonic_ns()
        await fallen(bench)


def test_line_carries_when_the_pins_were_moved() -> None:
    line = encode("drive", {16: True}, 12)

    assert line == b'{"drive": {"16": 1}, "at_ns": 12}\n'
    assert (decode_drive(line), moment_ns(line)) == ({16: True}, 12)
    assert moment_ns(encode("drive", {16: True})) is None


@pytest.mark.parametrize("moment", [b"-1", b"1.5", b'"1"', b"true", b"[]"])
def test_line_with_an_impossible_moment_is_refused(moment: bytes) -> None:
    with pytest.raises(LineError):
        moment_ns(b'{"drive": {}, "at_ns": ' + moment + b"}")


async def test_acts_break_and_mend_each_part_of_the_two_enables(bench: BenchUnit) -> None:
    def broken() -> list[object]:
        host, state = bench.unit.plant.host, bench.unit.state()
        return [host.pin_stuck, host.output_stuck, state["host_enable"], state["gate_on"]]

    for act in ({"act": "hostout", "welded": True}, {"act": "gate", "welded": True}):
        bench.act(act)
    bench.act({"act": "hostpin", "stuck": True})
    assert broken() == [False, True, True, True]
    bench.act({"act": "mend"})
    assert broken() == [None, None, False, False]
