"""`make mutants`: python -m tests.mutants [--only MODULE or FOLDER] [--json build/mutants.json].

Mutates the safety cores (scope.py), tries every mutant against the tests, prints the score of each
module. Ends with 1 when a group is below its score, when a survivor is not argued in argued.toml,
or when an argument is stale. docs/mutation.md explains it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.mutants import argued
from tests.mutants.mutate import mutants_of, unchanged
from tests.mutants.scope import GROUPS, ROOT, TABLES, Group
from tests.mutants.score import Result, Score, as_json, problems, score, told
from tests.mutants.trial import Outcome, Trials

# Plain assertions: what a failure says is not read here.
_PYTEST = ("-qq", "-s", "--assert=plain", "--timeout=0", "-p", "no:cacheprovider")


def try_group(
    group: Group, paths: list[Path], arguments: dict[argued.Key, argued.Argument], bar: Progress
) -> list[Result]:
    """All mutants of these modules with their outcomes, in the order of the code."""
    results: list[Result] = []

    def work(trials: Trials) -> None:
        for path in paths:
            results.extend(_try_module(trials, group, path, arguments, bar))

    files = dict.fromkeys(test for path in paths for stage in group.stages(path) for test in stage)
    trials = Trials(work, [unchanged(_source(path), str(path)) for path in paths])
    status = pytest.main([*_PYTEST, "--hypothesis-seed=0", *files], plugins=[trials])
    if status != pytest.ExitCode.OK:
        raise RuntimeError(f"pytest ended with {status}")
    return results


def _source(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _try_module(
    trials: Trials,
    group: Group,
    path: Path,
    arguments: dict[argued.Key, argued.Argument],
    bar: Progress,
) -> list[Result]:
    name = str(path)
    mutants = mutants_of(_source(path), name, TABLES.get(name, ()))
    task = bar.add_task(name, total=len(mutants))
    found: list[Result] = []
    for mutant in mutants:
        # The other stages are for those of which nobody said that no test can tell them apart.
        stages = group.stages(path)[: 1 if mutant.key() in arguments else None]
        found.append((mutant, trials.tried(mutant, stages)))
        bar.advance(task)
    alive = sum(outcome is Outcome.SURVIVED for _, outcome in found)
    bar.console.print(f"{name}: {len(found)} mutants, {alive} alive", highlight=False)
    return found


def chosen(only: str) -> list[tuple[Group, list[Path]]]:
    """Groups with the modules that were asked for; ValueError for one that is not in the scope."""
    found = [(g, [p for p in g.paths() if only in ("", g.name, str(p))]) for g in GROUPS]
    if not any(paths for _, paths in found):
        raise ValueError(f"{only} is not in the scope, see tests/mutants/scope.py")
    return [(group, paths) for group, paths in found if paths]


def show(console: Console, rows: list[Score]) -> None:
    """The table."""
    table = Table("module", "mutants", "killed", "survived", "argued", "score", title="mutants")
    for row in rows:
        counts = (row.mutants, row.killed, row.survived, row.argued)
        table.add_row(row.name, *map(str, counts), f"{row.score_pct:.1f} %")
    console.print(table)


def main() -> int:
    """Run, print, write the JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="firmware/core, or firmware/core/gate.py")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    arguments = argued.load()
    results: list[Result] = []
    modules, groups = [], []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        for group, paths in chosen(options.only):
            of_group = try_group(group, paths, arguments, bar)
            groups.append(score(group.name, of_group, arguments))
            for path in paths:
                each = [result for result in of_group if result[0].module == str(path)]
                modules.append(score(str(path), each, arguments))
            results += of_group
    names = {row.name for row in modules}
    wrong = problems(groups, results, [key for key in arguments if key[0] in names])
    show(Console(), [*modules, *groups])
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    if options.json is not None:
        argued_ones = [told(m.key()) for m, o in results if o is Outcome.SURVIVED]
        body = {"modules": as_json(modules), "groups": as_json(groups), "alive": argued_ones}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(body | {"problems": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
