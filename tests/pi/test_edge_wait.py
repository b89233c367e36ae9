"""Way b: the wait before an edge, lateness figures, and what they allow."""

from __future__ import annotations

from firmware.pi.edge_wait import LOOK_NS, SPIN_NS, measure, wait_for_edge
from firmware.pi.grants import Grants
from firmware.pi.lateness import BINS, Lateness
from firmware.pi.timing import Timing
from firmware.wire.limits import IPI_US_MIN, PERIOD_US_MAX
from tests.pi.step_clock import STEP_NS, StepClock

GRANTED = Grants(80, True, -1, ())
MS = 1_000_000


def test_wait_returns_within_a_step_of_its_time() -> None:
    clock = StepClock()
    at_ns = clock.peek_ns() + 5 * MS

    assert wait_for_edge(clock, at_ns, lambda: True)

    assert 0 <= clock.peek_ns() - at_ns <= STEP_NS


def test_wait_hides_a_sleep_that_is_late_by_less_than_the_spin() -> None:
    clock = StepClock()
    clock.sleep_late_ns = SPIN_NS - LOOK_NS
    at_ns = clock.peek_ns() + 5 * MS

    wait_for_edge(clock, at_ns, lambda: True)

    assert clock.peek_ns() - at_ns <= STEP_NS


def test_last_look_is_close_to_the_edge_and_never_missing() -> None:
    clock = StepClock()
    looks: list[int] = []

    def look() -> bool:
        looks.append(clock.now_ns())
        return True

    at_ns = clock.peek_ns() + 5 * MS
    wait_for_edge(clock, at_ns, look)
    assert at_ns - LOOK_NS - 4 * STEP_NS <= looks[-1] < at_ns

    clock.stalls_ns = [20 * MS]
    at_ns = clock.peek_ns() + 5 * MS
    wait_for_edge(clock, at_ns, look)
    assert looks[-1] > at_ns  # late, and looked all the same


def test_wait_says_no_when_a_look_said_no() -> None:
    clock = StepClock()

    assert not wait_for_edge(clock, clock.peek_ns() + MS, lambda: False)


def test_measure_finds_the_stall_that_was_planted() -> None:
    clock = StepClock()
    clock.stalls_ns = [0] * 100 + [7 * MS]

    found = measure(clock, 1000 * MS, lambda: True)

    assert 480 <= found.count <= 500
    assert abs(found.worst_us - (7000 - SPIN_NS // 1000)) <= 2
    assert found.quantile_us(990) <= 1


def test_measure_does_not_heap_probes_after_a_stall() -> None:
    """Catches: deadlines that all lie in the past after one stall, each counted as late."""
    clock = StepClock()
    clock.stalls_ns = [500 * MS]

    found = measure(clock, 1000 * MS, lambda: True)

    assert found.count - sum(found._bins[:2]) == 1


def test_lateness_counts_the_worst_beyond_its_bins() -> None:
    lateness = Lateness()
    for late_us in (*range(1, 1000), BINS + 77):
        lateness.add(late_us * 1000)
    lateness.add(-5)

    assert lateness.summary() == {
        "count": 1001,
        "p50_us": 500,
        "p99_us": 990,
        "p999_us": 999,
        "worst_us": BINS + 77,
    }
    assert lateness.quantile_us(1000) == BINS + 77


def test_lateness_is_rounded_up() -> None:
    lateness = Lateness()
    lateness.add(1)

    assert lateness.worst_us == 1


def test_lateness_without_events_is_zero() -> None:
    assert Lateness().summary()["p50_us"] == 0


def timing_of(probe_us: int, pulse_us: int = 0) -> Timing:
    probes, pulses = Lateness(), Lateness()
    probes.add(probe_us * 1000)
    pulses.add(pulse_us * 1000)
    return Timing(GRANTED, probes, pulses)


def test_shortest_interval_is_a_hundred_times_the_worst_lateness() -> None:
    assert timing_of(20).ipi_us_min == IPI_US_MIN
    assert timing_of(91).ipi_us_min == 9100
    assert timing_of(20, 3000).ipi_us_min == 300_000


def test_without_probes_nothing_can_be_timed() -> None:
    assert Timing(GRANTED, Lateness(), Lateness()).ipi_us_min == PERIOD_US_MAX
