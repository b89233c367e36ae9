"""SIGSTOP of the edge in a train: both enables fall by themselves, and the red button still works.

Real processes, real serial device (a pty), real wires. Catches: an enable that a frozen process
holds, and a burst of overdue work that gives pulses when it goes on.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from hw_sim.kiosk_robot import KioskRobot
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.session import arm_and_start, prepare
from tests.support.http_hub import HttpHub
from tests.support.short_run import PULSES, short_run

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(120),
    pytest.mark.control("host-enable"),
    pytest.mark.control("heartbeat"),
]
SAFE_NS = 500_000_000  # design: heartbeat loss to disarm; the edge's own enable is faster
FROZEN_S = 3.0


async def test_edge_frozen_in_a_train_gives_nothing_more_and_stays_stopped(tmp_path: Path) -> None:
    async with short_run(tmp_path) as run:
        hub = HttpHub(run.origin)
        robot = KioskRobot(hub)
        await robot.log_in(DEMO_ACCOUNTS[0].user_id, DEMO_ACCOUNTS[0].pin)
        await prepare(robot)
        await arm_and_start(robot)
        await robot.until(lambda s: s.visit is not None and s.visit.session.delivered >= 7, 30)

        frozen_ns = time.monotonic_ns()
        run.signal_edge(signal.SIGSTOP)
        try:
            await asyncio.sleep(FROZEN_S)
            frozen = await run.bench("/truth")
        finally:
            run.signal_edge(signal.SIGCONT)  # a process that stands still cannot be ended
        await robot.until(lambda s: s.phase in ("stopped", "uncertain"), 20)
        await asyncio.sleep(1.0)
        after = await run.bench("/truth")

        assert not frozen["is_gate_on"]
        assert frozen["pulses"][-1]["at_ns"] - frozen_ns < SAFE_NS
        assert after["pulses_total"] == frozen["pulses_total"] < PULSES
        await robot.close()
        await hub.close()
