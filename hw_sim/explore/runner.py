"""`python -m hw_sim explore`: many plans on all cores, judged, shrunk when they fail, summed up.

One process for each core, plans handed out in order of their seeds; a run itself has no threads and
needs nothing but its plan. One seed of a hundred is played again in another process. Real time, and
an entry point: it may read the performance counter.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hw_sim.commit import commit
from hw_sim.explore.again import Again, play_again
from hw_sim.explore.draw import draw_plan
from hw_sim.explore.numbers import ELSEWHERE, kinds_of
from hw_sim.explore.outcome import Outcome, play_plan
from hw_sim.explore.plan import FaultPlan, PlanError
from hw_sim.explore.plants import planted
from hw_sim.explore.report import FOLDER, save, tell, tell_parted
from hw_sim.explore.shrink import Shrinker
from hw_sim.explore.summary import Document, Summary, show
from hw_sim.explore.timeline import first_difference
from hw_sim.faults.campaign import silence

TWICE_EVERY, TWICE_AT = 100, 50  # seeds: 1 % are played twice, one of the fixed share among them
SHRUNK_MAX = 3  # failures of one command that are shrunk; each takes up to a minute
AHEAD = 3  # jobs of each core that are handed out before the oldest is back
# A visit makes few cycles; looking for them each 700 objects costs 4 % of the time.
GC_THRESHOLDS = (50_000, 20, 100)


@dataclass(frozen=True)
class Request:
    """What the command asked for."""

    seconds: float = 60.0
    seeds: int | None = None
    first_seed: int = 1
    fault: str = ""
    plan: Path | None = None
    plant: str = ""
    json_path: Path | None = None
    cores: int = 0  # 0: all
    folder: Path = FOLDER


@dataclass(frozen=True)
class Job:
    """One plan for one worker."""

    plan: FaultPlan
    plant: str
    is_twice: bool


@dataclass
class Played:
    """What came back: the run, and the hashes of a second one of the same plan."""

    outcome: Outcome
    again: Again | None = None


def work(job: Job) -> Played:
    """One plan, in whatever process."""
    silence()
    gc.set_threshold(*GC_THRESHOLDS)
    with planted(job.plant):
        outcome = play_plan(job.plan, has_seconds=job.is_twice)
    again = play_again(job.plan, job.plant) if job.is_twice else None
    gc.collect()
    return Played(outcome, again)


def explore(request: Request, console: Console | None = None) -> int:
    """Run as asked; returns the exit status: 1 with violations, 2 for a request that makes none."""
    silence()
    console = console or Console(stderr=True)
    try:
        jobs = _jobs(request)
    except (PlanError, OSError, ValueError) as error:
        console.print(str(error), markup=False)
        return 2
    cores = request.cores or os.cpu_count() or 1
    run = _Run(request, console, Summary())
    began_s = time.perf_counter()
    run.play(jobs, cores, began_s)
    wall_s = time.perf_counter() - began_s
    document = run.summary.document(wall_s=wall_s, commit=commit(), cores=cores)
    _write(document, request.json_path)
    show(document, console)
    return 0 if run.summary.is_good else 1


def _jobs(request: Request) -> Iterator[Job]:
    """Plans in order, without end when time is the measure. Raises PlanError, OSError."""
    with planted(request.plant):
        pass  # a name that is none is said before anything runs
    if request.plan is not None:
        return iter([Job(load_plan(request.plan), request.plant, is_twice=False)])
    if request.fault and not kinds_of(request.fault):
        row = ELSEWHERE.get(request.fault)
        why = "no such fault" if row is None else f"{row.reason}; shown by {row.shown_by}"
        raise PlanError(f"{request.fault}: {why}")
    seeds = count(request.first_seed)
    return (
        Job(draw_plan(seed, fault=request.fault), request.plant, seed % TWICE_EVERY == TWICE_AT)
        for seed in seeds
    )


def load_plan(path: Path) -> FaultPlan:
    """A plan, or the shrunk one of a failure's file. Raises PlanError, OSError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise PlanError(f"{path}: {error}") from error
    if isinstance(document, dict) and "plan_sha256" in document:
        document = document["shrunk"] or document["plan"]
    return FaultPlan.from_json(document)


def _write(document: Document, path: Path | None) -> None:
    text = json.dumps(document, indent=1) + "\n"
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class _Run:
    """One command under way."""

    def __init__(self, request: Request, console: Console, summary: Summary) -> None:
        self._request = request
        self._console = console
        self.summary = summary
        self._shrunk = 0

    def play(self, jobs: Iterator[Job], cores: int, began_s: float) -> None:
        """Until the seeds or the time are used up, with a bar that says how it goes."""
        request = self._request
        total = request.seeds if request.seeds is not None else request.seconds
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("exploring", total=total)
            for played in self._played(_bounded(jobs, request, began_s), cores):
                self._take(played)
                spent_s = time.perf_counter() - began_s
                done = self.summary.sessions if request.seeds is not None else spent_s
                progress.update(task, completed=done, description=self._words())

    def _played(self, jobs: Iterator[Job], cores: int) -> Iterator[Played]:
        if cores == 1 or self._request.plan is not None:
            yield from map(work, jobs)
            return
        pool = multiprocessing.get_context("spawn").Pool(cores)
        try:
            yield from _ahead(pool, jobs, cores)
        finally:
            pool.terminate()
            pool.join()

    def _words(self) -> str:
        summary = self.summary
        return (
            f"{summary.sessions} sessions, {summary.sim_s / 3600:.2f} h simulated,"
            f" {summary.speed_x:.0f} x, {len(summary.bad_seeds)} bad"
        )

    def _take(self, played: Played) -> None:
        outcome, again = played.outcome, played.again
        self.summary.add(outcome)
        if again is not None:
            is_same = outcome.sha256 == again.sha256
            self.summary.add_twice(outcome.plan.seed, is_same=is_same)
            if not is_same:
                second = first_difference(outcome.seconds, again.seconds)
                tell_parted(outcome, second, self._console)
        if outcome.violations:
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        shrunk = None
        if self._shrunk < SHRUNK_MAX:
            self._shrunk += 1
            with planted(self._request.plant):
                shrinker = Shrinker(
                    outcome.plan, outcome.violations, lambda plan: play_plan(plan).violations
                )
                shrunk = shrinker.shrink()
        path = save(outcome, shrunk, self._request.folder)
        tell(outcome, shrunk, path, self._console)


def _bounded(jobs: Iterator[Job], request: Request, began_s: float) -> Iterator[Job]:
    for number, job in enumerate(jobs):
        if request.seeds is not None and number >= request.seeds:
            return
        if request.seeds is None and time.perf_counter() - began_s > request.seconds:
            return
        yield job


def _ahead(pool: multiprocessing.pool.Pool, jobs: Iterator[Job], cores: int) -> Iterator[Played]:
    """Results in order, with enough jobs ahead that no core waits for a long one."""
    waiting: list[multiprocessing.pool.ApplyResult[Played]] = []
    for job in jobs:
        waiting.append(pool.apply_async(work, (job,)))
        if len(waiting) >= AHEAD * cores:
            yield waiting.pop(0).get()
    for each in waiting:
        yield each.get()
