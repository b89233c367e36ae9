"""What the system lets this process have: real-time priority, locked memory, its own processor.

Asks once at start and says in plain words what was not granted; goes on without it. The timing
class follows from the answers alone, never from a setting.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware.wire.codes import TIMING_BEST_EFFORT, TIMING_RT_PROCESS

_MCL_CURRENT = 1  # <sys/mman.h>
_MCL_FUTURE = 2
_PR_SET_TIMERSLACK = 29  # <sys/prctl.h>
_SLACK_NS = 1000  # the default of 50 us would be added to every sleep of a process without priority


@dataclass(frozen=True)
class PrioritySettings:
    """[priority] What to ask the system for. 0 asks for no priority, cpu -1 for no processor."""

    fifo_priority: int
    lock_memory: bool
    cpu: int
    measure_s: int  # lateness is measured this long at each start


@dataclass(frozen=True)
class Grants:
    """The system's answers; refusals are sentences."""

    fifo_priority: int
    is_memory_locked: bool
    cpu: int
    refusals: tuple[str, ...]

    @property
    def timing_class(self) -> int:
        """Real time only with both: either one missing lets any other process delay a pulse."""
        if self.fifo_priority > 0 and self.is_memory_locked:
            return int(TIMING_RT_PROCESS)
        return int(TIMING_BEST_EFFORT)

    @property
    def sentence(self) -> str:
        """The class, and why, for log and report."""
        if self.timing_class == TIMING_RT_PROCESS:
            return f"real-time process: SCHED_FIFO {self.fifo_priority}, memory locked"
        return "best effort only: " + "; ".join(self.refusals)


class System(Protocol):
    """The calls that may be refused; each raises OSError when it is."""

    def set_fifo(self, priority: int) -> None:
        """Real-time priority for this process."""

    def lock_memory(self) -> None:
        """No page of this process is ever written out."""

    def set_cpu(self, cpu: int) -> None:
        """Run on this processor only."""

    def set_fine_timers(self) -> None:
        """Sleeps end when they are due."""


class Linux:
    """The real calls."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def set_fifo(self, priority: int) -> None:
        """Real-time priority; its children do not inherit it."""
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))

    def lock_memory(self) -> None:
        """mlockall, for what is there and what will come."""
        self._check(self._libc.mlockall(_MCL_CURRENT | _MCL_FUTURE))

    def set_cpu(self, cpu: int) -> None:
        """Affinity."""
        os.sched_setaffinity(0, {cpu})

    def set_fine_timers(self) -> None:
        """Timer slack of this thread."""
        self._check(self._libc.prctl(_PR_SET_TIMERSLACK, _SLACK_NS, 0, 0, 0))

    @staticmethod
    def _check(result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def ask(system: System, wish: PrioritySettings) -> Grants:
    """Ask for everything wished; a refusal is a sentence, never an error."""
    refusals: list[str] = []

    def is_granted(what: str, cure: str, call: Callable[..., None], *values: int) -> bool:
        try:
            call(*values)
        except OSError as error:
            refusals.append(f"{what} was not granted ({error.strerror}): {cure}")
            return False
        return True

    is_granted("fine timer slack", "prctl is blocked", system.set_fine_timers)
    cpu = wish.cpu
    if cpu >= 0 and not is_granted(f"processor {cpu}", "no such processor", system.set_cpu, cpu):
        cpu = -1
    is_locked = False
    if wish.lock_memory:
        is_locked = is_granted("locked memory", "raise the memlock limit", system.lock_memory)
    else:
        refusals.append("locked memory was not asked for: priority.lock_memory is false")
    priority = wish.fifo_priority
    if priority == 0:
        refusals.append("real-time priority was not asked for: priority.fifo_priority is 0")
    elif not is_granted("SCHED_FIFO", "raise the rtprio limit", system.set_fifo, priority):
        priority = 0
    return Grants(priority, is_locked, cpu, tuple(refusals))
