"""The link of a chain changes with the row, with what came before, and with nothing else."""

from __future__ import annotations

import pytest

from edge.domain.hash_chain import GENESIS, canonical, link

pytestmark = pytest.mark.control("tamper-evidence")


def test_link_depends_on_the_row_and_on_the_one_before() -> None:
    first = link(GENESIS, [1, "a"])

    assert len({first, link(GENESIS, [1, "b"]), link(first, [1, "a"])}) == 3
    assert link(GENESIS, (1, "a")) == first


def test_canonical_text_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'
