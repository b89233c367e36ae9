"""The whole product in virtual time: real edge, real firmware core, simulated metal and clinic.

What is asserted is counted on the plant's truth recorder and on the clinic's shelf, never taken
from the product's own words.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog

from edge.api import schema
from hw_sim import vtime
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.session import (
    SessionResult,
    arm_and_start,
    doses_of,
    finish,
    ordinary_visit,
    play,
    prepare,
    run_session,
)
from hw_sim.system import SimSystem, SystemOptions
from tests.support.short_run import PULSES, SHORT, write_library

pytestmark = [pytest.mark.timeout(120), pytest.mark.control("truth-checkers")]
Interrupt = Callable[[SimSystem, KioskRobot], Awaitable[None]]


@pytest.fixture
def options(tmp_path: Path) -> SystemOptions:
    """A system that treats with the short protocol."""
    write_library(tmp_path / "protocols")
    return SystemOptions(seed=3, protocol=str(SHORT["id"]), library=tmp_path / "protocols")


def session_in_a_process(hash_seed: str) -> dict[str, object]:
    command = [sys.executable, "-m", "hw_sim", "session", "--protocol", "itbs-600", "--seed", "7"]
    done = subprocess.run(
        [*command, "--json"],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_session_itbs_600_twice_in_two_processes_gives_the_dose_and_one_trace() -> None:
    """Catches order by hash, clocks, threads: anything that makes two runs of a seed differ."""
    first, second = session_in_a_process("1"), session_in_a_process("2")

    assert first["pulses"] == 600
    assert first["last_pulse_us"] == 191_840_000
    assert first["violations"] == []
    assert first["clinic_sessions"] == 1
    assert first["trace_sha256"] == second["trace_sha256"]


def test_session_of_another_seed_has_another_trace(options: SystemOptions) -> None:
    """The companion of the test above: a hash over nothing would pass that one."""
    other = SystemOptions(seed=4, protocol=options.protocol, library=options.library)

    assert vtime.run(play(options)).trace_sha256 != vtime.run(play(other)).trace_sha256


async def resume(robot: KioskRobot) -> None:
    await robot.until(lambda s: s.phase == "paused", 10)
    await robot.until(lambda s: "resume" not in s.refusals, 10)
    await robot.do(schema.Resume)
    await robot.until(lambda s: s.phase == "treating", 20)


async def acknowledge(robot: KioskRobot) -> None:
    await robot.until(lambda s: s.phase == "stopped", 30)
    await robot.until(lambda s: "acknowledge" not in s.refusals, 30)
    await robot.do(schema.Acknowledge)


async def to_the_end(system: SimSystem, robot: KioskRobot) -> None:
    await robot.until(lambda s: s.phase == "wrapup", 120)
    await finish(system, robot)


async def stopped_by_hand(system: SimSystem, robot: KioskRobot) -> None:
    await robot.send(schema.Stop(id=robot.new_id()))
    await acknowledge(robot)


async def paused_by_hand(system: SimSystem, robot: KioskRobot) -> None:
    await robot.do(schema.Pause)


async def stopped_by_the_loop(system: SimSystem, robot: KioskRobot) -> None:
    system.unit.press_estop()
    await robot.until(lambda s: s.phase == "stopped", 5)
    await asyncio.sleep(1.0)
    system.unit.release_estop()
    await acknowledge(robot)


async def cut_off(system: SimSystem, robot: KioskRobot) -> None:
    system.unit.cut_link(is_silent=True)
    await asyncio.sleep(2.0)
    system.unit.restore_link()
    await acknowledge(robot)


@pytest.mark.parametrize(
    "interrupt", [paused_by_hand, stopped_by_hand, stopped_by_the_loop, cut_off]
)
def test_session_interrupted_in_a_train_is_resumed_to_the_exact_dose(
    options: SystemOptions, interrupt: Interrupt
) -> None:
    async def scenario(system: SimSystem, robot: KioskRobot) -> None:
        await prepare(robot)
        await arm_and_start(robot)
        await robot.until(lambda s: s.visit is not None and s.visit.session.delivered >= 27, 60)
        await interrupt(system, robot)
        await resume(robot)
        await to_the_end(system, robot)
        assert doses_of(system.clinic) == [PULSES]

    result = vtime.run(play(options, scenario))

    assert (result.pulses, result.violations) == (PULSES, ())


def test_session_with_a_pulse_nobody_asked_for_is_found_and_stops(options: SystemOptions) -> None:
    """The planted fault of the checkers: the metal fires by itself in the gap between trains."""

    async def scenario(system: SimSystem, robot: KioskRobot) -> None:
        await prepare(robot)
        await arm_and_start(robot)
        await robot.until(lambda s: s.visit is not None and s.visit.session.stage == "gap", 60)
        assert system.unit.fire_unasked()
        shown = await robot.until(lambda s: s.phase == "stopped", 5)
        assert shown.visit is not None
        assert shown.visit.session.stop is not None
        assert shown.visit.session.stop.code == "304"

    result: SessionResult = vtime.run(play(options, scenario))

    assert any(text.startswith("I3 ") for text in result.violations)


def test_session_record_waits_until_the_network_is_back(options: SystemOptions) -> None:
    async def scenario(system: SimSystem, robot: KioskRobot) -> None:
        await prepare(robot)
        system.line.is_cut = True
        await arm_and_start(robot)
        await robot.until(lambda s: s.phase == "wrapup", 120)
        await robot.do(schema.WrapUp, pain_0_10=0, note="", pin="2468")
        await robot.until(lambda s: s.phase == "record", 10)
        await asyncio.sleep(600)
        assert system.clinic.resources("Procedure") == []
        system.line.is_cut = False
        await asyncio.sleep(1000)  # back-off is at most 15 minutes
        assert len(system.clinic.resources("Procedure")) == 1

    assert vtime.run(play(options, scenario)).violations == ()


def test_visit_by_a_robot_reaches_the_signed_record(options: SystemOptions) -> None:
    result = vtime.run(play(options, ordinary_visit))

    assert (result.pulses, result.last_pulse_us) == (PULSES, 15_400_000)
    assert (result.clinic_sessions, result.violations) == (1, ())


@pytest.mark.parametrize("protocol", ["nothing", "deep-h1", "bilateral-tbs", "ptsd-5hz-philip"])
def test_session_of_a_protocol_the_unit_cannot_play_is_refused_in_words(
    protocol: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_session(protocol=protocol, seed=1, as_json=True) == 2
    structlog.reset_defaults()  # the command made the log quiet
    assert "these can: " in capsys.readouterr().err
