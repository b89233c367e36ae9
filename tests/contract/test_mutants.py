"""The runner of `make mutants`: what it changes, what it counts, and that its list of arguments and
its scope fit the code. Each check has its planted bug. The runs themselves are a long campaign.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants import argued
from tests.mutants.argued import Argument, Key
from tests.mutants.mutate import Mutant, mutants_of
from tests.mutants.scope import GROUPS, OUT, ROOT, TABLES
from tests.mutants.score import problems, score
from tests.mutants.trial import Outcome, outcome_of, place

TOY = """
from functools import cache
LIMIT = 3
WORDS = (LOW, HIGH, LOW) = ("low", "high", "low")
TABLE = (HIGH, LOW)
FIRST = TABLE[0]

def is_over(value: int, limit: int = 3) -> bool:
    return value > limit

def first() -> str:
    return FIRST

def made(count: int) -> list[int]:
    return [0] * count

MADE = made(3)

def how_many() -> int:
    return len(MADE)

class Gate:
    @property
    def is_on(self) -> bool:
        return True

    @staticmethod
    @cache
    def twice(n: int) -> int:
        return n + n
"""


def _mutants() -> dict[tuple[str, str], Mutant]:
    return {(m.function, m.new): m for m in mutants_of(TOY, "toy.py", ("TABLE",))}


@pytest.fixture(name="toy")
def _toy() -> Iterator[ModuleType]:
    module = ModuleType("toy")
    exec(compile(TOY, "toy.py", "exec"), module.__dict__)
    sys.modules["toy"] = module
    yield module
    del sys.modules["toy"]


def test_mutants_are_named_by_what_changed() -> None:
    found = _mutants()

    assert ("is_over", "return value >= limit") in found
    assert ("is_over", "def is_over(value: int, limit: int = 4) -> bool:") in found
    assert ("Gate.is_on", "return False") in found
    assert ("Gate.twice", "return n - n") in found
    assert {function for function, _ in found} == {
        "is_over",
        "Gate.is_on",
        "Gate.twice",
        "made",
        "TABLE",
    }
    assert ("TABLE", "TABLE = (LOW, LOW)") in found
    assert len({mutant.key() for mutant in found.values()}) == len(found)


def test_mutant_takes_the_place_of_what_is_imported(toy: ModuleType) -> None:
    is_over, gate, twice = toy.is_over, toy.Gate(), toy.Gate.twice
    assert (is_over(3), gate.is_on, twice(2), toy.first()) == (False, True, 4, "high")
    found = _mutants()

    place(found["is_over", "return value >= limit"])
    place(found["Gate.is_on", "return False"])
    place(found["Gate.twice", "return n - n"])
    place(found["TABLE", "TABLE = (LOW, LOW)"])

    assert (is_over(3), gate.is_on, twice(2), toy.first()) == (True, False, 0, "low")
    place(found["made", "return [1] * count"])
    assert toy.MADE == [1, 1, 1]  # what it had made at import is made anew
    place(found["is_over", "def is_over(value: int, limit: int = 4) -> bool:"])
    assert (is_over(4), is_over(5)) == (False, True)


def test_child_that_fails_kills_and_one_that_breaks_is_no_kill() -> None:
    # Catches: an error of the runner counted as a kill, which makes every score 100 %.
    assert outcome_of(0) is Outcome.SURVIVED
    assert outcome_of(1 << 8) is Outcome.KILLED
    assert outcome_of(24) is outcome_of(9) is Outcome.ENDLESS  # out of processor time
    for status in (2 << 8, 3 << 8, 4 << 8, 11):
        with pytest.raises(RuntimeError, match="broken"):
            outcome_of(status)
    assert os.WIFSIGNALED(24)


def _key(new: str) -> Key:
    return ("toy.py", "is_over", "return value > limit", new, 1)


def _result(new: str, outcome: Outcome) -> tuple[Mutant, Outcome]:
    return Mutant(*_key(new), source="", remake=""), outcome


def test_score_counts_the_killed_of_those_that_change_something() -> None:
    results = [_result(f"{n}", Outcome.KILLED) for n in range(18)]
    results += [_result("endless", Outcome.ENDLESS), _result("equal", Outcome.SURVIVED)]

    row = score("toy", results, {_key("equal"): Argument(_key("equal"), "same")})
    assert (row.mutants, row.killed, row.survived, row.argued, row.score_pct) == (20, 19, 0, 1, 100)
    row = score("toy", results, {})
    assert (row.survived, row.argued, row.score_pct) == (1, 0, 95)


def test_run_fails_for_a_survivor_a_low_score_and_a_stale_argument() -> None:
    fine = [_result(f"{n}", Outcome.KILLED) for n in range(20)]
    lived = [*fine, _result("lived", Outcome.SURVIVED)]
    bad = [*lived, _result("too", Outcome.SURVIVED)]

    def told(results: list[tuple[Mutant, Outcome]], *keys: Key) -> list[str]:
        return [
            line.split(":")[0] for line in problems([score("toy", results, keys)], results, keys)
        ]

    assert told(fine) == []
    assert told(lived, _key("lived")) == []
    assert told(lived) == ["survived"]
    assert told(bad) == ["toy", "survived", "survived"]
    assert told(fine, _key("gone")) == ["argued, but there is no such mutant"]
    assert told(fine, _key("3")) == ["argued, but killed"]


def test_arguments_fit_the_code_as_it_is() -> None:
    """A quick look at what `make mutants` finds out for sure: the line is still there."""
    names = {str(path) for group in GROUPS for path in group.paths()}
    for (module, function, old, _, _), argument in argued.load().items():
        assert module in names, module
        text = (ROOT / module).read_text(encoding="utf-8")
        assert f"def {function.split('.')[-1]}(" in text, (module, function)
        assert old in " ".join(line.strip() for line in text.splitlines()), (module, old)
        assert argument.reason.endswith(".")


def test_arguments_twice_or_without_a_reason_are_refused(tmp_path: Path) -> None:
    row = '[["a.py"]]\nfunction = "f"\nold = "x"\nnew = "y"\nwhy = "z"\n'
    for text in (row + row, row.replace('"z"', '" "'), row.replace("why", "reason")):
        path = tmp_path / "argued.toml"
        path.write_text(text)
        with pytest.raises(ValueError, match=r"a\.py"):
            argued.load(path)


def test_scope_names_files_that_are_there_and_leaves_none_out_unsaid() -> None:
    for group in GROUPS:
        inside = {path.stem for path in group.paths()}
        outside = set(OUT[group.name])
        there = {path.stem for path in (ROOT / group.name).glob("*.py")}
        assert inside | outside == there - {"__init__"}
        assert inside & outside == set()
        for path in group.paths():
            for tests in group.stages(path):
                assert tests
                assert [test for test in tests if not (ROOT / test).is_file()] == []
    assert set(TABLES) <= {str(path) for group in GROUPS for path in group.paths()}
