# The enable of the series chain, held by the guard machine only while it is fed and the interlock
# loop is closed (pio_programs.py). Owns that machine and reads the whole chain back; decides
# nothing. Every jump is a number: a string would be assembled on the chip, in milliseconds. Python
# tasks only, no clock.
import rp2
from firmware.board.pins import GP_CHAIN, GP_ENABLE, GP_LOOP
from firmware.board.pio_programs import (
    ARM_WORD,
    CLOCK_HZ,
    GUARD_LIFE_MAX,
    GUARD_LOOP_CYCLES,
    GUARD_OFF,
    guard,
)
from firmware.compat import const
from machine import Pin

MACHINE = const(4)  # PIO1, machine 0
_LOOPS_PER_MS = const(31250)  # [C] CLOCK_HZ / GUARD_LOOP_CYCLES / 1000
_FIFO_WORDS = const(4)
# [P] Looks at the chain after arming, some 10 us each on the chip (sources.md firmware 7.1): the
# 200 us that drivers and level shifters may need.
_LOOKS = const(20)


def loops(life_us: int) -> int:
    """A life in turns of the machine: not more than it can hold, not none for a life above 0."""
    if life_us <= 0:
        return 0
    return min(GUARD_LIFE_MAX, max(1, life_us * _LOOPS_PER_MS // 1000))


class Guard:
    # Off from the first instruction on.

    def __init__(self) -> None:
        assert CLOCK_HZ == _LOOPS_PER_MS * GUARD_LOOP_CYCLES * 1000
        self._chain = Pin(GP_CHAIN, Pin.IN, Pin.PULL_DOWN)
        self._machine = rp2.StateMachine(
            MACHINE,
            guard,
            set_base=Pin(GP_ENABLE),
            jmp_pin=Pin(GP_LOOP, Pin.IN, Pin.PULL_DOWN),
        )
        self._off = guard[2] + GUARD_OFF  # a jump's word is its address in PIO1
        self._machine.active(1)

    def arm(self, life_us: int) -> None:
        """Enable; the caller reads back whether the chain has followed."""
        if life_us <= 0 or not self._has_room():
            return
        self._machine.put(ARM_WORD | loops(life_us))
        for _ in range(_LOOKS):
            if self._chain.value():
                return

    def feed(self, life_us: int) -> None:
        """Live on for so long; nothing when it is off. A life of 0 ends it."""
        if self._has_room():
            self._machine.put(loops(life_us))

    def drop(self) -> None:
        """Off and latched, at once."""
        self._machine.exec(self._off)
        self.feed(0)  # an arm word that was still on its way lives for nothing

    def is_on(self) -> bool:
        """Whether the whole chain is closed, read at its end."""
        return bool(self._chain.value())

    def _has_room(self) -> bool:
        # A machine that stands still would let put() wait for ever.
        return self._machine.tx_fifo() < _FIFO_WORDS
