"""gpiozero pin factories by the name of their entry point, given explicitly to every device.

The name comes from the configuration (lgpio on a Pi, the simulator's own otherwise); gpiozero's own
search through environment and defaults is not used. No clock, no loop.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from gpiozero import Factory
from gpiozero.exc import GPIOZeroError

GROUP = "gpiozero_pin_factories"


class PinFactoryError(Exception):
    """No such factory, or it cannot work here; the sentence says which."""


@cache
def pin_factory(name: str) -> Factory:
    """The process's one factory of this name: two would contend for the chip."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if not found:
        known = ", ".join(sorted(entry.name for entry in entry_points(group=GROUP)))
        raise PinFactoryError(f"gpio.pin_factory: no factory is named {name!r}; there are: {known}")
    try:
        factory: Factory = found[0].load()()
    except (GPIOZeroError, ImportError, OSError) as error:
        raise PinFactoryError(f"gpio.pin_factory {name!r} does not work here: {error}") from error
    return factory
