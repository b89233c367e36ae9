# Temperature sensors: median of five, plausible range, trips. A sensor is unknown until it has
# given five plausible readings and invalid after five bad ones in a row. Slew, frozen values and
# the agreement of the pair are not judged here yet. Tenths of a degree; sampled by the caller.
from firmware.core.bounds import SENSOR_SAMPLES, SURFACE_CLEAR_C10, WINDING_CLEAR_C10
from firmware.wire.codes import SENSOR_NONE
from firmware.wire.limits import (
    SENSOR_C10_MAX,
    SENSOR_C10_MIN,
    SURFACE_C10_MAX,
    WINDING_C10_MAX,
)


class Sensor:
    # value_c10 is the median, SENSOR_NONE while unknown or invalid.

    def __init__(self) -> None:
        self.value_c10 = SENSOR_NONE
        self._recent: "list[int]" = []
        self._bad = 0

    def take(self, reading_c10: int) -> None:
        """One reading; a few implausible ones are passed over, a row of them ends the value."""
        if not SENSOR_C10_MIN <= reading_c10 <= SENSOR_C10_MAX:
            self._bad += 1
            if self._bad >= SENSOR_SAMPLES:
                self._bad = SENSOR_SAMPLES
                self._recent = []
                self.value_c10 = SENSOR_NONE
            return
        self._bad = 0
        recent = self._recent
        recent.append(reading_c10)
        if len(recent) > SENSOR_SAMPLES:
            recent.pop(0)
        if len(recent) == SENSOR_SAMPLES:
            self.value_c10 = sorted(recent)[SENSOR_SAMPLES // 2]


class Heat:
    # Both sensors and their limits; configuration may lower the limits.

    def __init__(self) -> None:
        self.surface = Sensor()
        self.winding = Sensor()
        self.surface_c10_max = SURFACE_C10_MAX
        self.winding_c10_max = WINDING_C10_MAX

    def take(self, surface_c10: int, winding_c10: int) -> None:
        """One reading of each."""
        self.surface.take(surface_c10)
        self.winding.take(winding_c10)

    def is_known(self) -> bool:
        """Both sensors have a value."""
        return self.surface.value_c10 != SENSOR_NONE and self.winding.value_c10 != SENSOR_NONE

    def is_surface_hot(self) -> bool:
        return self.surface.value_c10 >= self.surface_c10_max

    def is_winding_hot(self) -> bool:
        return self.winding.value_c10 >= self.winding_c10_max

    def is_cool(self) -> bool:
        """Known and below both limits: heat allows charging and arming."""
        return self.is_known() and not self.is_surface_hot() and not self.is_winding_hot()

    def has_surface_cooled(self) -> bool:
        """Far enough below the limit to clear the fault."""
        value_c10 = self.surface.value_c10
        return value_c10 != SENSOR_NONE and value_c10 <= self.surface_c10_max - SURFACE_CLEAR_C10

    def has_winding_cooled(self) -> bool:
        """Far enough below the limit to clear the fault."""
        value_c10 = self.winding.value_c10
        return value_c10 != SENSOR_NONE and value_c10 <= self.winding_c10_max - WINDING_CLEAR_C10
