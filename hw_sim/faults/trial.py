"""One fault in one state: strike, watch, mend, close, and judge against what was declared.

Times are measured on the plant's own record, from the moment the cause was there to the last pulse
and the fall of the enable. The invariants of hw_sim/checkers hold throughout; a fault that is
itself a broken invariant (a switch that closes by itself) says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace

from edge.domain.faults import STOP_CODES, fault_row
from edge.domain.session_states import S
from hw_sim.checkers import OFF_NS_MAX, check, gate_windows
from hw_sim.evidence import collect
from hw_sim.faults.bench import FaultBench
from hw_sim.faults.states import AFTER, ARM, HELD, LIVE, REST, Situation
from hw_sim.faults.watch import STOP, WORDS, Seen, Technician, close_visit
from hw_sim.plant.host_enable import HOST_WIRE
from hw_sim.plant.panel import CHAIN_MASK
from hw_sim.recorder import TruthRecorder

NS_PER_MS = 1_000_000
SETTLED_S = 1.0  # whoever supervises a silence has reacted by then
EDGE_DOWN_MS = 500  # an edge that does not come back: as a lost heartbeat
OPEN_END = 1 << 63
Strike = Callable[[FaultBench], Awaitable[None]]
Cause = Callable[[TruthRecorder, int], int | None]


@dataclass(frozen=True)
class Expected:
    """One reaction that is right: a word of watch.py, and the code it comes with."""

    word: str
    code: str = ""


def reactions(text: str) -> tuple[Expected, ...]:
    """ "stop 101 | refuse interlock_open" as data; raises ValueError for a word that is none."""
    found = []
    for part in text.split("|"):
        word, _, code = part.strip().partition(" ")
        if word not in WORDS:
            raise ValueError(f"{part.strip()!r}: no reaction")
        found.append(Expected(word, code.strip()))
    return tuple(found)


@dataclass(frozen=True)
class Fault:
    """One way in which the world can be wrong, and what the product has to make of it."""

    id: str  # number of the catalogue (sources.md reliability 2.3), a letter for variants
    seam: str
    text: str
    why: str  # the declared reactions are right
    strike: Strike
    rest: str  # reactions while nothing can be given, by group of hw_sim/faults/states.py
    live: str  # while the output is or may be enabled
    held: str  # while it was stopped
    after: str = "tolerate | alarm"  # when the dose is complete
    arm: str = ""  # while arming, where a refusal to arm may come first; as live without
    places: dict[str, str] = field(default_factory=dict)  # single situations that differ
    alarms: str = ""  # that may be shown besides the alarm of the stop itself
    breaks: tuple[str, ...] = ()  # invariants that the planted metal itself breaks
    within_ms: int | None = None  # of this fault, where the row of the stop promises another time
    heard_ns: int = OFF_NS_MAX  # until a controller that stands still hears a Stop (I14)
    settle_s: float = 1.0  # before anybody goes on, where nothing is going on
    watch_s: float = 3.0  # at least, although pulses are given as if nothing had happened
    cause: Cause | None = None  # when it began to matter, if not at the strike

    def declared(self, situation: Situation) -> str:
        """The reactions that are right here, as text."""
        groups = {
            REST: self.rest,
            ARM: self.arm or self.live,
            LIVE: self.live,
            HELD: self.held,
            AFTER: self.after,
        }
        return self.places.get(situation.name, groups[situation.group])

    def misses(self, situation: Situation, seen: Seen) -> list[str]:
        """What was seen and not declared, in words."""
        found = []
        declared = self.declared(situation)
        if Expected(seen.word, seen.code) not in reactions(declared):
            found.append(f"{seen.word} {seen.code}".rstrip() + f", declared: {declared}")
        own = fault_row(seen.code).name if seen.code in STOP_CODES else ""
        extra = sorted(seen.alarms - {own, *self.alarms.split()})
        return found + ([f"alarms not declared: {' '.join(extra)}"] if extra else [])


@dataclass
class PairResult:
    """What one fault did in one state."""

    fault: str
    state: str
    seed: int
    word: str = ""
    code: str = ""
    alarms: tuple[str, ...] = ()
    stop_class: str = ""
    reaction_ms: float | None = None
    enable_ms: float | None = None  # until the controller's enable fell
    within_ms: int | None = None
    sim_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


async def run_pair(bench: FaultBench, fault: Fault, situation: Situation, seed: int) -> PairResult:
    """The rest of a visit that stands at this situation."""
    result = PairResult(fault.id, situation.name, seed)
    dice = bench.system.streams.get(f"{fault.id} {situation.name}")
    await asyncio.sleep(dice.uniform(0.0, situation.jitter_s))
    technician = Technician(bench, situation.alarms)
    bench.rng = dice
    bench.system.unit.mark(f"fault {fault.id}")
    bench.cause()
    struck_ns = bench.cause_ns
    await fault.strike(bench)
    await asyncio.sleep(0.0 if situation.group in (ARM, LIVE) else fault.settle_s)
    seen = await technician.go_on(fault.watch_s)
    await asyncio.sleep(SETTLED_S)
    result.word, result.code = seen.word, seen.code
    result.alarms = tuple(sorted(seen.alarms))
    truth = bench.system.unit.recorder
    moment = fault.cause
    cause_ns = bench.cause_ns if moment is None else moment(truth, bench.cause_ns)
    _time(result, truth, fault, cause_ns)
    result.problems += fault.misses(situation, seen)
    await bench.mend()
    stuck = await close_visit(bench)
    result.problems += [f"I42: stuck after mending: {stuck}"] if stuck else []
    result.problems += _violations(bench, fault)
    if not stuck and "I19" not in fault.breaks:
        result.problems += _account(bench, struck_ns if situation.state is S.RECORD else OPEN_END)
    result.sim_s = asyncio.get_running_loop().time()
    return result


def _time(result: PairResult, truth: TruthRecorder, fault: Fault, cause_ns: int | None) -> None:
    """How long after the cause the output went off, when it had to."""
    if result.word != STOP or cause_ns is None:
        return
    if result.code in STOP_CODES:
        row = fault_row(result.code)
        result.stop_class = row.stop_class.value
        result.within_ms = row.within_ms if fault.within_ms is None else fault.within_ms
    else:
        result.stop_class, result.within_ms = "F", EDGE_DOWN_MS
    fell_ns = [off for on, off in gate_windows(truth) if on < cause_ns <= off < OPEN_END]
    result.enable_ms = round((fell_ns[0] - cause_ns) / NS_PER_MS, 6) if fell_ns else None
    off_ns = off_after(truth, cause_ns)
    if off_ns is None:
        return
    result.reaction_ms = round((off_ns - cause_ns) / NS_PER_MS, 6)
    if result.reaction_ms > result.within_ms:
        result.problems.append(
            f"output off after {result.reaction_ms} ms, promised {result.within_ms} ms"
        )


def off_after(truth: TruthRecorder, cause_ns: int) -> int | None:
    """When no pulse could come any more, of an output that was on; None when it was off already."""
    windows = path_windows(truth)
    ends = [off for on, off in windows if on < cause_ns <= off]
    rearmed_ns = min((on for on, _ in windows if on > cause_ns), default=OPEN_END)
    ends += [p.at_ns for p in truth.pulses if cause_ns < p.at_ns < rearmed_ns][-1:]
    return max(ends) if ends else None


def path_windows(truth: TruthRecorder) -> list[tuple[int, int]]:
    """(on, off) of the whole way of the current: contacts, controller's and edge's enable."""
    levels = {"gate": 0, HOST_WIRE: 0, "contacts": 0}
    windows: list[tuple[int, int]] = []
    on_ns: int | None = None
    for change in truth.wires:
        if change.name not in levels:
            continue
        levels[change.name] = change.value
        is_closed = levels["contacts"] & CHAIN_MASK == CHAIN_MASK
        is_on = bool(levels["gate"] and levels[HOST_WIRE] and is_closed)
        if is_on and on_ns is None:
            on_ns = change.at_ns
        elif not is_on and on_ns is not None:
            windows.append((on_ns, change.at_ns))
            on_ns = None
    return windows if on_ns is None else [*windows, (on_ns, OPEN_END)]


def _violations(bench: FaultBench, fault: Fault) -> list[str]:
    facts = replace(collect(bench.system), core_stop_ns_max=fault.heard_ns)
    found = check(bench.system.unit.recorder, facts)
    return [str(v) for v in found if v.checker not in fault.breaks]


def _account(bench: FaultBench, signed_ns: int) -> list[str]:
    """I19: what the session's own count says against the coil, until it was signed."""
    visit = bench.picture.visit
    if visit is None or bench.picture.phase != "record":
        return []
    session, pulses = visit.session, bench.system.unit.recorder.pulses
    given = sum(pulse.at_ns < signed_ns for pulse in pulses)
    if session.delivered <= given <= session.delivered + session.uncertain:
        return []
    return [f"I19: booked {session.delivered} + {session.uncertain} open, the coil gave {given}"]
