"""The 117 numbers of the catalogue of faults, and how the explorer brings each about.

WAYS has the kinds of hw_sim/explore/kinds.py for each number that a plan can name. ELSEWHERE has
the others, each with the reason and with the test that shows it instead; nothing is in both, and
nothing is missing. The only definition: docs/exploring.md is compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hw_sim.explore.kinds import KINDS

# Letter, first and last number of sources.md reliability 2.3.
SEAMS: tuple[tuple[str, int, int], ...] = (
    ("C", 1, 13),
    ("P", 14, 24),
    ("S", 25, 43),
    ("M", 44, 58),
    ("G", 59, 82),
    ("D", 83, 96),
    ("N", 97, 111),
    ("K", 112, 117),
)
NUMBERS: tuple[str, ...] = tuple(
    f"{letter}{number}" for letter, first, last in SEAMS for number in range(first, last + 1)
)


class Elsewhere(NamedTuple):
    """Why a number is not in a plan, and what shows it instead."""

    reason: str
    shown_by: str  # path in this repository


ELSEWHERE: Mapping[str, Elsewhere] = {
    "C11": Elsewhere(
        "the simulated counter does not wrap; wrapping is arithmetic of one module",
        "tests/firmware/test_ticks.py",
    ),
}

WAYS: Mapping[str, tuple[str, ...]] = {
    number: ids
    for number in NUMBERS
    if (ids := tuple(kind.id for kind in KINDS if kind.number == number))
}


def kinds_of(fault: str) -> tuple[str, ...]:
    """Kinds of a number or of an id; () for neither."""
    if fault in WAYS:
        return WAYS[fault]
    return tuple(kind.id for kind in KINDS if kind.id == fault)
