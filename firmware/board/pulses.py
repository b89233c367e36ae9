# What became of each pulse: joins the trig machine's results with the stamps of the trigger behind
# the one-shot, of the coil's current, and with its peak. This is queue_pulse, cancel_pulses and
# take_result of the HAL (firmware/core/README.md). Owns the pairing; makes no edge itself. What
# belongs to no request is reported with result 0. Board clock; Python tasks only.
from firmware.board.pins import GP_PULSE_SEEN, GP_TRIGGER_BACK
from firmware.board.stamps import BACK_MACHINE, SEEN_MACHINE, Stamps
from firmware.board.trigger import Trigger
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import PULSE_REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.board.stamps import Clock

UNASKED = const(0)  # result of a pulse that nobody asked for
# [P] A trigger belongs to the request that is nearer than half of the shortest interval; how far
# off it was, the core judges by the time reported.
PAIR_US = const(4500)
# [P] The current of a trigger begins at once; 15 us to the comparator's edge at 1 % output [C].
SEEN_AFTER_US = const(450)
SEEN_BEFORE_US = const(20)
# [P] The current has ended (296.3 us, sources.md domain 3.3) and the peak-hold is settled.
READY_US = const(600)
# [P] What the comparator has seen was current, whatever the peak-hold says: three times the core's
# noise floor.
SEEN_PM_MIN = const(10)


class Pulses:
    # read_peak_pm() reads the peak-hold of the coil current, in per mille, and empties it.

    def __init__(self, clock: "Clock", read_peak_pm: "Callable[[], int]") -> None:
        self._clock = clock
        self._read_peak_pm = read_peak_pm
        self.trigger = Trigger(clock)
        self._back = Stamps(clock, BACK_MACHINE, GP_TRIGGER_BACK)
        self._seen = Stamps(clock, SEEN_MACHINE, GP_PULSE_SEEN)
        self._backs: "list[int]" = []  # triggers not yet explained, oldest first
        self._seens: "list[int]" = []  # currents not yet explained
        self._head: "tuple[int, int] | None" = None  # finished request, waiting for its stamps
        self._last_us = -1
        self._peak_us = -1  # when the peak-hold was last emptied, and what it had held
        self._peak_pm = 0
        self.start_error_us = 0  # of the pulse reported last: true time less time asked for

    def queue_pulse(self, at_us: int) -> bool:
        """Request one pulse at an absolute time."""
        return self.trigger.queue(at_us)

    def cancel_pulses(self) -> int:
        """Forget what has not begun; how many are left to give a result."""
        return self.trigger.cancel() + (self._head is not None)

    def take_result(self) -> "tuple[int, int, int] | None":
        """(time, PULSE_* or 0, amplitude) of the oldest finished request or unasked pulse."""
        now_us = self._clock.us()
        if self._head is None:
            self._head = self.trigger.take()
        self._gather()  # after the result, so that its stamps are there
        if self._back.is_lost() or self._seen.is_lost():
            return self._report(now_us, UNASKED, self._amplitude_pm(True, now_us))
        foreign_us = self._foreign_us(now_us)
        if foreign_us >= 0:
            return self._report_foreign(foreign_us)
        if self._head is None:
            return None
        return self._settle(self._head, now_us)

    def last_us(self) -> int:
        """Time of the latest pulse that was stamped or reported; -1 when there was none."""
        self._gather()
        return self._last_us

    def next_us(self) -> int:
        """Nearest request that has no result yet; -1 when there is none."""
        return self.trigger.next_us()

    # --- inside -------------------------------------------------------------------------------

    def _gather(self) -> None:
        self._collect(self._back, self._backs)
        self._collect(self._seen, self._seens)

    def _collect(self, stamps: Stamps, found: "list[int]") -> None:
        at_us = stamps.take()
        while at_us >= 0:
            found.append(at_us)
            self._last_us = max(self._last_us, at_us)
            at_us = stamps.take()

    def _settle(self, head: "tuple[int, int]", now_us: int) -> "tuple[int, int, int] | None":
        """Report a finished request once everything that belongs to it must have come."""
        at_us, result = head
        if result == PULSE_REFUSED:
            self._head = None
            return self._report(at_us, result, 0)
        index = _nearest(self._backs, at_us)
        true_us = self._backs[index] if index >= 0 else at_us
        if now_us < true_us + READY_US:
            return None
        self._head = None
        if index >= 0:
            self._backs.pop(index)
        self.start_error_us = true_us - at_us
        amplitude_pm = self._amplitude_pm(self._claim_current(true_us), true_us)
        return self._report(true_us, result, amplitude_pm)

    def _claim_current(self, true_us: int) -> bool:
        """Take the first current that this trigger explains."""
        for index in range(len(self._seens)):
            if -SEEN_BEFORE_US <= self._seens[index] - true_us <= SEEN_AFTER_US:
                self._seens.pop(index)
                return True
        return False

    def _foreign_us(self, now_us: int) -> int:
        """Oldest trigger or current that no request can explain any more; -1 when none is known."""
        best_us = -1
        for at_us in self._backs + self._seens:
            is_over = now_us >= at_us + READY_US
            if is_over and not self._has_owner(at_us) and (best_us < 0 or at_us < best_us):
                best_us = at_us
        return best_us

    def _has_owner(self, at_us: int) -> bool:
        # A request near enough that its own stamps may be this one; its report decides.
        head = self._head
        if head is not None and abs(at_us - head[0]) <= PAIR_US:
            return True
        return self.trigger.has_request_near(at_us, PAIR_US)

    def _report_foreign(self, at_us: int) -> "tuple[int, int, int]":
        if at_us in self._backs:
            self._backs.remove(at_us)
            is_seen = self._claim_current(at_us)
            return self._report(at_us, UNASKED, self._amplitude_pm(is_seen, at_us))
        self._seens.remove(at_us)
        return self._report(at_us, UNASKED, self._amplitude_pm(True, at_us))

    def _amplitude_pm(self, is_seen: bool, at_us: int) -> int:
        """Of the pulse at this time. Emptied after the next pulse, the peak-hold spoke for both."""
        peak_pm = self._read_peak_pm()
        is_shared = at_us < self._peak_us
        if peak_pm > self._peak_pm or not is_shared:
            self._peak_us = self._clock.us()
            self._peak_pm = peak_pm
        if not is_seen:
            return peak_pm
        # Python was late: of two pulses the stronger is known, and that both were seen.
        return max(self._peak_pm, SEEN_PM_MIN)

    def _report(self, at_us: int, result: int, amplitude_pm: int) -> "tuple[int, int, int]":
        self._last_us = max(self._last_us, at_us)
        return at_us, result, amplitude_pm


def _nearest(stamps: "list[int]", at_us: int) -> int:
    # Index of the stamp nearest to this time within PAIR_US; -1 when there is none.
    best = -1
    for index in range(len(stamps)):
        off_us = abs(stamps[index] - at_us)
        if off_us <= PAIR_US and (best < 0 or off_us < abs(stamps[best] - at_us)):
            best = index
    return best
