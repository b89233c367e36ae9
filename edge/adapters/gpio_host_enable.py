"""The edge's enable through a gpiozero output: one pin whose edges hold the one-shot.

Low from the first instruction on and low at the end. A write that fails is logged once: the edge
that was not made shows in the read-back, and the one-shot falls by itself. No clock, no decision.
"""

from __future__ import annotations

import structlog
from gpiozero import DigitalOutputDevice, Factory
from gpiozero.exc import GPIOZeroError

from edge.adapters.gpio_pins import pin_factory
from edge.config import PinConfig

log = structlog.get_logger(__name__)


class GpioHostEnable:
    """edge.ports.HostEnable on one pin."""

    def __init__(self, pins: PinConfig, factory: Factory | None = None) -> None:
        """Raises PinFactoryError, or gpiozero's own errors for a pin that cannot be had."""
        factory = pin_factory(pins.pin_factory) if factory is None else factory
        self._device = DigitalOutputDevice(
            pins.host_enable_pin, initial_value=False, pin_factory=factory
        )
        self._level = False
        self._is_failed = False

    def beat(self) -> None:
        """Toggle once."""
        self._drive(not self._level)

    def drop(self) -> None:
        """Level low now."""
        self._drive(False)

    def close(self) -> None:
        """Low, and give the pin back."""
        self.drop()
        self._device.close()

    def _drive(self, level: bool) -> None:
        self._level = level
        try:
            self._device.value = level
        except (GPIOZeroError, OSError) as error:
            if not self._is_failed:
                log.error("host enable cannot be driven", why=str(error))  # noqa: TRY400 - once
            self._is_failed = True
        else:
            self._is_failed = False
