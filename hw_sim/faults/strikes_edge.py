"""How faults of the edge are brought about: clock, process, disk, clinic, page and people.

Verbs that make strikes for the catalogue. The process stalls, dies and is started anew; the disk
refuses; the clinic is slow or gone; the page freezes or talks nonsense.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from edge.api import schema
from edge.ports import LinkLostError
from hw_sim.card.card import CardFaults, Trouble
from hw_sim.clinic.line import Faults
from hw_sim.faults.bench import FaultBench, spoil_write
from hw_sim.faults.strikes import Strike, act
from hw_sim.kiosk_robot import RobotError


def wall_clock(offset: timedelta, *, is_trusted: bool = True) -> Strike:
    def work(bench: FaultBench) -> None:
        bench.system.clock.offset += offset
        bench.system.clock.is_trusted = is_trusted

    return act(work)


def stall(seconds: float) -> Strike:
    """The edge's process does not run for so long."""
    return act(lambda bench: bench.stall(seconds))


def stalls(seconds: float, every_s: float) -> Strike:
    """Again and again."""

    async def run(bench: FaultBench) -> None:
        while True:
            bench.stall(seconds)
            await asyncio.sleep(every_s)

    return act(lambda bench: bench.later(lambda: run(bench)))


async def kill(bench: FaultBench) -> None:
    await bench.kill_edge()
    await bench.start_edge()


async def terminate(bench: FaultBench) -> None:
    await bench.end_edge()
    await bench.start_edge()


async def crash_loop(bench: FaultBench) -> None:
    """Killed twice more while it comes up."""
    for _ in range(3):
        await bench.kill_edge()
        await bench.start_edge()


async def second_instance(bench: FaultBench) -> None:
    """Somebody else tries to open the line."""
    link = bench.system.unit.link
    if link.end is not None:
        with suppress(LinkLostError):
            await link.open()


async def bug_in_store(bench: FaultBench) -> None:
    """The next write fails with an error nobody foresaw."""
    spoil_write(bench.system, RuntimeError("a bug"))


def bug_in_panel(bench: FaultBench) -> None:
    """The driver of the inputs fails with an error nobody foresaw, in a callback or in a task."""
    bench.system.unit.edge_panel().is_broken = True


def disk(trouble: Trouble, *, times: int | None = None, folder: str = "") -> Strike:
    """The card refuses what would change it, so many times or for good; folder: only there."""

    def work(bench: FaultBench) -> None:
        bench.system.card.faults = CardFaults(trouble, left=times, folder=folder)

    return act(work)


def slow_disk(sync_s: float) -> Strike:
    """Each sync of the card holds up the whole process for so long."""

    def work(bench: FaultBench) -> None:
        bench.system.card.faults = CardFaults(on_sync=lambda: bench.stall(sync_s))

    return act(work)


def clinic(faults: Faults | None = None, *, is_cut: bool = False) -> Strike:
    def work(bench: FaultBench) -> None:
        bench.system.line.is_cut = is_cut
        if faults is not None:
            bench.system.line.faults = faults

    return act(work)


async def withdraw_order(bench: FaultBench) -> None:
    """The clinic revokes the order of the open visit."""
    for order in bench.system.clinic.resources("ServiceRequest"):
        bench.system.clinic.load([order | {"status": "revoked"}])


async def freeze_page(bench: FaultBench) -> None:
    """The browser stands still with its last picture."""
    bench.is_page_frozen = True
    await bench.robot.freeze()


async def reload_page(bench: FaultBench) -> None:
    await bench.robot.close()
    bench.robot = await bench.system.robot()


async def second_page(bench: FaultBench) -> None:
    bench.others.append(await bench.system.robot())


async def double_tap(bench: FaultBench) -> None:
    """Every command of the treatment at once, twice, whatever is allowed."""
    kinds = (schema.ArmUnit, schema.Start, schema.Resume, schema.Pause)
    work = [_tap(bench, kind) for kind in kinds for _ in range(2)]
    await asyncio.gather(*work)


async def _tap(bench: FaultBench, kind: type) -> None:
    try:
        await bench.robot.send(kind(id=bench.robot.new_id(), rev=bench.robot.rev))
    except RobotError:
        return


async def malformed(bench: FaultBench) -> None:
    """Nonsense at the door of the page."""
    for data in (b"", b"{", b'{"t":"start"}', b'{"t":"fire","id":1}', b"\xff" * 5000):
        bench.robot.say(data)
