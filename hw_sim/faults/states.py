"""Every place of a visit at which a fault can strike, and how a technician gets there.

One situation for each state of edge/domain/session_states.py, and three for treating: before the
first train, in a train, between two. Groups say what is at stake: at rest nothing can be given,
while arming and live the output is or may at any moment be enabled, held it was stopped, after the
dose is complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from edge.api import schema
from edge.domain.checks import QUESTIONS
from edge.domain.session_states import S
from hw_sim.faults.bench import FaultBench
from hw_sim.session import BOOT_S, STEP_S, arm_and_start, prepare
from hw_sim.system import APPOINTMENT_ID, TECHNICIAN

REST, ARM, LIVE, HELD, AFTER = "rest", "arm", "live", "held", "after"
PULSES_BEFORE = 13  # three into the second of four trains
TREATING_S = 60.0
UNCERTAIN_ALARMS = ("heartbeat_lost", "link_down", "link_lost", "uncertain_dose")
HEARD_S = 0.3  # after the edge the controller finds out as well, and gives nothing any more


class Situation(NamedTuple):
    """Where the fault strikes; jitter_s: at most so much later, from the seed."""

    name: str
    state: S
    group: str
    reach: Callable[[FaultBench], Coroutine[Any, Any, None]]
    jitter_s: float
    alarms: tuple[str, ...] = ()  # that belong to the way here


async def _idle(bench: FaultBench) -> None:
    await bench.robot.until(lambda s: s.today is not None and bool(s.today.appointments), BOOT_S)
    await bench.robot.until(lambda s: s.device.ready == "ready", BOOT_S)


async def _patient(bench: FaultBench) -> None:
    await _idle(bench)
    await bench.robot.do(schema.OpenVisit, appointment_id=APPOINTMENT_ID)
    await bench.robot.until(lambda s: s.phase == "patient", STEP_S)


async def _checks(bench: FaultBench) -> None:
    await _patient(bench)
    await bench.robot.do(schema.BeginChecks)
    await bench.robot.until(lambda s: s.phase == "checks", STEP_S)
    first = QUESTIONS[0]
    await bench.robot.do(schema.AnswerCheck, key=first.key, answer=first.choices[0])


async def _ready(bench: FaultBench) -> None:
    await prepare(bench.robot)


async def _arming(bench: FaultBench) -> None:
    await _ready(bench)
    await bench.robot.do(schema.ArmUnit)
    await bench.robot.until(lambda s: s.phase == "arming", STEP_S)


async def _armed(bench: FaultBench) -> None:
    await _arming(bench)
    await bench.robot.until(lambda s: s.phase == "armed", STEP_S)


async def _countdown(bench: FaultBench) -> None:
    await _ready(bench)
    await arm_and_start(bench.robot)
    await _stage(bench, "countdown")


async def _train(bench: FaultBench) -> None:
    await _countdown(bench)
    await _given(bench, PULSES_BEFORE)


async def _gap(bench: FaultBench) -> None:
    await _countdown(bench)
    await _given(bench, 10)
    await _stage(bench, "gap")


async def _paused(bench: FaultBench) -> None:
    await _train(bench)
    await bench.robot.do(schema.Pause)
    await bench.robot.until(lambda s: s.phase == "paused" and "resume" not in s.refusals, STEP_S)


async def _resuming(bench: FaultBench) -> None:
    await _paused(bench)
    await bench.robot.do(schema.Resume)
    await bench.robot.until(lambda s: s.phase == "resuming", STEP_S)


async def _stopped(bench: FaultBench) -> None:
    await _train(bench)
    await bench.robot.send(schema.Stop(id=bench.robot.new_id()))
    await bench.robot.until(
        lambda s: s.phase == "stopped" and "acknowledge" not in s.refusals, STEP_S
    )


async def _uncertain(bench: FaultBench) -> None:
    """The line is back, the count is not known yet."""
    await _train(bench)
    bench.system.unit.cut_link(is_silent=True)
    await bench.robot.until(lambda s: s.phase == "uncertain", STEP_S)
    await asyncio.sleep(HEARD_S)
    bench.system.unit.restore_link()


async def _wrapup(bench: FaultBench) -> None:
    await _train(bench)
    await bench.robot.until(lambda s: s.phase == "wrapup", TREATING_S)


async def _record(bench: FaultBench) -> None:
    await _wrapup(bench)
    bench.system.line.is_cut = True  # the record is still on its way
    await bench.robot.do(schema.WrapUp, pain_0_10=2, note="", pin=TECHNICIAN[3])
    await bench.robot.until(lambda s: s.phase == "record", STEP_S)
    bench.system.line.is_cut = False


async def _stage(bench: FaultBench, stage: str) -> None:
    await bench.robot.until(
        lambda s: s.visit is not None and s.visit.session.stage == stage, TREATING_S
    )


async def _given(bench: FaultBench, pulses: int) -> None:
    await bench.robot.until(
        lambda s: s.visit is not None and s.visit.session.delivered >= pulses, TREATING_S
    )
    await asyncio.sleep(0)


SITUATIONS: tuple[Situation, ...] = (
    Situation("idle", S.IDLE, REST, _idle, 0.2),
    Situation("patient", S.PATIENT, REST, _patient, 0.2),
    Situation("checks", S.CHECKS, REST, _checks, 0.2),
    Situation("ready", S.READY, REST, _ready, 0.2),
    Situation("arming", S.ARMING, ARM, _arming, 0.05),
    Situation("armed", S.ARMED, LIVE, _armed, 0.2),
    Situation("countdown", S.TREATING, LIVE, _countdown, 0.5),
    Situation("train", S.TREATING, LIVE, _train, 0.3),
    Situation("gap", S.TREATING, LIVE, _gap, 0.5),
    Situation("paused", S.PAUSED, HELD, _paused, 0.2),
    Situation("resuming", S.RESUMING, ARM, _resuming, 0.05),
    Situation("stopped", S.STOPPED, HELD, _stopped, 0.2),
    Situation("uncertain", S.UNCERTAIN, HELD, _uncertain, 0.0, UNCERTAIN_ALARMS),
    Situation("wrapup", S.WRAPUP, AFTER, _wrapup, 0.2),
    Situation("record", S.RECORD, AFTER, _record, 0.2),
)
BY_NAME = {situation.name: situation for situation in SITUATIONS}
