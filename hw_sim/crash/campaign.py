"""`python -m hw_sim crash`: cuts three reference visits off at every point, each in several ways.

A point is the moment before an effect of the edge on the world, or before an operation of its card.
The process forks there for each way of being cut; the child lives on to its judgement, the parent
goes on with the visit. Each worker plays the whole visit and forks for its share of the points.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
import traceback
from asyncio import events
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hw_sim.card.card import CardError, Damage, Operation, Trouble
from hw_sim.card.store import CardStore
from hw_sim.commit import commit
from hw_sim.crash.references import REFERENCES
from hw_sim.crash.tapped import TappedSystem
from hw_sim.crash.trial import Cut, CutResult, Survivor
from hw_sim.faults.bench import PROTOCOL, write_library
from hw_sim.faults.campaign import silence
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.system import SystemOptions
from hw_sim.vtime import VirtualLoop

CHILD_S_MAX = 120  # [P] of real time; a healthy child takes about a second
KILL = Cut()
_TROUBLES = (
    Cut(trouble=Trouble.IO),
    Cut(trouble=Trouble.IO, is_for_good=True),
    Cut(trouble=Trouble.FULL, is_for_good=True),
)
_POWER = [Cut(damage=damage, is_mains=mains) for damage in Damage for mains in (False, True)]
ALL_CUTS = {cut.name: cut for cut in (*_POWER, *_TROUBLES)}
CUTS_AT_OPERATION = len(Damage) + len(_TROUBLES)


@dataclass(frozen=True)
class Share:
    """A worker's part: every `of`-th point from `first` on, of those that are sampled."""

    reference: str
    first: int
    of: int
    every: int  # 1: all points
    seed: int
    library: str

    def has(self, point: int) -> bool:
        """Whether this point is in it."""
        number, rest = divmod(point, self.every)
        return rest == 0 and number % self.of == self.first


@dataclass
class ShareResult:
    """points: of the whole visit; steps: callbacks of its loop; same: cards equal to one tried."""

    reference: str
    points: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    same: int = 0
    results: list[CutResult] = field(default_factory=list)


class Cutter:
    """Plays one reference visit and cuts it off in forks."""

    def __init__(self, share: Share) -> None:
        self.share = share
        self.found = ShareResult(share.reference)
        self._system: TappedSystem
        self._robot: KioskRobot
        self._loop: asyncio.AbstractEventLoop
        self._scenario: asyncio.Task[None]
        self._child: _Child | None = None
        self._scout: _Scout | None = None
        self._point = 0

    def run(self) -> ShareResult:
        """The whole visit. Raises what the visit itself raises."""
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(self._play())
            loop = runner.get_loop()
            assert isinstance(loop, VirtualLoop)
            self.found.steps = loop.callbacks_run
        return self.found

    async def _play(self) -> None:
        share = self.share
        self._loop = asyncio.get_running_loop()
        options = SystemOptions(seed=share.seed, protocol=PROTOCOL, library=Path(share.library))
        self._system = TappedSystem(options)
        await self._system.start()
        self._robot = await self._system.robot()
        self._system.on_effect = self._before_effect
        self._system.sections = self
        store = self._system.app.adapters.store
        assert isinstance(store, CardStore)
        store.sections = self
        scenario = REFERENCES[share.reference]
        self._scenario = asyncio.ensure_future(_run(scenario(self._system, self._robot)))
        await asyncio.wait([self._scenario])
        if self._child is not None and self._child.life is not None:
            await self._child.life  # which ends this process
        self._scenario.result()
        self._system.on_effect = None
        await self._robot.close()
        await self._system.stop()
        self._system.unit.close()

    def _before_effect(self, kind: str) -> None:
        if self._is_mine(kind):
            self._fork_for(KILL, kind, lambda child: child.strike())

    # Stretches of card operations (hw_sim.card.store.Sections). Nothing can fork within a call of
    # the database engine, so it is done before the stretch: a scout runs ahead and says which
    # operations there will be, and each child runs to its own.

    def begin(self, what: str) -> None:
        """Cut every operation of the stretch that follows."""
        if self._scout is not None or self._child is not None:
            return
        for operation, cuts in self._scouted():
            kind = f"card: {operation.kind}"
            if not self._is_mine(kind):
                continue
            for cut in cuts:
                self._fork_for(cut, f"{what}: {operation.kind} {operation.name}", _at(operation))

    def end(self) -> None:
        """The stretch is over: a scout has seen enough."""
        if self._scout is not None:
            self._scout.tell()

    def _scouted(self) -> list[tuple[Operation, list[Cut]]]:
        """The operations ahead, each with the cuts that leave cards that differ."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._wake()
            self._scout = _Scout(self._system, self.share, self._point, writing)
            return []
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
        os.waitpid(child, 0)
        found = []
        for number, kind, name, names in json.loads(data or b"[]"):
            cuts = [ALL_CUTS[cut] for cut in names]
            self.found.same += CUTS_AT_OPERATION - len(cuts) if cuts else 0
            found.append((Operation(number, kind, name), cuts))
        return found

    def _wake(self) -> None:
        """A forked process has no running loop until it says so: asyncio looks at its id."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_S_MAX)
        events._set_running_loop(self._loop)  # noqa: SLF001

    def _is_mine(self, kind: str) -> bool:
        self._point += 1
        self.found.points[kind] += 1
        return self.share.has(self._point)

    def _fork_for(self, cut: Cut, kind: str, prepare: Callable[[_Child], None]) -> None:
        """One child that is cut, and its result."""
        if self._child is not None or self._scout is not None:
            return
        result = CutResult(self.share.reference, self._point, kind, cut.name)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._wake()
            self._child = _Child(self._system, self._robot, self._scenario, cut, result, writing)
            prepare(self._child)
            return
        os.close(writing)
        self.found.results.append(_answer(child, reading, result))


