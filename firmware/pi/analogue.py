"""Bank voltage, coil current peak and two temperatures through an SPI converter of gpiozero.

Scales and the sensor table are the board's (firmware/board/pins.py, ntc.py): the same circuits
stand before this converter. A conversion that fails has no value, and no value is never a safe one.
One conversion takes about 0.1 ms; the core asks only when no pulse is near.
"""

from __future__ import annotations

import warnings

from gpiozero import MCP3008, MCP3208, Factory
from gpiozero.exc import GPIOZeroError, SPISoftwareFallback

from firmware.board import ntc
from firmware.board.pins import BANK_FULL_MV, COUNTS_FULL, PEAK_FULL_PM
from firmware.pi.settings import ConverterSettings
from firmware.pi.wiring import WiringError
from firmware.wire.codes import SENSOR_NONE

# Reported when the bank cannot be read: more than any set point and any limit, so that nothing
# holds it for empty or for charged.
BANK_UNKNOWN_MV = 4_000_000
RAIL_COUNTS = 65000  # [P] 99 %: nothing that works reads there
_KINDS = {"mcp3008": (MCP3008, 10), "mcp3208": (MCP3208, 12)}


class Converter:
    """Four channels of one chip."""

    def __init__(self, settings: ConverterSettings, factory: Factory) -> None:
        """Raises WiringError when the bus cannot be had."""
        kind, self._bits = _KINDS[settings.kind]
        self._channels: list[MCP3008 | MCP3208] = []
        try:
            with warnings.catch_warnings():
                # Without a driver gpiozero would move each bit in Python: a millisecond a reading.
                warnings.simplefilter("error", SPISoftwareFallback)
                for number in (settings.bank, settings.peak, settings.winding, settings.surface):
                    self._channels.append(kind(number, port=0, device=0, pin_factory=factory))
        except (GPIOZeroError, OSError, SPISoftwareFallback) as error:
            self.close()
            raise WiringError(f"converter: SPI port 0 cannot be used: {error}") from error
        self._bank, self._peak, self._winding, self._surface = self._channels
        self.failures = 0

    def bank_mv(self) -> int:
        """Millivolts; BANK_UNKNOWN_MV without a reading."""
        counts = self._counts(self._bank)
        return BANK_UNKNOWN_MV if counts < 0 else counts * BANK_FULL_MV // COUNTS_FULL

    def peak_pm(self) -> int:
        """Held peak of the coil current, per mille of full output; 0 without a reading."""
        return max(0, self._counts(self._peak)) * PEAK_FULL_PM // COUNTS_FULL

    def winding_c10(self) -> int:
        """Tenths of a degree, or SENSOR_NONE."""
        return self._c10(self._winding)

    def surface_c10(self) -> int:
        """Tenths of a degree, or SENSOR_NONE."""
        return self._c10(self._surface)

    def is_plausible(self) -> bool:
        """Bank and peak read something that a working circuit gives."""
        return all(0 <= self._counts(channel) < RAIL_COUNTS for channel in self._channels[:2])

    def close(self) -> None:
        """Give the bus back."""
        for channel in self._channels:
            channel.close()

    def _c10(self, channel: MCP3008 | MCP3208) -> int:
        counts = self._counts(channel)
        return int(SENSOR_NONE) if counts < 0 else int(ntc.c10(counts))

    def _counts(self, channel: MCP3008 | MCP3208) -> int:
        """Scaled to the board's 16 bits, top to top; -1 when the conversion failed."""
        try:
            raw = int(channel.raw_value)
        except (GPIOZeroError, OSError):
            self.failures += 1
            return -1
        top = (1 << self._bits) - 1
        return raw * COUNTS_FULL // top
