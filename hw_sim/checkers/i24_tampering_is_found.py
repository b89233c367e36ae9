"""I24: every change to the chains of journal and audit is found, and the row is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

NEAR_ROWS = 1  # a removed row is missed at its own place or at the one that follows it


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.tampering is not None
    for done in facts.tampering:
        if done.said is None:
            yield Finding(0, f"{done.table} row {done.row} {done.what}, and nobody noticed")
            continue
        named = [int(number) for number in re.findall(r"row (\d+)", done.said)]
        if not named or abs(named[0] - done.row) > NEAR_ROWS:
            yield Finding(0, f"{done.table} row {done.row} {done.what}, but told was: {done.said}")


CHECKER = Checker(
    id="I24",
    name="tampering-is-found",
    rule="A row of journal or audit that is changed, removed or cut off is found and named.",
    bound="the row or its neighbour",
    evidence="edits made in the store's file, and what its examination says",
    judge=_judge,
    needs=("tampering",),
)
