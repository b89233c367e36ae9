"""One ordinary visit on the whole system in virtual time, judged at the coil.

The robot does what a technician does, from log-in to the signed record, and waits until the clinic
has it. The result counts pulses on the plant's truth recorder, never on the product's word.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from edge.api import schema
from edge.domain.checks import QUESTIONS
from edge.domain.train_plan import Plan
from hw_sim import vtime
from hw_sim.checkers import Facts, check
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.clinic.shelf import Json
from hw_sim.evidence import collect
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.system import APPOINTMENT_ID, TECHNICIAN, SimSystem, SystemOptions, UnplayableError

BOOT_S = 600.0  # controller and edge up, first pull from a clinic that may lose answers
STEP_S = 10.0
ARM_S = 15.0
SLACK_S = 60.0
SEND_S = 1800.0

Scenario = Callable[[SimSystem, KioskRobot], Awaitable[None]]


@dataclass(frozen=True)
class SessionResult:
    """What the coil and the clinic say about one session."""

    protocol: str
    seed: int
    pulses: int
    last_pulse_us: int | None  # from the first pulse, on the unit's own hardware counter
    trace_sha256: str
    sim_s: float
    violations: tuple[str, ...]
    clinic_sessions: int


async def prepare(robot: KioskRobot) -> None:
    """From today's list to the confirm screen."""
    await robot.until(lambda s: s.today is not None and bool(s.today.appointments), BOOT_S)
    await robot.until(lambda s: s.device.ready == "ready", BOOT_S)
    await robot.do(schema.OpenVisit, appointment_id=APPOINTMENT_ID)
    await robot.until(lambda s: s.phase == "patient", STEP_S)
    await robot.do(schema.BeginChecks)
    await robot.until(lambda s: s.phase == "checks", STEP_S)
    for question in QUESTIONS:
        await robot.do(schema.AnswerCheck, key=question.key, answer=question.choices[0])
        await asyncio.sleep(1.0)
    await robot.until(lambda s: "finish_checks" not in s.refusals, STEP_S)
    await robot.do(schema.FinishChecks)
    await robot.until(lambda s: s.phase == "ready", STEP_S)


async def arm_and_start(robot: KioskRobot) -> None:
    """Charge, arm, and hold the start button."""
    await robot.do(schema.ArmUnit)
    await robot.until(lambda s: s.phase == "armed", ARM_S)
    await asyncio.sleep(1.2)
    await robot.do(schema.Start)
    await robot.until(lambda s: s.phase == "treating", STEP_S)


async def finish(system: SimSystem, robot: KioskRobot) -> None:
    """Sign, and wait until the record has arrived."""
    await robot.do(schema.WrapUp, pain_0_10=2, note="", pin=TECHNICIAN[3])
    await robot.until(lambda s: s.visit is not None and s.visit.record_state == "sent", SEND_S)
    await robot.do(schema.LeaveVisit)
    await robot.until(lambda s: s.phase == "idle", STEP_S)
    system.check_alive()


async def ordinary_visit(system: SimSystem, robot: KioskRobot) -> None:
    """No fault, no pause."""
    await prepare(robot)
    await arm_and_start(robot)
    length_s = plan_of_system(system).last_pulse_us / 1e6
    await robot.until(lambda s: s.phase == "wrapup", length_s + SLACK_S)
    await finish(system, robot)


def plan_of_system(system: SimSystem) -> Plan:
    """The plan that the order asks for."""
    plan = system.protocol.plan
    assert plan is not None
    return plan


async def play(options: SystemOptions, scenario: Scenario = ordinary_visit) -> SessionResult:
    """Run a scenario on a fresh system and judge it. Raises what the scenario raises."""
    system = SimSystem(options)
    await system.start()
    robot = await system.robot()
    try:
        await scenario(system, robot)
        facts = collect(system, stuck="")
    finally:
        await robot.close()
        await system.stop()
        system.unit.close()
    return judge(system, facts)


def judge(system: SimSystem, facts: Facts) -> SessionResult:
    """The result: what the rules say of the truth record and of everything else outside."""
    truth = system.unit.recorder
    sessions = system.clinic.resources("Procedure")
    facts = replace(facts, counts=tuple(("clinic", count) for count in doses_of(system.clinic)))
    pulses = truth.pulses
    return SessionResult(
        protocol=system.options.protocol,
        seed=system.options.seed,
        pulses=len(pulses),
        last_pulse_us=pulses[-1].mcu_us - pulses[0].mcu_us if pulses else None,
        trace_sha256=truth.trace_sha256(),
        sim_s=asyncio.get_running_loop().time(),
        violations=tuple(str(v) for v in check(truth, facts)),
        clinic_sessions=len(sessions),
    )


def doses_of(clinic: ClinicServer, code: str = "stim_count") -> list[int]:
    """Delivered (or by code other) pulses as the clinic's server holds them, one per session."""
    found = []
    for observation in clinic.resources("Observation"):
        parts = observation.get("component", [])
        found += [_value(part) for part in parts if code in _codes(part)]
    return found


def _codes(component: Json) -> list[str]:
    return [coding["code"] for coding in component["code"].get("coding", [])]


def _value(component: Json) -> int:
    return int(component["valueQuantity"]["value"])


def quiet_logging() -> None:
    """Only errors, on standard error: wall-clock stamps and thousands of lines help nobody here."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def run_session(*, protocol: str, seed: int, as_json: bool, record: Path | None = None) -> int:
    """The command `python -m hw_sim session`. Returns the exit status."""
    quiet_logging()
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    try:
        result = vtime.run(play(SystemOptions(seed=seed, protocol=protocol, record=record)))
    except UnplayableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    wall_s = time.perf_counter() - began_s
    document = {
        "protocol": result.protocol,
        "seed": result.seed,
        "pulses": result.pulses,
        "last_pulse_us": result.last_pulse_us,
        "trace_sha256": result.trace_sha256,
        "sim_s": round(result.sim_s, 3),
        "wall_s": round(wall_s, 3),
        "cpu_s": round(time.process_time() - began_cpu_s, 3),
        "speed_x": round(result.sim_s / wall_s, 1),
        "clinic_sessions": result.clinic_sessions,
        "violations": list(result.violations),
    }
    if as_json:
        print(json.dumps(document))  # noqa: T201  a command's answer
    else:
        for key, value in document.items():
            print(f"{key:16} {value}")  # noqa: T201
    return 1 if result.violations else 0
