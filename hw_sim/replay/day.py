"""A working day on a simulated unit, recorded: several patients, and something goes wrong.

Everything from one seed. The technician does what the screen allows until each record is signed;
the service is started anew in the middle of things now and then, which makes another recording.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from edge.api import schema
from edge.domain.checks import QUESTIONS
from hw_sim.clinic.line import ROUGH, Faults
from hw_sim.clinic.shelf import Json
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.link import LinkPlan
from hw_sim.system import EPOCH, TECHNICIAN, SimSystem, SystemOptions, visit_resources

STEPS_MAX = 80  # of one visit; it takes ten
SETTLE_S = 40.0
BOOT_S = 600.0
SEND_S = 3600.0  # a clinic line that loses answers
HOUR_S = 3600.0


@dataclass
class Day:
    """The unit, and the screen that is open now."""

    system: SimSystem
    robot: KioskRobot
    rng: random.Random

    async def restart(self) -> None:
        """The service goes away and comes back on what the store has."""
        await self.robot.close()
        await self.system.stop()
        await asyncio.sleep(self.rng.uniform(0.2, 5.0))
        await self.system.start()
        self.robot = await self.system.robot()


Trick = Callable[[Day], Awaitable[None]]


async def _nothing(_day: Day) -> None:
    pass


async def _pause(day: Day) -> None:
    await _try(day, schema.Pause)


async def _stop(day: Day) -> None:
    await day.robot.send(schema.Stop(id=day.robot.new_id()))


async def _estop(day: Day) -> None:
    day.system.unit.press_estop()
    await asyncio.sleep(day.rng.uniform(0.5, 8.0))
    day.system.unit.release_estop()


async def _door(day: Day) -> None:
    day.system.unit.set_door(is_open=True)
    await asyncio.sleep(day.rng.uniform(0.05, 8.0))
    day.system.unit.set_door(is_open=False)


async def _noise(day: Day) -> None:
    day.system.unit.set_link_plan(LinkPlan(lose=0.03, corrupt=0.03, double=0.03))
    await asyncio.sleep(day.rng.uniform(1.0, 15.0))
    day.system.unit.set_link_plan(LinkPlan())


async def _cut(day: Day) -> None:
    day.system.unit.cut_link(is_silent=day.rng.random() < 0.5)
    await asyncio.sleep(day.rng.uniform(0.1, 10.0))
    day.system.unit.restore_link()


async def _reboot(day: Day) -> None:
    day.system.unit.reboot_mcu()


async def _restart(day: Day) -> None:
    await day.restart()


TRICKS: dict[str, Trick] = {
    "cut": _cut,
    "door": _door,
    "estop": _estop,
    "noise": _noise,
    "nothing": _nothing,
    "pause": _pause,
    "reboot": _reboot,
    "restart": _restart,
    "stop": _stop,
}


@dataclass(frozen=True)
class DayResult:
    """What was done, in order."""

    seed: int
    sessions: int
    tricks: tuple[str, ...]
    sim_s: float


async def play_day(
    seed: int,
    folder: Path,
    *,
    protocol: str,
    sessions: int,
    library: Path | None = None,
    tricks: tuple[str, ...] = tuple(sorted(TRICKS)),
    gap_s_max: float = 120.0,
    rough_share: float = 0.15,
) -> DayResult:
    """Record one day into the folder. Raises RobotError when the technician is stuck.

    gap_s_max: between two patients; rough_share: of the sessions with a bad line to the clinic.
    """
    rng = random.Random(f"day {seed}")
    options = SystemOptions(
        seed=seed,
        protocol=protocol,
        library=library,
        record=folder,
    )
    system = SimSystem(options)
    for number in range(2, sessions + 1):
        system.clinic.load(_resources(system, number))
    await system.start()
    day, done = Day(system, await system.robot(), rng), []
    try:
        for number in range(1, sessions + 1):
            name = tricks[(seed * sessions + number) % len(tricks)]
            done.append(name)
            system.line.faults = ROUGH if rng.random() < rough_share else Faults()
            await _visit(day, f"apt-{number}", TRICKS[name])
            await asyncio.sleep(rng.uniform(0.1, 1.0) * gap_s_max)
        system.check_alive()
    finally:
        await day.robot.close()
        await system.stop()
        system.unit.close()
    return DayResult(seed, sessions, tuple(done), asyncio.get_running_loop().time())


def _resources(system: SimSystem, number: int) -> list[Json]:
    """Another patient with an order of the same protocol."""
    text = json.dumps(visit_resources(system.protocol, EPOCH))
    for name in ("pat", "order", "mt", "apt"):
        text = text.replace(f"{name}-1", f"{name}-{number}")
    found = json.loads(text.replace("MRN-004711", f"MRN-00{4711 + number}"))
    assert isinstance(found, list)
    return found


async def _visit(day: Day, appointment_id: str, trick: Trick) -> None:
    await day.robot.until(
        lambda s: (
            s.today is not None
            and any(row.appointment_id == appointment_id for row in s.today.appointments)
        ),
        BOOT_S,
    )
    await day.robot.until(lambda s: s.device.ready == "ready", BOOT_S)
    await day.robot.do(schema.OpenVisit, appointment_id=appointment_id)
    await day.robot.until(lambda s: s.phase == "patient", SETTLE_S)
    await day.robot.do(schema.BeginChecks)
    await day.robot.until(lambda s: s.phase == "checks", SETTLE_S)
    for question in QUESTIONS:
        await day.robot.do(schema.AnswerCheck, key=question.key, answer=question.choices[0])
    await day.robot.until(lambda s: "finish_checks" not in s.refusals, SETTLE_S)
    await day.robot.do(schema.FinishChecks)
    await day.robot.until(lambda s: s.phase == "ready", SETTLE_S)
    await _treat(day, trick)
    await day.robot.do(schema.WrapUp, pain_0_10=1, note="slept well", pin=TECHNICIAN[3])
    await day.robot.until(lambda s: s.visit is not None and s.visit.record_state == "sent", SEND_S)
    await day.robot.do(schema.LeaveVisit)
    await day.robot.until(lambda s: s.phase == "idle", SETTLE_S)


async def _treat(day: Day, trick: Trick) -> None:
    """Until wrap-up; the trick strikes once, in the treatment."""
    is_due = True
    for _ in range(STEPS_MAX):
        phase = _phase(day)
        if phase == "wrapup":
            return
        if phase == "treating" and is_due:
            is_due = False
            await asyncio.sleep(day.rng.uniform(0.0, 12.0))
            await trick(day)
        else:
            await _step(day, phase)
    raise RobotError(f"no end after {STEPS_MAX} steps, phase {_phase(day)}")


async def _step(day: Day, phase: str) -> None:
    """What the technician does next."""
    wanted = {
        "ready": ("arm", schema.ArmUnit),
        "armed": ("start", schema.Start),
        "paused": ("resume", schema.Resume),
        "stopped": ("acknowledge", schema.Acknowledge),
    }
    if phase in wanted:
        name, kind = wanted[phase]
        is_offered = await _seen(day, lambda s: name not in s.refusals, SETTLE_S)
        is_done = is_offered and await _try(day, kind)
        if not is_done and phase in ("paused", "stopped") and day.rng.random() < 0.3:
            await _try(day, schema.EndSession, reason="equipment")
    elif phase == "uncertain" and not await _seen(day, lambda s: s.phase != phase, SETTLE_S):
        await _try(day, schema.EndSession, reason="equipment")
    await _seen(day, lambda s: s.phase != phase, HOUR_S if phase == "treating" else SETTLE_S)


async def _try(day: Day, kind: type, **fields: object) -> bool:
    try:
        await day.robot.do(kind, **fields)
    except RobotError:
        return False
    return True


async def _seen(day: Day, wanted: Callable[[schema.Snapshot], bool], within_s: float) -> bool:
    try:
        await day.robot.until(wanted, within_s)
    except RobotError:
        return False
    return True


def _phase(day: Day) -> str:
    return day.robot.snapshot.phase if day.robot.snapshot is not None else ""
