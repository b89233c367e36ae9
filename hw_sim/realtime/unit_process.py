"""The simulated unit as a process: `python -m hw_sim unit`.

Builds the unit on an ordinary asyncio loop, offers serial line, GPIO socket and bench panel, and
lives until it is told to end. One unit a folder. The edge may come, go or be killed meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import selectors
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from hw_sim.link import LinkPlan
from hw_sim.realtime.bench import Bench
from hw_sim.realtime.bench_unit import BenchUnit
from hw_sim.realtime.memory import UnitMemory
from hw_sim.realtime.run_files import link_key_of
from hw_sim.unit import SimUnit

# [P] How often the flash file is brought up to date; the ledger itself changes between trains.
KEEP_PERIOD_S: Final = 0.25

log = structlog.get_logger()


@dataclass(frozen=True)
class UnitOptions:
    """The command line of `unit`."""

    folder: Path
    seed: int
    coil: str
    port: int
    unit_id: str


def main(options: UnitOptions) -> int:
    """Run on a loop with fine timers. Exit code."""
    # epoll rounds every wait up to a millisecond, which is the whole of a clock measurement.
    with asyncio.Runner(loop_factory=_fine_loop) as runner:
        return runner.run(run_unit(options))


def _fine_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def run_unit(options: UnitOptions) -> int:
    """Serve until SIGINT or SIGTERM. Exit code."""
    options.folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(options.folder / "unit.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"Another simulated unit lives in {options.folder}.", file=sys.stderr)  # noqa: T201
        os.close(lock)
        return 1
    try:
        return await _serve(options)
    finally:
        os.close(lock)


async def _serve(options: UnitOptions) -> int:
    unit = SimUnit(
        seed=options.seed,
        coil=options.coil,
        unit_id=options.unit_id,
        link_key=link_key_of(options.folder),
        has_attend=True,
    )
    unit.hold_attend(True)  # somebody stands there until the bench panel says otherwise
    # The pseudo-terminal and this machine bring delays of their own.
    unit.set_link_plan(LinkPlan(delay_ns_min=0, delay_ns_max=0))
    memory = UnitMemory(options.folder)
    memory.restore(unit)
    bench_unit = BenchUnit(unit, options.folder)
    bench = Bench(bench_unit, options.port)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await bench_unit.start()
    try:
        await bench.start()
        log.info("simulated unit ready", folder=str(options.folder), bench_port=options.port)
        await _keep_until(ended, memory, unit)
    except OSError as error:
        log.warning("bench panel cannot be served", port=options.port, reason=error.strerror)
        return 1
    finally:
        await bench.close()
        await bench_unit.close()
        unit.close()
        memory.keep(unit)
    return 0


async def _keep_until(ended: asyncio.Event, memory: UnitMemory, unit: SimUnit) -> None:
    while not ended.is_set():
        memory.keep(unit)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), KEEP_PERIOD_S)
