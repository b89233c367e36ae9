# What must keep happening: heartbeats of the edge, trains while armed; and what must not: an enable
# of the edge at rest, food for a watchdog that is to be proved. Each watch knows one deadline in
# MCU time and nothing of the reaction (supervision.py). Starting values are the unsafe ones: no
# heartbeat has been heard.
from firmware.compat import const
from firmware.core.bounds import HEARTBEAT_MARGIN_US, HOST_STUCK_US, STARVE_US
from firmware.wire.limits import HEARTBEAT_MS_MAX, LEFT_CHARGED_MS_MAX

_BEAT_MASK = const(0xFFFFFFFF)
_BEAT_HALF = const(0x80000000)


class HeartbeatWatch:
    # A beat counts only when its number is newer than the last: a repeated or delayed frame is no
    # sign of life.

    def __init__(self) -> None:
        self.silence_us_max = HEARTBEAT_MS_MAX * 1000 - HEARTBEAT_MARGIN_US
        self._beat = -1
        self._heard_us = -1

    def allow_ms(self, silence_ms_max: int) -> None:
        """Set the silence after which the output is closed at the latest."""
        self.silence_us_max = silence_ms_max * 1000 - HEARTBEAT_MARGIN_US

    def restart(self) -> None:
        """A new Hello: its beats may be numbered from anywhere. No sign of life by itself."""
        self._beat = -1

    def hear(self, now_us: int, beat: int) -> None:
        """A heartbeat came in."""
        if self._beat < 0 or 0 < (beat - self._beat) & _BEAT_MASK < _BEAT_HALF:
            self._beat = beat
            self._heard_us = now_us

    def forgive(self, stall_us: int) -> None:
        """Nobody could listen for this long: it does not count as silence."""
        if self._heard_us >= 0:
            self._heard_us += stall_us

    def due_us(self) -> int:
        """When silence becomes a loss; -1 when nothing was ever heard."""
        return self._heard_us + self.silence_us_max if self._heard_us >= 0 else -1

    def is_lost(self, now_us: int) -> bool:
        """Silence has lasted too long, or nothing was ever heard."""
        return self._heard_us < 0 or now_us >= self._heard_us + self.silence_us_max


class ChargedWatch:
    # Runs while the bank is charged and no train is given: ready, armed or held. A unit that is
    # left so lets go by itself.

    def __init__(self) -> None:
        self._since_us = 0

    def restart(self, now_us: int) -> None:
        """One of those states was just entered."""
        self._since_us = now_us

    def due_us(self) -> int:
        return self._since_us + LEFT_CHARGED_MS_MAX * 1000

    def is_idle(self, now_us: int) -> bool:
        """Charged for too long without a train."""
        return now_us >= self.due_us()


class Hunger:
    # The safety test lets the chip's own watchdog bite: nobody feeds it for a while. A watchdog
    # that has not bitten by then is dead, and the edge has seen that.

    def __init__(self) -> None:
        self._until_us = -1

    def begin(self, now_us: int) -> None:
        """Feed it no more from now on."""
        self._until_us = now_us + STARVE_US

    def lasts(self, now_us: int) -> bool:
        """The watchdog may not be fed, nothing may be charged."""
        return now_us < self._until_us


class HostWatch:
    # The edge's enable while the unit is at rest: an edge about to charge has it on for a moment.

    def __init__(self) -> None:
        self._since_us = -1  # on at rest since; -1 when it is not

    def is_stuck(self, now_us: int, is_high: bool) -> bool:
        """On at rest for longer than any edge needs it there."""
        if not is_high:
            self._since_us = -1
        elif self._since_us < 0:
            self._since_us = now_us
        return self._since_us >= 0 and now_us - self._since_us > HOST_STUCK_US
