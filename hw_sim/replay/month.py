"""`python -m hw_sim month`: a month of working days recorded in virtual time, and all replayed.

Each day is a job of its own on one of the processors: it records, plays every recording back and
compares the event hashes. What differs is kept with the command that plays it again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hw_sim import vtime
from hw_sim.commit import commit
from hw_sim.kiosk_robot import RobotError
from hw_sim.replay.command import replay_file
from hw_sim.replay.day import TRICKS, play_day
from hw_sim.session import quiet_logging

# One a day, in turn: mostly what is given most.
PROTOCOLS = ("10hz-1500", "itbs-600", "ctbs-300", "itbs-600", "ctbs-300", "itbs-600", "ctbs-300")
KEPT = Path("build/month")  # recordings that differ


@dataclass(frozen=True)
class DayReport:
    """One day: what was recorded and what came of its replays."""

    seed: int
    protocol: str
    sessions: int
    tricks: tuple[str, ...]
    recordings: int
    bytes: int
    inputs: int
    events: int
    hashes: tuple[str, ...]
    recorded_cpu_s: float
    replayed_cpu_s: float
    sim_s: float
    problems: tuple[str, ...]


def run_day(job: tuple[int, str, int]) -> DayReport:
    """Record and replay; in a process of its own."""
    seed, protocol, sessions = job
    quiet_logging()
    folder = Path(tempfile.mkdtemp(prefix=f"tms-day-{seed}-"))
    problems: list[str] = []
    done: tuple[str, ...] = ()
    began_s, sim_s = time.process_time(), 0.0
    try:
        day = vtime.run(play_day(seed, folder, protocol=protocol, sessions=sessions))
        done, sim_s = day.tricks, day.sim_s
    except RobotError as error:
        problems.append(f"stuck: {error}")
    recorded_s = time.process_time() - began_s
    files = sorted(folder.glob("*.tmsbox"))
    results = [(path, *replay_file(path, None)) for path in files]
    for path, result, damage in results:
        if not result.is_same or damage or not result.is_closed:
            problems.append(_keep(seed, path, str(result.difference or damage or "no end")))
    report = DayReport(
        seed=seed,
        protocol=protocol,
        sessions=sessions,
        tricks=done,
        recordings=len(files),
        bytes=sum(path.stat().st_size for path in files),
        inputs=sum(result.inputs for _, result, _ in results),
        events=sum(result.events for _, result, _ in results),
        hashes=tuple(result.hash for _, result, _ in results),
        recorded_cpu_s=recorded_s,
        replayed_cpu_s=time.process_time() - began_s - recorded_s,
        sim_s=sim_s,
        problems=tuple(problems),
    )
    shutil.rmtree(folder)
    return report


def _keep(seed: int, path: Path, why: str) -> str:
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"day-{seed}-{path.name}"
    shutil.copy(path, kept)
    return f"{why}; python -m hw_sim replay {kept}"


def month(*, days: int, sessions: int, json_path: Path | None) -> int:
    """The command. Returns the exit status."""
    jobs = [(seed, PROTOCOLS[seed % len(PROTOCOLS)], sessions) for seed in range(1, days + 1)]
    began_s = time.perf_counter()
    reports: list[DayReport] = []
    for report in _run_all(jobs):
        reports = sorted([*reports, report], key=lambda each: each.seed)
        _write(json_path, reports, time.perf_counter() - began_s)  # a campaign may be cut short
    summary = _summary(reports, time.perf_counter() - began_s)
    Console().print_json(data=summary)
    return 1 if summary["problems"] else 0


def _summary(reports: list[DayReport], wall_s: float) -> dict[str, object]:
    return {
        "days": len(reports),
        "sessions": sum(each.sessions for each in reports),
        "recordings": sum(each.recordings for each in reports),
        "same": sum(each.recordings for each in reports) - sum(len(r.problems) for r in reports),
        "sim_h": round(sum(each.sim_s for each in reports) / 3600, 2),
        "inputs": sum(each.inputs for each in reports),
        "events": sum(each.events for each in reports),
        "bytes_per_session": sum(r.bytes for r in reports) // sum(r.sessions for r in reports),
        "tricks": {n: sum(r.tricks.count(n) for r in reports) for n in sorted(TRICKS)},
        "recorded_cpu_s": round(sum(each.recorded_cpu_s for each in reports), 1),
        "replayed_cpu_s": round(sum(each.replayed_cpu_s for each in reports), 1),
        "wall_s": round(wall_s, 1),
        "problems": [text for each in reports for text in each.problems],
    }


def _write(json_path: Path | None, reports: list[DayReport], wall_s: float) -> None:
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        days = [asdict(each) for each in reports]
        document = {"commit": commit(), "summary": _summary(reports, wall_s), "days": days}
        json_path.write_text(json.dumps(document, indent=1) + "\n")


def _run_all(jobs: list[tuple[int, str, int]]) -> Iterator[DayReport]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    spawn = multiprocessing.get_context("spawn")
    with Progress(*columns) as progress, spawn.Pool(os.cpu_count()) as pool:
        bar = progress.add_task("days", total=len(jobs))
        for report in pool.imap_unordered(run_day, jobs):
            progress.update(bar, advance=1, description=f"day {report.seed}")
            yield report
