# Temperature sensors that may be believed: median of five, plausible range, slope, standstill, the
# pair; and the trips. A sensor is unknown until it has given five plausible readings and invalid
# after five bad ones in a row. What cannot be right is told as a fault; supervision.py decides when
# it counts. Tenths of a degree, MCU time; sampled by the caller, away from pulses.
from firmware.core.bounds import (
    PAIR_C10,
    PAIR_COOLED_C10,
    PAIR_REST_US,
    PROVE_BELOW_C10,
    PROVE_STILL_US,
    SENSOR_FROZEN_US,
    SENSOR_SAMPLES,
    SENSOR_SLEW_C10_S,
    SENSOR_SLEW_HOLD_US,
    STIMULATING_US,
    SURFACE_CLEAR_C10,
    WINDING_CLEAR_C10,
)
from firmware.wire.codes import (
    F_NONE,
    F_SENSOR_FROZEN,
    F_SENSOR_PAIR,
    F_SENSOR_SLEW,
    SENSOR_NONE,
)
from firmware.wire.limits import (
    SENSOR_C10_MAX,
    SENSOR_C10_MIN,
    SURFACE_C10_MAX,
    WINDING_C10_MAX,
)


class Sensor:
    # value_c10 is the median, SENSOR_NONE while unknown or invalid. is_slewing holds for a while
    # after a change that no coil can make; is_frozen until the raw reading moves again.

    def __init__(self) -> None:
        self.value_c10 = SENSOR_NONE
        self.is_slewing = False
        self.is_frozen = False
        self._moved_us = -1  # when the raw reading last changed
        self._recent: "list[int]" = []
        self._bad = 0
        self._raw_c10 = SENSOR_NONE
        self._still_us = 0  # raw reading unchanged, while stimulating, since
        self._window_c10 = SENSOR_NONE  # median at the begin of the window that is judged
        self._window_us = 0
        self._window_left = 0
        self._slewed_us = 0

    def take(self, reading_c10: int, now_us: int, is_stimulating: bool) -> None:
        """One reading; a few implausible ones are passed over, a row of them ends the value."""
        if not SENSOR_C10_MIN <= reading_c10 <= SENSOR_C10_MAX:
            self._bad += 1
            if self._bad >= SENSOR_SAMPLES:
                self._forget()
            return
        self._bad = 0
        self._watch_standstill(reading_c10, now_us, is_stimulating)
        recent = self._recent
        recent.append(reading_c10)
        if len(recent) > SENSOR_SAMPLES:
            recent.pop(0)
        if len(recent) == SENSOR_SAMPLES:
            self.value_c10 = sorted(recent)[SENSOR_SAMPLES // 2]
            self._watch_slope(now_us)

    def is_still(self, now_us: int) -> bool:
        """No noise for longer than any working sensor is without; also before the first reading."""
        return self._moved_us < 0 or now_us - self._moved_us >= PROVE_STILL_US

    def _forget(self) -> None:
        self._bad = SENSOR_SAMPLES
        self._recent = []
        self.value_c10 = SENSOR_NONE
        self.is_slewing = False
        self.is_frozen = False
        self._raw_c10 = SENSOR_NONE
        self._window_c10 = SENSOR_NONE

    def _watch_standstill(self, reading_c10: int, now_us: int, is_stimulating: bool) -> None:
        # A working sensor has noise, and a coil at work changes its temperature.
        if reading_c10 != self._raw_c10:
            self._raw_c10 = reading_c10
            self._moved_us = now_us
            self._still_us = now_us
            self.is_frozen = False
        elif not is_stimulating:
            self._still_us = now_us
        elif now_us - self._still_us >= SENSOR_FROZEN_US:
            self.is_frozen = True

    def _watch_slope(self, now_us: int) -> None:
        # Median against median one whole window before: the few tenths of one burst, and a single
        # wild reading, are no slope.
        if self.is_slewing and now_us - self._slewed_us >= SENSOR_SLEW_HOLD_US:
            self.is_slewing = False
        self._window_left -= 1
        if self._window_c10 != SENSOR_NONE:
            if self._window_left > 0:
                return
            change_c10 = abs(self.value_c10 - self._window_c10)
            window_ms = (now_us - self._window_us) // 1000
            if change_c10 * 1000 > SENSOR_SLEW_C10_S * window_ms:
                self.is_slewing = True
                self._slewed_us = now_us
        self._window_c10 = self.value_c10
        self._window_us = now_us
        self._window_left = SENSOR_SAMPLES


class Heat:
    # Both sensors and their limits; configuration may lower the limits. is_cooled: heat is carried
    # away from the winding, so that a face warmed before may stay warmer than the winding.

    def __init__(self) -> None:
        self.surface = Sensor()
        self.winding = Sensor()
        self.surface_c10_max = SURFACE_C10_MAX
        self.winding_c10_max = WINDING_C10_MAX
        self.is_cooled = True
        self.is_pair_odd = False
        self._rest_us = 0  # both known and no pulse since
        self._proved: "Sensor | None" = None  # sensor of a safety test
        self._proof_c10 = 0  # limit that it is judged by
        self._proof_left = 0  # readings for which it is

    def take(self, now_us: int, surface_c10: int, winding_c10: int, last_pulse_us: int) -> None:
        """One reading of each; last_pulse_us is -1 when none was given."""
        if self._proof_left > 0:
            self._proof_left -= 1
        is_stimulating = last_pulse_us >= 0 and now_us - last_pulse_us < STIMULATING_US
        self.surface.take(surface_c10, now_us, is_stimulating)
        self.winding.take(winding_c10, now_us, is_stimulating)
        self._watch_pair(now_us, last_pulse_us)

    def is_known(self) -> bool:
        """Both sensors have a value."""
        return self.surface.value_c10 != SENSOR_NONE and self.winding.value_c10 != SENSOR_NONE

    def prove(self, sensor: Sensor) -> None:
        """Judge the next reading of this one, which has a value, by a limit just below it."""
        self._proved = sensor
        self._proof_c10 = sensor.value_c10 - PROVE_BELOW_C10
        self._proof_left = 2  # the reading that comes now, until it is replaced

    def is_surface_hot(self) -> bool:
        return self._is_hot(self.surface, self.surface_c10_max)

    def is_winding_hot(self) -> bool:
        return self._is_hot(self.winding, self.winding_c10_max)

    def _is_hot(self, sensor: Sensor, limit_c10: int) -> bool:
        if self._proof_left > 0 and sensor is self._proved:
            limit_c10 = min(limit_c10, self._proof_c10)
        return sensor.value_c10 >= limit_c10

    def is_slewing(self) -> bool:
        """A sensor changed faster than any coil does."""
        return self.surface.is_slewing or self.winding.is_slewing

    def is_frozen(self) -> bool:
        """A sensor stood still while the coil was at work."""
        return self.surface.is_frozen or self.winding.is_frozen

    def doubt(self) -> int:
        """Why the values cannot be right, as a fault; F_NONE when they may be believed."""
        if self.is_slewing():
            return F_SENSOR_SLEW
        if self.is_frozen():
            return F_SENSOR_FROZEN
        return F_SENSOR_PAIR if self.is_pair_odd else F_NONE

    def is_cool(self) -> bool:
        """Known, believed and below both limits: heat allows charging and arming."""
        is_sure = self.is_known() and self.doubt() == F_NONE
        return is_sure and not self.is_surface_hot() and not self.is_winding_hot()

    def has_surface_cooled(self) -> bool:
        """Far enough below the limit to clear the fault."""
        value_c10 = self.surface.value_c10
        return value_c10 != SENSOR_NONE and value_c10 <= self.surface_c10_max - SURFACE_CLEAR_C10

    def has_winding_cooled(self) -> bool:
        """Far enough below the limit to clear the fault."""
        value_c10 = self.winding.value_c10
        return value_c10 != SENSOR_NONE and value_c10 <= self.winding_c10_max - WINDING_CLEAR_C10

    def _watch_pair(self, now_us: int, last_pulse_us: int) -> None:
        self.is_pair_odd = False
        if not self.is_known():
            self._rest_us = now_us
            return
        if last_pulse_us > self._rest_us:
            self._rest_us = last_pulse_us
        over_c10 = self.surface.value_c10 - self.winding.value_c10
        over_c10_max = PAIR_COOLED_C10 if self.is_cooled else PAIR_C10
        is_resting = now_us - self._rest_us >= PAIR_REST_US
        self.is_pair_odd = over_c10 > over_c10_max or (is_resting and abs(over_c10) > PAIR_C10)
