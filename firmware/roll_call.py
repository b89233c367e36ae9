# Who has to give a sign of life, and by when. Each task of the app ticks its own entry; the
# hardware watchdog and the next poll of the core (and with it the feeding of the gate) depend on
# all of them. Judges only; the reaction is tasks.py. Allocates nothing but the times. MCU time.
from firmware.compat import const

EVERYBODY = const(-1)  # nobody is late


class RollCall:
    # Everybody counts as present when it begins.

    def __init__(self, deadlines_us: "tuple[int, ...]", now_us: int) -> None:
        self._deadlines_us = deadlines_us
        self._due_us = [now_us + deadline_us for deadline_us in deadlines_us]

    def tick(self, who: int, now_us: int) -> None:
        """This task is alive."""
        self._due_us[who] = now_us + self._deadlines_us[who]

    def late(self, now_us: int) -> int:
        """The first task whose deadline has passed; EVERYBODY when all are present."""
        who = 0
        for due_us in self._due_us:
            if now_us >= due_us:
                return who
            who += 1
        return EVERYBODY

    def forgive(self, stall_us: int) -> None:
        """Nobody could run for this long: it does not count as absence."""
        for who in range(len(self._due_us)):
            self._due_us[who] += stall_us
