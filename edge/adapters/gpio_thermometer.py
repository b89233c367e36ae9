"""The edge's own contact-face sensor through an SPI converter of gpiozero.

Channel 0 is the sensor against its pull-up, channel 1 half the converter's supply, which tells
whether the converter itself may be believed. Raw values only: no table, no median, no limit. The
kernel must drive the bus: two conversions then take about 0.2 ms, short enough for the loop;
gpiozero's own bit-banging takes some, on another pin factory than the one given. No clock.
"""

from __future__ import annotations

import warnings

from gpiozero import MCP3008, Factory
from gpiozero.exc import GPIOZeroError, SPISoftwareFallback

from edge.adapters.gpio_pins import PinFactoryError, pin_factory
from edge.config import PinConfig

FACE, HALF_SUPPLY = 0, 1


class GpioThermometer:
    """edge.ports.Thermometer on one converter."""

    def __init__(self, pins: PinConfig, factory: Factory | None = None) -> None:
        """Raises PinFactoryError, or gpiozero's own errors for a pin that cannot be had."""
        factory = pin_factory(pins.pin_factory) if factory is None else factory
        wires = {
            "clock_pin": pins.adc_clock_pin,
            "mosi_pin": pins.adc_mosi_pin,
            "miso_pin": pins.adc_miso_pin,
            "select_pin": pins.adc_select_pin,
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SPISoftwareFallback)
                self._face, self._half_supply = (
                    MCP3008(channel, **wires, pin_factory=factory)
                    for channel in (FACE, HALF_SUPPLY)
                )
        except SPISoftwareFallback as error:
            raise PinFactoryError(f"the contact-face converter needs SPI: {error}") from error

    def read(self) -> tuple[int, int] | None:
        """Raw values of both channels; None when the converter cannot be read."""
        try:
            return int(self._face.raw_value), int(self._half_supply.raw_value)
        except (GPIOZeroError, OSError):
            return None

    def close(self) -> None:
        """Give the bus back."""
        self._face.close()
        self._half_supply.close()
