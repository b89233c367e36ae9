"""The signals of firmware/board/pins.py on gpiozero devices, all with an explicit pin factory.

Plain input and output devices only: no callbacks and therefore no second thread. High is the safe,
closed level of every input, pulled down so that a cut wire reads open; every output is low at first
and low is safe. Decides nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from importlib.metadata import entry_points

from gpiozero import Factory, InputDevice, OutputDevice, PWMOutputDevice
from gpiozero.exc import GPIOZeroError

from firmware.board.pins import CHARGER_FULL_MV
from firmware.pi.settings import NOT_FITTED, PinSettings
from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
)

GROUP = "gpiozero_pin_factories"
# Only these drive metal. Any other factory, a subclass of these included, is called simulated.
REAL_FACTORIES = (
    ("gpiozero.pins.lgpio", "LGPIOFactory"),
    ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
    ("gpiozero.pins.native", "NativeFactory"),
)
LEVEL_HZ = 1000  # [P] filtered outside; far above the charger's own response


class WiringError(Exception):
    """A factory or a pin that cannot be had; a sentence."""


def pin_factory(name: str) -> Factory:
    """The factory of this entry point. Raises WiringError."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if not found:
        known = ", ".join(sorted(entry.name for entry in entry_points(group=GROUP)))
        raise WiringError(f"core.pin_factory: no factory is named {name!r}; there are: {known}")
    try:
        return found[0].load()()
    except (GPIOZeroError, ImportError, OSError) as error:
        raise WiringError(f"core.pin_factory {name!r} does not work here: {error}") from error


def is_real(factory: Factory) -> bool:
    """These pins are metal; whatever is not known to be is simulated."""
    kind = type(factory)
    return (kind.__module__, kind.__qualname__) in REAL_FACTORIES


class Wiring:
    """Every digital pin of one unit."""

    def __init__(self, pins: PinSettings, factory: Factory) -> None:
        """Raises WiringError for a pin that cannot be had."""
        self._devices: list[InputDevice | OutputDevice | PWMOutputDevice] = []
        self._factory = factory
        try:
            self._trigger = self._output(pins.trigger)
            self._enable = self._output(pins.enable)
            self._enable_beat = self._output(pins.enable_beat)
            self._alive_beat = self._output(pins.alive_beat)
            self._charger_on = self._output(pins.charger_on)
            self._bleed_open = self._output(pins.bleed_open)
            self._peak_reset = self._output(pins.peak_reset)
            self._level = PWMOutputDevice(
                pins.charger_level, frequency=LEVEL_HZ, pin_factory=factory
            )
            self._devices.append(self._level)
            self._chain = self._input(pins.chain)
            self._loop = self._input(pins.loop)
            self._pulse_seen = self._input(pins.pulse_seen)
            self._inputs = tuple(
                (bit, self._input(number))
                for bit, number in (
                    (IN_ESTOP, pins.estop),
                    (IN_DOOR, pins.door),
                    (IN_COIL, pins.coil),
                    (IN_PATIENT, pins.patient),
                    (IN_COOLING, pins.cooling),
                    (IN_HOST, pins.host),
                    (IN_ENCLOSURE, pins.enclosure),
                )
                if number != NOT_FITTED
            )
        except (GPIOZeroError, OSError) as error:
            self.close()
            raise WiringError(f"pins: {error}") from error
        self.inputs_fitted = sum(bit for bit, _ in self._inputs)

    def input_mask(self) -> int:
        """Levels now, IN_* bits; an input that cannot be read is open."""
        mask = 0
        for bit, device in self._inputs:
            if self._is_high(device):
                mask |= bit
        return mask

    def is_chain_closed(self) -> bool:
        """The whole hardware chain, enables included."""
        return self._is_high(self._chain)

    def is_loop_closed(self) -> bool:
        """The interlock loop."""
        return self._is_high(self._loop)

    def is_pulse_seen(self) -> bool:
        """Current flows in the coil, or did half a millisecond ago."""
        return self._is_high(self._pulse_seen)

    def look_at_chain(self) -> bool:
        """The same reads that a pulse makes before its edge, for probes; always True."""
        self.is_loop_closed()
        self.is_chain_closed()
        return True

    def set_trigger(self, on: bool) -> None:
        """Edge of the pulse trigger."""
        self._trigger.value = on

    def is_trigger_high(self) -> bool:
        """Read back from the pin."""
        return bool(self._trigger.pin.state)

    def set_enable(self, on: bool) -> None:
        """Level of the enable; low resets the one-shot outside at once."""
        self._enable.value = on

    def beat_enable(self) -> None:
        """One edge for the one-shot that holds the enable."""
        self._enable_beat.toggle()

    def beat_alive(self) -> None:
        """One edge for the one-shot that holds charger and bleed relay."""
        self._alive_beat.toggle()

    def set_charger(self, on: bool) -> None:
        """Charger contactor."""
        self._charger_on.value = on

    def set_charger_level(self, target_mv: int) -> None:
        """Voltage the charger regulates to."""
        self._level.value = min(1.0, target_mv / CHARGER_FULL_MV)

    def set_bleed_open(self, on: bool) -> None:
        """The normally closed bleed relay: held open only while this is high."""
        self._bleed_open.value = on

    def reset_peak(self) -> None:
        """Empty the peak hold of the coil current."""
        self._peak_reset.on()
        self._peak_reset.off()

    def close(self) -> None:
        """Every output low, then give the pins back."""
        with ExitStack() as stack:  # last in, first out; one that fails does not spare the others
            for device in self._devices:
                stack.callback(device.close)
            for device in self._devices:
                if isinstance(device, OutputDevice | PWMOutputDevice) and not device.closed:
                    stack.callback(device.off)

    def _output(self, number: int) -> OutputDevice:
        device = OutputDevice(number, initial_value=False, pin_factory=self._factory)
        self._devices.append(device)
        return device

    def _input(self, number: int) -> InputDevice:
        device = InputDevice(number, pull_up=False, pin_factory=self._factory)
        self._devices.append(device)
        return device

    @staticmethod
    def _is_high(device: InputDevice) -> bool:
        try:
            return bool(device.pin.state)
        except (GPIOZeroError, OSError):
            return False
