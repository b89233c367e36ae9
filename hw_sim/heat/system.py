"""Whole-system trials of the thermal look-ahead: real edge, real firmware core, a spread coil.

Half of them stop the pump in the middle of the session while tacho and flow switch go on saying
that it runs; then the session has to be on hold for it before any limit trips. The others have to
give the whole dose without a word about heat. One seed, one trial; virtual time.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from edge.api.schema import Snapshot
from hw_sim import vtime
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.plant.coil import in_other_room, spread_kind
from hw_sim.session import arm_and_start, finish, plan_of_system, prepare, quiet_logging
from hw_sim.system import SimSystem, SystemOptions

HELD = "cooling_trend"
HEAT_ALARMS = (HELD, "too_hot_ahead", "heat_ahead", "coil_off_head")
HELD_S_MAX = 120.0  # [P] of treatment after the pump stopped
SLACK_S = 60.0


@dataclass(frozen=True)
class SystemTrial:
    """What one whole-system run gave. stopped_at_s and held_at_s count from the start."""

    seed: int
    pump_stopped_at_s: float | None
    held_at_s: float | None
    ended: str  # phase the session came to, or the code it is held for
    winding_c: float  # true, when it came to it
    face_c: float
    alarms: tuple[str, ...]  # about heat, that were ever shown

    @property
    def is_good(self) -> bool:
        """Held for the cooling, or whole and quiet."""
        if self.pump_stopped_at_s is not None:
            return self.ended == HELD and HELD in self.alarms
        return self.ended == "wrapup" and not self.alarms


def play_system(seed: int) -> SystemTrial:
    """One seed; even ones have their pump stopped."""
    quiet_logging()
    return vtime.run(_play(seed))


async def _play(seed: int) -> SystemTrial:
    rng = random.Random(f"heat system {seed}")
    system = SimSystem(SystemOptions(seed=seed, protocol="itbs-600"))
    coil = system.unit.plant.coil
    kind = in_other_room(spread_kind(coil.kind, rng), rng)
    coil.set_kind(system.unit.kernel.now_ns, kind)
    await system.start()
    robot = await system.robot()
    alarms: list[str] = []
    try:
        await prepare(robot)
        await arm_and_start(robot)
        started_s = asyncio.get_running_loop().time()
        length_s = plan_of_system(system).last_pulse_us / 1e6
        stops_in_s = rng.uniform(0.2, 0.6) * length_s if seed % 2 == 0 else None
        if stops_in_s is not None:
            await asyncio.sleep(stops_in_s)
            _stop_pump(system)
        wait_s = length_s + SLACK_S if stops_in_s is None else HELD_S_MAX
        await _until_over(robot, alarms, wait_s)
        now = robot.snapshot
        assert now is not None, "the screen has a picture"
        face_c, winding_c = system.unit.plant.temperatures_c()
        ended_s = asyncio.get_running_loop().time() - started_s
        if now.phase == "wrapup":
            await finish(system, robot)
    finally:
        await robot.close()
        await system.stop()
        system.unit.close()
    return SystemTrial(
        seed=seed,
        pump_stopped_at_s=stops_in_s,
        held_at_s=ended_s if now.phase == "paused" else None,
        ended=_ended(now),
        winding_c=round(winding_c, 1),
        face_c=round(face_c, 1),
        alarms=tuple(sorted(alarms)),
    )


def _stop_pump(system: SimSystem) -> None:
    """The wires go on saying what they said."""
    for name, side in (("cooling", "mcu"), ("cooling", "edge"), ("flow", "edge")):
        system.unit.stick_input(name, side, level=True)
    system.unit.set_fan(on=False)


async def _until_over(robot: KioskRobot, alarms: list[str], within_s: float) -> None:
    """Until treating ends, and a moment longer; collects the alarms about heat on the way."""

    def is_over(now: Snapshot) -> bool:
        shown = (alarm.alarm_id for alarm in now.alarms)
        alarms.extend(a for a in shown if a in HEAT_ALARMS and a not in alarms)
        return now.phase != "treating"

    await robot.until(is_over, within_s)
    await asyncio.sleep(1.0)
    assert robot.snapshot is not None
    is_over(robot.snapshot)


def _ended(now: Snapshot) -> str:
    stop = None if now.visit is None else now.visit.session.stop
    return now.phase if stop is None else stop.code
