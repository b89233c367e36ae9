"""Whole sessions through the board's own trigger and stamps: every edge in its cycle."""

from __future__ import annotations

import pytest

import rig
from tests.firmware.pulse_bench import ITBS, TEN_HZ, PulseBench, exact, give

pytestmark = pytest.mark.control("pulse-hardware")


def test_every_pulse_of_a_600_pulse_session_is_in_its_cycle() -> None:
    bench = PulseBench()
    times_us = give(bench, ITBS, 20)
    assert len(times_us) == 600
    assert times_us[-1] - times_us[0] == 191840000
    exact(bench, times_us, 20)
    assert len(rig.the().pulses) == 600
    assert bench.trigger.strays == bench.trigger.missing == 0


def test_ten_hertz_trains_are_exact() -> None:
    bench = PulseBench()
    exact(bench, give(bench, TEN_HZ, 3), 3)
