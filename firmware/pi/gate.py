"""The enable: closed by arm(), kept by feeding, open by itself when its life is over.

Three things must agree before the hardware enables: the level of the enable, which is dropped here
at once; edges on a second pin, which only a turn that found life and loop in order makes and which
an external one-shot of 10 ms waits for; and the chain outside. So a loop that hangs or a process
that dies opens the gate within that time, whatever the level pin does.
"""

from __future__ import annotations

from firmware.pi.clock import NS_PER_US, Clock
from firmware.pi.wiring import Wiring

# [P] The chain follows the enable through a few logic gates; this is thousands of times that.
CHAIN_WAIT_NS = 200 * NS_PER_US


class Gate:
    """The enable of one unit."""

    def __init__(self, clock: Clock, wiring: Wiring) -> None:
        self._clock = clock
        self._wiring = wiring
        self._until_ns = 0
        self.is_armed = False  # asked for and not dropped since

    def arm(self, life_us: int) -> None:
        """Close the enable, unless the loop is open; waits a moment for the chain to follow."""
        self.drop()
        if not self._wiring.is_loop_closed():
            return
        now_ns = self._clock.now_ns()
        self.is_armed = True
        self._until_ns = now_ns + life_us * NS_PER_US
        self._wiring.set_enable(True)
        self._wiring.beat_enable()
        while not self._wiring.is_chain_closed():
            if self._clock.now_ns() >= now_ns + CHAIN_WAIT_NS:
                self.drop()
                return

    def feed(self, life_us: int) -> None:
        """Live longer; does nothing once dropped."""
        if self.look():
            self._until_ns = self._clock.now_ns() + life_us * NS_PER_US

    def drop(self) -> None:
        """Open now."""
        self.is_armed = False
        self._wiring.set_enable(False)

    def look(self) -> bool:
        """True while everything is in order; what is not drops the gate for good."""
        if not self.is_armed:
            return False
        is_alive = self._clock.now_ns() < self._until_ns
        if is_alive and self._wiring.is_loop_closed() and self._wiring.is_chain_closed():
            return True
        self.drop()
        return False

    def beat(self) -> None:
        """Once a turn: look, and only then tell the one-shot outside."""
        if self.look():
            self._wiring.beat_enable()

    def is_on(self) -> bool:
        """Read back: a chain that stays closed without being asked shows here."""
        return self.look() or self._wiring.is_chain_closed()
