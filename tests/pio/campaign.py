"""The long runs of `make firmware-check`: python -m tests.pio.campaign --json build/pio.json.

Both emulators, 3,000 pulses of each plan, every phase of many pulse widths, random requests, random
words against the lock-out. Ends with 1 when anything failed; the figures are also written as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import adafruit_pioasm
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.pio import guard_checks, in_pioemu, pioasm_text, trig_checks
from tests.pio.in_rp2040js import Rp2040js
from tests.pio.jobs import Runner
from tests.pio.plans import PLANS
from tests.pio.programs import NAMES, Programs, load

PULSES = 3000  # a whole long session (sources.md domain 1.6)
WIDTHS = range(1, 33, 3)  # counts whose pulses are cut at every phase


@dataclass(frozen=True)
class Figure:
    what: str
    where: str  # assembler or emulator
    amount: int
    of_what: str
    worst: int | None  # in cycles, the bound beside it
    bound: int | None
    is_good: bool
    took_s: float


Measure = Callable[[], tuple[int, int | None]]  # amount and worst


@dataclass(frozen=True)
class Task:
    what: str
    where: str
    of_what: str
    bound: int | None
    measure: Measure


def _words(p: Programs) -> tuple[int, None]:
    texts = load(pioasm_text)
    for name in NAMES:
        theirs = list(adafruit_pioasm.Program(getattr(texts, name)).assembled)
        assert theirs == getattr(p, name).words, name
    return sum(len(getattr(p, name).words) for name in NAMES), None


def _phases(p: Programs, run: Runner) -> tuple[int, int]:
    worst = [trig_checks.check_every_phase(p, run, width) for width in WIDTHS]
    return sum(4 * (2 * width + 20) for width in WIDTHS), max(worst)


def _intervals(p: Programs, run: Runner, cases: int) -> tuple[int, int]:
    shortest = trig_checks.check_interval(p, run, cases, seed=11)
    return cases, p.LOCK_OUT_CYCLES - shortest


def _feeding(p: Programs, run: Runner, cases: int) -> tuple[int, None]:
    return len(guard_checks.check_random_feeding(p, run, cases, seed=5)), None


def _stamps(p: Programs, run: Runner) -> tuple[int, None]:
    guard_checks.check_stamps(p, run)
    guard_checks.check_stamp_wrap(p, run)
    return 322, None


def _of_emulator(p: Programs, where: str, run: Runner, scale: int) -> list[Task]:
    def plan(name: str) -> Measure:
        return lambda: (PULSES, trig_checks.check_plan(p, run, name, PULSES))

    def edges() -> tuple[int, int]:
        return trig_checks.check_random_requests(p, run, 50 * scale, seed=2), 0

    def loop() -> tuple[int, int]:
        return 216, guard_checks.check_loop(p, run)

    cut, off = trig_checks.CUT_CYCLES_MAX, guard_checks.OFF_CYCLES_MAX
    return [
        *(Task(f"jitter, {name}", where, "pulses", 0, plan(name)) for name in PLANS),
        Task("chain open to low", where, "openings", cut, lambda: _phases(p, run)),
        Task("loop open to low", where, "openings", off, loop),
        Task("edges off their place", where, "requests", 0, edges),
        Task("interval undercut", where, "runs", 0, lambda: _intervals(p, run, 50 * scale)),
        Task("guard, any words", where, "runs", None, lambda: _feeding(p, run, 50 * scale)),
        Task("stamps", where, "rises", None, lambda: _stamps(p, run)),
    ]


def _tasks(p: Programs, js: Runner) -> list[Task]:
    tasks = [Task("words equal", "ours, Adafruit", "words", None, lambda: _words(p))]
    tasks += _of_emulator(p, "pio-emulator", in_pioemu.run, 4)
    tasks += _of_emulator(p, "rp2040js", js, 20)
    return tasks


def _measured(task: Task) -> Figure:
    began = perf_counter()
    try:
        amount, worst = task.measure()
        is_good = worst is None or task.bound is None or worst <= task.bound
    except AssertionError as error:
        sys.stderr.write(f"{task.what}, {task.where}: {error}\n")
        amount, worst, is_good = 0, None, False
    took_s = round(perf_counter() - began, 2)
    return Figure(task.what, task.where, amount, task.of_what, worst, task.bound, is_good, took_s)


def _table(figures: list[Figure]) -> Table:
    table = Table("check", "where", "amount", "worst of bound", "result", "s")
    for figure in figures:
        has_bound = figure.bound is not None and figure.worst is not None
        cycles = f"{figure.worst} of {figure.bound} cycles" if has_bound else ""
        amount = f"{figure.amount} {figure.of_what}"
        result = "good" if figure.is_good else "FAILED"
        table.add_row(figure.what, figure.where, amount, cycles, result, f"{figure.took_s:.1f}")
    return table


def main() -> int:
    """Run everything; 0 when all is good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there")
    path: Path | None = parser.parse_args().json
    console = Console()
    figures = []
    with Rp2040js() as js, Progress(console=console) as progress:
        tasks = _tasks(load(), js)
        bar = progress.add_task("", total=len(tasks))
        for task in tasks:
            progress.update(bar, description=f"{task.what}, {task.where}")
            figures.append(_measured(task))
            progress.advance(bar)
    console.print(_table(figures))
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    return 0 if all(figure.is_good for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
