"""How a train stands against the published single-train limits: advice for custom plans only.

Library protocols pass by identity (signed list), not by these tables; two cleared ones lie
outside. The tables do not apply to theta burst. Between rows and columns the next higher one
counts, never an interpolation; a value marked tested-to is a lower bound of the limit, not the
limit. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from edge.domain.train_plan import Plan


class Reading(Enum):
    """What the table says."""

    INSIDE = "inside"
    BEYOND_TESTED = "beyond_tested"  # longer than anything tried; no event was seen up to there
    OUTSIDE = "outside"
    NOT_IN_TABLE = "not_in_table"  # faster or stronger than the table's last row or column
    NOT_APPLICABLE = "not_applicable"  # theta burst and other patterns


@dataclass(frozen=True)
class Entry:
    """Longest train; is_tested_to marks the longest tried without an event."""

    limit_ms: int
    is_tested_to: bool


@dataclass(frozen=True)
class Advice:
    reading: Reading
    limit_ms: int | None = None
    row_hz: int | None = None
    column_pct: int | None = None
    is_pause_short: bool = False  # less than PAUSE_US_MIN at 5 Hz and more, above 100 %


Table = Mapping[int, tuple[Entry, Entry, Entry, Entry]]
COLUMNS_PCT = (100, 110, 120, 130)  # the first also stands for everything below
# [P] floor from Chen 1997 [V]: 5 s was safe for 1.6 s of 20 Hz at 110 %, 1 s was not.
PAUSE_US_MIN = 5_000_000
PAUSE_RULE_PERIOD_US_MAX = 200_000  # 5 Hz and faster


def _row(*entries: int) -> tuple[Entry, Entry, Entry, Entry]:
    """Milliseconds; negative marks tested-to."""
    first, second, third, fourth = (Entry(abs(e), e < 0) for e in entries)
    return first, second, third, fourth


# [K] Wassermann 1998, kept in Rossi 2009 and 2021: motor cortex, healthy people.
WASSERMANN: Table = {
    1: _row(-1_800_000, -1_800_000, -360_000, -50_000),
    5: _row(-10_000, -10_000, -10_000, -10_000),
    10: _row(-5_000, -5_000, 4_200, 2_900),
    20: _row(2_050, 1_600, 1_000, 550),
    25: _row(1_280, 840, 400, 240),
}
# [K] Chen 1997, individual durations cut by 25 %.
CHEN: Table = {
    1: _row(-270_000, -270_000, -180_000, -50_000),
    5: _row(10_000, 10_000, 10_000, 10_000),
    10: _row(5_000, 5_000, 3_200, 2_200),
    20: _row(1_500, 1_200, 800, 400),
    25: _row(1_000, 700, 300, 200),
}


def advise_train(plan: Plan, percent_mt: int, *, table: Table = WASSERMANN) -> Advice:
    """Reading of the next higher row and column for one train of a custom plan."""
    if plan.train_levels != 1 or plan.pulses_per_train == 1:
        return Advice(Reading.NOT_APPLICABLE)
    period_us = plan.levels[0].period_us
    is_pause_short = _is_pause_short(plan, percent_mt)
    row_hz = next((hz for hz in table if hz * period_us >= 1_000_000), None)
    column = next((i for i, pct in enumerate(COLUMNS_PCT) if percent_mt <= pct), None)
    if row_hz is None or column is None:
        return Advice(Reading.NOT_IN_TABLE, is_pause_short=is_pause_short)
    entry = table[row_hz][column]
    return Advice(
        _reading(plan.train_on_us, entry),
        entry.limit_ms,
        row_hz,
        COLUMNS_PCT[column],
        is_pause_short,
    )


def _reading(train_on_us: int, entry: Entry) -> Reading:
    if train_on_us <= entry.limit_ms * 1000:
        return Reading.INSIDE
    return Reading.BEYOND_TESTED if entry.is_tested_to else Reading.OUTSIDE


def _is_pause_short(plan: Plan, percent_mt: int) -> bool:
    """The pause as published: onset to onset less the nominal train length."""
    if percent_mt <= 100 or plan.levels[0].period_us > PAUSE_RULE_PERIOD_US_MAX:
        return False
    onsets = plan.train_onsets_us
    return any(b - a - plan.train_on_us < PAUSE_US_MIN for a, b in pairwise(onsets))
