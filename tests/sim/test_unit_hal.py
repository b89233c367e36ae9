"""HAL, guard, hardware chain, output faults, reboot: what is safe without any firmware.

A stub that does nothing stands for the core, so what is safe here is safe by hardware alone.
"""

from __future__ import annotations

import asyncio

import pytest

from firmware.wire.codes import (
    PULSE_CUT,
    PULSE_EMITTED,
    PULSE_REFUSED,
    RESET_POWER,
    RESET_WATCHDOG,
)
from hw_sim.sim_hal import GUARD_DROP_NS
from hw_sim.unit import SimUnit
from tests.sim.idle_unit import MS, core_of, fire_at, mcu_now_us, on_unit, results_after


def test_queued_pulse_comes_at_its_mcu_time_and_is_sensed() -> None:
    async def story(unit: SimUnit) -> None:
        now_us = fire_at(unit, 20_000, 40_000)
        results = await results_after(unit, 0.1)
        assert [row[:2] for row in results] == [
            (now_us + 20_000, PULSE_EMITTED),
            (now_us + 40_000, PULSE_EMITTED),
        ]
        assert all(690 <= amplitude_pm <= 710 for _, _, amplitude_pm in results)
        pulses = unit.recorder.pulses
        assert [pulse.mcu_us for pulse in pulses] == [now_us + 20_000, now_us + 40_000]
        assert pulses[0].peak_da == pytest.approx(46_583, abs=1)  # 70 % of 6655 A
        assert abs(pulses[1].at_ns - pulses[0].at_ns - 19_998_000) < 1_000  # 100 ppm fast

    on_unit(story, ppm=100.0)


def test_closed_gate_refuses_in_the_instant_of_the_edge() -> None:
    async def story(unit: SimUnit) -> None:
        now_us = fire_at(unit, 20_000, 99_999, 100_001)
        results = await results_after(unit, 0.2)
        assert [row[1] for row in results] == [PULSE_EMITTED, PULSE_CUT, PULSE_REFUSED]
        assert results[2] == (now_us + 100_001, PULSE_REFUSED, 0)
        assert [level for _, level in unit.recorder.levels("gate")] == [0, 1, 0]
        on_ns, off_ns = (at_ns for at_ns, _ in unit.recorder.levels("gate")[1:])
        assert off_ns - on_ns == 100 * MS

    on_unit(story)


def test_feeding_extends_the_gate_but_never_closes_it_again() -> None:
    async def story(unit: SimUnit) -> None:
        unit.kernel.sync()
        unit.hal.arm_gate(50_000)
        for _ in range(10):
            await asyncio.sleep(0.04)
            unit.kernel.sync()
            unit.hal.feed_gate(50_000)
        assert unit.hal.gate_is_on()
        await asyncio.sleep(0.06)
        unit.kernel.sync()
        unit.hal.feed_gate(50_000)
        assert not unit.hal.gate_is_on()
        assert len(unit.recorder.levels("gate")) == 3

    on_unit(story)


@pytest.mark.parametrize("contact", ["estop", "door", "coil", "patient"])
def test_open_contact_drops_the_gate_at_once_and_for_good(contact: str) -> None:
    async def story(unit: SimUnit) -> None:
        fire_at(unit, 20_000, 80_000)
        await asyncio.sleep(0.05)
        unit.hand.move(contact, is_closed=False)
        opened_ns = unit.kernel.now_ns
        await asyncio.sleep(0.01)
        unit.hand.move(contact, is_closed=True)
        for _ in range(4):
            unit.kernel.sync()
            unit.hal.feed_gate(100_000)
            await asyncio.sleep(0.01)
        results = await results_after(unit, 0.1)
        assert [row[1] for row in results] == [PULSE_EMITTED, PULSE_REFUSED]
        assert unit.recorder.levels("gate")[-1] == (opened_ns + GUARD_DROP_NS, 0)
        unit.hal.arm_gate(100_000)
        assert unit.hal.gate_is_on()

    on_unit(story)


def test_gate_cannot_be_armed_while_a_contact_is_open() -> None:
    async def story(unit: SimUnit) -> None:
        unit.set_door(is_open=True)
        await asyncio.sleep(0.05)
        unit.hal.arm_gate(100_000)
        assert not unit.hal.gate_is_on()

    on_unit(story)


def test_estop_in_the_middle_of_a_pulse_cuts_it() -> None:
    async def story(unit: SimUnit) -> None:
        fire_at(unit, 20_000)
        await asyncio.sleep(0.02 + 40e-6)
        unit.press_estop()
        results = await results_after(unit, 0.05)
        assert [row[1] for row in results] == [PULSE_CUT]
        pulse = unit.recorder.pulses[-1]
        assert not pulse.is_complete
        assert pulse.amplitude_pm < 600  # before its crest at 72 us

    on_unit(story)


