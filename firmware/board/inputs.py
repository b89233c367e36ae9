# The safety inputs as one mask, and the interrupt that wakes the loop when one of them moves.
# The interrupt only sets a flag and counts: the cut itself is made by the series chain and by PIO,
# without any Python. Owns no debouncing (firmware/core/interlocks.py). Runs in a hard interrupt, so
# on_edge allocates nothing.
from firmware.board.pins import (
    GP_COIL,
    GP_COOLING,
    GP_DOOR,
    GP_ENCLOSURE,
    GP_ESTOP,
    GP_HOST,
    GP_PATIENT,
)
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
)
from machine import Pin

if TYPE_CHECKING:
    from firmware.compat import ThreadSafeFlag

SOURCES = (
    (GP_ESTOP, IN_ESTOP),
    (GP_DOOR, IN_DOOR),
    (GP_COIL, IN_COIL),
    (GP_PATIENT, IN_PATIENT),
    (GP_COOLING, IN_COOLING),
    (GP_HOST, IN_HOST),
    (GP_ENCLOSURE, IN_ENCLOSURE),
)
_EDGES_MASK = const(1048575)  # a small integer for ever: one that grows would allocate


class Inputs:
    # edges wraps; only its change means something. has_coil_moved stays until somebody clears it.

    def __init__(self, wake: "ThreadSafeFlag") -> None:
        self._wake = wake
        self.edges = 0
        self.has_coil_moved = False
        self._pins = tuple([(Pin(gp, Pin.IN, Pin.PULL_DOWN), bit) for gp, bit in SOURCES])
        on_edge, on_coil = self.on_edge, self.on_coil  # bound once: binding allocates
        for pin, bit in self._pins:
            handler = on_coil if bit == IN_COIL else on_edge
            pin.irq(handler=handler, trigger=Pin.IRQ_RISING | Pin.IRQ_FALLING, hard=True)

    def mask(self) -> int:
        """Levels now, 1 = safe."""
        mask = 0
        for pin, bit in self._pins:
            if pin.value():
                mask |= bit
        return mask

    def on_edge(self, _pin: "Pin") -> None:
        """Interrupt: something moved."""
        self.edges = (self.edges + 1) & _EDGES_MASK
        self._wake.set()

    def on_coil(self, pin: "Pin") -> None:
        """Interrupt: the plug moved; what sits there now may be another coil."""
        self.has_coil_moved = True
        self.on_edge(pin)
