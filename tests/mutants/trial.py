"""Tries mutants: pytest collects once, then a forked child for each mutant runs the tests.

The child puts the mutant's code into the function that is already imported everywhere, and ends at
the first test that fails. It ends by its own processor time as well, which does not depend on how
busy the machine is. The tests that killed the last mutants go first. POSIX.
"""

from __future__ import annotations
import __future__

import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import pytest

from tests.mutants.mutate import Mutant

MEMORY_BYTES_MAX = 4 << 30  # [P] a mutant that grows without end
CPU_S_FIRST = 900  # [P] the unchanged code; the longest stage needs 30 s
CPU_S_MORE = 5  # [P] a mutant may be slower than the code, an endless one is told apart
CPU_TIMES = 5
KILLERS_KEPT = 8  # [P] more are not worth their time
_KILLED, _SURVIVED, _BROKEN = 1, 0, 3
_OUT_OF_TIME = (signal.SIGXCPU, signal.SIGKILL)


class Outcome(Enum):
    """What the tests said."""

    KILLED = "killed"
    ENDLESS = "endless"  # out of processor time: noticed, so killed
    SURVIVED = "survived"


def place(mutant: Mutant) -> None:
    """Make the imported module behave like the mutant; only ever in a process of its own."""
    name = mutant.module.removesuffix(".py").replace("/", ".")
    here = sys.modules[name]
    if mutant.source:
        changed = ModuleType(name)
        _execute(mutant.source, mutant, changed)
        new, function = (_function(m, mutant.function) for m in (changed, here))
        function.__code__ = new.__code__
        function.__defaults__ = new.__defaults__
        function.__kwdefaults__ = new.__kwdefaults__
    _execute(mutant.remake, mutant, here)


def _execute(source: str, mutant: Mutant, module: ModuleType) -> None:
    flags = __future__.annotations.compiler_flag
    code = compile(source, mutant.module, "exec", flags, dont_inherit=True)
    try:
        exec(code, vars(module))
    except Exception as error:
        raise _MutantFailsError from error


class _MutantFailsError(Exception):
    """Its module raises when it is imported."""


def _function(module: ModuleType, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = vars(found)[part]
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if hasattr(found, "cache_clear"):
        found.cache_clear()
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    if not isinstance(found, FunctionType):
        raise TypeError(f"{module.__name__}.{name} is no function")
    return found


@dataclass(frozen=True)
class Stage:
    """Tests in the order in which they run, and how long a mutant may take with them."""

    items: list[pytest.Item]
    cpu_s_max: int


class Trials:
    """A pytest plugin: instead of the tests it runs `work` with itself.

    `unchanged` are no mutants, one for each module: with all of them every test has to pass.
    """

    def __init__(self, work: Callable[[Trials], None], unchanged: Sequence[Mutant]) -> None:
        self._work = work
        self._unchanged = unchanged
        self._items: dict[str, list[pytest.Item]] = {}  # by test file
        self._killers: list[str] = []
        self._told = -1  # the child's end of the pipe

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        for item in session.items:
            self._items.setdefault(item.nodeid.split("::")[0], []).append(item)
        gc.freeze()  # children share these pages
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self._told, report.nodeid.encode())
            os._exit(_KILLED)

    @lru_cache  # noqa: B019  there is one
    def stage(self, tests: tuple[str, ...]) -> Stage:
        """The tests of these files, measured; RuntimeError when one fails without a mutant."""
        items = [item for test in tests for item in self._items[test]]
        status, used, killer = self._in_child(self._unchanged, items, CPU_S_FIRST)
        if outcome_of(status) is not Outcome.SURVIVED:
            raise RuntimeError(f"fails without any mutant: {killer or tests}")
        return Stage(items, CPU_S_MORE + int(CPU_TIMES * used))

    def tried(self, mutant: Mutant, stages: Iterable[tuple[str, ...]]) -> Outcome:
        """What the tests say of this mutant, stage after stage."""
        for stage in map(self.stage, stages):
            items = self._sorted(stage.items)
            status, _, killer = self._in_child((mutant,), items, stage.cpu_s_max)
            outcome = outcome_of(status)
            if killer:
                self._killers = [killer, *(k for k in self._killers if k != killer)][:KILLERS_KEPT]
            if outcome is not Outcome.SURVIVED:
                return outcome
        return Outcome.SURVIVED

    def _sorted(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        first = {killer: place for place, killer in enumerate(self._killers)}
        return sorted(items, key=lambda item: first.get(item.nodeid, KILLERS_KEPT))

    def _in_child(
        self, mutants: Sequence[Mutant], items: list[pytest.Item], cpu_s_max: int
    ) -> tuple[int, float, str]:
        """Wait status, processor time used, and the test that failed."""
        told, self._told = os.pipe()
        child = os.fork()
        if child == 0:
            _run(mutants, items, cpu_s_max)
        os.close(self._told)
        with os.fdopen(told) as pipe:
            killer = pipe.read()
        _, status, used = os.wait4(child, 0)
        return status, used.ru_utime, killer


def _run(mutants: Sequence[Mutant], items: list[pytest.Item], cpu_s_max: int) -> NoReturn:
    status = _BROKEN
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s_max, cpu_s_max))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        if not all(map(_is_placed, mutants)):
            os._exit(_KILLED)
        for item, following in _with_next(items):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        status = _SURVIVED
    finally:
        os._exit(status)


def _is_placed(mutant: Mutant) -> bool:
    """False when the mutated module cannot even be imported."""
    try:
        place(mutant)
    except _MutantFailsError:
        return False
    return True


def _with_next(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    yield from zip(items, [*items[1:], None], strict=True)


def outcome_of(status: int) -> Outcome:
    """What a child's wait status means; an error of the runner itself is no kill."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OUT_OF_TIME:
        return Outcome.ENDLESS
    code = os.waitstatus_to_exitcode(status)
    if code not in (_SURVIVED, _KILLED):
        raise RuntimeError(f"a trial ended with {code}: the runner itself is broken")
    return Outcome.KILLED if code == _KILLED else Outcome.SURVIVED
