"""What is run in an emulator, and what came out of it. Cycles count from the machine's first one.

An event holds for the instruction of its own cycle. An edge or a word carries the cycle of the
instruction that made it: the pin has its new level from the next cycle on. The emulators have no
input synchroniser; the chip adds 2 cycles to every input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from asm_pio import Program

Kind = Literal["pin", "put", "exec"]


@dataclass(frozen=True)
class Event:
    cycle: int
    kind: Kind  # level of the jump pin, word into the TX FIFO, forced instruction
    value: int


@dataclass(frozen=True)
class Job:
    program: Program
    cycles: int
    events: tuple[Event, ...] = ()
    start: int = 0  # address of the first instruction
    registers: tuple[int, int, int, int] = (0, 0, 0, 0)  # x, y, ISR, OSR before it
    is_fast: bool = True  # skip the counting loops; see test_fast_forward.py

    def slowly(self) -> Job:
        """The same, every cycle stepped."""
        return replace(self, is_fast=False)


@dataclass(frozen=True)
class Trace:
    edges: tuple[tuple[int, int], ...]  # (cycle, new level) of the set pin
    words: tuple[tuple[int, int], ...]  # (cycle, word) out of the RX FIFO, drained at once

    @property
    def rises(self) -> list[int]:
        """Cycles of the rising edges."""
        return [cycle for cycle, level in self.edges if level]

    @property
    def falls(self) -> list[int]:
        """Cycles of the falling edges."""
        return [cycle for cycle, level in self.edges if not level]


Runner = Callable[[list[Job]], list[Trace]]


def puts(cycle: int, words: Iterable[int]) -> tuple[Event, ...]:
    """All these words in the FIFO (or waiting behind it, as DMA has them) from this cycle on."""
    return tuple(Event(cycle, "put", word) for word in words)


def levels(changes: Iterable[tuple[int, int]]) -> tuple[Event, ...]:
    """The jump pin has each level from its cycle on; low before the first."""
    return tuple(Event(cycle, "pin", level) for cycle, level in changes)


def in_order(*groups: tuple[Event, ...]) -> tuple[Event, ...]:
    """All events by cycle; those of one cycle in the order given."""
    return tuple(sorted((event for group in groups for event in group), key=lambda e: e.cycle))
