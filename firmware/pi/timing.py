"""What this process can time: from the worst lateness it ever measured, not from its settings.

Probes at start and every pulse count. The core refuses an Arm whose shortest interval is below
ipi_us_min. One event that was late for any reason therefore raises the bound until the next start.
"""

from __future__ import annotations

from firmware.pi.grants import Grants
from firmware.pi.lateness import Lateness
from firmware.wire.limits import IPI_US_MIN, PERIOD_US_MAX

# [P] An interval may be wrong by one percent, the order of a stimulator's own timing error.
ERROR_PARTS = 100


class Timing:
    """Class and bounds of one process."""

    def __init__(self, grants: Grants, probes: Lateness, pulses: Lateness) -> None:
        self.grants = grants
        self.probes = probes
        self.pulses = pulses

    @property
    def worst_us(self) -> int:
        """Worst lateness measured since start."""
        return max(self.probes.worst_us, self.pulses.worst_us)

    @property
    def ipi_us_min(self) -> int:
        """Shortest interval that stays within its error; the longest of all without a probe."""
        if self.probes.count == 0:
            return int(PERIOD_US_MAX)
        return max(int(IPI_US_MIN), ERROR_PARTS * self.worst_us)
