"""A temperature sensor on the coil, and every way in which it can be wrong.

Gives degrees as the wire shows them, with the noise of a working channel. Knows neither converter
nor controller; who reads it blanks pulses or does not. True nanoseconds in.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from firmware.wire.codes import SENSOR_NONE

NS_PER_S = 1_000_000_000
NOISE_C = 0.04  # [P] spread of one reading; a working sensor never stands still
SLEW_C_PER_S = 20.0  # [P] twice what the firmware allows; no coil can
SPIKE_NS = 2_000_000  # [P] sources.md domain 3.6, from the end of a pulse
SPIKE_C = 30.0  # [P] what a pulse couples into a badly shielded wire
RESISTOR_C = 25.0  # a fixed resistor in place of the sensor: the classic way to defeat one


class SensorFault(Enum):
    """How a temperature channel can be wrong."""

    NONE = "none"
    OPEN = "open"  # broken wire: outside the electrical range
    SHORT = "short"  # the same, at the other end
    FROZEN = "frozen"  # plausible and dead
    OFFSET = "offset"  # drifted by offset_c
    SLEW = "slew"  # runs away
    SPIKE = "spike"  # wild in step with the pulses
    FELL_OFF = "fell_off"  # reads the air of the room
    NOISELESS = "noiseless"  # a fixed resistor in its place


@dataclass(frozen=True)
class Surroundings:
    """What a sensor may read besides its own place."""

    now_ns: int
    air_c: float
    last_pulse_ns: int | None


class Sensor:
    """One temperature channel."""

    def __init__(self, noise: random.Random) -> None:
        self._noise = noise
        self._frozen_c: float | None = None
        self._last_c: float | None = None
        self._since_ns: int | None = None
        self.fault = SensorFault.NONE
        self.offset_c = 0.0

    def set_fault(self, fault: SensorFault, offset_c: float = 0.0) -> None:
        """Change what is wrong with it; OFFSET alone uses offset_c."""
        self.fault = fault
        self.offset_c = offset_c if fault is SensorFault.OFFSET else 0.0
        self._frozen_c = self._last_c
        self._since_ns = None

    def reading_c10(self, true_c: float, around: Surroundings) -> int:
        """Tenths of a degree, or SENSOR_NONE."""
        reading_c = self.reading_c(true_c, around)
        return int(SENSOR_NONE) if reading_c is None else round(reading_c * 10)

    def reading_c(self, true_c: float, around: Surroundings) -> float | None:
        """Degrees as the wire shows them; None outside the electrical range."""
        if self.fault in (SensorFault.OPEN, SensorFault.SHORT):
            return None
        noise_c = self._noise.gauss(0.0, NOISE_C)
        if self.fault is SensorFault.FROZEN and self._frozen_c is not None:
            return self._frozen_c
        if self.fault is SensorFault.NOISELESS:
            return RESISTOR_C
        place_c = around.air_c if self.fault is SensorFault.FELL_OFF else true_c
        self._last_c = place_c + noise_c + self._error_c(around)
        return self._last_c

    def _error_c(self, around: Surroundings) -> float:
        if self.fault is SensorFault.SLEW:
            if self._since_ns is None:
                self._since_ns = around.now_ns
            return SLEW_C_PER_S * (around.now_ns - self._since_ns) / NS_PER_S
        if self.fault is SensorFault.SPIKE and around.last_pulse_ns is not None:
            is_near = around.now_ns - around.last_pulse_ns < SPIKE_NS
            return SPIKE_C if is_near else 0.0
        return self.offset_c
