"""Controller time from round trips: exact enough, honest about its error, new after a restart."""

from __future__ import annotations

import random

import pytest

from edge.domain.device_facts import CLOCK_UNCERTAINTY_US_MAX
from edge.mcu.clock_sync import ClockSync

pytestmark = pytest.mark.control("continuous-time")


def fed(
    ppm: float, seconds: float, *, seed: int = 1, slow: float = 0.0, spread_s: float = 0.001
) -> ClockSync:
    """A clock after some time of heartbeats with uneven, sometimes slow round trips."""
    chance, clock = random.Random(seed), ClockSync()
    beat = 0.0
    while beat < seconds:
        out_s = 0.0003 + chance.random() * spread_s
        back_s = 0.0003 + chance.random() * spread_s
        if chance.random() < slow:
            back_s += 0.050
        clock.add(beat, beat + out_s + back_s, mcu_us(beat + out_s, ppm))
        beat += 0.1
    return clock


def mcu_us(loop_s: float, ppm: float) -> int:
    return round(5_000_000 + loop_s * 1e6 * (1 + ppm * 1e-6))


def test_clock_estimate_lies_within_its_own_uncertainty() -> None:
    for seed in range(20):
        for ppm in (-80.0, 0.0, 80.0):
            clock = fed(ppm, 30.0, seed=seed, slow=0.2)
            estimate, uncertainty = clock.mcu_us_at(30.5), clock.uncertainty_us(30.5)
            assert estimate is not None
            assert uncertainty is not None
            assert abs(estimate - mcu_us(30.5, ppm)) <= uncertainty <= CLOCK_UNCERTAINTY_US_MAX


def test_clock_converts_both_ways() -> None:
    clock = fed(50.0, 10.0)
    at_us = clock.mcu_us_at(12.0)
    assert at_us is not None
    back_s = clock.loop_s_at(at_us)
    assert back_s is not None
    assert abs(back_s - 12.0) < 2e-6


def test_clock_without_a_sample_knows_nothing() -> None:
    clock = ClockSync()
    assert clock.mcu_us_at(1.0) is None
    assert clock.loop_s_at(1) is None
    assert clock.uncertainty_us(1.0) is None


def test_clock_of_a_slow_line_is_too_uncertain_to_start_a_train() -> None:
    """Catches: an estimate that is believed whatever the round trip was."""
    clock = ClockSync()
    for beat in range(50):
        clock.add(beat * 0.1, beat * 0.1 + 0.012, mcu_us(beat * 0.1 + 0.006, 0.0))
    uncertainty = clock.uncertainty_us(5.0)
    assert uncertainty is not None
    assert uncertainty > CLOCK_UNCERTAINTY_US_MAX


def test_clock_uncertainty_grows_with_age() -> None:
    clock = fed(0.0, 10.0)
    young, old = clock.uncertainty_us(10.0), clock.uncertainty_us(600.0)
    assert young is not None
    assert old is not None
    assert old > young + 4000


def test_clock_starts_anew_when_controller_time_goes_back() -> None:
    """Catches: mixing two boots in one line."""
    clock = fed(0.0, 10.0)
    clock.add(10.0, 10.001, 1_000)
    estimate = clock.mcu_us_at(10.0005)
    assert estimate is not None
    assert abs(estimate - 1_000) < 10


def test_clock_leaves_out_a_sample_its_round_trip_cannot_explain() -> None:
    clock = fed(0.0, 10.0)
    clock.add(10.0, 10.0007, mcu_us(10.00035, 0.0) + 40_000)
    for beat in range(101, 111):
        clock.add(beat * 0.1, beat * 0.1 + 0.0008, mcu_us(beat * 0.1 + 0.0004, 0.0) + 0)
    estimate, uncertainty = clock.mcu_us_at(11.0), clock.uncertainty_us(11.0)
    assert estimate is not None
    assert uncertainty is not None
    assert abs(estimate - mcu_us(11.0, 0.0)) <= uncertainty
