"""A technician who makes the safety test: reads the screen and does what it asks at the unit.

Presses, opens and pulls after the time that a person needs to get there. Knows nothing of the
services; stops when the result is shown, or when a step has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from edge.api import schema
from edge.api.safety_test_view import SafetyTestView
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.unit import SimUnit

REACH_S = 2.0  # [P] to the button; a door may be farther away, and the test waits for a minute
TEST_S = 600.0

Hands = Mapping[str, Callable[[bool], None]]


def hands_at(unit: SimUnit) -> Hands:
    """By key of the step: what a hand does to open (True) or close its contact."""
    return {
        "estop": lambda is_open: unit.press_estop() if is_open else unit.release_estop(),
        "patient": unit.press_patient_button,
        "door": unit.set_door,
        "coil": lambda is_open: unit.plug_coil(not is_open),
        "enclosure": unit.set_cover,
        # Asked to open, one steps on it: it is the one contact that is open at rest.
        "attend": unit.hold_attend,
    }


async def make_safety_test(
    robot: KioskRobot, hands: Hands, *, start: type = schema.StartSafetyTest
) -> SafetyTestView:
    """From the touch on Today to the result, or to a step that failed. Raises RobotError."""
    await _understand_alarms(robot)
    await robot.until(lambda s: "start_safety_test" not in s.refusals, TEST_S)
    await robot.do(start)
    return await follow(robot, hands)


async def _understand_alarms(robot: KioskRobot) -> None:
    """The sounder cannot be tried while it is needed."""
    shown = await robot.until(lambda _: True, TEST_S)
    for alarm in shown.alarms:
        if not alarm.is_acknowledged:
            await robot.do(schema.AcknowledgeAlarm, alarm_id=alarm.alarm_id)


async def follow(robot: KioskRobot, hands: Hands) -> SafetyTestView:
    """Do what is asked until the result is shown or a step has failed."""
    done: tuple[str, str] = ("", "")
    while True:

        def is_news(shown: schema.Snapshot, done: tuple[str, str] = done) -> bool:
            test = shown.safety_test
            is_new = test.stage == "person" and (test.step, test.prompt) != done
            return is_new or test.stage in ("over", "failed")

        test = (await robot.until(is_news, TEST_S)).safety_test
        if test.stage != "person":
            return test
        await asyncio.sleep(REACH_S)
        done = (test.step, test.prompt)
        hands[test.step](test.prompt == "open")
