"""The edge's analogue channels on the simulated unit: contact face and half supply.

Models the MCP3008 between the sensor and the Pi: both channels are ratios of its reference, ten
bits wide. What it gave goes into the truth record. Decides nothing. Runs on the unit's kernel.
"""

from __future__ import annotations

from firmware.board.ntc import COUNTS, FIRST_C10, STEP_C10
from firmware.wire.codes import SENSOR_NONE
from hw_sim.kernel import Kernel
from hw_sim.plant.plant import Plant
from hw_sim.plant.sensor import SensorFault

TOP = 1023  # ten bits
COUNTS_TOP = 65535  # of the sensor's curve, which a test holds against the maker's table


class SimThermometer:
    """edge.ports.Thermometer on the unit's coil."""

    def __init__(self, kernel: Kernel, plant: Plant) -> None:
        self._kernel = kernel
        self._plant = plant
        self._shown: int | None = None
        self.is_lost = False  # the converter does not answer
        self.reference_scale = 1.0  # another value: its reference is wrong, and with it all it says

    def read(self) -> tuple[int, int] | None:
        """Convert both channels now."""
        if self.is_lost:
            return None
        self._kernel.sync()
        return self._face(), self._counts(0.5)

    def _face(self) -> int:
        """The sensor against its pull-up; a coil that is not plugged in is an open wire."""
        coil = self._plant.coil_now()
        reading_c = coil.face_reading_c()
        if not self._plant.is_coil_plugged:
            reading_c = None
        self._record(int(SENSOR_NONE) if reading_c is None else round(reading_c * 10))
        if reading_c is not None:
            return self._counts(share_of(reading_c * 10))
        is_shorted = self._plant.is_coil_plugged and coil.face_sensor.fault is SensorFault.SHORT
        return self._counts(0.0 if is_shorted else 1.0)

    def _counts(self, share: float) -> int:
        return min(TOP, round(share * TOP * self.reference_scale))

    def _record(self, shown_c10: int) -> None:
        if shown_c10 != self._shown:
            self._shown = shown_c10
            self._plant.recorder.wire(self._kernel.now_ns, "face_reading", shown_c10)


def share_of(c10: float) -> float:
    """Share of the reference at this temperature; linear between the points of the table."""
    place = (c10 - FIRST_C10) / STEP_C10
    low = max(0, min(int(place), len(COUNTS) - 2))
    counts = COUNTS[low] + (COUNTS[low + 1] - COUNTS[low]) * (place - low)
    return max(0.0, min(1.0, counts / COUNTS_TOP))
