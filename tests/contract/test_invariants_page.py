"""docs/invariants.md says what the registry says."""

from __future__ import annotations

from hw_sim.checkers import CHECKERS
from hw_sim.checkers.page import PAGE, page


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_file_of_a_rule_is_named_after_its_number() -> None:
    modules = [checker.judge.__module__.rpartition(".")[2] for checker in CHECKERS]

    assert [f"I{int(name[1:3])}" for name in modules] == [checker.id for checker in CHECKERS]


def test_every_rule_says_bound_and_evidence() -> None:
    bare = [c.id for c in CHECKERS if not (c.rule and c.bound and c.evidence and c.name)]

    assert bare == []
