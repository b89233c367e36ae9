"""Plays one plan in virtual time and returns everything about it as plain data.

An outcome crosses processes, is compared with a second run of the same plan, and carries what a
report needs: hashes, counts, and the timeline when something was violated.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field

from edge.ports import StoreError, Value
from hw_sim import vtime
from hw_sim.explore.judge import judge
from hw_sim.explore.plan import FaultPlan
from hw_sim.explore.system import ExploreBench, ExploreSystem
from hw_sim.explore.timeline import merged, second_hashes
from hw_sim.explore.visit import StuckError, Visit, boot

# Virtual time of one run; the longest protocol, its chaos and every deadline fit.
LIMIT_S = 7200.0
_ROWS = ("journal", "audit")


@dataclass
class Outcome:
    """One run. sha256 covers plant, store, clinic and notes."""

    plan: FaultPlan
    violations: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    ended: str = ""
    pulses: int = 0
    sim_s: float = 0.0
    cpu_s: float = 0.0
    sha256: str = ""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: list[str] = field(default_factory=list)  # hash up to each second, when asked for
    timeline: list[str] = field(default_factory=list)  # of a run that was violated
    records: dict[str, str] = field(default_factory=dict)  # who counted how much, likewise


def play_plan(plan: FaultPlan, *, has_seconds: bool = False) -> Outcome:
    """Run it in a fresh virtual loop; never raises for what the product does."""
    outcome = Outcome(plan)
    began_s = time.process_time()
    try:
        vtime.run(_play(outcome, has_seconds=has_seconds), limit_s=LIMIT_S)
    except vtime.VirtualRunError as error:
        outcome.violations.append(f"crash: {error}: {error.__cause__!r}")
    except (vtime.VirtualDeadlockError, vtime.VirtualLivelockError) as error:
        outcome.violations.append(f"I42: {error}")
    except vtime.VirtualTimeLimitError as error:
        outcome.violations.append(f"I42: {error}")
    outcome.cpu_s = time.process_time() - began_s
    return outcome


async def _play(outcome: Outcome, *, has_seconds: bool) -> None:
    bench = await boot(outcome.plan)
    visit = Visit(bench, outcome.plan)
    stuck: str | None = ""
    crashed: list[str] = []
    try:
        await visit.play()
    except StuckError as error:
        stuck = str(error)
    except Exception as error:  # noqa: BLE001  whatever ended the run is what it found
        stuck = None
        crashed.append(f"crash: {type(error).__name__}: {error}")
    outcome.struck = visit.struck
    outcome.ended = _ended(bench) if stuck == "" else "stuck"
    outcome.sim_s = asyncio.get_running_loop().time()
    outcome.pulses = len(bench.system.unit.recorder.pulses)
    outcome.violations = [*crashed, *judge(bench, visit.struck, stuck)]
    outcome.sha256 = sha256_of(bench.system)
    outcome.counts = _counts(bench.system, visit.struck)
    if has_seconds:
        outcome.seconds = second_hashes(bench.system)
    if outcome.violations:
        outcome.timeline = merged(bench.system, outcome.violations)
        outcome.records = _records(bench.system)
    await _leave(bench)


async def _leave(bench: ExploreBench) -> None:
    for task in bench.tasks:
        task.cancel()
    await bench.leave()


def sha256_of(system: ExploreSystem) -> str:
    """The whole run in one word: truth trace, chains of the store, clinic's shelf, notes."""
    digest = hashlib.sha256(system.unit.recorder.trace_sha256().encode())
    for table in _ROWS:
        for row in _found(system, f"SELECT * FROM {table} ORDER BY seq"):  # noqa: S608
            digest.update(repr(row).encode())
    for kind in ("Procedure", "Observation", "DeviceUseStatement", "ServiceRequest"):
        digest.update(json.dumps(system.clinic.resources(kind), sort_keys=True).encode())
    digest.update(system.notes.sha256().encode())
    return digest.hexdigest()


def _found(system: ExploreSystem, sql: str) -> list[tuple[Value, ...]]:
    """Rows of the store; its words in place of them when it cannot be read."""
    try:
        with system.reading() as store:
            return store.rows(sql)
    except StoreError as error:
        return [(str(error),)]


def _ended(bench: ExploreBench) -> str:
    recoveries = bench.system.reached.recoveries
    if any(name.startswith("whole dose") for name in recoveries):
        return "complete"
    if any(name.startswith("ended early") for name in recoveries):
        return "ended early"
    return "no session"


def _counts(system: ExploreSystem, struck: list[str]) -> dict[str, Counter[str]]:
    reached = system.reached
    return {
        "faults": Counter(struck),
        "states": reached.states,
        "controller": reached.controller,
        "alarms": reached.alarms,
        "stops": reached.stops,
        "recoveries": reached.recoveries,
        "fates": Counter(system.line.fates),
    }


def _records(system: ExploreSystem) -> dict[str, str]:
    """What each account says, side by side: where they disagree is where to look."""
    truth = system.unit.recorder
    rows = _found(system, "SELECT session_id, state, record IS NOT NULL FROM session")
    kinds = Counter(str(row[0]) for row in _found(system, "SELECT kind FROM journal"))
    chair = system.app.chair.state
    dose = None if chair.visit is None else chair.visit.session.dose
    return {
        "truth": f"{len(truth.pulses)} pulses of the coil",
        "controller": f"lifetime {chair.device.lifetime_pulses}, boot {chair.device.boot_epoch}",
        "service": f"{dose}, sessions {rows}",
        "journal": f"{dict(sorted(kinds.items()))}",
        "clinic": f"{len(system.clinic.resources('Procedure'))} sessions",
    }
