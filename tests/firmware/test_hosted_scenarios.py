"""The scenarios in virtual time on CPython: each holds, and the same run writes the same log."""

from __future__ import annotations

import pytest

from hw_sim import vtime
from tests.firmware.scenarios import ALL, log_of


@pytest.mark.parametrize("name", [name for name, _, _ in ALL])
def test_scenario_holds(name: str) -> None:
    assert len(vtime.run(log_of(name))) >= 3


def test_scenario_twice_writes_the_same_log() -> None:
    name = "normal.hold_in_a_train_and_resume"
    assert vtime.run(log_of(name)) == vtime.run(log_of(name))
