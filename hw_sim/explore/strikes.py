"""How the faults are brought about that the campaign's catalogue does not have: edge and people.

Clocks that slew, schedulers that reorder, tasks that are cancelled, memory and descriptors that run
out, damaged configurations, hanging hashes, hands that are quicker than the picture. Verbs for
hw_sim/explore/kinds.py; what they break, ExploreBench mends.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.api import schema
from edge.config_load import ConfigError, load_config
from edge.domain.checks import QUESTIONS
from hw_sim.explore.system import ExploreBench
from hw_sim.faults.bench import spoil_write
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.realtime.run_files import Ports, config_text
from hw_sim.system import EPOCH, TECHNICIAN

Strike = Callable[[ExploreBench], Awaitable[None]]
SLEW_PPM = 500
SLEW_STEP_S = 0.1
DST_ENDS = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # Central Europe sets its clocks back
DST_LEAD_S = 5.0
GRID_NS = 20_000_000  # [P] timers come together, at worst 20 ms late
MEMORY_AFTER_MAX = 20  # writes until the first that finds no memory
FLOOD = 200  # commands at once; the hub's queue is shorter
DAMAGED_S = 1.0  # the init system tries again
PAGE_GONE_S = 5.0


# Clocks and scheduler.


async def slew(bench: ExploreBench) -> None:
    """The wall clock is pulled by 500 ppm, forwards or backwards."""
    sign = bench.rng.choice((-1, 1))

    async def run() -> None:
        while True:
            await asyncio.sleep(SLEW_STEP_S)
            bench.system.clock.offset += timedelta(
                microseconds=round(sign * SLEW_PPM * SLEW_STEP_S)
            )

    bench.later(run)


async def clocks_go_back(bench: ExploreBench) -> None:
    """In five seconds local time is an hour earlier, in the middle of the visit."""
    passed = timedelta(seconds=asyncio.get_running_loop().time() + DST_LEAD_S)
    bench.system.clock.offset = DST_ENDS - EPOCH - passed


async def reorder_ready(bench: ExploreBench) -> None:
    """What is ready at once runs in any order."""
    bench.loop.order = random.Random(bench.rng.random())


async def coalesce_timers(bench: ExploreBench) -> None:
    """Timers come late and together."""
    bench.loop.timer_grid_ns = GRID_NS


# Process and memory.


async def cancel_a_task(bench: ExploreBench) -> None:
    """CancelledError at whatever await one of the service's tasks stands."""
    tasks = bench.system.tasks_of_edge()
    if tasks:
        bench.rng.choice(tasks).cancel()


async def no_memory(bench: ExploreBench) -> None:
    """A write soon finds no memory."""
    error = MemoryError("no memory for a write")
    spoil_write(bench.system, error, passing=bench.rng.randrange(MEMORY_AFTER_MAX))


async def flood(bench: ExploreBench) -> None:
    """More commands at once than any queue holds."""
    robot = bench.robot
    for _ in range(FLOOD):
        robot.post(schema.PauseAudio(id=robot.new_id(), rev=robot.rev))


DAMAGED: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("missing", lambda _text: ""),
    ("cut off", lambda text: text[: len(text) // 2]),
    ("of an older version", lambda text: text.replace("heartbeat_ms_max", "beat_ms_max")),
    ("of a newer version", lambda text: text + '\n[telepathy]\nenabled = "yes"\n'),
    ("out of range", lambda text: text.replace("level_pct_max = ", "level_pct_max = 9")),
)


async def damaged_config(bench: ExploreBench) -> None:
    """The service ends and comes up on a damaged configuration: it must not, and say why."""
    text = config_text(Path("/run/tms-sim"), Ports(kiosk=8080, bench=8090, clinic=8070))
    name, damage = bench.rng.choice(DAMAGED)
    await bench.end_edge()
    try:
        load_config(damage(text))
    except ConfigError as error:
        if not error.problems:
            bench.found.append(f"I40: configuration {name} refused without a reason")
    else:
        bench.found.append(f"I40: configuration {name} was taken")
    await asyncio.sleep(DAMAGED_S)
    await bench.start_edge()


async def no_descriptors(bench: ExploreBench) -> None:
    """Nothing can be opened any more: the line that breaks stays away, the clinic as well."""
    bench.system.unit.link.trouble = "too many open files"
    bench.system.line.is_cut = True
    end = bench.system.unit.link.end
    if end is not None:
        end.lose("input/output error")


async def hashes_hang(bench: ExploreBench) -> None:
    """The thread that computes PINs never answers."""
    bench.system.are_pins_hanging = True


async def page_killed(bench: ExploreBench) -> None:
    """The browser is gone, and comes back after some seconds; the service stays."""
    await bench.robot.close()
    await asyncio.sleep(PAGE_GONE_S)
    await bench.new_page()


# People.


async def edit_while_arming(bench: ExploreBench) -> None:
    """Answers, orders and the way back change in the instant of arming."""
    robot = bench.robot
    question = QUESTIONS[0]
    robot.post(schema.ArmUnit(id=robot.new_id(), rev=robot.rev))
    robot.post(
        schema.AnswerCheck(
            id=robot.new_id(), rev=robot.rev, key=question.key, answer=question.choices[-1]
        )
    )
    for order in bench.system.clinic.resources("ServiceRequest"):
        bench.system.clinic.load([order | {"status": "on-hold"}])
    robot.post(schema.Back(id=robot.new_id(), rev=robot.rev))
    await asyncio.sleep(0.0)
    robot.post(schema.ArmUnit(id=robot.new_id(), rev=robot.rev))


async def stop_while_reconnecting(bench: ExploreBench) -> None:
    """The page is away; STOP is the first thing that the new one sends."""
    await bench.robot.close()
    page = KioskRobot(bench.system.app.hub)  # nobody is logged in
    page.post(schema.Stop(id=page.new_id()))
    await asyncio.sleep(0.1)
    await page.close()
    await bench.new_page()


async def ghost_touches(bench: ExploreBench) -> None:
    """Touches on everything, also on what the screen no longer shows."""
    robot = bench.robot
    kinds = (schema.BeginChecks, schema.FinishChecks, schema.Acknowledge, schema.LeaveVisit)
    old_rev = max(robot.rev - 3, 0)
    for kind in (*kinds, schema.ArmUnit, schema.Start, schema.Resume):
        robot.post(kind(id=robot.new_id(), rev=old_rev))
        robot.post(kind(id=robot.new_id(), rev=robot.rev))
        await asyncio.sleep(0.02)


async def hostile_page(bench: ExploreBench) -> None:
    """A page without a log-in asks for everything; all of it has to be refused."""
    page = KioskRobot(bench.system.app.hub)
    rev = bench.robot.rev
    with suppress(RobotError):
        for kind in (schema.TakeControl, schema.ArmUnit, schema.Start, schema.Resume):
            answer = await page.send(kind(id=page.new_id(), rev=rev))
            if isinstance(answer, schema.Accepted):
                bench.found.append(f"I31: {kind.__name__} of a page without a log-in was taken")
    await page.close()


async def guess_pins(bench: ExploreBench) -> None:
    """Somebody tries PINs at the lock screen, all at once."""
    hub = bench.system.app.hub
    tries = [hub.login(TECHNICIAN[0], f"{number:04d}") for number in range(1000, 1008)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    if any(isinstance(answer, tuple) for answer in answers):
        bench.found.append("I32: a guessed PIN was taken")
