"""Way b: the enable dies by itself, in software by its life and in hardware by its beat."""

from __future__ import annotations

import pytest

from firmware.pi.gate import CHAIN_WAIT_NS
from firmware.wire.codes import IN_ESTOP, IN_HOST
from tests.pi.unit import Unit
from tests.pi.wired_mock import ENABLE_HOLD_NS

LIFE_US = 100_000
MS = 1_000_000


def live(unit: Unit, duration_ms: int) -> None:
    """A loop that turns every half millisecond, and feeds nothing."""
    for _ in range(duration_ms * 2):
        unit.clock.stall(MS // 2)
        unit.hal.beat()


def test_armed_gate_closes_the_chain_and_lives_its_life(unit: Unit) -> None:
    unit.arm(LIFE_US)

    live(unit, 98)
    assert unit.hal.gate_is_on()
    live(unit, 4)

    assert not unit.hal.gate_is_on()
    assert not unit.plant.is_chain_closed()


def test_feeding_extends_the_life(unit: Unit) -> None:
    unit.arm(LIFE_US)
    for _ in range(20):
        live(unit, 25)
        unit.hal.feed_gate(LIFE_US)

    assert unit.hal.gate_is_on()


def test_feeding_never_closes_a_gate_again(unit: Unit) -> None:
    unit.arm(LIFE_US)
    unit.hal.drop_gate()

    unit.hal.feed_gate(LIFE_US)
    live(unit, 1)

    assert not unit.hal.gate_is_on()


def test_open_interlock_drops_the_gate_for_good(unit: Unit) -> None:
    unit.arm(LIFE_US)
    unit.set_input(IN_ESTOP, False)
    unit.hal.beat()
    unit.set_input(IN_ESTOP, True)
    unit.hal.beat()

    assert not unit.hal.gate_is_on()
    assert not unit.plant.is_chain_closed()


def test_open_loop_drops_the_gate_even_when_the_chain_is_welded(unit: Unit) -> None:
    """Catches: one wire for two opinions."""
    unit.arm(LIFE_US)
    unit.plant.is_chain_welded = True
    unit.set_input(IN_ESTOP, False)

    unit.hal.beat()

    assert not unit.hal.is_armed
    assert unit.settings.pins.enable not in unit.plant.high


def test_feeding_after_the_end_of_life_is_too_late(unit: Unit) -> None:
    unit.arm(LIFE_US)
    unit.plant.is_chain_welded = True
    unit.clock.stall(LIFE_US * 1000 + MS)

    unit.hal.feed_gate(LIFE_US)

    assert not unit.hal.is_armed


def test_gate_does_not_close_over_an_open_interlock(unit: Unit) -> None:
    unit.set_input(IN_ESTOP, False)

    unit.hal.arm_gate(LIFE_US)

    assert not unit.hal.gate_is_on()
    assert unit.settings.pins.enable not in unit.plant.high


def test_gate_without_the_host_enable_gives_up_after_a_moment(unit: Unit) -> None:
    unit.set_input(IN_HOST, False)
    begun_ns = unit.clock.peek_ns()

    unit.hal.arm_gate(LIFE_US)

    assert not unit.hal.is_armed
    assert CHAIN_WAIT_NS <= unit.clock.peek_ns() - begun_ns < 2 * CHAIN_WAIT_NS
    assert unit.settings.pins.enable not in unit.plant.high


def test_hung_process_loses_the_chain_in_hardware(unit: Unit) -> None:
    """Catches: an enable that is a level only and outlives the loop that set it."""
    unit.arm(LIFE_US)

    unit.clock.stall(ENABLE_HOLD_NS - MS)
    assert unit.plant.is_chain_closed()
    unit.clock.stall(2 * MS)

    assert unit.settings.pins.enable in unit.plant.high  # nobody was there to lower it
    assert not unit.plant.is_chain_closed()


def test_loop_that_comes_back_after_hanging_finds_the_gate_dropped(unit: Unit) -> None:
    """Catches: a beat before the look, which would close the chain again."""
    unit.arm(LIFE_US)
    unit.clock.stall(ENABLE_HOLD_NS + MS)

    unit.hal.beat()

    assert not unit.plant.is_chain_closed()
    assert not unit.hal.gate_is_on()


def test_dropping_opens_the_chain_at_once(unit: Unit) -> None:
    """Catches: waiting for the one-shot to run out."""
    unit.arm(LIFE_US)

    unit.hal.drop_gate()

    assert not unit.plant.is_chain_closed()


def test_welded_chain_shows_as_a_gate_that_is_on(unit: Unit) -> None:
    unit.plant.is_chain_welded = True

    assert unit.hal.gate_is_on()


@pytest.mark.parametrize("life_us", [0, 1])
def test_gate_without_life_is_off(unit: Unit, life_us: int) -> None:
    unit.hal.arm_gate(life_us)
    unit.clock.stall(2000)

    assert not unit.hal.gate_is_on()
