"""guard and stamp in both emulators."""

from __future__ import annotations

import pytest

from tests.pio import guard_checks, in_pioemu
from tests.pio.jobs import Runner
from tests.pio.programs import Programs

pytestmark = pytest.mark.control("pulse-guard")


def test_guard_arms_only_by_arm_word_life_and_closed_loop(p: Programs, run: Runner) -> None:
    guard_checks.check_arming(p, run)


def test_guard_life_is_exact_and_bounded(p: Programs, run: Runner) -> None:
    guard_checks.check_life(p, run)


def test_guard_loop_open_at_every_phase_latches_off(p: Programs, run: Runner) -> None:
    assert guard_checks.check_loop(p, run) <= guard_checks.OFF_CYCLES_MAX


def test_guard_under_random_feeding_is_alike_in_both(p: Programs, js: Runner) -> None:
    ours = guard_checks.check_random_feeding(p, in_pioemu.run)
    assert ours == guard_checks.check_random_feeding(p, js)
    assert sum(len(trace.rises) for trace in ours) > 20


def test_stamp_is_the_cycle_of_the_rise(p: Programs, run: Runner) -> None:
    guard_checks.check_stamps(p, run)


def test_stamp_counter_goes_round_without_a_stamp(p: Programs, run: Runner) -> None:
    guard_checks.check_stamp_wrap(p, run)
