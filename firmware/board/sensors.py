# Analogue inputs: two temperatures behind one multiplexer, the bank's voltage, the peak-hold of the
# coil current. sample() belongs to the thermal task and fills a cache that grows old; the bank and
# the peak are converted when asked for. No conversion counts that a pulse came near. Decides no
# limit. Board clock; Python tasks only, never an interrupt.
from firmware.board import ntc
from firmware.board.pins import (
    BANK_FULL_MV,
    COUNTS_FULL,
    GP_BANK,
    GP_NTC,
    GP_NTC_SELECT,
    GP_PEAK,
    GP_PEAK_RESET,
    PEAK_FULL_PM,
)
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import SENSOR_NONE
from machine import ADC, Pin

if TYPE_CHECKING:
    from typing import Protocol

    class Clock(Protocol):
        def us(self) -> int: ...

    class PulseTimes(Protocol):
        def last_us(self) -> int: ...

        def next_us(self) -> int: ...


WINDING = const(0)
SURFACE = const(1)
QUIET_US = const(2300)  # as firmware/core/bounds.py, a test compares them
# [P] 10 kohm and 100 nF before the converter: 1 ms; 12 bits need nine of them.
SETTLE_US = const(10000)
CONVERT_US = const(1000)  # [P] room for one reading, 16 conversions of some 15 us each
# [P] A channel is read every 50 ms; five missed readings are a task that has stopped.
AGE_US_MAX = const(250000)
NTC_CONVERSIONS = const(16)  # [P] noise of the converter below a tenth of a degree
FAST_CONVERSIONS = const(4)  # [P] 60 us, so that the core's poll stays short
SAMPLE_MS = const(25)  # both channels every 50 ms, the core's own period
RETRY_MS = const(3)  # after a pulse came near
PEAK_EMPTY_PM = const(30)  # [P] what an emptied peak-hold may still show
RAIL_COUNTS = const(65000)  # [P] 99 %: nothing that works reads there


class Sensors:
    # readings: winding, surface. discarded counts conversions that a pulse came into.

    def __init__(self, clock: "Clock", pulses: "PulseTimes") -> None:
        self._clock = clock
        self._pulses = pulses
        self._bank = ADC(Pin(GP_BANK))
        self._peak = ADC(Pin(GP_PEAK))
        self._ntc = ADC(Pin(GP_NTC))
        self._select = Pin(GP_NTC_SELECT, Pin.OUT, value=WINDING)
        self._reset = Pin(GP_PEAK_RESET, Pin.OUT, value=0)
        self._channel = WINDING
        self._selected_us = clock.us()
        self._c10 = [SENSOR_NONE, SENSOR_NONE]
        self._read_us = [0, 0]
        self._bank_mv = 0
        self.discarded = 0
        self.reset_peak()

    def sample(self) -> int:
        """Read the selected temperature and select the other; call again after so many ms."""
        now_us = self._clock.us()
        if now_us - self._selected_us < SETTLE_US or not self._is_quiet(now_us):
            return RETRY_MS
        counts = self._convert(self._ntc, NTC_CONVERSIONS)
        if counts < 0:
            return RETRY_MS
        self._c10[self._channel] = ntc.c10(counts)
        self._read_us[self._channel] = now_us
        self._channel = SURFACE if self._channel == WINDING else WINDING
        self._select.value(self._channel)
        self._selected_us = self._clock.us()
        return SAMPLE_MS

    def surface_c10(self) -> int:
        """Contact face, SENSOR_NONE when broken or not read for AGE_US_MAX."""
        return self._cached(SURFACE)

    def winding_c10(self) -> int:
        """Winding, the same."""
        return self._cached(WINDING)

    def bank_mv(self) -> int:
        """Capacitor voltage now; while pulses keep coming, the last reading without one."""
        counts = self._convert(self._bank, FAST_CONVERSIONS)
        if counts < 0:
            counts = self._convert(self._bank, FAST_CONVERSIONS)
        if counts >= 0:
            self._bank_mv = counts * BANK_FULL_MV // COUNTS_FULL
        return self._bank_mv

    def take_peak_pm(self) -> int:
        """Highest coil current since last asked, per mille of full output."""
        total = 0
        for _ in range(FAST_CONVERSIONS):
            total += self._peak.read_u16()
        self.reset_peak()
        return total // FAST_CONVERSIONS * PEAK_FULL_PM // COUNTS_FULL

    def reset_peak(self) -> None:
        """Empty the peak-hold; two pin writes are far longer than it needs."""
        self._reset.value(1)
        self._reset.value(0)

    def is_plausible(self, has_coil: bool) -> bool:
        """No channel reads what no working circuit gives; both temperatures must be there."""
        if self._bank.read_u16() >= RAIL_COUNTS or self.take_peak_pm() > PEAK_EMPTY_PM:
            return False
        if not has_coil:
            return True
        return self.surface_c10() != SENSOR_NONE and self.winding_c10() != SENSOR_NONE

    def _cached(self, channel: int) -> int:
        if self._clock.us() - self._read_us[channel] > AGE_US_MAX:
            return SENSOR_NONE
        return self._c10[channel]

    def _is_quiet(self, now_us: int) -> bool:
        last_us = self._pulses.last_us()
        next_us = self._pulses.next_us()
        if last_us >= 0 and now_us - last_us < QUIET_US:
            return False
        return next_us < 0 or next_us - now_us >= QUIET_US + CONVERT_US

    def _convert(self, adc: "ADC", conversions: int) -> int:
        # Mean of so many conversions; -1 when a pulse came in between.
        before_us = self._pulses.last_us()
        total = 0
        for _ in range(conversions):
            total += adc.read_u16()
        if self._pulses.last_us() != before_us:
            self.discarded += 1
            return -1
        return total // conversions
