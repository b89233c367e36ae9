"""Counts of a run, module by module and group by group, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tests.mutants.argued import Key
from tests.mutants.mutate import Mutant
from tests.mutants.trial import Outcome

SCORE_MIN_PCT = 95  # [P] the least that is accepted of what changes something
Result = tuple[Mutant, Outcome]


@dataclass(frozen=True)
class Score:
    """Of a module, or of a group."""

    name: str
    mutants: int
    killed: int
    survived: int  # the argued ones are not among them
    argued: int
    score_pct: float  # killed of those that change something


def score(name: str, results: Iterable[Result], argued: Collection[Key]) -> Score:
    """Counts of these mutants."""
    each = list(results)
    killed = sum(outcome is not Outcome.SURVIVED for _, outcome in each)
    lived = [mutant for mutant, outcome in each if outcome is Outcome.SURVIVED]
    said = sum(mutant.key() in argued for mutant in lived)
    real = len(each) - said
    pct = round(100 * killed / real, 2) if real else 100.0
    return Score(name, len(each), killed, len(lived) - said, said, pct)


def problems(
    groups: Iterable[Score], results: Iterable[Result], argued: Collection[Key]
) -> list[str]:
    """Groups below the score, survivors that nobody argued, arguments that are stale."""
    each = {mutant.key(): outcome for mutant, outcome in results}
    wrong = [
        f"{group.name}: {group.score_pct} % killed, {SCORE_MIN_PCT} % wanted"
        for group in groups
        if group.score_pct < SCORE_MIN_PCT
    ]
    for key, outcome in each.items():
        if outcome is Outcome.SURVIVED and key not in argued:
            wrong.append(f"survived: {told(key)}")
    for key in argued:
        if key not in each:
            wrong.append(f"argued, but there is no such mutant: {told(key)}")
        elif each[key] is not Outcome.SURVIVED:
            wrong.append(f"argued, but killed: {told(key)}")
    return wrong


def told(key: Key) -> str:
    """One line for people."""
    module, function, old, new, nth = key
    more = f" ({nth}.)" if nth > 1 else ""
    return f"{module} {function}: {old}  ->  {new}{more}"


def as_json(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Rows of the result."""
    return [asdict(row) for row in scores]
