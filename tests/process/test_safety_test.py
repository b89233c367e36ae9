"""The safety test in real time: production edge, pty, GPIO wires, hands at the bench panel.

Catches: times that are right in virtual time only, a signing key or a certificate that does not
survive the process.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from edge.api import schema
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.safety_person import follow, make_safety_test
from tests.support.http_hub import HttpHub
from tests.support.short_run import ShortRun, started

pytestmark = [pytest.mark.process, pytest.mark.timeout(180), pytest.mark.control("morning-test")]
TECHNICIAN = DEMO_ACCOUNTS[0]
# Switch of the bench panel for each step, and what it is called when the contact is open.
SWITCHES = {
    "estop": ("estop", "on", True),
    "patient": ("patient", "pressed", True),
    "door": ("door", "open", True),
    "coil": ("coil", "unplugged", True),
    "attend": ("attend", "released", False),
}
REPEATS = 4  # a loaded machine may be slow once or twice; the certificate names it


class Untested(ShortRun):
    has_certificate = False


class BenchHand:
    """Works the switches of the bench panel."""

    def __init__(self, run: ShortRun) -> None:
        self._run = run
        self._acts: set[asyncio.Task[None]] = set()

    def move(self, key: str, is_open: bool) -> None:
        name, word, level = SWITCHES[key]
        act = self._run.act(name, **{word: is_open is level})
        self._acts.add(asyncio.create_task(act))


async def test_safety_test_on_real_processes_lets_the_unit_be_used(tmp_path: Path) -> None:
    async with started(Untested(tmp_path)) as run:
        hub = HttpHub(run.origin)
        robot = KioskRobot(hub)
        await robot.log_in(TECHNICIAN.user_id, TECHNICIAN.pin)
        await robot.until(lambda s: "no_certificate" in s.device.reasons, 30)
        hand = BenchHand(run)
        hands = {key: partial(hand.move, key) for key in SWITCHES}

        result = await make_safety_test(robot, hands)
        for _ in range(REPEATS):
            if result.stage != "failed":
                break
            await robot.until(lambda s: "repeat_safety_step" not in s.refusals, 30)
            await robot.do(schema.RepeatSafetyStep)
            result = await follow(robot, hands)

        assert (result.stage, result.outcome) == ("over", "passed"), result
        assert (await run.bench("/truth"))["pulses_total"] == 0
        await robot.do(schema.EndSafetyTest)
        await robot.until(lambda s: s.device.ready == "ready", 15)
        async with hub.http.get("/health") as answer:
            health = json.loads(await answer.text())
        assert (health["safety_test"], health["certificate"]) == ("valid", "ST-000001")
        await robot.close()
        await hub.http.close()

        await run.kill_edge()
        shown = json.loads(await run.cli("certificate", "show", "--json"))
        assert '"is_passed":true' in shown["body"]
        assert "whole, in order" in await run.cli("certificate", "verify")
