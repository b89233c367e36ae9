"""The unit's lamps and sounder through gpiozero outputs, active high.

The sounder is a square wave whose duty makes its harmonics; an input tells whether current flows
through it. A failed output is logged once and does not stop the service: the controller keeps the
unit safe without a lamp. Patterns and priorities are decided elsewhere. No clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from gpiozero import DigitalInputDevice, DigitalOutputDevice, Factory, PWMOutputDevice
from gpiozero.exc import GPIOZeroError

from edge.adapters.gpio_pins import pin_factory
from edge.config import PinConfig
from edge.domain.alarm_sounds import C4, Tone
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
    """edge.ports.Indicators on three outputs and one input."""

    def __init__(self, pins: PinConfig, factory: Factory | None = None) -> None:
        """Raises PinFactoryError, or gpiozero's own errors for a pin that cannot be had."""
        factory = pin_factory(pins.pin_factory) if factory is None else factory
        self._ready, self._fault = (
            DigitalOutputDevice(number, initial_value=False, pin_factory=factory)
            for number in (pins.lamp_ready_pin, pins.lamp_fault_pin)
        )
        self._sounder = PWMOutputDevice(
            pins.sounder_pin, initial_value=0, frequency=C4, pin_factory=factory
        )
        self._current = DigitalInputDevice(
            pins.sounder_back_pin, pull_up=False, pin_factory=factory
        )
        self._is_failed = False

    def set_lamp(self, lamp: Lamp) -> None:
        """Light the lamps for this meaning."""
        ready, fault = LEVELS[lamp]
        with self._telling():
            self._ready.value = ready
        with self._telling():
            self._fault.value = fault

    def set_sounder(self, tone: Tone | None) -> None:
        """Give this tone from now on; None is silence."""
        with self._telling():
            if tone is not None:
                self._sounder.frequency = tone.frequency_hz
            self._sounder.value = 0 if tone is None else tone.duty

    def sounder_current(self) -> bool | None:
        """Whether current flows through the sounder; None when that cannot be read."""
        try:
            return bool(self._current.value == 1)
        except (GPIOZeroError, OSError):
            return None

    def close(self) -> None:
        """Give the pins back, dark and silent."""
        for device in (self._ready, self._fault, self._sounder, self._current):
            device.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """A failure is said once, until it works again."""
        try:
            yield
        except (GPIOZeroError, OSError) as error:
            if not self._is_failed:
                log.warning("lamp or sounder cannot be driven", why=str(error))
            self._is_failed = True
        else:
            self._is_failed = False
