"""The production edge treats a patient on a controller that is real MicroPython.

Real edge process, real serial adapter on a pty, real store; MicroPython from npm under node runs
the firmware's own tasks in real time. Catches what two Python interpreters agree on in our tests
and not on a line: timing, framing in pieces, the seal, an answer that is late.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.api import schema
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.session import arm_and_start, prepare
from tests.support.http_hub import HttpHub
from tests.support.micropython_run import BRIEF_PULSES, BRIEF_SPAN_US, MicroPythonRun
from tests.support.short_run import started

pytestmark = [pytest.mark.process, pytest.mark.micropython, pytest.mark.timeout(120)]
TECHNICIAN = DEMO_ACCOUNTS[0]


async def test_edge_gives_a_whole_session_on_real_micropython(tmp_path: Path) -> None:
    async with started(MicroPythonRun(tmp_path)) as run:
        hub = HttpHub(run.origin)
        robot = KioskRobot(hub)
        await robot.log_in(TECHNICIAN.user_id, TECHNICIAN.pin)
        await prepare(robot)
        await robot.until(lambda s: "arm" not in s.refusals, 30)  # the clock's estimate settles
        await arm_and_start(robot)
        await robot.until(lambda s: s.phase == "wrapup", 40)
        await robot.do(schema.WrapUp, pain_0_10=0, note="", pin=TECHNICIAN.pin)
        await robot.until(lambda s: s.visit is not None and s.visit.record_state == "sent", 30)
        asked = json.loads(await run.cli("sessions", "--json", "--user", TECHNICIAN.user_id))
        await robot.close()
        await hub.close()
        count, first_us, last_us, state = await run.unit.stop()

    assert [row["pulses_measured"] for row in asked] == [BRIEF_PULSES]
    assert count == BRIEF_PULSES
    assert last_us - first_us == BRIEF_SPAN_US
    assert state in ("DISCHARGING", "STANDBY")
    assert len(run.clinic.resources("Procedure")) == 1
