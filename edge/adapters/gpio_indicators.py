"""The unit's lamp and sounder through gpiozero outputs, active high.

A failed output is logged once and does not stop the service: the controller keeps the unit safe
without a lamp. Patterns and priorities are decided elsewhere. No clock.
"""

from __future__ import annotations

import structlog
from gpiozero import DigitalOutputDevice, Factory
from gpiozero.exc import GPIOZeroError

from edge.adapters.gpio_pins import pin_factory
from edge.config import PinConfig
from edge.ports import Lamp

log = structlog.get_logger(__name__)

# (ready lamp, fault lamp). Armed lights both: neither "free to treat" nor "broken".
LEVELS = {
    Lamp.OFF: (False, False),
    Lamp.READY: (True, False),
    Lamp.ARMED: (True, True),
    Lamp.FAULT: (False, True),
}


class GpioIndicators:
    """edge.ports.Indicators on three pins."""

    def __init__(self, pins: PinConfig, factory: Factory | None = None) -> None:
        """Raises PinFactoryError, or gpiozero's own errors for a pin that cannot be had."""
        factory = pin_factory(pins.pin_factory) if factory is None else factory
        self._ready, self._fault, self._sounder = (
            DigitalOutputDevice(number, initial_value=False, pin_factory=factory)
            for number in (pins.lamp_ready_pin, pins.lamp_fault_pin, pins.sounder_pin)
        )
        self._is_failed = False

    def set_lamp(self, lamp: Lamp) -> None:
        """Light the lamps for this meaning."""
        ready, fault = LEVELS[lamp]
        self._drive(self._ready, ready)
        self._drive(self._fault, fault)

    def set_sounder(self, on: bool) -> None:
        """Switch the sounder."""
        self._drive(self._sounder, on)

    def close(self) -> None:
        """Give the pins back, dark and silent."""
        for device in (self._ready, self._fault, self._sounder):
            device.close()

    def _drive(self, device: DigitalOutputDevice, on: bool) -> None:
        try:
            device.value = on
        except (GPIOZeroError, OSError) as error:
            if not self._is_failed:
                log.warning("lamp or sounder cannot be driven", why=str(error))
            self._is_failed = True
        else:
            self._is_failed = False
