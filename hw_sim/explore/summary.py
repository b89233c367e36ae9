"""Adds up many outcomes: how many, how fast, what was reached how often, and what never.

Plain data for the JSON file and a table for people. What was never reached is listed, and is not a
failure by itself: a short run cannot reach everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from hw_sim.explore.kinds import KIND_BY_ID
from hw_sim.explore.numbers import ELSEWHERE, NUMBERS, WAYS
from hw_sim.explore.outcome import Outcome
from hw_sim.explore.plan import FAULT_MODEL
from hw_sim.explore.reached import ALARMS, CONTROLLER_STATES, RECOVERIES, STATES, STOPS

# What a list is compared with: everything that there is to reach.
WHOLE: dict[str, Sequence[str]] = {
    "numbers": tuple(number for number in NUMBERS if number in WAYS),
    "kinds": tuple(KIND_BY_ID),
    "states": STATES,
    "controller": CONTROLLER_STATES,
    "alarms": ALARMS,
    "stops": STOPS,
    "recoveries": RECOVERIES,
}
Document = dict[str, Any]


class Summary:
    """Running totals; add() each outcome."""

    def __init__(self) -> None:
        self.sessions = 0
        self.pulses = 0
        self.strikes = 0
        self.sim_s = 0.0
        self.cpu_s = 0.0
        self.bad_seeds: list[int] = []
        self.violations: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.people: Counter[str] = Counter()
        self.protocols: Counter[str] = Counter()
        self.twice = 0
        self.parted: list[int] = []
        self.counts: dict[str, Counter[str]] = {name: Counter() for name in WHOLE}

    def add(self, outcome: Outcome) -> None:
        """One run."""
        self.sessions += 1
        self.pulses += outcome.pulses
        self.strikes += len(outcome.struck)
        self.sim_s += outcome.sim_s
        self.cpu_s += outcome.cpu_s
        self.ended[outcome.ended] += 1
        self.people[outcome.plan.person] += 1
        self.protocols[outcome.plan.protocol] += 1
        if outcome.violations:
            self.bad_seeds.append(outcome.plan.seed)
            self.violations.update(text.partition(":")[0] for text in outcome.violations)
        for name in ("states", "controller", "alarms", "stops", "recoveries"):
            self.counts[name].update(outcome.counts.get(name, {}))
        self.counts["kinds"].update(outcome.struck)
        self.counts["numbers"].update(KIND_BY_ID[fault].number for fault in outcome.struck)

    def add_twice(self, seed: int, *, is_same: bool) -> None:
        """A seed was run a second time."""
        self.twice += 1
        if not is_same:
            self.parted.append(seed)

    @property
    def is_good(self) -> bool:
        return not self.bad_seeds and not self.parted

    @property
    def speed_x(self) -> float:
        """Simulated seconds for each second of one processor."""
        return self.sim_s / self.cpu_s if self.cpu_s else 0.0

    def document(self, *, wall_s: float, commit: str, cores: int) -> Document:
        """Everything, for the JSON file."""
        return {
            "fault_model": FAULT_MODEL,
            "commit": commit,
            "cores": cores,
            "sessions": self.sessions,
            "strikes": self.strikes,
            "sim_hours": round(self.sim_s / 3600, 3),
            "wall_s": round(wall_s, 1),
            "cpu_s": round(self.cpu_s, 1),
            "speed_x_per_core": round(self.speed_x, 1),
            "pulses": self.pulses,
            "ended": dict(self.ended),
            "people": dict(self.people),
            "protocols": dict(self.protocols),
            "violations": dict(self.violations),
            "bad_seeds": sorted(self.bad_seeds),
            "twice": self.twice,
            "parted": sorted(self.parted),
            "reached": {name: _in_order(name, self.counts[name]) for name in WHOLE},
            "never_reached": self.never(),
            "elsewhere": {number: row._asdict() for number, row in ELSEWHERE.items()},
        }

    def never(self) -> dict[str, list[str]]:
        """By list, what this run has not come to."""
        return {
            name: [each for each in whole if not self.counts[name][each]]
            for name, whole in WHOLE.items()
        }


def _in_order(name: str, counts: Counter[str]) -> dict[str, int]:
    """In the order of the whole list, not of chance."""
    return {each: counts[each] for each in WHOLE[name] if counts[each]}


def show(document: Document, console: Console) -> None:
    """The table on screen."""
    table = Table("", "reached", "of", "most often", "never")
    for name, whole in WHOLE.items():
        counts: dict[str, int] = document["reached"][name]
        never: list[str] = document["never_reached"][name]
        most = sorted(counts, key=lambda each: -counts[each])[:3]
        often = ", ".join(f"{each} {counts[each]}" for each in most)
        table.add_row(name, str(len(counts)), str(len(whole)), often, _short(never))
    console.print(table)
    console.print(
        f"{document['sessions']} sessions, {document['strikes']} faults,"
        f" {document['sim_hours']} simulated hours in {document['wall_s']} s on"
        f" {document['cores']} cores ({document['speed_x_per_core']} x real time on each),"
        f" {document['pulses']} pulses; ended: {document['ended']};"
        f" {document['twice']} run twice, {len(document['parted'])} of them differed;"
        f" {len(document['bad_seeds'])} seeds with violations"
    )


def _short(names: Iterable[str], most: int = 12) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
