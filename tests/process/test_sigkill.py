"""SIGKILL of the edge in a train: the unit makes itself safe, the dose is exact, the rest is given.

Real processes, real serial device (a pty), real store on disk. Catches: a gate that outlives its
heartbeat, a count taken from what was asked, a restart that forgets or repeats pulses.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from edge.adapters.key_file import read_key
from edge.api import schema
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.replay.command import replay_file
from hw_sim.session import arm_and_start, prepare
from tests.support.http_hub import HttpHub
from tests.support.short_run import PULSES, short_run

pytestmark = [pytest.mark.process, pytest.mark.timeout(180), pytest.mark.control("durable-store")]
SAFE_NS = 500_000_000  # design: heartbeat loss to disarm
TECHNICIAN = DEMO_ACCOUNTS[0]


async def log_in(hub: HttpHub) -> KioskRobot:
    robot = KioskRobot(hub)
    await robot.log_in(TECHNICIAN.user_id, TECHNICIAN.pin)
    return robot


async def test_edge_killed_in_a_train_is_safe_counted_and_resumed(tmp_path: Path) -> None:
    async with short_run(tmp_path) as run:
        hub = HttpHub(run.origin)
        robot = await log_in(hub)
        await prepare(robot)
        await arm_and_start(robot)
        await robot.until(lambda s: s.visit is not None and s.visit.session.delivered >= 27, 30)

        killed_ns = time.monotonic_ns()
        await run.kill_edge()
        await robot.close()
        await asyncio.sleep(1.0)
        truth = await run.bench("/truth")

        assert not truth["is_gate_on"]
        assert truth["is_bleeding"]
        assert truth["wires"]["gate"][-1]["at_ns"] - killed_ns < SAFE_NS
        assert truth["pulses"][-1]["at_ns"] - killed_ns < SAFE_NS
        given = truth["pulses_total"]
        assert 27 <= given < PULSES

        await run.start_edge()
        robot = await log_in(hub)
        settled = await robot.until(lambda s: s.phase == "stopped", 30)
        assert settled.visit is not None
        session = settled.visit.session
        counted = (session.delivered, session.remaining, session.uncertain)
        assert counted == (given, PULSES - given, 0)

        await robot.until(lambda s: "acknowledge" not in s.refusals, 15)  # contacts are stable
        await robot.do(schema.Acknowledge)
        await robot.until(lambda s: s.phase == "paused", 15)
        await robot.until(lambda s: "resume" not in s.refusals, 15)
        await robot.do(schema.Resume)
        await robot.until(lambda s: s.phase == "wrapup", 60)
        assert (await run.bench("/truth"))["pulses_total"] == PULSES

        await robot.do(schema.WrapUp, pain_0_10=0, note="", pin=TECHNICIAN.pin)
        await robot.until(lambda s: s.visit is not None and s.visit.record_state == "sent", 60)
        await robot.close()
        await hub.close()
        assert len(run.clinic.resources("Procedure")) == 1

        asked = json.loads(await run.cli("sessions", "--json", "--user", TECHNICIAN.user_id))
        assert [row["pulses_measured"] for row in asked] == [PULSES]
        await run.stop()
        exported = json.loads(await run.cli("export", asked[0]["session_id"]))
        assert exported["record"]["pulses_measured"] == PULSES
        assert exported["journal_chain"] == "whole"

        # Both starts of the real service replay bit for bit: the one that was killed as far as its
        # recording reached the disk, a second before the end at most.
        key, box = read_key(tmp_path / "store.key"), tmp_path / "blackbox"
        replays = [
            await asyncio.to_thread(replay_file, path, key) for path in sorted(box.glob("*.tmsbox"))
        ]
        assert [(result.difference, damage) for result, damage in replays] == [(None, "")] * 2
        assert [result.is_closed for result, _ in replays] == [False, True]
        assert killed_ns / 1e9 - replays[0][0].until_s < 2.0
