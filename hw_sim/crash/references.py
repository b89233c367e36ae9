"""The visits that are cut off everywhere: ordinary, with a pause, with a fault, with a restart.

On the short protocol of the fault campaign, so that they contain every kind of operation and little
of each. Scenarios only; no judgement.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.api import schema
from edge.api.schema import Snapshot
from hw_sim.faults.bench import PULSES
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.session import Scenario, arm_and_start, finish, ordinary_visit, prepare
from hw_sim.system import SimSystem

STEP_S = 30.0
MIDDLE = PULSES // 4 + 3  # in the second train


async def _until_middle(robot: KioskRobot) -> None:
    await prepare(robot)
    await arm_and_start(robot)
    await robot.until(lambda s: _delivered(s) >= MIDDLE, STEP_S)


async def _resume(system: SimSystem, robot: KioskRobot) -> None:
    await robot.until(lambda s: s.phase == "paused" and "resume" not in s.refusals, STEP_S)
    await robot.do(schema.Resume)
    await robot.until(lambda s: s.phase == "wrapup", STEP_S)
    await finish(system, robot)


async def paused_visit(system: SimSystem, robot: KioskRobot) -> None:
    """The technician pauses in the second train and goes on."""
    await _until_middle(robot)
    await robot.do(schema.Pause)
    await _resume(system, robot)


async def faulted_visit(system: SimSystem, robot: KioskRobot) -> None:
    """The E-stop is pressed in the second train, released, understood, and the rest is given."""
    await _until_middle(robot)
    system.unit.press_estop()
    await robot.until(lambda s: s.phase == "stopped", STEP_S)
    system.unit.release_estop()
    await robot.until(lambda s: "acknowledge" not in s.refusals, STEP_S)
    await robot.do(schema.Acknowledge)
    await _resume(system, robot)


async def restarted_visit(system: SimSystem, robot: KioskRobot) -> None:
    """The service ends in the second train and comes back; the rest is given."""
    await _until_middle(robot)
    await robot.close()
    await system.stop()
    await system.start()
    again = await system.robot()
    await again.until(lambda s: s.phase == "stopped", STEP_S)
    await again.until(lambda s: "acknowledge" not in s.refusals, STEP_S)
    await again.do(schema.Acknowledge)
    await _resume(system, again)
    await again.close()


def _delivered(picture: Snapshot) -> int:
    return 0 if picture.visit is None else picture.visit.session.delivered


REFERENCES: Mapping[str, Scenario] = {
    "normal": ordinary_visit,
    "paused": paused_visit,
    "faulted": faulted_visit,
    "restarted": restarted_visit,
}
