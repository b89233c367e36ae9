# Times of the rising edges of one pin, taken by a stamp machine to two cycles and turned into
# microseconds. Machine and ticks come from one crystal, so their ratio is exact and one reading at
# the start ties them together. Owns the counter's wraps and the correction per edge
# (pio_programs.py); not what an edge means (pulses.py). Python tasks only: these numbers allocate.
import rp2
from firmware.board.pio_programs import (
    CLOCK_HZ,
    STAMP_RISE_TICKS,
    STAMP_START_CYCLES,
    STAMP_TICK_CYCLES,
    stamp,
)
from firmware.board.words import WordRing
from firmware.compat import TYPE_CHECKING, const
from machine import Pin

if TYPE_CHECKING:
    from typing import Protocol

    class Clock(Protocol):
        def us(self) -> int: ...


BACK_MACHINE = const(5)  # PIO1; 4 is the guard
SEEN_MACHINE = const(6)
CYCLES_PER_US = const(125)
SYNC_CYCLES = const(2)  # sources.md firmware 3.2: the input's flip-flops
_COUNTER = 1 << 32
_SLACK_US = const(1000)  # [P] a stamp may seem this much later than now: the start was read late


class Stamps:
    # One pin. is_lost() tells once of stamps that Python came too late for.

    def __init__(self, clock: "Clock", number: int, gp: int) -> None:
        assert CLOCK_HZ == CYCLES_PER_US * 1000000
        self._clock = clock
        machine = rp2.StateMachine(number, stamp, jmp_pin=Pin(gp, Pin.IN, Pin.PULL_DOWN))
        self._ring = WordRing(machine, number)
        self._lost = 0
        self.last_cycles = -1  # of the stamp taken last, since the machine's start
        self._start_us = clock.us()
        machine.active(1)

    def take(self) -> int:
        """Microseconds of the oldest rise not yet taken; -1 when there is none. Ask each 30 s."""
        word = self._ring.take()
        if word < 0:
            return -1
        ticks = word + STAMP_RISE_TICKS * self._ring.number
        now_us = self._clock.us() - self._start_us + _SLACK_US
        now_ticks = now_us * CYCLES_PER_US // STAMP_TICK_CYCLES
        # As many wraps as fit before now.
        ticks += (now_ticks - ticks) // _COUNTER * _COUNTER
        self.last_cycles = STAMP_START_CYCLES + STAMP_TICK_CYCLES * ticks - SYNC_CYCLES
        return self._start_us + self.last_cycles // CYCLES_PER_US

    def is_lost(self) -> bool:
        """Stamps have been lost since last asked."""
        lost = self._ring.lost
        is_new = lost != self._lost
        self._lost = lost
        return is_new
