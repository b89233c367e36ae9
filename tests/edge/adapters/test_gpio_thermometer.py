"""The converter of the contact-face sensor on mock pins, through gpiozero's own devices."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from gpiozero.exc import GPIOZeroError, PinError, SPIError, SPISoftwareFallback
from gpiozero.pins.mock import MockFactory

from edge.adapters.gpio_pins import PinFactoryError
from edge.adapters.gpio_thermometer import FACE, HALF_SUPPLY, GpioThermometer
from edge.config_load import load_config
from hw_sim.realtime.pin_spi import SimConverter
from tests.support.unit_config import unit_toml

pytestmark = pytest.mark.control("second-temperature")

PINS = load_config(unit_toml(pin_factory='"mock"')).gpio


class ConverterFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """Mock pins with a converter on the SPI pins. error: what a transfer raises."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = {FACE: 600, HALF_SUPPLY: 512}
        self.error: Exception | None = None
        self.asked: dict[str, object] = {}

    def analogue(self, channel: int) -> int:
        if self.error is not None and channel == HALF_SUPPLY:
            raise self.error
        return self.raw[channel]

    def spi(self, **spi_args: object) -> SimConverter:
        self.asked = spi_args
        return SimConverter(self)


class BitBangFactory(MockFactory):  # type: ignore[misc]
    """A system whose kernel does not drive SPI."""

    def spi(self, **spi_args: object) -> SimConverter:
        warnings.warn(SPISoftwareFallback("no spidev"), stacklevel=1)
        raise AssertionError("went on in software")


@pytest.fixture
def factory() -> Iterator[ConverterFactory]:
    made = ConverterFactory()
    yield made
    made.close()


def test_thermometer_reads_both_channels_on_the_configured_pins(factory: ConverterFactory) -> None:
    thermometer = GpioThermometer(PINS, factory)
    assert thermometer.read() == (600, 512)
    factory.raw = {FACE: 1023, HALF_SUPPLY: 0}
    assert thermometer.read() == (1023, 0)
    wires = ("clock_pin", "mosi_pin", "miso_pin", "select_pin")
    assert [factory.asked[wire] for wire in wires] == [11, 10, 9, 8]
    thermometer.close()


@pytest.mark.parametrize("error", [PinError("busy"), SPIError("bus"), OSError("gone")])
def test_thermometer_that_cannot_be_read_has_no_value(
    factory: ConverterFactory, error: GPIOZeroError | OSError
) -> None:
    # Catches: the last value, or zero, for a failed transfer.
    thermometer = GpioThermometer(PINS, factory)
    factory.error = error
    assert thermometer.read() is None
    factory.error = None
    assert thermometer.read() == (600, 512)
    thermometer.close()


def test_thermometer_without_the_kernels_bus_refuses_to_start() -> None:
    # Catches: gpiozero moving each bit through pins of another factory.
    with pytest.raises(PinFactoryError, match="needs SPI"):
        GpioThermometer(PINS, BitBangFactory())


def test_thermometer_gives_its_pins_back(factory: ConverterFactory) -> None:
    for _ in range(2):
        GpioThermometer(PINS, factory).close()


def test_thermometer_with_an_unknown_factory_says_which_there_are() -> None:
    pins = load_config(unit_toml(pin_factory='"no-such"')).gpio
    with pytest.raises(PinFactoryError, match="no-such"):
        GpioThermometer(pins)
