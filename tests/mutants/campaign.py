"""Tries all mutants of some modules, each module in a process of its own, on all processors.

A child of trial.py ends by its own processor time, so that the number of processors and the load
change no result.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import pytest
from rich.progress import Progress

from tests.mutants import argued
from tests.mutants.mutate import Mutant, mutants_of, unchanged
from tests.mutants.scope import ROOT, TABLES, Group
from tests.mutants.score import Result
from tests.mutants.trial import Outcome, Trials

# Plain assertions: what a failure says is not read here.
_PYTEST = ("-qq", "-s", "--assert=plain", "--timeout=0", "-p", "no:cacheprovider")


def try_module(
    group: Group, path: Path, arguments: dict[argued.Key, argued.Argument]
) -> list[Result]:
    """All mutants of a module with their outcomes, in the order of the code; pytest runs once."""
    source = (ROOT / path).read_text(encoding="utf-8")
    found: list[Result] = []

    def work(trials: Trials) -> None:
        for mutant in _mutants(path):
            # The other stages are for those of which nobody said that no test can tell them apart.
            stages = group.stages(path)[: 1 if mutant.key() in arguments else None]
            found.append((mutant, trials.tried(mutant, stages)))

    files = dict.fromkeys(test for stage in group.stages(path) for test in stage)
    trials = Trials(work, [unchanged(source, str(path))])
    status = pytest.main([*_PYTEST, "--hypothesis-seed=0", *files], plugins=[trials])
    if status != pytest.ExitCode.OK:
        raise RuntimeError(f"{path}: pytest ended with {status}")
    return found


def _mutants(path: Path) -> list[Mutant]:
    name = str(path)
    return mutants_of((ROOT / path).read_text(encoding="utf-8"), name, TABLES.get(name, ()))


def try_all(
    modules: list[tuple[Group, Path]], arguments: dict[argued.Key, argued.Argument], bar: Progress
) -> dict[Path, list[Result]]:
    """Each module in a process of its own, one on each processor, the longest first."""
    counts = {path: len(_mutants(path)) for _, path in modules}
    task = bar.add_task("mutants", total=sum(counts.values()))
    found: dict[Path, list[Result]] = {}
    spawned = get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawned, max_tasks_per_child=1) as pool:
        longest_first = sorted(modules, key=lambda each: -counts[each[1]])
        waiting = {pool.submit(try_module, g, path, arguments): path for g, path in longest_first}
        for done in as_completed(waiting):
            path = waiting[done]
            found[path] = done.result()
            alive = sum(outcome is Outcome.SURVIVED for _, outcome in found[path])
            bar.advance(task, counts[path])
            bar.console.print(f"{path}: {counts[path]} mutants, {alive} alive", highlight=False)
    return found
