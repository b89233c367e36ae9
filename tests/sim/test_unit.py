"""The unit's contacts, wires, coil, snapshot, clock and repeatability, with a stub for the core."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from edge.domain.alarm_sounds import Tone
from edge.ports import Lamp, PanelInput
from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ESTOP,
    INPUTS_ALL,
)
from firmware.wire.reports import COIL_FIGURE8_COOLED, COIL_NONE
from hw_sim import vtime
from hw_sim.kernel import McuClock, Streams
from hw_sim.unit import SimUnit
from tests.sim.idle_unit import IdleCore, core_of, fire_at, on_unit


def test_contacts_bounce_and_settle_on_both_wires() -> None:
    async def story(unit: SimUnit) -> None:
        panel, core, calls = unit.edge_panel(), core_of(unit), []
        panel.watch(lambda: calls.append(panel.read()[PanelInput.DOOR]))
        bounced = 0
        for _ in range(20):
            before = len(calls)
            unit.set_door(is_open=True)
            assert core.masks[-1][1] == INPUTS_ALL & ~IN_DOOR  # at once
            await asyncio.sleep(0.1)
            assert calls[-1] is False
            bounced += len(calls) - before > 1
            unit.set_door(is_open=False)
            await asyncio.sleep(0.1)
            assert core.masks[-1][1] == INPUTS_ALL
            closed = {name for name, is_closed in panel.read().items() if is_closed}
            assert closed == set(panel.fitted()) - {PanelInput.GATE_BACK}
        assert bounced > 5

    on_unit(story)


def test_levels_are_sampled_often_enough() -> None:
    async def story(unit: SimUnit) -> None:
        core = core_of(unit)
        core.masks.clear()
        await asyncio.sleep(5)
        times = [at_us for at_us, _ in core.masks]
        assert max(b - a for a, b in itertools.pairwise(times)) <= 50_000

    on_unit(story)


def test_stuck_wire_lies_to_one_side_only_and_the_guard_is_not_fooled() -> None:
    async def story(unit: SimUnit) -> None:
        unit.stick_input("estop", "mcu", True)
        fire_at(unit, 50_000)
        unit.press_estop()
        await asyncio.sleep(0.1)
        assert core_of(unit).masks[-1][1] & IN_ESTOP
        assert unit.edge_panel().read()[PanelInput.ESTOP] is False
        assert not unit.hal.gate_is_on()
        assert unit.recorder.pulses == []
        unit.edge_panel().set_lost(PanelInput.DOOR)
        assert PanelInput.DOOR not in unit.edge_panel().read()

    on_unit(story)


def test_unplugged_coil_has_no_identity_and_no_sensors() -> None:
    async def story(unit: SimUnit) -> None:
        assert unit.hal.identity()[6] == COIL_FIGURE8_COOLED
        assert 220 < unit.hal.surface_c10() < 240
        unit.plug_coil(is_plugged=False)
        await asyncio.sleep(0.1)
        assert unit.hal.identity()[5:7] == (bytes(8), COIL_NONE)
        assert unit.hal.surface_c10() == unit.hal.winding_c10() == -32768
        assert not core_of(unit).masks[-1][1] & IN_COIL

    on_unit(story)


def test_fan_moves_the_tacho_and_the_winding() -> None:
    async def story(unit: SimUnit) -> None:
        unit.plant.coil.winding_c = 60.0
        unit.set_fan(False)
        await asyncio.sleep(10)
        warm = unit.state()
        unit.set_fan(True)
        await asyncio.sleep(10)
        cooled = unit.state()
        assert warm["contacts"]["cooling"] is False  # type: ignore[index]
        assert cooled["contacts"]["cooling"] is True  # type: ignore[index]
        assert 56 < warm["winding_c"] < 60  # type: ignore[operator]
        assert cooled["winding_c"] < 47  # type: ignore[operator]

    on_unit(story)


def test_passive_coil_has_no_cooling_input() -> None:
    async def story(unit: SimUnit) -> None:
        assert unit.hal.identity()[8] == INPUTS_ALL & ~IN_COOLING
        unit.set_fan(True)
        assert unit.state()["is_cooling"] is False

    on_unit(story, coil="figure8")


def test_state_snapshot_and_indicators_tell_what_happened() -> None:
    async def story(unit: SimUnit) -> None:
        unit.edge_indicators().set_lamp(Lamp.ARMED)
        unit.edge_indicators().set_sounder(Tone(262, 12))
        fire_at(unit, 20_000)
        await asyncio.sleep(0.03)
        state = unit.state()
        assert state["pulses"] == 1
        assert state["gate_on"] is True
        assert state["last_twitch"]["level_pct"] == pytest.approx(70, abs=0.1)  # type: ignore[index]
        assert (state["lamp"], state["sounder"]) == ("armed", True)
        assert unit.recorder.levels("sounder")[-1][1] == 262

    on_unit(story)


def test_mcu_clock_inverts_exactly_for_any_crystal() -> None:
    for drift_ppb in (0, 1, -1, 40_000, -200_000, 200_000):
        clock = McuClock(drift_ppb, boot_ns=123_456_789)
        for mcu_us in (0, 1, 999, 20_000, 191_840_000, 10**12 + 7):
            true_ns = clock.true_ns(mcu_us)
            assert clock.mcu_us(true_ns) == mcu_us
            assert clock.mcu_us(true_ns - 1) == mcu_us - 1


def test_streams_are_independent_by_name() -> None:
    alone, other = Streams(7), Streams(7)
    other.get("noise").random()
    assert alone.get("link").random() == other.get("link").random()
    assert Streams(8).get("link").random() != Streams(7).get("link").random()


def test_same_seed_same_truth_and_other_seed_differs() -> None:
    def trace(seed: int) -> SimUnit:
        async def main() -> SimUnit:
            unit = SimUnit(seed=seed, core_factory=IdleCore)
            await asyncio.sleep(0.5)
            unit.hal.set_charger(1_000_000)
            for _ in range(5):
                fire_at(unit, 10_000, 30_000)
                unit.set_door(is_open=True)
                await asyncio.sleep(1)
                unit.set_door(is_open=False)
                await asyncio.sleep(1)
            unit.close()
            return unit

        return vtime.run(main())

    first, again, other = trace(3).recorder, trace(3).recorder, trace(4).recorder
    assert first.trace_sha256() == again.trace_sha256()
    assert first.difference(again) is None
    assert first.trace_sha256() != other.trace_sha256()
    difference = first.difference(other)
    assert difference is not None
    assert "contacts" in difference.left + difference.right  # the bounce of the first door
    assert first.diff_lines(other)


def test_unit_on_a_loop_that_was_asleep_keeps_nominal_times() -> None:
    """Plants a late loop: the timer runs 90 ms after two pulses were due; truth does not move."""

    async def main() -> list[int]:
        unit = SimUnit(seed=5, core_factory=IdleCore)
        unit.stick_host_output(True)
        await asyncio.sleep(0.5)
        unit.hal.set_charger(1_000_000)
        now_us = fire_at(unit, 20_000, 40_000)
        unit.kernel.detach()  # nobody drives the unit
        await asyncio.sleep(0.13)
        unit.kernel.attach(asyncio.get_running_loop())
        unit.kernel.sync()
        unit.close()
        return [pulse.mcu_us - now_us for pulse in unit.recorder.pulses]

    assert vtime.run(main()) == [20_000, 40_000]
