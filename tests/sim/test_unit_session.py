"""The unit with the real firmware core: whole sessions and stops, judged by the checkers.

The edge is a script of its own (scripted_edge.py), so what holds here holds without the product's
edge. Each stop is also run with its defence removed, to show that the checkers would see it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from edge.domain.train_plan import Plan, plan_of
from firmware.wire.codes import FAULT, STANDBY
from firmware.wire.commands import Stop
from hw_sim import vtime
from hw_sim.checkers import Violation, check
from hw_sim.sim_hal import SimHal
from hw_sim.unit import SimUnit
from tests.sim.scripted_edge import ScriptedEdge

ITBS_600 = plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)
SHORT = plan_of((50, 100_000), (3, 8_000_000), train_levels=1)
LEVEL_PCT = 70

Act = Callable[[SimUnit, ScriptedEdge], Awaitable[None]]


async def session(plan: Plan, act: Act | None, seed: int = 7) -> tuple[SimUnit, list[Violation]]:
    """Fire a plan; act runs 1.23 s after the gate came on and ends the firing."""
    unit = SimUnit(seed=seed, ppm=40.0)
    edge = ScriptedEdge(unit)
    await asyncio.sleep(0.5)
    await edge.connect()
    await edge.until_state(STANDBY)
    token = await edge.arm(plan, LEVEL_PCT)
    firing = asyncio.create_task(edge.fire(plan, token))
    if act is None:
        await firing
    else:
        await asyncio.sleep(1.23)
        await act(unit, edge)
        await asyncio.sleep(3)
        firing.cancel()
        await asyncio.gather(firing, return_exceptions=True)
    facts = edge.facts(plan, LEVEL_PCT)
    await edge.close()
    await asyncio.sleep(1)
    unit.close()
    return unit, check(unit.recorder, facts)


def test_itbs_600_gives_exactly_its_pulses_at_their_times() -> None:
    unit, violations = vtime.run(session(ITBS_600, None))
    pulses = unit.recorder.pulses
    assert violations == []
    assert [p.mcu_us - pulses[0].mcu_us for p in pulses] == list(ITBS_600.offsets_us())
    assert {pulse.amplitude_pm for pulse in pulses} == {700}


async def press_estop(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.press_estop()


async def open_door(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.set_door(is_open=True)


async def unplug_coil(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.plug_coil(is_plugged=False)


async def press_patient_button(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.press_patient_button(is_pressed=True)
    await asyncio.sleep(0.2)
    unit.press_patient_button(is_pressed=False)


async def block_fan(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.set_fan(False)


async def break_sensor(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.set_sensor_fault("surface", "open")


async def silence_line(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.cut_link(is_silent=True)


async def send_stop(_: SimUnit, edge: ScriptedEdge) -> None:
    edge.send(Stop())


async def hang(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.hang_mcu(has_watchdog=False)


async def reboot(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.reboot_mcu()


async def misfire(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.hal.faults.misfires_left = 1


async def overshoot(unit: SimUnit, _: ScriptedEdge) -> None:
    unit.hal.faults.sense_scale = 1.25


@pytest.mark.parametrize(
    "act",
    [
        press_estop,
        open_door,
        unplug_coil,
        press_patient_button,
        block_fan,
        break_sensor,
        silence_line,
        send_stop,
        hang,
        reboot,
        misfire,
        overshoot,
    ],
)
def test_stop_of_any_kind_ends_the_session_without_a_violation(act: Act) -> None:
    unit, violations = vtime.run(session(SHORT, act))
    booked = {"I19", "I20"}  # the script's own books are not settled after a loss of the line
    assert [v for v in violations if v.checker not in booked] == []
    assert 5 < len(unit.recorder.pulses) < 20
    assert unit.recorder.levels("gate")[-1][1] == 0


def test_estop_leaves_a_latched_fault_and_a_bled_bank() -> None:
    async def act(unit: SimUnit, edge: ScriptedEdge) -> None:
        unit.press_estop()
        await edge.until_state(FAULT)
        await asyncio.sleep(2)
        assert unit.plant.bank_mv() < 90_000
        unit.release_estop()
        await asyncio.sleep(0.5)
        assert edge.status is not None
        assert edge.status.state == FAULT

    vtime.run(session(SHORT, act))


def test_unasked_pulse_is_seen_by_checker_and_firmware() -> None:
    async def act(unit: SimUnit, edge: ScriptedEdge) -> None:
        assert unit.fire_unasked()
        await edge.until_state(FAULT)

    _, violations = vtime.run(session(SHORT, act))
    assert {"I3"} <= {violation.checker for violation in violations}


def disarm_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimHal, "drop_gate", lambda _: None)
    monkeypatch.setattr(SimHal, "cancel_pulses", lambda _: 4)


def blind_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimHal, "_is_loop_closed", lambda _: True)
    disarm_drop(monkeypatch)


def weld_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimHal, "_drop", lambda *_: None)
    monkeypatch.setattr(SimHal, "_is_guard_on", lambda hal: hal._gate_until_ns is not None)


@pytest.mark.parametrize(
    ("plant_bug", "act", "checker"),
    [
        (disarm_drop, send_stop, "I14"),
        (blind_guard, open_door, "I1"),
        (weld_gate, silence_line, "I4"),
        (weld_gate, hang, "I15"),
    ],
)
def test_checkers_see_a_defence_taken_away(
    monkeypatch: pytest.MonkeyPatch,
    plant_bug: Callable[[pytest.MonkeyPatch], None],
    act: Act,
    checker: str,
) -> None:
    plant_bug(monkeypatch)
    _, violations = vtime.run(session(SHORT, act))
    assert checker in {violation.checker for violation in violations}


def test_running_ahead_of_the_loop_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead, _ = vtime.run(session(SHORT, press_estop))
    monkeypatch.setattr(vtime.VirtualLoop, "jump", lambda *_: False)
    stepped, _ = vtime.run(session(SHORT, press_estop))
    assert ahead.recorder.difference(stepped.recorder) is None
    assert ahead.recorder.trace_sha256() == stepped.recorder.trace_sha256()


def test_failing_firmware_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimHal, "surface_c10", lambda _: 1 // 0)
    with pytest.raises(vtime.VirtualRunError, match="at "):
        vtime.run(session(SHORT, None))


PROGRAM = """
from hw_sim import vtime
from tests.sim import test_unit_session as t
unit, violations = vtime.run(t.session(t.SHORT, t.press_estop, seed=11))
print(unit.recorder.trace_sha256(), len(unit.recorder.pulses))
"""


@pytest.mark.process
def test_same_seed_in_two_processes_gives_the_same_truth() -> None:
    traces = []
    for hash_seed in ("1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True
        )
        traces.append(ran.stdout)
    assert traces[0] == traces[1]
    assert len(traces[0].split()[0]) == 64
