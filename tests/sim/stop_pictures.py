"""What a stop looks like on the screen: a whole system to try it on, and the words of a picture.

Each trial goes on with a copy of one visit in a forked process, so that what it breaks is gone with
it. Used by the tests of the stops' sentences. Virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from edge.api.schema import Snapshot
from edge.api.session_view import StopView
from edge.services.texts import Texts
from hw_sim.faults.bench import FaultBench, write_library
from hw_sim.faults.states import BY_NAME
from hw_sim.fork import fork_run
from hw_sim.vtime import VirtualLoop

SHOWN_S_MAX = 0.1  # from the report or decision to the picture
NS_PER_S = 1_000_000_000
Seen = dict[str, Any]


class Visit:
    """One visit that stands at a situation; try_out() goes on with a copy of it."""

    def __init__(self, runner: asyncio.Runner, bench: FaultBench) -> None:
        self._runner = runner
        self._bench = bench

    def try_out(self, trial: Callable[[FaultBench], Awaitable[Seen]]) -> Seen:
        """What the trial saw."""

        async def work() -> Seen:
            return await trial(self._bench)

        seen: Seen = fork_run(self._runner, work)
        return seen


@contextmanager
def visit_at(situation: str, folder: Path, *, seed: int = 3) -> Iterator[Visit]:
    """A whole system in this situation of hw_sim/faults/states.py."""
    structlog.configure(processors=[_drop])
    library = write_library(folder / "protocols")
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(FaultBench.boot(seed, library))
        runner.run(BY_NAME[situation].reach(bench))
        yield Visit(runner, bench)
        runner.run(bench.leave())
    structlog.reset_defaults()


def _drop(*_args: object) -> Any:
    raise structlog.DropEvent


def stop_on(picture: Snapshot) -> StopView | None:
    """The stop that this picture explains."""
    return None if picture.visit is None else picture.visit.session.stop


async def first_stop(bench: FaultBench, within_s: float) -> Snapshot:
    """The first picture that explains a stop."""
    return await bench.robot.until(lambda s: stop_on(s) is not None, within_s)


def seen_of(bench: FaultBench, picture: Snapshot, decided_ns: int) -> Seen:
    """What the picture says, how late it is, and what was true."""
    stop = stop_on(picture)
    assert stop is not None
    plant = bench.system.unit.plant
    return {
        "code": stop.code,
        "phase": picture.phase,
        "value": stop.value,
        "limit": stop.limit,
        "unit": stop.unit,
        "late_s": (bench.now_ns - decided_ns) / NS_PER_S,
        "truth": list(plant.temperatures_c()),
        "pulse_pm": bench.system.unit.recorder.pulses[-1].amplitude_pm,
        "alarms": [alarm.alarm_id for alarm in picture.alarms],
    }


def sentence_of(seen: Seen) -> str:
    """As the page and the record say it; every part of the explanation has to be there."""
    args = {
        name: "" if seen[name] is None else f"{seen[name]:.1f} {seen['unit']}"
        for name in ("value", "limit")
    }
    texts = Texts.load("en")
    parts = [texts.sentence(f"stop-{seen['code']}-{part}", args) for part in ("what", "do", "time")]
    assert all(part and "{" not in part for part in parts), parts
    return parts[0]
