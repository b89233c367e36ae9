# The enable: armed once, fed while healthy, dropped at once. Hardware drops it by itself when it is
# not fed or an interlock opens; this notices and gives the input a moment to explain it. MCU time.
from firmware.compat import TYPE_CHECKING
from firmware.core.bounds import GATE_CAUSE_US
from firmware.wire.limits import GATE_FEED_US, GATE_LIFE_US

if TYPE_CHECKING:
    from firmware.core.hal import Hal

# [P] Feeding this much early costs nothing and lets one poll do two things.
_FEED_EARLY_US = 5000


class Gate:
    def __init__(self, hal: "Hal") -> None:
        self._hal = hal
        self._lost_us = -1  # first seen off while it should be on
        self.feed_due_us = 0

    def arm(self, now_us: int) -> bool:
        """Close the enable; False when it did not close."""
        self._lost_us = -1
        self.feed_due_us = now_us + GATE_FEED_US
        self._hal.arm_gate(GATE_LIFE_US)
        return self._hal.gate_is_on()

    def drop(self) -> None:
        """Open the enable now."""
        self._hal.drop_gate()

    def is_on(self) -> bool:
        """Read back."""
        return self._hal.gate_is_on()

    def work(self, now_us: int) -> bool:
        """Feed when due. False: the enable has dropped by itself."""
        if not self._hal.gate_is_on():
            if self._lost_us < 0:
                self._lost_us = now_us
            return False
        if now_us >= self.feed_due_us - _FEED_EARLY_US:
            self._hal.feed_gate(GATE_LIFE_US)
            self.feed_due_us = now_us + GATE_FEED_US
        return True

    def is_unexplained(self, now_us: int) -> bool:
        """It dropped a while ago and no input has opened since."""
        return self._lost_us >= 0 and now_us >= self._lost_us + GATE_CAUSE_US

    def next_wake_us(self) -> int:
        """When work() has something to do."""
        if self._lost_us >= 0:
            return self._lost_us + GATE_CAUSE_US
        return self.feed_due_us
