"""Way b: what the system granted, in class and words."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from firmware.pi.grants import PrioritySettings, ask
from firmware.wire.codes import TIMING_BEST_EFFORT, TIMING_RT_PROCESS
from tests.pi.unit import FakeSystem

WISH = PrioritySettings(fifo_priority=80, lock_memory=True, cpu=2, measure_s=1)


def test_everything_granted_is_the_real_time_class() -> None:
    system = FakeSystem()

    grants = ask(system, WISH)

    assert grants.timing_class == TIMING_RT_PROCESS
    assert (grants.fifo_priority, grants.is_memory_locked, grants.cpu) == (80, True, 2)
    assert grants.refusals == ()
    assert "SCHED_FIFO 80" in grants.sentence
    # Priority last: nothing slow is asked for once this process bars all others.
    assert system.asked == ["timers", "cpu 2", "lock", "fifo 80"]


@pytest.mark.parametrize(
    ("refused", "words"), [("fifo", "rtprio limit"), ("lock", "memlock limit")]
)
def test_one_refusal_makes_it_best_effort_and_says_so(refused: str, words: str) -> None:
    """Catches: calling it real time on priority alone, or on locked memory alone."""
    grants = ask(FakeSystem(refused), WISH)

    assert grants.timing_class == TIMING_BEST_EFFORT
    assert grants.sentence.startswith("best effort only")
    assert words in grants.sentence
    assert "Operation not permitted" in grants.sentence


@pytest.mark.parametrize("wish", [replace(WISH, fifo_priority=0), replace(WISH, lock_memory=False)])
def test_what_was_not_asked_for_is_not_granted(wish: PrioritySettings) -> None:
    grants = ask(FakeSystem(), wish)

    assert grants.timing_class == TIMING_BEST_EFFORT
    assert "not asked for" in grants.sentence


def test_refused_processor_keeps_the_class() -> None:
    grants = ask(FakeSystem("cpu", "timers"), WISH)

    assert (grants.cpu, grants.timing_class) == (-1, TIMING_RT_PROCESS)
    assert len(grants.refusals) == 2


@pytest.mark.process
def test_the_real_calls_are_granted_or_refused_in_words() -> None:
    """In a process of its own: priority and locks would stay with this one."""
    code = (
        "from firmware.pi.grants import Linux, PrioritySettings, ask\n"
        "import os\n"
        "g = ask(Linux(), PrioritySettings(10, True, 0, 1))\n"
        "fifo = os.sched_getscheduler(0) & 0xff == os.SCHED_FIFO\n"
        "assert fifo == (g.fifo_priority == 10), g\n"
        "assert os.sched_getaffinity(0) == {0}, g\n"
        "print(g.sentence)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )

    assert ("real-time process" in done.stdout) or ("best effort only" in done.stdout)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER  # of the test itself
