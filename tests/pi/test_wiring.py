"""Way b: pins and converter; what cannot be read is never safe."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from pathlib import Path

import pytest
from gpiozero.exc import SPISoftwareFallback
from gpiozero.pins.mock import MockFactory

from firmware.board import ntc
from firmware.pi.analogue import BANK_UNKNOWN_MV
from firmware.pi.assembly import assemble
from firmware.pi.wiring import WiringError, is_real, pin_factory
from firmware.wire.codes import IN_COIL, IN_COOLING, IN_DOOR, INPUTS_ALL, SENSOR_NONE
from firmware.wire.reports import COIL_NONE
from tests.pi.step_clock import StepClock
from tests.pi.unit import FakeSystem, Unit, settings_text
from tests.pi.wired_mock import WiredFactory


def test_every_output_is_low_at_start_and_at_the_end(tmp_path: Path) -> None:
    with Unit(tmp_path) as unit:
        pins = unit.settings.pins
        outputs = {pins.trigger, pins.enable, pins.charger_on, pins.bleed_open}
        assert outputs.isdisjoint(unit.plant.high)
        unit.arm()
        unit.hal.set_charger(900_000)
        assert not outputs.isdisjoint(unit.plant.high)

    assert unit.plant.high == set()


def test_outputs_are_low_after_a_crash_too(tmp_path: Path) -> None:
    unit = Unit(tmp_path)

    def crash() -> None:
        with unit:
            unit.arm()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()

    assert unit.plant.high == set()


def test_inputs_are_read_one_by_one(unit: Unit) -> None:
    assert unit.hal.input_mask() == INPUTS_ALL

    unit.set_input(IN_DOOR, False)

    assert unit.hal.input_mask() == INPUTS_ALL & ~IN_DOOR


def test_input_that_cannot_be_read_is_open(unit: Unit) -> None:
    unit.plant.broken.add(unit.settings.pins.door)

    assert unit.hal.input_mask() == INPUTS_ALL & ~IN_DOOR


def test_chain_that_cannot_be_read_is_open(unit: Unit) -> None:
    unit.arm()

    unit.plant.broken.add(unit.settings.pins.chain)

    assert not unit.hal.gate_is_on()


def test_cooling_that_is_not_fitted_is_not_promised(tmp_path: Path) -> None:
    text = settings_text(tmp_path).replace("cooling = 17", "cooling = -1")
    with Unit(tmp_path, text=text) as unit:
        assert unit.hal.identity()[8] == INPUTS_ALL & ~IN_COOLING


def test_identity_of_mock_pins_says_simulated(unit: Unit) -> None:
    identity = unit.hal.identity()

    assert identity[0] == b"TMS-0007"
    assert identity[3] == 1
    assert identity[5:7] == (b"C0042\0\0\0", 2)


def test_unplugged_coil_has_no_serial(unit: Unit) -> None:
    unit.set_input(IN_COIL, False)

    assert unit.hal.identity()[5:7] == (bytes(8), COIL_NONE)


def test_only_factories_that_drive_metal_are_real() -> None:
    """Catches: a factory that borrows a real one's name, or inherits from it."""
    named = type("LGPIOFactory", (MockFactory,), {"__module__": "gpiozero.pins.lgpio"})
    heir = type("LGPIOFactory", (named,), {"__module__": "hw_sim.realtime.pin_factory"})

    assert is_real(named())
    assert not is_real(heir())
    assert not is_real(MockFactory())


def test_unknown_factory_is_a_sentence() -> None:
    with pytest.raises(WiringError, match=r"no factory is named 'lpgio'; there are: .*lgpio"):
        pin_factory("lpgio")


def test_pin_in_use_is_a_sentence_and_leaves_nothing_behind(unit: Unit) -> None:
    with pytest.raises(WiringError, match="pins:"), ExitStack() as stack:
        assemble(unit.settings, unit.factory, FakeSystem(), StepClock(), stack)


@pytest.mark.parametrize("kind", ["mcp3008", "mcp3208"])
def test_converter_reads_bank_and_temperatures(tmp_path: Path, kind: str) -> None:
    text = settings_text(tmp_path).replace("mcp3008", kind)
    with Unit(tmp_path, text=text) as unit:
        unit.hal.set_bleed(False)
        unit.hal.beat()
        unit.plant.set_bank_mv(900_000)
        step_mv = 2_200_000 // 1023

        assert abs(unit.hal.bank_mv() - 900_000) <= step_mv
        assert abs(unit.hal.winding_c10() - 260) <= 3
        assert abs(unit.hal.surface_c10() - 250) <= 3


def test_silent_converter_has_no_safe_reading(unit: Unit) -> None:
    """Catches: a lost bus read as an empty bank or a cool coil."""
    unit.plant.is_bus_broken = True

    assert unit.hal.bank_mv() == BANK_UNKNOWN_MV
    assert unit.hal.winding_c10() == unit.hal.surface_c10() == SENSOR_NONE
    assert unit.parts.converter.failures == 3


def test_spi_without_a_driver_is_refused_and_not_done_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_back(self: WiredFactory, **spi_args: object) -> object:
        warnings.warn(SPISoftwareFallback("no driver"), stacklevel=1)
        return object()

    monkeypatch.setattr(WiredFactory, "spi", fall_back)

    with pytest.raises(WiringError, match="SPI port 0 cannot be used: no driver"):
        Unit(tmp_path).__enter__()


def test_one_broken_output_does_not_spare_the_others(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.arm()
    unit.hal.set_charger(900_000)

    def fail() -> None:
        raise OSError("planted")

    monkeypatch.setattr(unit.parts.gate, "drop", fail)
    with pytest.raises(OSError, match="planted"):
        unit.hal.open_outputs()

    pins = unit.settings.pins
    assert unit.plant.high.isdisjoint({pins.trigger, pins.charger_on, pins.bleed_open})
    monkeypatch.undo()


def test_open_sensor_has_no_value(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit.plant, "counts", lambda channel: 65535)

    assert unit.hal.surface_c10() == SENSOR_NONE
    assert ntc.c10(65535) == SENSOR_NONE
