"""A short visit on a whole system, for scenes: what a technician does, and what the rules then say.

One unit, one patient, four trains of ten pulses. A script plays on it and may fail in any way that
a bug brings about; whatever has happened by then is judged. Virtual time; owns no bug.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.api import schema
from edge.ports import StoreError
from hw_sim import vtime
from hw_sim.checkers import Facts, Violation, check
from hw_sim.evidence import collect
from hw_sim.faults.bench import FaultBench, write_library
from hw_sim.faults.states import BY_NAME
from hw_sim.kiosk_robot import RobotError
from hw_sim.recorder import TruthRecorder
from hw_sim.session import quiet_logging
from hw_sim.system import TECHNICIAN

SEED = 1
GO_ON_S = 60.0
LOOK_S = 0.1
UNCERTAIN_S = 10.0  # a count that stays open ends the session
SENT_S = 200.0
FALLEN_S = 1.0  # every enable that nobody holds has fallen by itself
LIMIT_S = 3 * 86_400.0  # of virtual time: a broken run may wait for ever

Extra = Mapping[str, Any] | None
Script = Callable[[FaultBench], Awaitable[Extra]]
Found = tuple[Violation, ...]


def play(script: Script, *, seed: int = SEED, must_rest: bool = False) -> Found:
    """Run a script on a new system and judge it. must_rest: the visit has to come to its end."""
    quiet_logging()
    with tempfile.TemporaryDirectory() as folder:
        library = write_library(Path(folder))
        truth, facts = vtime.run(_play(script, seed, library, must_rest=must_rest))
    return tuple(check(truth, facts))


async def _play(
    script: Script, seed: int, library: Path, *, must_rest: bool
) -> tuple[TruthRecorder, Facts]:
    bench = await FaultBench.boot(seed, library)
    extra: Extra = None
    stuck = ""
    try:
        extra = await script(bench)
    except (RobotError, StoreError, TimeoutError) as error:
        stuck = f"{type(error).__name__}: {error}"
    with suppress(RobotError, StoreError):
        await bench.end_edge()
    await asyncio.sleep(FALLEN_S)
    facts = collect(bench.system, stuck=stuck if must_rest else None)
    bench.system.unit.close()
    return bench.system.unit.recorder, replace(facts, **(extra or {}))


async def reach(bench: FaultBench, situation: str) -> None:
    """Get to a situation of hw_sim/faults/states.py. Raises RobotError."""
    await BY_NAME[situation].reach(bench)


async def go_on(bench: FaultBench, until: str = "wrapup", limit_s: float = GO_ON_S) -> None:
    """Do what comes next, as a technician would, until this phase. Raises RobotError."""
    steps: dict[str, tuple[str, type]] = {
        "ready": ("arm", schema.ArmUnit),
        "armed": ("start", schema.Start),
        "stopped": ("acknowledge", schema.Acknowledge),
        "paused": ("resume", schema.Resume),
    }
    now_s = asyncio.get_running_loop().time
    ends_s, uncertain_s = now_s() + limit_s, now_s()
    while (phase := bench.picture.phase) != until:
        if now_s() > ends_s:
            raise RobotError(f"phase {phase}, refusals {bench.picture.refusals}")
        if phase != "uncertain":
            uncertain_s = now_s()
        elif now_s() - uncertain_s > UNCERTAIN_S and "end_session" not in bench.picture.refusals:
            await bench.robot.do(schema.EndSession, reason="equipment")
        if phase in steps and steps[phase][0] not in bench.picture.refusals:
            robot = bench.robot
            kind = steps[phase][1]
            with suppress(RobotError):
                await robot.send(kind(id=robot.new_id(), rev=robot.rev))
        await asyncio.sleep(LOOK_S)


async def sign(bench: FaultBench) -> None:
    """From wrap-up to a record that has arrived. Raises RobotError."""
    robot = bench.robot
    await robot.do(schema.WrapUp, pain_0_10=2, note="", pin=TECHNICIAN[3])
    await robot.until(lambda s: s.visit is not None and s.visit.record_state == "sent", SENT_S)
    await robot.do(schema.LeaveVisit)
    await robot.until(lambda s: s.phase == "idle", 10.0)


async def finish(bench: FaultBench) -> None:
    """To the end of the dose and a record that has arrived. Raises RobotError."""
    await go_on(bench)
    await sign(bench)


async def press_stop(bench: FaultBench) -> int:
    """STOP on the screen; the moment it was pressed."""
    at_ns = bench.now_ns
    with suppress(RobotError):
        await bench.robot.send(schema.Stop(id=bench.robot.new_id()))
    return at_ns
