"""The edge's own panel inputs through gpiozero: levels and edges, nothing else.

High is the safe level: loop closed, button not pressed; inputs are pulled down, so that a cut wire
reads open. gpiozero calls back on a thread of its own; that call is handed to the loop. Debouncing
is the panel service's. Must be made on the running loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from gpiozero import DigitalInputDevice, Factory
from gpiozero.exc import GPIOZeroError

from edge.adapters.gpio_pins import PinFactoryError, pin_factory
from edge.config import NOT_FITTED, PinConfig
from edge.ports import PanelInput

__all__ = ["GpioPanel", "PinFactoryError", "pin_factory"]


class GpioPanel:
    """edge.ports.Panel on one pin an input."""

    def __init__(self, pins: PinConfig, factory: Factory | None = None) -> None:
        """Raises PinFactoryError, or gpiozero's own errors for a pin that cannot be had."""
        factory = pin_factory(pins.pin_factory) if factory is None else factory
        self._loop = asyncio.get_running_loop()
        self._callback: Callable[[], None] | None = None
        numbers = {
            PanelInput.ESTOP: pins.estop_pin,
            PanelInput.DOOR: pins.door_pin,
            PanelInput.COIL: pins.coil_pin,
            PanelInput.PATIENT: pins.patient_pin,
            PanelInput.ENCLOSURE: pins.enclosure_pin,
            PanelInput.ATTEND: pins.attend_pin,
            PanelInput.FLOW: pins.flow_pin,
            PanelInput.HOST_BACK: pins.host_back_pin,
            PanelInput.GATE_BACK: pins.gate_back_pin,
        }
        self._devices: dict[PanelInput, DigitalInputDevice] = {}
        for name, number in numbers.items():
            if number == NOT_FITTED:
                continue
            device = DigitalInputDevice(number, pull_up=False, pin_factory=factory)
            device.when_activated = device.when_deactivated = self._on_edge
            self._devices[name] = device

    def fitted(self) -> tuple[PanelInput, ...]:
        """Inputs that have a pin."""
        return tuple(self._devices)

    def read(self) -> Mapping[PanelInput, bool]:
        """Levels now; an input that cannot be read is missing."""
        levels: dict[PanelInput, bool] = {}
        for name, device in self._devices.items():
            try:
                levels[name] = device.value == 1
            except (GPIOZeroError, OSError):
                continue
        return levels

    def watch(self, callback: Callable[[], None] | None) -> None:
        """Call back on the loop after any edge; None ends it."""
        self._callback = callback

    def close(self) -> None:
        """Give the pins back."""
        self._callback = None
        for device in self._devices.values():
            device.when_activated = device.when_deactivated = None
            device.close()

    def _on_edge(self) -> None:
        """On gpiozero's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self._callback is not None:
            self._callback()
