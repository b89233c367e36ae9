"""`python -m hw_sim faults`: every fault of the catalogue in every state, judged at the coil.

Each state of a visit is reached once in a worker and the process is then forked for each fault, so
that a campaign of thousands of whole systems takes minutes. Runs on all cores; the same seed gives
the same results in any order. What was not declared in catalogue.py is listed with the command that
plays it again, and makes the exit status 1.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from structlog.typing import EventDict

from edge.domain.faults import CLASS_MS
from hw_sim.commit import commit
from hw_sim.faults.bench import FaultBench, write_library
from hw_sim.faults.catalogue import CATALOGUE, FAULT_BY_ID
from hw_sim.faults.states import BY_NAME, SITUATIONS
from hw_sim.faults.trial import Fault, PairResult, run_pair
from hw_sim.fork import ForkError, fork_run
from hw_sim.vtime import VirtualLoop

CHUNK = 40  # faults that share one way to a state
Document = dict[str, object]


@dataclass(frozen=True)
class Chunk:
    """One worker's portion: faults that strike in the same state of the same visit."""

    state: str
    fault_ids: tuple[str, ...]
    seed: int
    library: str


def chunks(faults: Sequence[Fault], states: Sequence[str], seed: int, library: Path) -> list[Chunk]:
    """All pairs in portions."""
    ids = [fault.id for fault in faults]
    return [
        Chunk(state, tuple(ids[at : at + CHUNK]), seed, str(library))
        for state in states
        for at in range(0, len(ids), CHUNK)
    ]


def run_chunk(chunk: Chunk) -> list[PairResult]:
    """Reach the state once, then fork for each fault."""
    silence()
    situation = BY_NAME[chunk.state]
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        try:
            bench = runner.run(FaultBench.boot(chunk.seed, Path(chunk.library)))
            runner.run(situation.reach(bench))
        except Exception:  # noqa: BLE001  the state is not reached: each of its pairs has failed
            why = traceback.format_exc(limit=3)
            return [_broken(chunk, fault_id, why) for fault_id in chunk.fault_ids]
        found = [_forked(runner, bench, chunk, fault_id) for fault_id in chunk.fault_ids]
        runner.run(bench.leave())
    return found


def _broken(chunk: Chunk, fault_id: str, why: str) -> PairResult:
    return PairResult(fault_id, chunk.state, chunk.seed, problems=[f"broken: {why}"])


def _forked(runner: asyncio.Runner, bench: FaultBench, chunk: Chunk, fault_id: str) -> PairResult:
    """The rest of this visit in a process of its own."""
    fault, situation = FAULT_BY_ID[fault_id], BY_NAME[chunk.state]

    async def work() -> dict[str, object]:
        return (await run_pair(bench, fault, situation, chunk.seed)).as_dict()

    try:
        fields = fork_run(runner, work)
    except ForkError as error:
        return _broken(chunk, fault_id, str(error))
    fields["alarms"] = tuple(fields["alarms"])
    return PairResult(**fields)


def silence() -> None:
    """No log at all: with thousands of failing systems it would only hide what was found."""
    structlog.configure(processors=[_drop])


def _drop(_logger: object, _name: str, _event: EventDict) -> EventDict:
    raise structlog.DropEvent


def run_all(work: Sequence[Chunk], workers: int) -> Iterator[list[PairResult]]:
    """Results as they come; in this process when one worker is enough."""
    if workers == 1:
        yield from map(run_chunk, work)
        return
    pool = multiprocessing.get_context("spawn").Pool(workers)
    try:
        yield from pool.imap_unordered(run_chunk, work)
    finally:
        pool.terminate()
        pool.join()


