"""The wait for one edge: sleep, look at the chain, spin. The same routine times pulses and probes.

What is measured with probes at start therefore holds for pulses. Nothing here makes an edge. In the
one thread of the process.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware.pi.clock import NS_PER_US, Clock
from firmware.pi.lateness import Lateness

# [P] The turn hands over to this wait so long before an edge: longer than the spin, and short
# enough that with the pulse itself the inputs are still sampled about every millisecond.
TAKE_OVER_NS = 450 * NS_PER_US
# [M] A sleep without a final spin ends 36 us late at p99 and 85 us at p99.9 on an undisturbed
# machine (sources.md performance 1); with the last look that makes 200.
SPIN_NS = 200 * NS_PER_US
# [P] The last look at the pins begins at least this long before the edge. Reading two pins takes
# about 10 us on the test machine; several times that on a small Pi.
LOOK_NS = 60 * NS_PER_US
# [P] Probes come this often; far enough apart that each one sleeps first, as a pulse does.
PROBE_PERIOD_NS = 2000 * NS_PER_US


def wait_for_edge(clock: Clock, at_ns: int, look: Callable[[], bool]) -> bool:
    """Return at this time or as soon after as can be; False when the last look said no."""
    clock.sleep_until_ns(at_ns - SPIN_NS)
    is_allowed = look()
    last_look_ns = at_ns - LOOK_NS
    while is_allowed and clock.now_ns() < last_look_ns:
        is_allowed = look()
    while clock.now_ns() < at_ns:
        pass
    return is_allowed


def measure(clock: Clock, duration_ns: int, look: Callable[[], bool]) -> Lateness:
    """Lateness of absolute deadlines kept by the wait that pulses use."""
    lateness = Lateness()
    at_ns = clock.now_ns()
    end_ns = at_ns + duration_ns
    while at_ns < end_ns:
        # After a stall the next deadline lies ahead again: each probe asks anew.
        at_ns = max(at_ns, clock.now_ns()) + PROBE_PERIOD_NS
        wait_for_edge(clock, at_ns, look)
        lateness.add(clock.now_ns() - at_ns)
    return lateness
