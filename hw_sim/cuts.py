"""`python -m hw_sim cuts`: one session cut at every one of its pulses, resumed or settled.

The session runs once; after each pulse the process is forked and the copy cut by the next of six
means, a few milliseconds later each time. What the screen then says is held against the plant's own
record: delivered + remaining = prescribed, and the rest given to the end makes the whole, in the
plan's order, without a violation. A count that cannot be settled must hold the truth between its
two numbers. Judges at the coil; the same seed gives the same results in any order.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edge.api import schema
from edge.api.session_view import RestView, SessionView
from edge.domain.train_plan import Plan
from hw_sim.checkers import Facts, check
from hw_sim.commit import commit
from hw_sim.faults.bench import FaultBench
from hw_sim.faults.campaign import silence
from hw_sim.fork import ForkError, fork_run
from hw_sim.kiosk_robot import RobotError
from hw_sim.session import arm_and_start, plan_of_system, prepare
from hw_sim.system import SimSystem, SystemOptions
from hw_sim.vtime import VirtualLoop

PROTOCOL = "itbs-600"
POLL_S = 0.002
PHASE_STEPS, PHASE_S = 10, 0.002  # where between two pulses the cut falls
LOOK_S = 1.0  # before anybody ends a session, the screen has shown what became of it
SETTLE_S = 90.0  # a controller that was reset tests itself first
CUT_LINK_S = 1.0
SLACK_S = 90.0
CHUNK = 25  # cuts that share one way there
EXACT = "exact"
UNCERTAIN = "uncertain"
Cut = Callable[[FaultBench], Awaitable[None]]


async def _pause(bench: FaultBench) -> None:
    await bench.robot.do(schema.Pause)


async def _stop(bench: FaultBench) -> None:
    await bench.robot.send(schema.Stop(id=bench.robot.new_id()))


async def _estop(bench: FaultBench) -> None:
    bench.system.unit.press_estop()
    await bench.robot.until(lambda s: s.phase == "stopped", SETTLE_S)
    bench.system.unit.release_estop()


async def _link(bench: FaultBench) -> None:
    bench.system.unit.cut_link(is_silent=True)
    await asyncio.sleep(CUT_LINK_S)
    bench.system.unit.restore_link()


async def _reset(bench: FaultBench) -> None:
    bench.system.unit.reboot_mcu()


async def _kill(bench: FaultBench) -> None:
    await bench.kill_edge()
    await bench.start_edge()


# In this order from pulse to pulse.
MEANS: dict[str, Cut] = {
    "pause": _pause,
    "stop": _stop,
    "estop": _estop,
    "link": _link,
    "reset": _reset,
    "kill": _kill,
}


@dataclass
class CutResult:
    """One cut. at_pulse: the pulse after which it struck; given: at the coil, when it had ended."""

    at_pulse: int
    means: str
    seed: int
    word: str = ""  # exact, uncertain
    given: int = 0
    delivered: int = 0
    uncertain: int = 0
    remaining: int = 0
    total: int = 0  # at the coil, at the end of the visit
    sim_s: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Chunk:
    """One worker's portion. to_end_from: cuts before this pulse are resumed for one train only."""

    cuts: tuple[int, ...]
    seed: int
    to_end_from: int = 1


async def boot(seed: int) -> FaultBench:
    """A new unit, clinic and edge, treating."""
    system = SimSystem(SystemOptions(seed=seed, protocol=PROTOCOL))
    await system.start()
    bench = FaultBench(system, await system.robot(), system.streams.get("cuts"))
    await prepare(bench.robot)
    await arm_and_start(bench.robot)
    return bench


async def reach(bench: FaultBench, pulse: int) -> None:
    """Until the coil has given this many."""
    while given(bench) < pulse:  # noqa: ASYNC110  the plant tells nobody of its pulses
        await asyncio.sleep(POLL_S)


def given(bench: FaultBench) -> int:
    """Pulses that the plant has recorded."""
    bench.system.unit.kernel.sync()
    return len(bench.system.unit.recorder.pulses)


