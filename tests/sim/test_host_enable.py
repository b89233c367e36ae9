"""The edge's one-shot in the plant, its faults, and the controller that relies on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.ports import PanelInput
from firmware.wire.codes import F_HOST_ENABLE, F_HOST_STUCK, IN_HOST, PULSE_CUT
from hw_sim import vtime
from hw_sim.plant.host_enable import HOST_LIFE_NS, HOST_WIRE
from hw_sim.unit import SimUnit
from tests.sim.idle_unit import IdleCore, core_of, fire_at, on_unit, results_after

pytestmark = pytest.mark.control("host-enable")

LIFE_S = HOST_LIFE_NS / 1e9
NS_PER_S = 1_000_000_000


def on_bare_unit(story: Callable[[SimUnit], Awaitable[None]]) -> SimUnit:
    """A unit whose one-shot nobody holds."""

    async def main() -> SimUnit:
        unit = SimUnit(seed=5, core_factory=IdleCore)
        await asyncio.sleep(0.5)
        await story(unit)
        unit.close()
        return unit

    return vtime.run(main())


async def toggle(unit: SimUnit, times: int, period_s: float = 0.04) -> None:
    for _ in range(times):
        unit.edge_host_enable().beat()
        await asyncio.sleep(period_s)


def is_on(unit: SimUnit) -> bool:
    unit.kernel.sync()
    return unit.plant.host.is_on(unit.kernel.now_ns)


def test_one_shot_is_on_while_edges_come_and_falls_250_ms_after_the_last() -> None:
    async def story(unit: SimUnit) -> None:
        assert not is_on(unit)
        await toggle(unit, 20)
        assert is_on(unit)
        await asyncio.sleep(1.0)
        assert not is_on(unit)
        (_, off), (on_ns, on), (off_ns, gone) = unit.recorder.levels(HOST_WIRE)
        assert (off, on, gone) == (0, 1, 0)
        assert off_ns - on_ns == round(19 * 0.04 * NS_PER_S) + HOST_LIFE_NS

    on_bare_unit(story)


@pytest.mark.parametrize("level", [False, True])
def test_pin_stuck_at_either_level_lets_the_one_shot_fall(level: bool) -> None:
    """Catches: an enable that is a level."""

    async def story(unit: SimUnit) -> None:
        await toggle(unit, 4)
        unit.stick_host_pin(level)
        await toggle(unit, 10)
        assert not is_on(unit)
        unit.stick_host_pin(None)
        await toggle(unit, 3)
        assert is_on(unit)

    on_bare_unit(story)


def test_dropping_makes_at_most_one_edge_more() -> None:
    async def story(unit: SimUnit) -> None:
        await toggle(unit, 3)
        for _ in range(20):
            unit.edge_host_enable().drop()
            await asyncio.sleep(0.04)
        assert not is_on(unit)

    on_bare_unit(story)


def test_output_is_a_wire_to_the_controller_and_to_the_edge() -> None:
    async def story(unit: SimUnit) -> None:
        panel, heard = unit.edge_panel(), []
        panel.watch(lambda: heard.append(panel.read()[PanelInput.HOST_BACK]))
        unit.edge_host_enable().beat()
        assert core_of(unit).masks[-1][1] & IN_HOST
        await asyncio.sleep(LIFE_S + 0.01)
        assert not core_of(unit).masks[-1][1] & IN_HOST
        assert heard == [True, False]

    on_bare_unit(story)


def test_output_welded_on_shows_on_both_read_backs() -> None:
    async def story(unit: SimUnit) -> None:
        unit.stick_host_output(True)
        await asyncio.sleep(1.0)
        assert is_on(unit)
        assert core_of(unit).masks[-1][1] & IN_HOST
        assert unit.edge_panel().read()[PanelInput.HOST_BACK] is True

    on_bare_unit(story)


def test_gate_read_back_follows_the_enable_and_can_be_stuck() -> None:
    async def story(unit: SimUnit) -> None:
        panel, heard = unit.edge_panel(), []
        panel.watch(lambda: heard.append(panel.read()[PanelInput.GATE_BACK]))
        unit.hal.arm_gate(100_000)
        await asyncio.sleep(0.2)
        assert heard == [True, False]
        unit.stick_gate_back(True)
        assert panel.read()[PanelInput.GATE_BACK] is True

    on_unit(story)


def test_controller_s_enable_welded_on_gives_no_pulse_without_the_edge_s() -> None:
    """The other defence is off: the guard is welded and the firmware does nothing."""

    async def story(unit: SimUnit) -> None:
        unit.stick_host_output(None)
        unit.set_gate_stuck(True)
        fire_at(unit, 50_000, 100_000)
        assert not unit.fire_unasked()
        assert [row[2] for row in await results_after(unit, 0.2)] == [0, 0]
        assert unit.recorder.pulses == []

    on_unit(story)


def test_edge_s_enable_that_falls_in_a_pulse_cuts_it() -> None:
    async def story(unit: SimUnit) -> None:
        fire_at(unit, 50_000)
        await asyncio.sleep(0.050100)
        unit.stick_host_output(False)
        [(_, result, _)] = await results_after(unit, 0.01)
        assert result == PULSE_CUT
        assert not unit.recorder.pulses[0].is_complete

    on_unit(story)


def real_faults(story: Callable[[SimUnit], Awaitable[None]]) -> list[int]:
    """What the real firmware latched in a story without any edge."""

    async def main() -> list[int]:
        unit = SimUnit(seed=5)
        await asyncio.sleep(2.0)
        await story(unit)
        core = unit.mcu.core
        unit.close()
        faults: list[int] = core._unit.machine.faults  # type: ignore[union-attr]
        return faults

    return vtime.run(main())


def test_one_shot_welded_on_is_found_by_the_controller_alone() -> None:
    async def story(unit: SimUnit) -> None:
        unit.stick_host_output(True)
        await asyncio.sleep(5.2)

    assert real_faults(story) == [F_HOST_STUCK]


def test_one_shot_that_nobody_holds_is_no_fault_at_rest() -> None:
    async def story(unit: SimUnit) -> None:
        del unit
        await asyncio.sleep(20.0)

    assert F_HOST_ENABLE not in real_faults(story)
