"""The HAL's promises, kept by the simulated unit's HAL and by the board's on the stand-in chip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import rig
from hw_sim import vtime
from hw_sim.plant.panel import BIT_BY_NAME
from hw_sim.unit import SimUnit
from tests.board.unit_on_chip import UnitOnChip
from tests.sim.idle_unit import IdleCore
from tests.support.hal_conformance import CHECKS, CUT, FLASH, NEEDS, UNASKED, Check

NAME_OF = {bit: name for name, bit in BIT_BY_NAME.items()}


class SimBench:
    """The simulated unit with a firmware that does nothing."""

    can = frozenset((CUT, FLASH, UNASKED))

    def __init__(self) -> None:
        self.unit = SimUnit(seed=5, core_factory=IdleCore)
        self.unit.stick_host_output(True)
        self.hal = self.unit.hal

    def now_us(self) -> int:
        self.unit.kernel.sync()
        return self.hal.clock.mcu_us(self.unit.kernel.now_ns)

    async def pass_us(self, duration_us: int) -> None:
        await asyncio.sleep(duration_us / 1e6)
        self.unit.kernel.sync()

    def set_contact(self, bit: int, is_closed: bool) -> None:
        self.unit.kernel.sync()
        if NAME_OF[bit] == "cooling":
            self.unit.set_fan(is_closed)
        else:
            self.unit.hand.set(NAME_OF[bit], is_closed)

    def fire_unasked(self) -> None:
        assert self.unit.fire_unasked()

    def break_flash(self) -> None:
        self.hal.faults.is_flash_full = True


def on_simulated_unit(check: Check) -> None:
    async def story() -> None:
        bench = SimBench()
        await asyncio.sleep(0.5)
        await check(bench)
        bench.unit.close()

    vtime.run(story())


async def on_bench(check: Check, bench: UnitOnChip) -> None:
    await check(bench)


def on_chip(check: Check) -> None:
    asyncio.run(on_bench(check, UnitOnChip()))


@pytest.mark.parametrize("run", [on_simulated_unit, on_chip])
@pytest.mark.parametrize("name", CHECKS)
def test_hal_keeps_its_promise(name: str, run: Callable[[Check], None]) -> None:
    run(CHECKS[name])


def test_needs_name_checks_that_exist() -> None:
    assert set(NEEDS) <= set(CHECKS)


def _feeding_arms(bench: UnitOnChip) -> None:
    bench.hal.feed_gate = bench.hal.arm_gate  # type: ignore[method-assign]


def _cancel_forgets_nothing(bench: UnitOnChip) -> None:
    bench.hal.cancel_pulses = lambda: 0  # type: ignore[method-assign]


def _everything_is_taken(bench: UnitOnChip) -> None:
    queue = bench.hal.queue_pulse
    bench.hal.queue_pulse = lambda at_us: queue(at_us) or True  # type: ignore[method-assign]


def _chain_is_stuck(bench: UnitOnChip) -> None:
    rig.the().faults.chain_stuck = 1


def _bleed_is_dead(bench: UnitOnChip) -> None:
    rig.the().faults.is_bleed_dead = True


def _sense_is_wrong(bench: UnitOnChip) -> None:
    rig.the().faults.sense_pm = 900


def _switch_does_not_close(bench: UnitOnChip) -> None:
    rig.the().faults.has_current = False


def _old_value_stays(bench: UnitOnChip) -> None:
    bench.hal.surface_c10 = lambda: 250  # type: ignore[method-assign]


def _looks_real(bench: UnitOnChip) -> None:
    bench.hal.facts.is_simulated = 0


def _store_says_yes(bench: UnitOnChip) -> None:
    save = bench.hal.save_ledger
    bench.hal.save_ledger = lambda data: save(data) or True  # type: ignore[method-assign]


def _result_comes_twice(bench: UnitOnChip) -> None:
    take = bench.hal.take_result
    kept: list[tuple[int, int, int]] = []

    def twice() -> tuple[int, int, int] | None:
        if kept:
            return kept.pop()
        found = take()
        kept.extend([found] if found else [])
        return found

    bench.hal.take_result = twice  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (_feeding_arms, "gate_lives_as_long_as_it_is_fed"),
        (_feeding_arms, "each_loop_contact_drops_the_gate_and_keeps_it_open"),
        (_cancel_forgets_nothing, "cancel_forgets_what_is_far_and_lets_through_what_is_near"),
        (_everything_is_taken, "late_full_and_disordered_requests_are_refused"),
        (_chain_is_stuck, "gate_lives_as_long_as_it_is_fed"),
        (_chain_is_stuck, "closed_gate_refuses_each_pulse"),
        (_bleed_is_dead, "bank_follows_charger_and_bleed"),
        (_sense_is_wrong, "pulses_come_in_order_with_their_amplitude"),
        (_sense_is_wrong, "pulse_that_nobody_asked_for_is_reported"),
        (_switch_does_not_close, "pulses_come_in_order_with_their_amplitude"),
        (_old_value_stays, "pulled_coil_takes_identity_and_sensors_along"),
        (_looks_real, "facts_have_their_forms"),
        (_store_says_yes, "ledger_that_cannot_be_stored_says_so_and_keeps_the_old"),
        (_result_comes_twice, "result_is_there_in_time_and_given_once"),
    ],
)
def test_planted_defect_breaks_its_promise(plant: Callable[[UnitOnChip], None], name: str) -> None:
    bench = UnitOnChip()
    plant(bench)

    with pytest.raises(AssertionError):
        asyncio.run(on_bench(CHECKS[name], bench))