async def run_cut(bench: FaultBench, result: CutResult, *, to_end: bool) -> CutResult:
    """The rest of the visit on this copy of it."""
    plan = plan_of_system(bench.system)
    await asyncio.sleep(result.at_pulse % PHASE_STEPS * PHASE_S)
    await MEANS[result.means](bench)
    await bench.robot.until(_is_told, SETTLE_S)
    _judge_break(bench, result, plan)
    try:
        if result.word == UNCERTAIN:
            await _end(bench)
        else:
            await _go_on(bench, plan, to_end=to_end)
    except RobotError as error:
        result.problems.append(f"stuck: {error}")
    _judge_end(bench, result, plan, is_whole=to_end and result.word == EXACT)
    result.sim_s = round(asyncio.get_running_loop().time(), 3)
    return result


def _is_told(picture: schema.Snapshot) -> bool:
    """The count is settled, or known to stay open, and the screen offers what comes next."""
    visit = picture.visit
    if visit is None or picture.phase in ("treating", "armed"):
        return False
    if picture.phase == "uncertain":
        return visit.session.unsettled is not None
    wanted = {"paused": "resume", "stopped": "acknowledge"}.get(picture.phase, "")
    return picture.refusals.get(wanted, "") in ("", "nothing_to_resume")


def _judge_break(bench: FaultBench, result: CutResult, plan: Plan) -> None:
    """What the screen says against what the coil gave."""
    session = _session(bench)
    result.given = given(bench)
    result.delivered, result.uncertain = session.delivered, session.uncertain
    result.remaining = session.remaining
    result.word = UNCERTAIN if session.unsettled is not None else EXACT
    whole = session.delivered + session.uncertain + session.remaining
    if whole != plan.pulses:
        result.problems.append(f"the screen's pulses add up to {whole}")
    if not session.delivered <= result.given <= session.delivered + session.uncertain:
        said = f"{session.delivered} + {session.uncertain} open"
        result.problems.append(f"the screen says {said}, the coil gave {result.given}")
    if result.word == EXACT and session.rest is not None:
        offered = _offered(session.rest, plan)
        if offered != plan.pulses - result.given:
            result.problems.append(f"{offered} offered after {result.given}")
    if result.word == EXACT and session.rest is None and result.given < plan.pulses:
        result.problems.append("nothing is offered")


def _offered(rest: RestView, plan: Plan) -> int:
    """Pulses that the words on the screen promise."""
    trains = rest.last_train - rest.first_train + 1 if rest.first_train else 0
    return rest.rest_of_train + trains * plan.pulses_per_train


async def _go_on(bench: FaultBench, plan: Plan, *, to_end: bool) -> None:
    """Acknowledge and resume as a technician does, to the end or for one train."""
    robot = bench.robot
    if bench.picture.phase == "stopped":
        await robot.do(schema.Acknowledge)
        await robot.until(lambda s: s.phase == "paused", SETTLE_S)
    if _session(bench).delivered == plan.pulses:
        if bench.picture.phase == "paused":
            await _end(bench)
        await robot.until(lambda s: s.phase == "wrapup", SETTLE_S)
        return
    await robot.until(lambda s: "resume" not in s.refusals, SETTLE_S)
    target = plan.pulses if to_end else min(plan.pulses, given(bench) + plan.pulses_per_train)
    await robot.do(schema.Resume)
    await robot.until(lambda s: s.phase == "treating", SETTLE_S)
    if not to_end:
        await reach(bench, target)
        await robot.do(schema.Pause)
        await robot.until(_is_told, SETTLE_S)
        return
    await robot.until(lambda s: s.phase == "wrapup", plan.last_pulse_us / 1e6 + SLACK_S)


async def _end(bench: FaultBench) -> None:
    """Early, unless the whole dose has led on to the signature by itself."""
    await asyncio.sleep(LOOK_S)
    shown = await bench.robot.until(
        lambda s: s.phase == "wrapup" or "end_session" not in s.refusals, SETTLE_S
    )
    if shown.phase != "wrapup":
        await bench.robot.do(schema.EndSession, reason="equipment")
    await bench.robot.until(lambda s: s.phase == "wrapup", SETTLE_S)


def _judge_end(bench: FaultBench, result: CutResult, plan: Plan, *, is_whole: bool) -> None:
    """The whole record of the plant: nothing twice, nothing left out, nothing more."""
    session, system = _session(bench), bench.system
    result.total = given(bench)
    told = session.delivered + session.uncertain
    if not session.delivered <= result.total <= told:
        result.problems.append(f"at the end {session.delivered} to {told}, coil {result.total}")
    if is_whole and (result.total, session.delivered) != (plan.pulses, plan.pulses):
        result.problems.append(f"resumed to {result.total}, the screen says {session.delivered}")
    facts = Facts(
        plan=plan,
        level_pct_max=system.config.limits.level_pct_max,
        ipi_us_min=system.config.limits.ipi_us_min,
    )
    result.problems += [str(found) for found in check(system.unit.recorder, facts)]


