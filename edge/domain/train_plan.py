"""A treatment's timing as nested (count, period) levels, and what follows from it.

Integers and onset to onset only: never frequencies, pauses or floats. Innermost level first, so
theta burst (iTBS 600) is (3, 20 ms), (10, 200 ms), (20, 10 s). The innermost train_levels levels
make one train; the rest count trains. Pure; the MCU expands the same levels by itself
(firmware/core/train.py) and a test holds the two against each other.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from firmware.wire.limits import LEVELS_MAX, PERIOD_US_MAX, SESSION_PULSES_MAX


@dataclass(frozen=True)
class Level:
    """count onsets, period_us apart. A count of 1 has period 0."""

    count: int
    period_us: int


@dataclass(frozen=True)
class Durations:
    """Session length in microseconds by the four published conventions.

    a_us full cycles with the trailing pause, n_us without it, p_us to the last pulse, g_us when the
    pause is counted from the last pulse of a train to the first of the next.
    """

    a_us: int
    n_us: int
    p_us: int
    g_us: int


class PlanError(ValueError):
    """The levels do not describe a plan; the text says what and where."""


@dataclass(frozen=True)
class Plan:
    """Checked levels. Raises PlanError from the constructor."""

    levels: tuple[Level, ...]
    train_levels: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.levels) <= LEVELS_MAX:
            raise PlanError(f"levels: 1 to {LEVELS_MAX} levels, got {len(self.levels)}")
        if not 1 <= self.train_levels <= len(self.levels):
            raise PlanError(f"train_levels: 1 to {len(self.levels)}, got {self.train_levels}")
        span_us = 0
        for index, level in enumerate(self.levels):
            _check_level(index, level, span_us)
            span_us += (level.count - 1) * level.period_us
        if self.pulses > SESSION_PULSES_MAX:
            raise PlanError(f"levels: {self.pulses} pulses, at most {SESSION_PULSES_MAX}")

    @cached_property
    def pulses(self) -> int:
        """Pulses of the whole session."""
        return _count(self.levels)

    @cached_property
    def pulses_per_train(self) -> int:
        return _count(self.levels[: self.train_levels])

    @cached_property
    def trains(self) -> int:
        return _count(self.levels[self.train_levels :])

    @cached_property
    def last_pulse_us(self) -> int:
        """Onset of the last pulse, counted from the onset of the first."""
        return sum((level.count - 1) * level.period_us for level in self.levels)

    @cached_property
    def interval_us_min(self) -> int | None:
        """The shortest time between two pulses; None for a single pulse."""
        gaps, span_us = [], 0
        for level in self.levels:
            if level.count > 1:
                gaps.append(level.period_us - span_us)
            span_us += (level.count - 1) * level.period_us
        return min(gaps, default=None)

    @cached_property
    def train_span_us(self) -> int:
        """First to last pulse onset of one train."""
        return sum((lv.count - 1) * lv.period_us for lv in self.levels[: self.train_levels])

    @cached_property
    def train_offsets_us(self) -> tuple[int, ...]:
        """Pulse onsets within one train, from its first pulse."""
        return _offsets(self.levels[: self.train_levels])

    @cached_property
    def train_onsets_us(self) -> tuple[int, ...]:
        """Train onsets, from the first pulse of the session."""
        return _offsets(self.levels[self.train_levels :])

    def offsets_us(self) -> tuple[int, ...]:
        """Every pulse onset from the first pulse of the session."""
        return tuple(t + p for t in self.train_onsets_us for p in self.train_offsets_us)

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 over all onsets as little-endian unsigned 64-bit integers."""
        digest = hashlib.sha256()
        for onset in self.offsets_us():
            digest.update(struct.pack("<Q", onset))
        return digest.hexdigest()

    @cached_property
    def train_on_us(self) -> int:
        """Nominal train length: pulses (or bursts) times their period. 2 s for iTBS."""
        top = self.levels[self.train_levels - 1]
        return top.count * top.period_us if top.period_us else self.train_span_us

    def durations(self) -> Durations:
        """Session length by convention A, N, P and G; see Durations."""
        if self.trains == 1:
            on_us, span_us = self.train_on_us, self.train_span_us
            return Durations(on_us, on_us, span_us, span_us)
        outer = self.levels[-1]
        off_us = outer.period_us - self.train_on_us
        return Durations(
            a_us=outer.count * outer.period_us,
            n_us=outer.count * self.train_on_us + (outer.count - 1) * off_us,
            p_us=self.last_pulse_us,
            g_us=outer.count * self.train_span_us + (outer.count - 1) * off_us,
        )


def plan_of(*levels: tuple[int, int], train_levels: int) -> Plan:
    """Plan from plain pairs, innermost first."""
    return Plan(tuple(Level(count, period_us) for count, period_us in levels), train_levels)


def _check_level(index: int, level: Level, inner_span_us: int) -> None:
    where = f"levels[{index}]"
    if level.count < 1:
        raise PlanError(f"{where}.count: at least 1, got {level.count}")
    if level.count == 1 and level.period_us != 0:
        raise PlanError(f"{where}.period_us: 0 for a single onset, got {level.period_us}")
    if level.count > 1 and not 0 < level.period_us <= PERIOD_US_MAX:
        raise PlanError(f"{where}.period_us: 1 to {PERIOD_US_MAX} µs, got {level.period_us}")
    if level.count > 1 and level.period_us <= inner_span_us:
        raise PlanError(f"{where}.period_us: {level.period_us} µs overlaps the level inside it")


def _count(levels: tuple[Level, ...]) -> int:
    total = 1
    for level in levels:
        total *= level.count
    return total


def _offsets(levels: tuple[Level, ...]) -> tuple[int, ...]:
    steps = [[k * level.period_us for k in range(level.count)] for level in reversed(levels)]
    return tuple(sum(parts) for parts in product(*steps))