def campaign(
    *, only: str | None, state: str | None, seed: int, json_path: Path | None, as_json: bool
) -> int:
    """The command; returns the exit status."""
    silence()
    console = Console(stderr=True)
    faults = [f for f in CATALOGUE if only in (None, f.id)]
    states = [s.name for s in SITUATIONS if state in (None, s.name)]
    if not faults or not states:
        console.print(f"no such fault or state; faults: {', '.join(FAULT_BY_ID)}")
        return 2
    began_s = time.perf_counter()
    results: list[PairResult] = []
    columns = (TextColumn("faults"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as folder, Progress(*columns, console=console) as progress:
        work = chunks(faults, states, seed, write_library(Path(folder) / "protocols"))
        task = progress.add_task("faults", total=len(faults) * len(states))
        for found in run_all(work, 1 if len(work) == 1 else os.cpu_count() or 1):
            results += found
            progress.advance(task, len(found))
            for result in found:
                _say(result, progress.console)
    summary = summarise(results, seed, time.perf_counter() - began_s)
    _report(summary, console)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        pairs = sorted((r.as_dict() for r in results), key=lambda r: (str(r["fault"]), r["state"]))
        json_path.write_text(json.dumps(summary | {"results": pairs}, indent=1) + "\n")
    if as_json:
        print(json.dumps(summary))  # noqa: T201  a command's answer
    return 1 if summary["undeclared"] else 0


def _say(result: PairResult, console: Console) -> None:
    if not result.problems:
        return
    console.print(f"{result.fault} in {result.state}: {replay(result)}", markup=False)
    for line in result.problems[:6]:
        console.print(f"  {line}", markup=False)


def replay(result: PairResult) -> str:
    """The command that plays one pair again."""
    return (
        f"python -m hw_sim faults --only {result.fault} --state {result.state} --seed {result.seed}"
    )


def summarise(results: Sequence[PairResult], seed: int, wall_s: float) -> Document:
    """Figures of the campaign."""
    ids = {result.fault for result in results}
    return {
        "seed": seed,
        "commit": commit(),
        "faults": len(ids),
        "catalogue_numbers": len({number_of(fault_id) for fault_id in ids}),
        "states": len({result.state for result in results}),
        "pairs": len(results),
        "reactions": dict(sorted(Counter(result.word for result in results).items())),
        "stops": dict(sorted(Counter(r.code for r in results if r.word == "stop").items())),
        "worst": worst_by_class(results),
        "undeclared": [
            {"fault": r.fault, "state": r.state, "problems": r.problems, "replay": replay(r)}
            for r in results
            if r.problems
        ],
        "sim_hours": round(sum(r.sim_s for r in results) / 3600, 2),
        "wall_s": round(wall_s, 1),
        "cpu_s": round(_cpu_s(), 1),
    }


def number_of(fault_id: str) -> str:
    """The catalogue's number without the letter of the variant."""
    return fault_id.rstrip("abcdefghijklmnopqrstuvwxyz")


def worst_by_class(results: Sequence[PairResult]) -> dict[str, Document]:
    """Longest reaction of each class of stop, and of those whose cause shows at once."""
    worst: dict[str, Document] = {}
    for letter, class_ms in ((each.value, ms) for each, ms in CLASS_MS.items()):
        timed = [r for r in results if r.stop_class == letter and r.reaction_ms is not None]
        plain = [r for r in timed if r.within_ms == class_ms]
        worst[letter] = {
            "timed": len(timed),
            "class_ms": class_ms,
            "plain": _worst(plain),
            "with_detection": _worst([r for r in timed if r.within_ms != class_ms]),
        }
    return worst


def _worst(results: Sequence[PairResult]) -> Document | None:
    if not results:
        return None
    # Nearest to its own promise; plain ones all promise the same.
    slowest = max(results, key=lambda r: (r.reaction_ms or 0.0) / (r.within_ms or 1))
    return {
        "reaction_ms": slowest.reaction_ms,
        "enable_ms": max((r.enable_ms or 0.0 for r in results), default=0.0),
        "within_ms": slowest.within_ms,
        "fault": slowest.fault,
        "state": slowest.state,
        "code": slowest.code,
    }


def _report(summary: Document, console: Console) -> None:
    undeclared, worst = summary["undeclared"], summary["worst"]
    assert isinstance(undeclared, list)
    assert isinstance(worst, dict)
    table = Table("class", "bound ms", "stops", "worst ms", "enable ms", "fault, state")
    for letter, figures in worst.items():
        for kind in ("plain", "with_detection"):
            found = figures[kind]
            if found is not None:
                table.add_row(
                    f"{letter}{'' if kind == 'plain' else ', after its detection'}",
                    str(found["within_ms"]),
                    str(figures["timed"]) if kind == "plain" else "",
                    f"{found['reaction_ms']:.3f}",
                    f"{found['enable_ms']:.3f}",
                    f"{found['fault']} {found['code']}, {found['state']}",
                )
    console.print(table)
    console.print(
        f"{summary['faults']} faults x {summary['states']} states = {summary['pairs']} pairs in"
        f" {summary['wall_s']} s ({summary['cpu_s']} s of processor): {summary['reactions']},"
        f" {len(undeclared)} undeclared"
    )


def _cpu_s() -> float:
    """Of this process and of all that it started, as far as they have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    sys.exit(campaign(only=None, state=None, seed=1, json_path=None, as_json=False))
