"""trig in both emulators: edges, results, interlock, lock-out, cancel, true plans."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pio import in_pioemu, trig_checks
from tests.pio.jobs import Runner
from tests.pio.plans import PLANS
from tests.pio.programs import Programs, load

pytestmark = pytest.mark.control("pulse-hardware")

WORD = st.integers(0, 0xFFFFFFFF)
CYCLE = st.integers(0, 8_000_000)
# Delays beyond the run's length only end it early.
DELAY = st.one_of(st.sampled_from([0, 1]), st.integers(0, 2_000_000), WORD)


def test_random_requests_make_the_edges_of_the_constants(p: Programs, run: Runner) -> None:
    assert trig_checks.check_random_requests(p, run) > 100


def test_chain_open_at_every_phase_is_low_within_the_bound(p: Programs, run: Runner) -> None:
    assert trig_checks.check_every_phase(p, run) <= trig_checks.CUT_CYCLES_MAX


def test_width_of_any_word_is_bounded(p: Programs, run: Runner) -> None:
    assert trig_checks.check_width_bound(p, run) < 0.00105 * p.CLOCK_HZ


def test_cancel_at_every_phase_runs_the_whole_lock_out(p: Programs, run: Runner) -> None:
    trig_checks.check_cancel(p, run)


def test_random_words_and_jumps_never_undercut_the_lock_out(p: Programs, run: Runner) -> None:
    assert trig_checks.check_interval(p, run) == p.LOCK_OUT_CYCLES  # reached, never undercut


def test_forced_pulls_shorten_nothing(p: Programs, js: Runner) -> None:
    trig_checks.check_forced_pulls(p, js)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    requests=st.lists(st.tuples(DELAY, WORD), min_size=2, max_size=5),
    jumps=st.lists(CYCLE, max_size=3),
    shuts=CYCLE,
)
def test_no_words_undercut_the_lock_out(
    requests: list[tuple[int, int]], jumps: list[int], shuts: int
) -> None:
    p = load()
    words = [word for request in requests for word in request]
    job = trig_checks.interval_job(p, words, jumps, shuts)
    trig_checks.intervals_of(p, in_pioemu.run([job]))


@pytest.mark.parametrize("name", PLANS)
def test_plan_has_no_jitter(p: Programs, run: Runner, name: str) -> None:
    assert trig_checks.check_plan(p, run, name, pulses=240) == 0
