"""`python -m tests.pi.mock_unit ...`: tms-core itself, on mock pins that end in one unit's wiring.

Takes the options of tms-core. Every edge the coil sees is appended to $TMS_MOCK_TRUTH as it
happens, in nanoseconds of the machine's monotonic clock; what is high when the process ends in
order stands in the last line.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from gpiozero import Factory

from firmware.pi.__main__ import main
from firmware.pi.settings import load_settings
from tests.pi.wired_mock import Plant, WiredFactory

TRUTH = "TMS_MOCK_TRUTH"


class RecordedPlant(Plant):
    """Writes down what it sees; unbuffered, so that a kill loses nothing."""

    def __init__(self, config: Path, truth: int) -> None:
        super().__init__(load_settings(config.read_text()).pins, time.monotonic_ns)
        self._truth = truth

    def drive(self, number: int, is_high: bool) -> None:
        super().drive(number, is_high)
        if number == self.pins.trigger and is_high and self.pulses:
            os.write(self._truth, f"pulse {self.pulses[-1].at_ns}\n".encode())

    def tell_end(self) -> None:
        os.write(self._truth, f"high {sorted(self.high)}\n".encode())


if __name__ == "__main__":
    CONFIG = Path(sys.argv[sys.argv.index("--config") + 1])
    PLANT = RecordedPlant(CONFIG, os.open(os.environ[TRUTH], os.O_WRONLY | os.O_CREAT, 0o600))

    def make_factory(name: str) -> Factory:
        """The wired mock, whatever the configuration names."""
        return WiredFactory(PLANT)

    CODE = main(make_factory=make_factory)
    PLANT.tell_end()
    sys.exit(CODE)
