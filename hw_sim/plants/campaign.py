"""Runs every planted bug in its scene, and says how long it took to be found, and by what.

A plant is found when each invariant that it breaks is violated, within the time. Of a plant with
several bugs every smaller choice of them is run as well, and must break none of those invariants:
otherwise the table of masks is wrong. On all cores; one process for one run.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hw_sim.checkers import CHECKERS
from hw_sim.commit import commit
from hw_sim.faults.campaign import silence
from hw_sim.plants import PLANTS
from hw_sim.plants.plant import Plant
from hw_sim.plants.scenes import SCENES

TEXT_MAX = 120  # of a violation in the table; the JSON file has all of it
SECONDS_MAX = 30.0  # of one core, until a planted bug is found


@dataclass(frozen=True)
class Job:
    """bugs: numbers of those that are planted without the others; () plants all of them."""

    plant: str
    bugs: tuple[int, ...] = ()


@dataclass
class Outcome:
    """What one run gave."""

    plant: str
    bugs: tuple[int, ...]
    seconds: float = 0.0
    found: dict[str, str] = field(default_factory=dict)  # invariant: its first violation
    broke: str = ""  # the run itself

    def problem(self) -> str:
        """Why this is not as the table says; '' when it is."""
        plant = PLANTS[self.plant]
        if self.broke:
            return self.broke
        if self.bugs:
            seen = ", ".join(name for name in plant.breaks if name in self.found)
            texts = "; ".join(plant.bugs[number].text for number in self.bugs)
            return f"found by {seen} without the rest: {texts}" if seen else ""
        missed = ", ".join(name for name in plant.breaks if name not in self.found)
        if missed:
            return f"not found by {missed}"
        return f"took {self.seconds} s" if self.seconds > SECONDS_MAX else ""


def run_job(job: Job) -> Outcome:
    """Plant, play the scene, take the bug out again."""
    silence()
    plant = PLANTS[job.plant]
    planted = plant.part(job.bugs).apply() if job.bugs else plant.apply()
    outcome = Outcome(job.plant, job.bugs)
    began_s = time.process_time()
    try:
        with planted:
            for violation in SCENES[plant.scene]():
                outcome.found.setdefault(violation.checker, str(violation))
    except Exception:  # noqa: BLE001  a bug may bring anything about
        outcome.broke = traceback.format_exc(limit=-2)
    outcome.seconds = round(time.process_time() - began_s, 2)
    return outcome


def jobs_for(names: Sequence[str]) -> list[Job]:
    """Each plant, and each smaller choice of its bugs, which has to hide."""
    found = []
    for name in names:
        found.append(Job(name))
        numbers = range(len(PLANTS[name].bugs))
        for size in range(1, len(numbers)):
            found += [Job(name, chosen) for chosen in combinations(numbers, size)]
    return found


def uncovered() -> list[str]:
    """Invariants that no plant breaks."""
    broken = {invariant for plant in PLANTS.values() for invariant in plant.breaks}
    return [checker.id for checker in CHECKERS if checker.id not in broken]


def campaign(*, only: str | None, json_path: Path | None) -> int:
    """The command; returns the exit status."""
    console = Console(stderr=True)
    names = [name for name in PLANTS if only in (None, name)]
    if not names:
        console.print(f"no such plant; plants: {', '.join(PLANTS)}")
        return 2
    outcomes: list[Outcome] = []
    work = jobs_for(names)
    columns = (TextColumn("planted bugs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("plants", total=len(work))
        for outcome in _run_all(work):
            outcomes.append(outcome)
            progress.advance(task)
    missing = uncovered() if only is None else []
    Console().print(_table(outcomes))
    problems = [(o, text) for o in outcomes if (text := o.problem())]
    for outcome, text in problems:
        console.print(f"{outcome.plant}: {text}", markup=False, style="red")
    if missing:
        console.print(f"invariants without a plant: {', '.join(missing)}", style="red")
    alone = sum(len(o.bugs) == 1 for o in outcomes)
    pairs = sum(len(o.bugs) == 2 for o in outcomes)
    slowest = max(o.seconds for o in outcomes)
    console.print(
        f"{len(names)} plants, hidden: {alone} bugs alone, {pairs} pairs beside a third;"
        f" {len(problems)} problems, slowest {slowest} s"
    )
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "commit": commit(),
            "plants": len(names),
            "hidden_alone": alone,
            "hidden_pairs": pairs,
            "uncovered": missing,
            "problems": [f"{o.plant}: {text}" for o, text in problems],
            "outcomes": [asdict(o) for o in outcomes],
        }
        json_path.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if problems or missing else 0


def _run_all(work: Sequence[Job]) -> Iterator[Outcome]:
    """In the order of the table; in this process when there is only one."""
    if len(work) == 1:
        yield run_job(work[0])
        return
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        yield from pool.imap(run_job, work)


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("invariant", "plant", "scene", "s", "what was found")
    whole = [outcome for outcome in outcomes if not outcome.bugs]
    rows = [(_number(name), outcome, name) for outcome in whole for name in _breaks(outcome)]
    for _, outcome, name in sorted(rows, key=lambda row: (row[0], row[1].plant)):
        plant: Plant = PLANTS[outcome.plant]
        text = outcome.found.get(name, "NOT FOUND")[:TEXT_MAX]
        table.add_row(name, plant.name, plant.scene, f"{outcome.seconds}", text)
    return table


def _breaks(outcome: Outcome) -> tuple[str, ...]:
    return PLANTS[outcome.plant].breaks


def _number(invariant: str) -> int:
    return int(invariant[1:])
