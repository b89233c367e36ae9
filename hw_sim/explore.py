"""Random whole sessions with faults, each from one seed, judged on the truth recorder.

A hostile phase (an impatient operator, interlocks, a noisy or cut line, a rebooting controller, a
restarting edge, a clinic that loses answers), then recovery by the means a technician has. A seed
that fails replays with one command. Shrinking, crash points and the full catalogue are not here.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge.api import schema
from edge.api.schema import Snapshot
from hw_sim import vtime
from hw_sim.checkers import Facts, check
from hw_sim.clinic.line import ROUGH, Faults
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.link import LinkPlan
from hw_sim.session import doses_of, finish, plan_of_system, prepare, quiet_logging
from hw_sim.system import SimSystem, SystemOptions

PROTOCOLS = ("itbs-600", "ctbs-300", "1hz-right-360", "10hz-1500")
ACTS_MAX = 6
STEPS_MAX = 60  # of recovery; a person would have called service long before
TREATING_S = 45.0
SETTLE_S = 40.0

Act = Callable[["Chaos"], Awaitable[None]]


@dataclass
class Chaos:
    """One hostile visit: the system, the screen and the dice."""

    system: SimSystem
    robot: KioskRobot
    rng: random.Random
    done: list[str] = field(default_factory=list)

    @property
    def phase(self) -> str:
        return self.robot.snapshot.phase if self.robot.snapshot is not None else ""

    async def restart_edge(self) -> None:
        """The edge goes away at any moment and comes back on what the store has."""
        await self.robot.close()
        await self.system.stop()
        await asyncio.sleep(self.rng.uniform(0.2, 5.0))
        await self.system.start()
        self.robot = await self.system.robot()


@dataclass(frozen=True)
class SeedResult:
    """What one seed gave."""

    seed: int
    protocol: str
    acts: tuple[str, ...]
    pulses: int
    ended: str
    sim_s: float
    trace_sha256: str
    violations: tuple[str, ...]


async def _pause(chaos: Chaos) -> None:
    await _try(chaos, schema.Pause)


async def _stop(chaos: Chaos) -> None:
    await chaos.robot.send(schema.Stop(id=chaos.robot.new_id()))


async def _estop(chaos: Chaos) -> None:
    chaos.system.unit.press_estop()
    await asyncio.sleep(chaos.rng.uniform(0.5, 8.0))
    chaos.system.unit.release_estop()


async def _door(chaos: Chaos) -> None:
    chaos.system.unit.set_door(is_open=True)
    await asyncio.sleep(chaos.rng.uniform(0.05, 8.0))
    chaos.system.unit.set_door(is_open=False)


async def _patient(chaos: Chaos) -> None:
    chaos.system.unit.press_patient_button(is_pressed=True)
    await asyncio.sleep(chaos.rng.uniform(0.3, 3.0))
    chaos.system.unit.press_patient_button(is_pressed=False)


async def _noise(chaos: Chaos) -> None:
    share = chaos.rng.uniform(0.0, 0.05)
    chaos.system.unit.set_link_plan(LinkPlan(lose=share, corrupt=share, double=share))
    await asyncio.sleep(chaos.rng.uniform(1.0, 15.0))
    chaos.system.unit.set_link_plan(LinkPlan())


async def _cut(chaos: Chaos) -> None:
    chaos.system.unit.cut_link(is_silent=chaos.rng.random() < 0.5)
    await asyncio.sleep(chaos.rng.uniform(0.1, 10.0))
    chaos.system.unit.restore_link()


async def _reboot(chaos: Chaos) -> None:
    chaos.system.unit.reboot_mcu()


async def _restart(chaos: Chaos) -> None:
    await chaos.restart_edge()


ACTS: dict[str, Act] = {
    "pause": _pause,
    "stop": _stop,
    "estop": _estop,
    "door": _door,
    "patient": _patient,
    "noise": _noise,
    "cut": _cut,
    "reboot": _reboot,
    "restart": _restart,
}


async def _try(chaos: Chaos, kind: type, **fields: object) -> bool:
    """A command that may be refused; False when it was."""
    try:
        await chaos.robot.do(kind, **fields)
    except RobotError:
        return False
    return True


async def hostile_visit(chaos: Chaos) -> str:
    """Chaos, then recovery to a signed record. Returns how it ended. Raises RobotError."""
    await prepare(chaos.robot)
    if chaos.rng.random() < 0.5:
        chaos.system.line.faults = ROUGH
    names = sorted(ACTS)
    for _ in range(chaos.rng.randrange(1, ACTS_MAX + 1)):
        if await _go_on(chaos) != "treating":
            break
        await asyncio.sleep(chaos.rng.uniform(0.0, TREATING_S))
        name = chaos.rng.choice(names)
        chaos.done.append(name)
        await ACTS[name](chaos)
    ended = await _to_the_end(chaos)
    chaos.system.line.faults = Faults()  # heal: from here everything has to come to rest
    await finish(chaos.system, chaos.robot)
    return ended


async def _to_the_end(chaos: Chaos) -> str:
    """Recover and treat until the dose is complete, or end the session when it cannot go on."""
    length_s = plan_of_system(chaos.system).last_pulse_us / 1e6
    for _ in range(STEPS_MAX):
        if await _go_on(chaos) == "wrapup":
            assert chaos.robot.snapshot is not None
            visit = chaos.robot.snapshot.visit
            is_whole = visit is not None and visit.session.remaining == 0
            return "complete" if is_whole else "ended early"
        await chaos.robot.until(lambda s: s.phase != "treating", length_s + 120.0)
    raise RobotError(f"no end after {STEPS_MAX} steps, phase {chaos.phase}")


async def _go_on(chaos: Chaos) -> str:
    """What a technician does next, until treating or wrap-up."""
    for _ in range(STEPS_MAX):
        phase = chaos.phase
        if phase in ("treating", "wrapup"):
            return phase
        await _step(chaos, phase)
    raise RobotError(f"cannot go on after {STEPS_MAX} steps, phase {chaos.phase}")


async def _step(chaos: Chaos, phase: str) -> None:
    wanted = {
        "ready": ("arm", schema.ArmUnit),
        "armed": ("start", schema.Start),
        "paused": ("resume", schema.Resume),
        "stopped": ("acknowledge", schema.Acknowledge),
    }
    if phase in wanted:
        name, kind = wanted[phase]
        if await _allowed(chaos, name) and await _try(chaos, kind):
            await _settled(chaos, phase)
        elif phase != "armed" and chaos.rng.random() < 0.2:
            await _try(chaos, schema.EndSession, reason="equipment")
        return
    if phase == "uncertain" and not await _settled(chaos, phase):
        await _try(chaos, schema.EndSession, reason="equipment")
        return
    await _settled(chaos, phase)


async def _allowed(chaos: Chaos, name: str) -> bool:
    """Wait until the screen offers it."""
    return await _seen(chaos, lambda s: name not in s.refusals)


async def _settled(chaos: Chaos, phase: str) -> bool:
    """Wait until the screen has left this phase."""
    return await _seen(chaos, lambda s: s.phase != phase)


async def _seen(chaos: Chaos, wanted: Callable[[Snapshot], bool]) -> bool:
    try:
        await chaos.robot.until(wanted, SETTLE_S)
    except RobotError:
        return False
    return True


async def play_seed(seed: int) -> SeedResult:
    """One seed on a fresh system."""
    rng = random.Random(seed)
    protocol = rng.choice(PROTOCOLS)
    options = SystemOptions(
        seed=seed,
        protocol=protocol,
    )
    system = SimSystem(options)
    await system.start()
    chaos = Chaos(system, await system.robot(), rng)
    ended = ""
    problems: list[str] = []
    try:
        ended = await hostile_visit(chaos)
    except RobotError as error:
        problems.append(f"stuck: {error}")
    finally:
        await chaos.robot.close()
        await system.stop()
        system.unit.close()
    return SeedResult(
        seed=seed,
        protocol=protocol,
        acts=tuple(chaos.done),
        pulses=len(system.unit.recorder.pulses),
        ended=ended,
        sim_s=asyncio.get_running_loop().time(),
        trace_sha256=system.unit.recorder.trace_sha256(),
        violations=(*problems, *(_judge(system) if not problems else ())),
    )


def _judge(system: SimSystem) -> list[str]:
    truth = system.unit.recorder
    facts = Facts(
        plan=plan_of_system(system),
        level_pct_max=system.config.limits.level_pct_max,
        ipi_us_min=system.config.limits.ipi_us_min,
    )
    found = [str(v) for v in check(truth, facts)]
    sessions = system.clinic.resources("Procedure")
    if len(sessions) != 1:
        found.append(f"I21: the clinic has {len(sessions)} sessions")
    doses, unsettled = doses_of(system.clinic), doses_of(system.clinic, "stim_count_uncertain")
    if doses and not doses[0] <= len(truth.pulses) <= doses[0] + sum(unsettled):
        found.append(
            f"I19: the clinic has {doses[0]} pulses and {sum(unsettled)} unsettled,"
            f" the coil gave {len(truth.pulses)}"
        )
    return found


def run_seed(seed: int) -> SeedResult:
    """One seed in virtual time."""
    return vtime.run(play_seed(seed))


def explore(*, seconds: float, seeds: int | None, first_seed: int, json_path: Path | None) -> int:
    """Run seeds for so long or so many; returns the exit status."""
    quiet_logging()
    began_s = time.perf_counter()
    results: list[SeedResult] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("sessions", total=seeds or seconds)
        while _is_more(len(results), seeds, time.perf_counter() - began_s, seconds):
            result = run_seed(first_seed + len(results))
            results.append(result)
            _report(result, progress)
            spent_s = time.perf_counter() - began_s
            words = f"{len(results)} sessions, {sum(bool(r.violations) for r in results)} bad"
            progress.update(task, completed=len(results) if seeds else spent_s, description=words)
    summary = summarise(results, time.perf_counter() - began_s)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary))  # noqa: T201  a command's answer
    return 1 if summary["bad_seeds"] else 0


def _is_more(done: int, seeds: int | None, spent_s: float, seconds: float) -> bool:
    return done < seeds if seeds is not None else spent_s < seconds


def _report(result: SeedResult, progress: Progress) -> None:
    if result.violations:
        progress.console.print(f"seed {result.seed} {result.protocol} acts {result.acts}")
        for line in result.violations[:10]:
            progress.console.print(f"  {line}", markup=False)
        progress.console.print(f"  replay: python -m hw_sim explore --seed {result.seed} --seeds 1")


def summarise(results: list[SeedResult], wall_s: float) -> dict[str, object]:
    """Counts for the JSON file."""
    sim_s = sum(r.sim_s for r in results)
    acts = Counter(act for r in results for act in r.acts)
    return {
        "sessions": len(results),
        "sim_hours": round(sim_s / 3600, 2),
        "wall_s": round(wall_s, 1),
        "speed_x": round(sim_s / wall_s, 1) if wall_s else 0.0,
        "pulses": sum(r.pulses for r in results),
        "ended": dict(Counter(r.ended or "stuck" for r in results)),
        "acts": {name: acts.get(name, 0) for name in sorted(ACTS)},
        "never_reached": [name for name in sorted(ACTS) if not acts.get(name)],
        "violations": sum(len(r.violations) for r in results),
        "bad_seeds": [r.seed for r in results if r.violations],
    }
