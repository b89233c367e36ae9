"""A cut of power at any flash operation costs nothing; and planted bugs would be found.

`python -m tests.update.power_cut` makes every cut; here every third operation, torn in each way.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.update import planted
from tests.update.power_cut import Parts, campaign, record

pytestmark = pytest.mark.control("firmware-update")

EVERY = 3  # of 206 operations
DEEP_EVERY = 10


def test_board_cut_at_flash_operations_runs_old_or_new_and_keeps_its_ledger() -> None:
    found = campaign(Parts(), every=EVERY, deep_every=DEEP_EVERY)

    assert found["violations"] == []
    assert found["cuts"] > 200
    assert found["lived_on"] > 20
    quiet = {"boot", "fall-back boot"}  # nothing is written by a boot without a trial
    assert {name for name, cuts in found["by_step"].items() if cuts == 0} <= quiet


def test_life_visits_both_slots_and_a_fall_back() -> None:
    boots = {step.name: step.boots[1] for step in record(Parts()).steps}

    assert boots["trial boot"] is not None
    assert boots["trial boot"][2]
    assert boots["fall-back boot"] is not None
    assert boots["fall-back boot"][0] == 2
    assert not boots["fall-back boot"][2]


@pytest.mark.parametrize(
    ("parts", "step", "words"),
    [
        ({"stage": planted.ManifestFirst}, "stage", "has a manifest and is not whole"),
        ({"stage": planted.KeepsManifest}, "stage over", "has a manifest and is not whole"),
        ({"ledger": planted.OneLedger}, "save", "the ledger is neither old nor new"),
        ({"choose": planted.choose_uncounted}, "try", "crashing trials never end"),
        ({"keep": planted.keep_forgetting_first}, "commit", "neither old nor new"),
        ({"keep": planted.keep_in_place}, "commit", "not at the kept slot"),
    ],
)
def test_planted_bug_is_found(parts: dict[str, Any], step: str, words: str) -> None:
    deep_every = 1 if step in ("try", "commit") else 1000

    found = campaign(Parts(**parts), every=1, deep_every=deep_every, only=step, enough=words)

    assert any(words in text for text in found["violations"]), found["violations"][:5]
