"""The truth recorder: what the metal really did, in true time.

Append-only: coil current pulses, levels of wires, temperatures, and marks for what the bench did.
No product code can write or read it (import contract). A running SHA-256 covers every entry ever
made; the lists keep the newest entries up to a bound, so that a unit left running cannot eat the
machine, and say how many older ones they gave up. Integers only, so that a hash means the same
everywhere.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ENTRIES_MAX = 400_000  # of each kind; a 37-minute session needs about 10,000


class Pulse(NamedTuple):
    """One flow of coil current."""

    at_ns: int
    mcu_us: int  # of the boot in progress
    boot_epoch: int
    peak_da: int  # tenths of an ampere
    amplitude_pm: int  # true amplitude, per mille of full output
    bank_mv: int  # at the edge
    is_asked: bool  # the firmware had requested it
    is_complete: bool
    was_gate_on: bool
    surface_mc: int  # true contact-face temperature, thousandths of a degree


class WireChange(NamedTuple):
    """A level from this moment on. Names: gate, in, contacts, target_mv, bleed, bank_mv, fan..."""

    at_ns: int
    name: str
    value: int


class Temperature(NamedTuple):
    at_ns: int
    surface_mc: int
    winding_mc: int


class Mark(NamedTuple):
    """Something done at the bench or to the controller: reboot, press_estop, stop_sent."""

    at_ns: int
    text: str


@dataclass(frozen=True)
class Difference:
    """First line in which two runs differ, with both texts."""

    line: int
    left: str
    right: str


class TruthRecorder:
    """One unit's record."""

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self.pulses: list[Pulse] = []
        self.wires: list[WireChange] = []
        self.temperatures: list[Temperature] = []
        self.marks: list[Mark] = []
        self.dropped = 0
        self._entries_max = entries_max
        self._digest = hashlib.sha256()
        self._levels: dict[str, list[tuple[int, int]]] = {}
        self._levels_of = 0  # entries that were sorted into them

    def pulse(self, pulse: Pulse) -> None:
        self._add(self.pulses, "P", pulse)

    def wire(self, at_ns: int, name: str, value: int) -> None:
        self._add(self.wires, "W", WireChange(at_ns, name, int(value)))

    def temperature(self, at_ns: int, surface_c: float, winding_c: float) -> None:
        entry = Temperature(at_ns, round(surface_c * 1000), round(winding_c * 1000))
        self._add(self.temperatures, "T", entry)

    def mark(self, at_ns: int, text: str) -> None:
        self._add(self.marks, "M", Mark(at_ns, text))

    def trace_sha256(self) -> str:
        """Hex hash over everything recorded so far, dropped entries included."""
        return self._digest.copy().hexdigest()

    def levels(self, name: str) -> list[tuple[int, int]]:
        """(time, value) of one wire, oldest first."""
        if len(self.wires) < self._levels_of:  # older ones were given up
            self._levels, self._levels_of = {}, 0
        for entry in self.wires[self._levels_of :]:
            self._levels.setdefault(entry.name, []).append((entry.at_ns, entry.value))
        self._levels_of = len(self.wires)
        return list(self._levels.get(name, ()))

    def timeline(self) -> Iterator[str]:
        """Every kept entry in order of time, one readable line each."""
        kinds = ((self.wires, 0), (self.marks, 1), (self.pulses, 2), (self.temperatures, 3))
        rows = [(entry[0], rank, _line(entry)) for entries, rank in kinds for entry in entries]
        rows.sort(key=lambda row: row[:2])
        for at_ns, _, text in rows:
            yield f"{at_ns / 1e9:16.9f} {text}"

    def difference(self, other: TruthRecorder) -> Difference | None:
        """Where two runs first part, or None when all kept entries agree."""
        left, right = list(self.timeline()), list(other.timeline())
        for index, (mine, theirs) in enumerate(zip(left, right, strict=False)):
            if mine != theirs:
                return Difference(index, mine, theirs)
        if len(left) == len(right):
            return None
        index = min(len(left), len(right))
        ends = [lines[index] if index < len(lines) else "(end)" for lines in (left, right)]
        return Difference(index, *ends)

    def diff_lines(self, other: TruthRecorder, lines_max: int = 200) -> list[str]:
        """Unified difference of the two timelines, for people; bounded."""
        delta = difflib.unified_diff(list(self.timeline()), list(other.timeline()), lineterm="")
        return [line for line, _ in zip(delta, range(lines_max), strict=False)]

    def _add(self, entries: list, kind: str, entry: tuple) -> None:  # type: ignore[type-arg]
        entries.append(entry)
        self._digest.update(f"{kind}{tuple(entry)}".encode())
        if len(entries) > self._entries_max:
            gone = self._entries_max // 2
            del entries[:gone]
            self.dropped += gone


def _line(entry: Pulse | WireChange | Temperature | Mark) -> str:
    """The entry without its time."""
    if isinstance(entry, Pulse):
        asked = "" if entry.is_asked else " UNASKED"
        cut = "" if entry.is_complete else " CUT"
        gate = "" if entry.was_gate_on else " GATE OFF"
        return (
            f"pulse {entry.peak_da / 10:.1f} A {entry.amplitude_pm / 10:.1f} %"
            f" bank {entry.bank_mv / 1000:.1f} V mcu {entry.boot_epoch}:{entry.mcu_us} us"
            f"{asked}{cut}{gate}"
        )
    if isinstance(entry, WireChange):
        return f"{entry.name} = {entry.value}"
    if isinstance(entry, Temperature):
        return f"surface {entry.surface_mc / 1000:.2f} C winding {entry.winding_mc / 1000:.2f} C"
    return f"-- {entry.text}"
