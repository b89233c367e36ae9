# Raw ticks that wrap at 2**30 into continuous microseconds. The only file that knows the wrap. Must
# be asked at least once per half period (8.9 minutes); the device loop asks every few milliseconds.
from firmware.compat import const

TICKS_PERIOD = const(1073741824)  # 2**30, MicroPython's ticks on the rp2 port
_TICKS_MASK = const(1073741823)
_TICKS_HALF = const(536870912)


class Continuous:
    # Starts at zero with the raw value given; never runs backwards.

    def __init__(self, raw_ticks: int) -> None:
        self._raw = raw_ticks
        self._now_us = 0

    def us(self, raw_ticks: int) -> int:
        """Continuous microseconds; a raw value that went back a little counts as no time passed."""
        delta = (raw_ticks - self._raw) & _TICKS_MASK
        if delta < _TICKS_HALF:
            self._raw = raw_ticks
            self._now_us += delta
        return self._now_us