class _Child:
    """The life of one forked process."""

    def __init__(
        self,
        system: TappedSystem,
        robot: KioskRobot,
        scenario: asyncio.Task[None],
        cut: Cut,
        result: CutResult,
        writing: int,
    ) -> None:
        self.system = system
        self._scenario, self._result, self._writing = scenario, result, writing
        self._name = f"{result.point} {cut.name}"
        self._survivor = Survivor(system, robot, cut)
        self.life: asyncio.Task[None] | None = None

    def strike(self) -> None:
        """Now."""
        self.system.sections = None
        self.system.card.rng = random.Random(self._name)
        self._survivor.strike()
        self._scenario.cancel()
        self.life = asyncio.ensure_future(_live(self._survivor, self._result, self._writing))


class _Scout:
    """Runs one stretch ahead and tells what there is."""

    def __init__(self, system: TappedSystem, share: Share, point: int, writing: int) -> None:
        self._system, self._share, self._writing = system, share, writing
        self._point = point
        self._seen: list[tuple[int, str, str, list[str]]] = []
        system.card.on_operation = self._see

    def _see(self, operation: Operation) -> None:
        self._point += 1
        is_mains = operation.number % 2 == 1
        tried: dict[bytes, str] = {}
        for name, cut in ALL_CUTS.items() if self._share.has(self._point) else ():
            if cut.damage is None or cut.is_mains is is_mains:
                tried.setdefault(self._image_after(cut, operation), name)
        found = (operation.number, operation.kind, operation.name, list(tried.values()))
        self._seen.append(found)

    def _image_after(self, cut: Cut, operation: Operation) -> bytes:
        """What makes this cut differ from another at the same operation."""
        if cut.damage is None:
            return cut.name.encode()
        card = self._system.card.copy(random.Random(f"{operation.number} {cut.name}"))
        card.lose_power(cut.damage)
        return hashlib.sha256(repr(sorted(card.image().items())).encode()).digest()

    def tell(self) -> None:
        """The end of this process."""
        with os.fdopen(self._writing, "wb") as pipe:
            pipe.write(json.dumps(self._seen).encode())
        os._exit(0)


