"""`make kills`: SIGKILL of the real service at random moments of real-time sessions, many times.

Real processes, real serial device (a pty), real store on a real disk. After each kill the service
comes back and its ledger has to equal the plant's own count, or to name an uncertain interval that
contains it; each session is then resumed to its end and the clinic's record compared with the coil.
Not a test of `make test`: two hundred kills take about half an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edge.api import schema
from edge.api.schema import Snapshot
from hw_sim.commit import commit
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.session import doses_of, prepare
from tests.support.http_hub import HttpHub
from tests.support.short_run import PULSES, ShortRun, started

TECHNICIAN = DEMO_ACCOUNTS[0]
KILL_AFTER_S_MAX = 6.0  # of the way from the press on start to the kill
SAFE_S = 1.0  # the unit has let its enable go by itself after half of it
STEP_S = 40.0
SEND_S = 90.0
KILLS_PER_SESSION_MAX = 12
PROBLEMS_MAX = 10  # enough to see what is wrong


@dataclass
class Kill:
    """One kill: where the visit stood, what the coil had given, what the ledger said afterwards."""

    phase: str
    given: int
    delivered: int
    uncertain: int
    problem: str = ""


@dataclass
class Tally:
    """Of all sessions."""

    wanted: int
    kills: list[Kill] = field(default_factory=list)
    sessions: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_enough(self) -> bool:
        return len(self.kills) >= self.wanted


class Victim:
    """One session with its processes and somebody at the screen."""

    def __init__(self, run: ShortRun, rng: random.Random, tally: Tally) -> None:
        self._run, self._rng, self._tally = run, rng, tally
        self._hub = HttpHub(run.origin)
        self._robot: KioskRobot

    async def live(self) -> None:
        """Killed and resumed until the dose is complete, signed and at the clinic."""
        await self._log_in()
        await prepare(self._robot)
        kills = 0
        while True:
            await self._go_on()
            if kills >= KILLS_PER_SESSION_MAX or self._tally.is_enough:
                break
            if await self._is_over_within(self._rng.uniform(0.0, KILL_AFTER_S_MAX)):
                break
            await self._kill()
            kills += 1
        await self._finish()

    async def _log_in(self) -> None:
        self._robot = KioskRobot(self._hub)
        await self._robot.log_in(TECHNICIAN.user_id, TECHNICIAN.pin)
        await asyncio.sleep(1.0)  # an unfinished visit is shown as soon as it was read back

    async def _go_on(self) -> None:
        """The next press towards treating."""
        steps: dict[str, tuple[str, type]] = {
            "ready": ("arm", schema.ArmUnit),
            "armed": ("start", schema.Start),
            "stopped": ("acknowledge", schema.Acknowledge),
            "paused": ("resume", schema.Resume),
        }
        picture = await self._robot.until(lambda _: True, STEP_S)
        ends_s = time.monotonic() + STEP_S
        while time.monotonic() < ends_s:
            picture = await self._robot.until(lambda _: True, STEP_S)
            if picture.phase in ("treating", "resuming", "wrapup"):
                return
            if picture.phase == "idle":
                await prepare(self._robot)
            name, kind = steps.get(picture.phase, ("", schema.LeaveVisit))
            if name and name not in picture.refusals:
                try:
                    await self._robot.do(kind)
                except RobotError:
                    await asyncio.sleep(0.2)
            if picture.phase == "paused" and picture.refusals.get("resume") == "nothing_to_resume":
                await self._robot.do(schema.EndSession, reason="equipment")
            await asyncio.sleep(0.1)
        raise RobotError(f"no way on from {picture.phase}: {picture.device.reasons}")

    async def _is_over_within(self, seconds: float) -> bool:
        try:
            await self._robot.until(lambda s: s.phase == "wrapup", seconds)
        except RobotError:
            return False
        return True

    async def _kill(self) -> None:
        picture = await self._robot.until(lambda _: True, STEP_S)
        await self._run.kill_edge()
        await self._robot.close()
        await asyncio.sleep(SAFE_S)
        truth = await self._run.bench("/truth")
        kill = Kill(picture.phase, truth["pulses_total"], 0, 0)
        if truth["is_gate_on"]:
            kill.problem = "the enable outlived the service"
        await self._run.start_edge()
        await self._log_in()
        await self._compare(kill)
        self._tally.kills.append(kill)
        if kill.problem:
            self._tally.problems.append(f"{kill}")

    async def _compare(self, kill: Kill) -> None:
        try:
            picture = await self._robot.until(_is_settled, STEP_S)
        except RobotError as error:
            kill.problem = kill.problem or f"never settled: {error}"
            return
        if picture.visit is None:  # it was killed before the session was opened
            if kill.given:
                kill.problem = "the session is gone, and pulses were given"
            return
        session = picture.visit.session
        kill.delivered, kill.uncertain = session.delivered, session.uncertain
        if not kill.delivered <= kill.given <= kill.delivered + kill.uncertain:
            kill.problem = kill.problem or "the ledger does not contain the truth"
        if session.delivered + session.remaining != PULSES:
            kill.problem = kill.problem or "delivered and remaining are not the prescription"

    async def _finish(self) -> None:
        await self._robot.until(lambda s: s.phase == "wrapup", STEP_S)
        await self._robot.do(schema.WrapUp, pain_0_10=0, note="", pin=TECHNICIAN.pin)
        await self._robot.until(
            lambda s: s.visit is not None and s.visit.record_state == "sent", 90
        )
        given = (await self._run.bench("/truth"))["pulses_total"]
        doses = doses_of(self._run.clinic)
        if doses != [given] or given != PULSES:
            self._tally.problems.append(f"coil {given}, clinic {doses}, prescribed {PULSES}")
        self._tally.sessions += 1
        await self._robot.close()
        await self._hub.close()


def _is_settled(picture: Snapshot) -> bool:
    """The count was read back, or nothing is open."""
    if picture.visit is None:
        return picture.phase == "idle"
    return picture.phase in ("stopped", "wrapup") or (
        picture.phase == "uncertain" and "end_session" not in picture.refusals
    )


async def _session(tally: Tally, rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with started(ShortRun(Path(folder))) as run:
            try:
                await Victim(run, rng, tally).live()
            except RobotError as error:
                tally.problems.append(f"stuck: {error}")


async def campaign(wanted: int, seed: int) -> dict[str, object]:
    """Sessions one after the other until there were enough kills."""
    tally, rng = Tally(wanted), random.Random(seed)
    began_s = time.monotonic()
    columns = (TextColumn("kills"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("kills", total=wanted)
        while not tally.is_enough and len(tally.problems) < PROBLEMS_MAX:
            await _session(tally, rng)
            progress.update(task, completed=len(tally.kills))
    return {
        "commit": commit(),
        "kills": len(tally.kills),
        "sessions": tally.sessions,
        "wall_s": round(time.monotonic() - began_s, 1),
        "phases": dict(sorted(Counter(kill.phase for kill in tally.kills).items())),
        "exact": sum(kill.delivered == kill.given and not kill.uncertain for kill in tally.kills),
        "uncertain": sum(bool(kill.uncertain) for kill in tally.kills),
        "problems": tally.problems,
        "each": [asdict(kill) for kill in tally.kills],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    summary = asyncio.run(campaign(options.count, options.seed))
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(summary, indent=1) + "\n")
    Console().print({key: value for key, value in summary.items() if key != "each"})
    return 1 if summary["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
