"""gpiozero adapters on mock pins: high is safe, edges reach the loop, failures are unknown."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from gpiozero.exc import PinError
from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from edge.adapters.gpio_indicators import GpioIndicators
from edge.adapters.gpio_panel import GpioPanel, PinFactoryError, pin_factory
from edge.config_load import load_config
from edge.domain.alarm_sounds import Tone
from edge.ports import Lamp, PanelInput
from tests.support.unit_config import unit_toml

PINS = load_config(unit_toml(pin_factory='"mock"')).gpio
ALL_SAFE = dict.fromkeys(PanelInput, True)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.close()


def drive_safe(factory: MockFactory) -> dict[PanelInput, MockPin]:
    pins = {name: factory.pin(getattr(PINS, f"{name.value}_pin")) for name in PanelInput}
    for pin in pins.values():
        pin.drive_high()
    return pins


async def test_panel_reads_high_as_safe_and_an_open_wire_as_not(factory: MockFactory) -> None:
    panel = GpioPanel(PINS, factory)
    assert panel.read() == dict.fromkeys(PanelInput, False)  # nothing is connected
    pins = drive_safe(factory)
    assert panel.read() == ALL_SAFE
    pins[PanelInput.DOOR].drive_low()
    assert panel.read()[PanelInput.DOOR] is False
    panel.close()


async def test_panel_edge_on_another_thread_calls_back_on_the_loop(factory: MockFactory) -> None:
    """Catches: service code run on gpiozero's thread."""
    panel = GpioPanel(PINS, factory)
    pins = drive_safe(factory)
    await asyncio.sleep(0.01)  # the edges so far
    heard: asyncio.Queue[int] = asyncio.Queue()
    panel.watch(lambda: heard.put_nowait(threading.get_ident()))
    other = threading.Thread(target=pins[PanelInput.ESTOP].drive_low)
    other.start()
    other.join()
    assert await asyncio.wait_for(heard.get(), 5) == threading.get_ident()
    panel.watch(None)
    pins[PanelInput.ESTOP].drive_high()
    await asyncio.sleep(0.01)
    assert heard.empty()
    panel.close()


async def test_panel_input_that_fails_is_missing_from_the_mapping(
    factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: the last good level for an input nobody can read."""
    panel = GpioPanel(PINS, factory)
    pins = drive_safe(factory)

    def fails() -> int:
        raise PinError("gone")

    monkeypatch.setattr(pins[PanelInput.COIL], "_get_state", fails)
    assert set(panel.read()) == set(PanelInput) - {PanelInput.COIL}
    panel.close()


async def test_panel_input_without_a_pin_is_not_fitted(factory: MockFactory) -> None:
    """Catches: an input that a unit lacks, read as open or as closed."""
    pins = load_config(unit_toml(pin_factory='"mock"', attend_pin="-1", flow_pin="-1")).gpio
    panel = GpioPanel(pins, factory)
    drive_safe(factory)
    assert set(PanelInput) - set(panel.fitted()) == {PanelInput.ATTEND, PanelInput.FLOW}
    assert panel.read() == dict.fromkeys(panel.fitted(), True)
    panel.close()


async def test_indicators_light_and_sound_and_start_dark(factory: MockFactory) -> None:
    indicators = GpioIndicators(PINS, factory)
    ready, fault, sounder, back = (factory.pin(number) for number in (20, 21, 26, 22))
    assert (ready.state, fault.state, sounder.state) == (0, 0, 0)
    indicators.set_lamp(Lamp.READY)
    assert (ready.state, fault.state) == (1, 0)
    indicators.set_lamp(Lamp.ARMED)
    assert (ready.state, fault.state) == (1, 1)
    indicators.set_lamp(Lamp.FAULT)
    assert (ready.state, fault.state) == (0, 1)
    indicators.set_sounder(Tone(294, 12))
    assert (sounder.frequency, sounder.state) == (294, 0.12)
    assert indicators.sounder_current() is False
    back.drive_high()
    assert indicators.sounder_current() is True
    indicators.set_sounder(None)
    assert sounder.state == 0
    indicators.close()


async def test_indicator_that_fails_does_not_raise(
    factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    indicators = GpioIndicators(PINS, factory)

    def fails(value: int) -> None:
        raise PinError("gone")

    monkeypatch.setattr(factory.pin(26), "_set_state", fails)
    indicators.set_sounder(Tone(262, 12))
    indicators.set_sounder(None)
    indicators.close()


def test_pin_factory_of_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(PinFactoryError, match="lgpio"):
        pin_factory("nothing")


def test_pin_factory_is_one_per_name() -> None:
    assert pin_factory("mock") is pin_factory("mock")