def _session(bench: FaultBench) -> SessionView:
    visit = bench.picture.visit
    assert visit is not None, "the visit is open"
    return visit.session


def run_chunk(chunk: Chunk) -> list[CutResult]:
    """Give the session once, fork at each of its pulses."""
    silence()
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(boot(chunk.seed))
        found = []
        for at_pulse in chunk.cuts:
            runner.run(reach(bench, at_pulse))
            found.append(_forked(runner, bench, chunk, at_pulse))
        runner.run(bench.leave())
    return found


def means_of(at_pulse: int) -> str:
    """By turns; a train has 30 pulses, and the turn moves on with each train."""
    names = tuple(MEANS)
    return names[(at_pulse + (at_pulse - 1) // 30) % len(names)]


def _forked(runner: asyncio.Runner, bench: FaultBench, chunk: Chunk, at_pulse: int) -> CutResult:
    result = CutResult(at_pulse, means_of(at_pulse), chunk.seed)
    to_end = at_pulse >= chunk.to_end_from

    async def work() -> dict[str, object]:
        return asdict(await run_cut(bench, result, to_end=to_end))

    try:
        return CutResult(**fork_run(runner, work))
    except ForkError as error:
        result.problems.append(f"broken: {error}")
        return result


def chunks(cuts: Sequence[int], seed: int) -> list[Chunk]:
    """In portions of neighbours."""
    return [Chunk(tuple(cuts[at : at + CHUNK]), seed) for at in range(0, len(cuts), CHUNK)]


def run_all(work: Sequence[Chunk], workers: int) -> Iterator[list[CutResult]]:
    """Results as they come."""
    if workers == 1:
        yield from map(run_chunk, work)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(run_chunk, work)


def campaign(*, cuts: Sequence[int], seed: int, json_path: Path | None, as_json: bool) -> int:
    """The command; returns the exit status."""
    silence()
    console = Console(stderr=True)
    began_s = time.perf_counter()
    results: list[CutResult] = []
    columns = (TextColumn("cuts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("cuts", total=len(cuts))
        work = chunks(cuts, seed)
        for found in run_all(work, 1 if len(work) == 1 else os.cpu_count() or 1):
            results += found
            progress.advance(task, len(found))
            for result in found:
                if result.problems:
                    progress.console.print(replay(result), markup=False)
                    progress.console.print("  " + "\n  ".join(result.problems[:4]), markup=False)
    summary = summarise(results, seed, time.perf_counter() - began_s)
    console.print(
        f"{summary['cuts']} cuts by {len(MEANS)} means in {summary['wall_s']} s:"
        f" {summary['words']}, {len(_bad(results))} violations"
    )
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(result) for result in sorted(results, key=lambda each: each.at_pulse)]
        json_path.write_text(json.dumps(summary | {"results": rows}, indent=1) + "\n")
    if as_json:
        print(json.dumps(summary))  # noqa: T201  a command's answer
    return 1 if _bad(results) else 0


def replay(result: CutResult) -> str:
    """The command that makes this cut again."""
    return f"python -m hw_sim cuts --at {result.at_pulse} --seed {result.seed}"


def summarise(results: Sequence[CutResult], seed: int, wall_s: float) -> dict[str, object]:
    """Figures of the campaign."""
    by_means = {
        name: dict(Counter(r.word or "broken" for r in results if r.means == name))
        for name in MEANS
    }
    return {
        "commit": commit(),
        "protocol": PROTOCOL,
        "seed": seed,
        "cuts": len(results),
        "words": dict(sorted(Counter(r.word or "broken" for r in results).items())),
        "means": by_means,
        "widest_uncertain": max((r.uncertain for r in results), default=0),
        "violations": [
            {"at_pulse": r.at_pulse, "means": r.means, "problems": r.problems, "replay": replay(r)}
            for r in _bad(results)
        ],
        "sim_hours": round(sum(r.sim_s for r in results) / 3600, 2),
        "wall_s": round(wall_s, 1),
    }


def _bad(results: Sequence[CutResult]) -> list[CutResult]:
    return [result for result in results if result.problems]
