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

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.mutants import argued
from tests.mutants.campaign import try_all
from tests.mutants.scope import GROUPS, Group
from tests.mutants.score import Result, Score, as_json, problems, score, told
from tests.mutants.trial import Outcome


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
    asked = chosen(options.only)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        found = try_all([(g, path) for g, paths in asked for path in paths], arguments, bar)
    for group, paths in asked:
        of_group = [result for path in paths for result in found[path]]
        groups.append(score(group.name, of_group, arguments))
        modules += [score(str(path), found[path], arguments) for path in paths]
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
