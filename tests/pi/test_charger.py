"""Way b: charger and bleed never work against each other, and stop when the process does."""

from __future__ import annotations

import re
from pathlib import Path

from firmware.pi import charger, self_test
from firmware.pi.charger import RELAY_US
from tests.pi.unit import Unit
from tests.pi.wired_mock import SUPPLY_HOLD_NS

MS = 1_000_000
BOARD = Path(__file__).parents[2] / "firmware/board"


def turn(unit: Unit, duration_ms: int) -> None:
    for _ in range(duration_ms // 5):
        unit.clock.stall(5 * MS)
        unit.hal.beat()
        unit.hal.bank_mv()


def is_charging(unit: Unit) -> bool:
    return unit.settings.pins.charger_on in unit.plant.high


def test_bank_comes_to_the_target_and_stays(unit: Unit) -> None:
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    turn(unit, 1500)

    assert abs(unit.plant.bank_mv() - 900_000) < 900_000 * 3 // 100


def test_charger_waits_for_the_bleed_relay(unit: Unit) -> None:
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    unit.hal.bank_mv()
    assert not is_charging(unit)

    unit.clock.stall(RELAY_US * 1000)
    unit.hal.bank_mv()

    assert is_charging(unit)


def test_bleeding_opens_the_charger(unit: Unit) -> None:
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    turn(unit, 100)

    unit.hal.set_bleed(True)
    assert not is_charging(unit)
    turn(unit, 100)

    assert not is_charging(unit)
    assert unit.settings.pins.bleed_open not in unit.plant.high


def test_target_of_zero_opens_the_charger_at_once(unit: Unit) -> None:
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    turn(unit, 100)

    unit.hal.set_charger(0)

    assert not is_charging(unit)


def test_bank_above_every_set_point_bleeds_until_asked_anew(unit: Unit) -> None:
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    turn(unit, 100)
    unit.plant.set_bank_mv(1_950_000)

    turn(unit, 100)
    assert unit.parts.charger.is_over
    assert not is_charging(unit)
    unit.hal.set_bleed(False)
    assert unit.settings.pins.bleed_open not in unit.plant.high

    unit.hal.set_charger(900_000)
    assert not unit.parts.charger.is_over


def test_bank_above_its_target_pauses_the_charger(unit: Unit) -> None:
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    turn(unit, 100)
    unit.plant.set_bank_mv(950_000)

    turn(unit, 5)

    assert not is_charging(unit)


def test_dead_process_bleeds_the_bank_in_hardware(unit: Unit) -> None:
    """Catches: a charger that goes on, or a bank that stays charged, when nobody is left."""
    unit.hal.set_bleed(False)
    unit.hal.set_charger(900_000)
    turn(unit, 1500)

    unit.clock.stall(SUPPLY_HOLD_NS + 1)
    unit.plant.bank_mv()
    unit.clock.stall(1000 * MS)

    assert unit.plant.bank_mv() == 0


def board_constant(file: str, name: str) -> int:
    found = re.search(rf"^{name} = const\((\d+)\)", (BOARD / file).read_text(), re.MULTILINE)
    assert found is not None, (file, name)
    return int(found.group(1))


def test_bounds_agree_with_the_board() -> None:
    for name in ("RELAY_US", "OVER_MV", "ABOVE_PM"):
        assert getattr(charger, name) == board_constant("charger.py", name)
    for name in ("BLEED_LOOK_MV", "BLEED_FALL_PM"):
        assert getattr(self_test, name) == board_constant("self_test.py", name)
    assert board_constant("sensors.py", "PEAK_EMPTY_PM") == self_test.PEAK_EMPTY_PM
