# Safety inputs: raw levels in, debounced and known levels out. Opening counts at once; closing must
# have been stable for DEBOUNCE_CLOSE_US. Every input starts unknown and becomes unknown again when
# nobody has sampled it for INPUT_STALE_US. Decides no reaction (supervision.py does). MCU time.
from firmware.wire.codes import INPUT_BITS, INPUTS_ALL
from firmware.wire.limits import DEBOUNCE_CLOSE_US, INPUT_STALE_US


class Interlocks:
    # closed and known are IN_* masks; a bit counts as safe only when it is in both.

    def __init__(self) -> None:
        self.closed = 0
        self.known = 0
        self._closing = 0  # read closed, not yet for long enough
        self._closing_since_us = [0 for _ in INPUT_BITS]
        self._sampled_us = -1

    def sample(self, now_us: int, mask: int) -> None:
        """Take the levels read now."""
        self._sampled_us = now_us
        if mask == self.closed and not self._closing and self.known == INPUTS_ALL:
            return
        mask &= INPUTS_ALL
        self.closed &= mask
        self.known |= INPUTS_ALL & ~mask
        rising = mask & ~(self.closed | self._closing)
        self._closing = (self._closing & mask) | rising
        for index in range(len(INPUT_BITS)):
            if rising & INPUT_BITS[index]:
                self._closing_since_us[index] = now_us

    def work(self, now_us: int) -> None:
        """Let stable inputs close and old ones become unknown."""
        if self._sampled_us < 0 or now_us - self._sampled_us > INPUT_STALE_US:
            self.closed = 0
            self.known = 0
            self._closing = 0
            self._sampled_us = -1
        elif self._closing:
            for index in range(len(INPUT_BITS)):
                bit = INPUT_BITS[index]
                due_us = self._closing_since_us[index] + DEBOUNCE_CLOSE_US
                if self._closing & bit and now_us >= due_us:
                    self._closing &= ~bit
                    self.closed |= bit
                    self.known |= bit

    def forgive(self, stall_us: int) -> None:
        """Nobody could sample for this long: it does not count as age."""
        if self._sampled_us >= 0:
            self._sampled_us += stall_us

    def unsafe(self, required: int) -> int:
        """Required inputs that are open, unknown or stale."""
        return required & ~(self.closed & self.known)

    def next_wake_us(self) -> int:
        """When work() has something to do next; -1 before the first sample."""
        if self._closing:
            wake_us = -1
            for index in range(len(INPUT_BITS)):
                due_us = self._closing_since_us[index] + DEBOUNCE_CLOSE_US
                if self._closing & INPUT_BITS[index] and (wake_us < 0 or due_us < wake_us):
                    wake_us = due_us
            return wake_us
        return self._sampled_us + INPUT_STALE_US + 1 if self._sampled_us >= 0 else -1