@pytest.mark.parametrize("contact", ["estop", "coil"])
def test_hardware_chain_stops_output_with_the_gate_welded_and_the_guard_blind(contact: str) -> None:
    async def story(unit: SimUnit) -> None:
        unit.hal.faults.is_guard_blind = True
        unit.set_gate_stuck(True)
        unit.hand.move(contact, is_closed=False)
        await asyncio.sleep(0.02)
        fire_at(unit, 20_000)
        assert not unit.fire_unasked()
        results = await results_after(unit, 0.1)
        assert unit.hal.gate_is_on()
        assert [row[1:] for row in results] == [(PULSE_EMITTED, 0)]
        assert unit.recorder.pulses == []

    on_unit(story)


def test_faults_of_the_output_show_as_missing_double_unasked_and_wrong_amplitude() -> None:
    async def story(unit: SimUnit) -> None:
        faults = unit.hal.faults
        faults.misfires_left = 1
        fire_at(unit, 10_000)
        assert [row[1:] for row in await results_after(unit, 0.2)] == [(PULSE_EMITTED, 0)]
        assert unit.recorder.pulses == []
        faults.doubles_left = 1
        fire_at(unit, 10_000)
        assert [row[1] for row in await results_after(unit, 0.2)] == [PULSE_EMITTED, 0]
        assert [pulse.is_asked for pulse in unit.recorder.pulses] == [True, False]
        assert unit.fire_unasked()
        assert [row[1] for row in await results_after(unit, 0.2)] == [0]
        unit.plant.current_scale = 1.2
        fire_at(unit, 10_000)
        [(_, result, amplitude_pm)] = await results_after(unit, 0.2)
        assert result == PULSE_EMITTED
        assert amplitude_pm == pytest.approx(840, abs=10)
        assert unit.recorder.pulses[-1].amplitude_pm == 840
        faults.sense_scale = 0.5
        fire_at(unit, 10_000)
        [(_, _, amplitude_pm)] = await results_after(unit, 0.2)
        assert amplitude_pm == pytest.approx(420, abs=5)

    on_unit(story)


def test_gate_stuck_off_never_lets_a_pulse_out() -> None:
    async def story(unit: SimUnit) -> None:
        unit.set_gate_stuck(False)
        fire_at(unit, 10_000)
        assert not unit.hal.gate_is_on()
        assert [row[1] for row in await results_after(unit, 0.1)] == [PULSE_REFUSED]

    on_unit(story)


def test_queue_refuses_late_full_and_disordered_requests() -> None:
    async def story(unit: SimUnit) -> None:
        now_us = mcu_now_us(unit)
        assert not unit.hal.queue_pulse(now_us + 99)
        assert unit.hal.queue_pulse(now_us + 10_000)
        assert not unit.hal.queue_pulse(now_us + 10_000)
        assert all(unit.hal.queue_pulse(now_us + 10_000 * n) for n in (2, 3, 4))
        assert not unit.hal.queue_pulse(now_us + 50_000)
        unit.hal.arm_gate(100_000)
        unit.hal.cancel_pulses()
        assert await results_after(unit, 0.1) == []

    on_unit(story)


def test_hung_controller_lets_the_gate_go_and_is_rebooted_by_its_watchdog() -> None:
    async def story(unit: SimUnit) -> None:
        fire_at(unit, 30_000, 60_000, 120_000, 180_000)
        unit.hang_mcu()
        hung_ns = unit.kernel.now_ns
        await asyncio.sleep(1)
        assert len(unit.recorder.pulses) == 2  # what PIO had, while the guard's life lasted
        off_ns = unit.recorder.levels("gate")[-1][0]
        assert off_ns - hung_ns <= 100 * MS
        states = [mark.text for mark in unit.recorder.marks if mark.text.startswith("mcu")]
        assert states[-3:] == ["mcu hung 1", "mcu booting 2", "mcu running 2"]
        assert unit.hal.identity()[1:3] == (2, RESET_WATCHDOG)

    on_unit(story)


def test_core_that_stops_feeding_the_watchdog_is_rebooted() -> None:
    async def story(unit: SimUnit) -> None:
        core_of(unit).feeds_watchdog = False
        await asyncio.sleep(1)
        assert unit.hal.boot_epoch == 2

    on_unit(story)


def test_reboot_drops_outputs_restarts_the_clock_and_keeps_the_ledger() -> None:
    async def story(unit: SimUnit) -> None:
        unit.hal.save_ledger(b"600 pulses")
        fire_at(unit, 20_000)
        unit.reboot_mcu()
        assert not unit.hal.gate_is_on()
        await asyncio.sleep(1)
        assert unit.recorder.pulses == []
        assert unit.hal.load_ledger() == b"600 pulses"
        assert 800_000 < mcu_now_us(unit) < 900_000
        assert unit.plant.bank_mv() < 150_000  # bleed relay is normally closed
        unit.power_off()
        await asyncio.sleep(1)
        assert unit.state()["mcu"] == "off"
        unit.power_on()
        await asyncio.sleep(1)
        assert unit.hal.identity()[1:3] == (3, RESET_POWER)

    on_unit(story)


def test_ledger_written_while_the_gate_is_on_is_a_bug() -> None:
    async def story(unit: SimUnit) -> None:
        fire_at(unit)
        with pytest.raises(AssertionError, match="gate is on"):
            unit.hal.save_ledger(b"")

    on_unit(story)
