"""Readings of an invented coil, for the tests of what learns from them and judges by them.

The coil is the product's own model with other constants and readings rounded to tenths; whether the
model itself is right is shown against the plant (tests/sim/test_heat_campaign.py). No clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.domain.thermal import CoilConstants, CoilModel, Heat
from edge.domain.thermal_learn import Reading

STEP_S = 0.1


@dataclass
class HeatBench:
    """A coil with these constants that gives readings ten times a second."""

    constants: CoilConstants
    heat: Heat = field(default_factory=lambda: Heat(23.0, 23.0))
    at_s: float = 0.0
    level_sum: float = 0.0

    def rest(self, seconds: float) -> Iterator[Reading]:
        """No pulse for so long."""
        return self._run(seconds, 0.0)

    def train(self, seconds: float, per_s: float) -> Iterator[Reading]:
        """Pulses at full output, so many a second."""
        return self._run(seconds, per_s)

    def reading(self) -> Reading:
        """What would be read now."""
        face_c, winding_c = round(self.heat.face_c, 1), round(self.heat.winding_c, 1)
        return Reading(self.at_s, face_c, winding_c, self.level_sum)

    def _run(self, seconds: float, per_s: float) -> Iterator[Reading]:
        model = CoilModel(self.constants)
        for _ in range(round(seconds / STEP_S)):
            self.heat = model.heated(self.heat, STEP_S, per_s * STEP_S)
            self.level_sum += per_s * STEP_S
            self.at_s = round(self.at_s + STEP_S, 3)
            yield self.reading()
