"""Requests for pulses, and the pulses: each at its absolute time, or not at all.

A pulse is made by the one thread of the process, which looks at life, loop and chain until just
before the edge and again all through the pulse. What would come later than one percent of the
shorter neighbouring interval is refused and never caught up; nothing makes two pulses come closer
than the lock-out. Results carry the time at which the edge really was.
"""

from __future__ import annotations

from collections import deque

from firmware.core.bounds import QUEUE_PULSES
from firmware.pi.analogue import Converter
from firmware.pi.clock import NS_PER_US, Clock
from firmware.pi.edge_wait import TAKE_OVER_NS, wait_for_edge
from firmware.pi.gate import Gate
from firmware.pi.lateness import Lateness
from firmware.pi.timing import ERROR_PARTS
from firmware.pi.wiring import Wiring
from firmware.wire.codes import PULSE_CUT, PULSE_EMITTED, PULSE_REFUSED
from firmware.wire.limits import CANCEL_LEAD_US, IPI_US_MIN

Result = tuple[int, int, int]  # at_us, PULSE_*, amplitude_pm

# [P] Nearer than this there is no room for the wait before the edge.
QUEUE_LEAD_NS = TAKE_OVER_NS
# [P] Whatever the interval: the core takes a pulse 1 ms off its time for one nobody asked for.
LATE_NS_MAX = 900 * NS_PER_US
# [C] The shortest interval less the one percent that either neighbour may be late.
LOCK_OUT_NS = (IPI_US_MIN - IPI_US_MIN // ERROR_PARTS) * NS_PER_US
# [P] The trigger stays up a little longer than the 296.3 us of the current (sources.md domain 3.3)
# and ends before the external one-shot of 500 us.
WIDTH_NS = 300 * NS_PER_US
# [P] Below this the held peak is noise of converter and reset: half of the least output asked for.
UNASKED_PM_MIN = 5
# [P] The comparator shows a pulse for some 0.8 ms and could be missed between two turns that are
# not armed; the held peak is looked at this often in any case.
UNASKED_LOOK_NS = 10_000_000
# [P] Before an edge there is time for one more look when it is at least this far.
SENSE_ROOM_NS = 300 * NS_PER_US
UNASKED = 0  # result code
_LONG_AGO_NS = -(10**12)
RESULTS_MAX = 16  # [P] four requests and an unasked pulse each, twice


class Trigger:
    """Queue and edges of one unit."""

    def __init__(self, clock: Clock, wiring: Wiring, gate: Gate, converter: Converter) -> None:
        self._clock = clock
        self._wiring = wiring
        self._gate = gate
        self._converter = converter
        self._queue: deque[int] = deque()  # times of requests, oldest first
        self._results: deque[Result] = deque(maxlen=RESULTS_MAX)
        self._asked_ns = _LONG_AGO_NS  # time of the request before
        self._edge_ns = _LONG_AGO_NS  # last edge made
        self._looked_ns = 0
        self.lateness = Lateness()
        self.refused_late = 0
        wiring.reset_peak()

    def queue(self, at_us: int) -> bool:
        """Take one request; False when late, full, out of order or too close to the one before."""
        at_ns = at_us * NS_PER_US
        before_ns = self._queue[-1] if self._queue else self._edge_ns
        if len(self._queue) >= QUEUE_PULSES or at_ns < before_ns + LOCK_OUT_NS:
            return False
        if at_ns < self._clock.now_ns() + QUEUE_LEAD_NS:
            return False
        self._queue.append(at_ns)
        return True

    def cancel(self) -> int:
        """Forget what is not about to begin; how many requests still have or give a result."""
        near_ns = self._clock.now_ns() + CANCEL_LEAD_US * NS_PER_US
        while self._queue and self._queue[-1] >= near_ns:
            self._queue.pop()
        finished = sum(1 for _, result, _ in self._results if result != UNASKED)
        return len(self._queue) + finished

    def take(self) -> Result | None:
        """Oldest finished request or unasked pulse."""
        return self._results.popleft() if self._results else None

    def next_ns(self) -> int | None:
        """When the next edge is due."""
        return self._queue[0] if self._queue else None

    def fire(self) -> None:
        """Wait for the oldest request's time and make its pulse, or refuse it."""
        at_ns = self._queue.popleft()
        bound_ns = self._late_bound_ns(at_ns)
        self._asked_ns = at_ns
        self._gate.beat()
        if at_ns - self._clock.now_ns() >= SENSE_ROOM_NS:
            self._look_for_unasked()  # or it would hide in the peak of the pulse to come
        is_allowed = wait_for_edge(self._clock, at_ns, self._gate.look)
        late_ns = self._clock.now_ns() - at_ns
        self.lateness.add(late_ns)
        is_late = late_ns > bound_ns
        self.refused_late += is_late
        is_locked = at_ns + late_ns - self._edge_ns < LOCK_OUT_NS
        if is_late or is_locked or not is_allowed:
            self._results.append((at_ns // NS_PER_US, PULSE_REFUSED, 0))
            return
        is_complete = self._pulse()
        result = PULSE_EMITTED if is_complete else PULSE_CUT
        self._results.append((self._edge_ns // NS_PER_US, result, self._sense()))

    def watch(self) -> None:
        """Look for a pulse that nobody asked for: when one shows, and now and then."""
        is_due = self._clock.now_ns() - self._looked_ns >= UNASKED_LOOK_NS
        if is_due or self._wiring.is_pulse_seen():
            self._look_for_unasked()

    def _late_bound_ns(self, at_ns: int) -> int:
        interval_ns = at_ns - self._asked_ns
        if self._queue:
            interval_ns = min(interval_ns, self._queue[0] - at_ns)
        return min(LATE_NS_MAX, interval_ns // ERROR_PARTS)

    def _pulse(self) -> bool:
        """Edge up, look all the while, edge down; False when it had to be cut."""
        is_allowed = True
        try:
            self._wiring.set_trigger(True)
            self._edge_ns = self._clock.now_ns()
            end_ns = self._edge_ns + WIDTH_NS
            while is_allowed and self._clock.now_ns() < end_ns:
                is_allowed = self._gate.look()
        finally:
            self._wiring.set_trigger(False)
        return is_allowed

    def _look_for_unasked(self) -> None:
        now_us = self._clock.now_ns() // NS_PER_US
        amplitude_pm = self._sense()
        if amplitude_pm >= UNASKED_PM_MIN:
            self._results.append((now_us, UNASKED, amplitude_pm))

    def _sense(self) -> int:
        """The held peak since the last look, per mille; emptied."""
        amplitude_pm = self._converter.peak_pm()
        self._wiring.reset_peak()
        self._looked_ns = self._clock.now_ns()
        return amplitude_pm