def _at(operation: Operation) -> Callable[[_Child], None]:
    """The child is struck when it comes to this operation."""

    def prepare(child: _Child) -> None:
        def look(met: Operation) -> None:
            if met.number == operation.number:
                child.strike()
                raise CardError(Trouble.IO)  # it does not happen any more

        child.system.card.on_operation = look

    return prepare


async def _run(scenario: object) -> None:
    await scenario  # type: ignore[misc]


async def _live(survivor: Survivor, result: CutResult, writing: int) -> None:
    """The child's whole further life; never returns."""
    try:
        await survivor.live_on(result)
    except BaseException:  # noqa: BLE001  whatever it was is the result
        result.problems.append(f"broken: {traceback.format_exc(limit=-4)}")
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(json.dumps(result.as_dict()).encode())
    os._exit(0)


def _answer(child: int, reading: int, result: CutResult) -> CutResult:
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if data:
        return CutResult(**json.loads(data))
    result.problems.append(f"broken: the child died, or took longer than {CHILD_S_MAX} s")
    return result


def run_share(share: Share) -> ShareResult:
    """One worker's part."""
    silence()
    return Cutter(share).run()


def shares(references: Sequence[str], every: int, seed: int, library: Path) -> list[Share]:
    """The work in portions, about a minute each."""
    of = max(1, 16 // every)
    return [Share(name, i, of, every, seed, str(library)) for name in references for i in range(of)]


def run_all(work: Sequence[Share], workers: int) -> Iterator[ShareResult]:
    """Results as they come."""
    if workers == 1:
        yield from map(run_share, work)
        return
    pool = multiprocessing.get_context("spawn").Pool(workers)
    try:
        yield from pool.imap_unordered(run_share, work)
    finally:
        pool.terminate()
        pool.join()


def campaign(*, only: str | None, every: int, seed: int, json_path: Path | None) -> int:
    """The command; returns the exit status."""
    silence()
    console = Console(stderr=True)
    references = [name for name in REFERENCES if only in (None, name)]
    began_s = time.perf_counter()
    found: list[ShareResult] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as folder, Progress(*columns, console=console) as progress:
        work = shares(references, every, seed, write_library(Path(folder) / "protocols"))
        task = progress.add_task("cuts", total=len(work))
        for part in run_all(work, min(len(work), os.cpu_count() or 1)):
            found.append(part)
            cuts = sum(len(each.results) for each in found)
            bad = [r for r in part.results if r.problems]
            for result in bad[:5]:
                progress.console.print(f"{result}", markup=False)
            progress.update(task, advance=1, description=f"{cuts} cuts")
    summary = summarise(found, every, seed, time.perf_counter() - began_s)
    _report(found, console)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(summary, indent=1) + "\n")
    return 1 if summary["bad"] else 0


def summarise(
    found: Sequence[ShareResult], every: int, seed: int, wall_s: float
) -> dict[str, object]:
    """Counts for the JSON file."""
    results = [result for part in found for result in part.results]
    visits = {part.reference: part for part in found}
    return {
        "commit": commit(),
        "every": every,
        "seed": seed,
        "wall_s": round(wall_s, 1),
        "visits": {
            name: {"steps": part.steps, "points": dict(sorted(part.points.items()))}
            for name, part in sorted(visits.items())
        },
        "cuts": len(results),
        "same_card": sum(part.same for part in found),
        "by_cut": dict(sorted(Counter(result.cut for result in results).items())),
        "ended": dict(Counter(result.ended or "stuck" for result in results)),
        "bad": [result.as_dict() for result in results if result.problems],
    }


def _report(found: Sequence[ShareResult], console: Console) -> None:
    table = Table("visit", "loop steps", "points", "cuts", "same card", "bad")
    for name in sorted({part.reference for part in found}):
        parts = [part for part in found if part.reference == name]
        results = [result for part in parts for result in part.results]
        table.add_row(
            name,
            str(parts[0].steps),
            str(sum(parts[0].points.values())),
            str(len(results)),
            str(sum(part.same for part in parts)),
            str(sum(bool(result.problems) for result in results)),
        )
    console.print(table)
