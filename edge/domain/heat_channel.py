"""The edge's own temperature at the contact face: raw readings to a value, or the word why not.

The converter cannot be kept away from the pulses, so wild single readings are expected and passed
over; a row of them ends the value within a second. Also compares with the controller's sensor at
the same face. Owns no limit of a treatment and no reaction (services/heat_watch.py). Loop seconds
and tenths of a degree. Pure.
"""

from __future__ import annotations

from firmware.board import ntc
from firmware.wire.codes import SENSOR_NONE

RAW_TOP = 1023  # ten bits
COUNTS_TOP = 65535  # scale of the sensor's table, which the controller's board shares
# [P] Two 0.1 % resistors and the converter's own error are within 4 steps; 16 are 3 %, which is 1
# degree at the contact face.
REFERENCE_RAW, REFERENCE_RAW_OFF_MAX = 512, 16
WINDOW = 5  # [P] sources.md domain 3.6: median of five
BAD_ROW = 3  # [P] four readings a second: gone within the second of sources.md reliability 2.4 I13
STALE_S = 1.0  # the same second, when nobody reads any more
# [C] 57 K between winding and face move the face by 0.25 K/s; [P] 2 K/s is a loose contact.
SLEW_C10_S = 20.0
SLEW_HOLD_S = 10.0  # [P] as the controller: a loose contact is not believed for this long
# [P] Noise moves a working channel's reading about once a second; a fixed resistor has none.
STILL_S = 20.0
FROZEN_S = 30.0  # [P] sources.md domain 3.6: no change while stimulating
DIFFER_C10_MAX = 50  # [P] sources.md domain 2.8: two sensors of one face differ by 5 degrees
DIFFER_S = 1.0
# Words for a channel without a value. starting: not yet five readings since the plug was seated.
CHANNEL_DOUBTS: tuple[str, ...] = (
    "starting",
    "unread",
    "reference",
    "open",
    "short",
    "slew",
    "frozen",
    "stale",
)


def judge_raw(raw: tuple[int, int] | None) -> tuple[int | None, str]:
    """(tenths of a degree, '') or (None, word) of one reading of face and half supply."""
    if raw is None:
        return None, "unread"
    face, reference = raw
    if abs(reference - REFERENCE_RAW) > REFERENCE_RAW_OFF_MAX:
        return None, "reference"
    value_c10 = ntc.c10(face * COUNTS_TOP // RAW_TOP)
    if value_c10 != SENSOR_NONE:
        return value_c10, ""
    return None, "open" if face > REFERENCE_RAW else "short"


class FaceChannel:
    """One sensor's readings over time."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another coil, or the same plugged in again: nothing is known of it."""
        self._recent: list[int] = []
        self._bad = 0
        self._value_c10: int | None = None
        self._word = "starting"
        self._read_at: float | None = None
        self._last_c10: int | None = None
        self._still_since = 0.0
        self._moved_at: float | None = None
        self._is_frozen = False
        self._window: tuple[float, int] | None = None
        self._in_window = 0
        self._slewed_at: float | None = None

    def take(self, now_s: float, raw: tuple[int, int] | None, *, is_stimulating: bool) -> None:
        """One reading of the converter."""
        self._read_at = now_s
        value_c10, word = judge_raw(raw)
        if value_c10 is None:
            self._bad += 1
            if self._bad >= BAD_ROW:
                self.restart()
                self._read_at, self._bad, self._word = now_s, BAD_ROW, word
            return
        self._bad = 0
        self._watch_standstill(now_s, value_c10, is_stimulating)
        self._recent = [*self._recent, value_c10][-WINDOW:]
        if len(self._recent) == WINDOW:
            self._value_c10 = sorted(self._recent)[WINDOW // 2]
            self._watch_slope(now_s, self._value_c10)

    def at(self, now_s: float) -> tuple[int | None, str]:
        """(tenths of a degree, '') when it may be believed now, else (None, word)."""
        if self._read_at is None:
            return None, self._word
        if now_s - self._read_at > STALE_S:
            return None, "stale"
        if self._value_c10 is None:
            return None, self._word
        if self._slewed_at is not None and now_s - self._slewed_at < SLEW_HOLD_S:
            return None, "slew"
        return (None, "frozen") if self._is_frozen else (self._value_c10, "")

    def is_still(self, now_s: float) -> bool:
        """Without noise for longer than any working channel; also before the first reading."""
        return self._moved_at is None or now_s - self._moved_at > STILL_S

    def _watch_standstill(self, now_s: float, value_c10: int, is_stimulating: bool) -> None:
        """A working channel has noise, and a coil at work changes its temperature."""
        if value_c10 != self._last_c10:
            self._last_c10 = value_c10
            self._moved_at = now_s
            self._still_since = now_s
            self._is_frozen = False
        elif not is_stimulating:
            self._still_since = now_s
        elif now_s - self._still_since >= FROZEN_S:
            self._is_frozen = True

    def _watch_slope(self, now_s: float, value_c10: int) -> None:
        """Median against median one whole window before: a spike is no slope."""
        self._in_window += 1
        if self._window is not None:
            if self._in_window < WINDOW:
                return
            since_s, was_c10 = self._window
            if abs(value_c10 - was_c10) > SLEW_C10_S * (now_s - since_s):
                self._slewed_at = now_s
        self._window = (now_s, value_c10)
        self._in_window = 0


class Agreement:
    """Two sensors at one face, on two wires and two converters."""

    def __init__(self) -> None:
        self._differs_since: float | None = None
        self.differs = False

    def take(self, now_s: float, own_c10: int | None, theirs_c10: int | None) -> None:
        """Both as they are now; without both there is nothing to compare."""
        is_apart = (
            own_c10 is not None
            and theirs_c10 is not None
            and abs(own_c10 - theirs_c10) > DIFFER_C10_MAX
        )
        if not is_apart:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = now_s
        since = self._differs_since
        self.differs = since is not None and now_s - since > DIFFER_S
