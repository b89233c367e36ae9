"""Planted bugs: the table is whole, scenes are clean without a bug, quick plants are found.

`python -m hw_sim plants` runs every plant and every bug alone; here is a share of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from hw_sim.checkers import CHECKERS
from hw_sim.plants import PLANTS
from hw_sim.plants.campaign import Job, jobs_for, run_job, uncovered
from hw_sim.plants.scenes import SCENES

pytestmark = pytest.mark.control("truth-checkers")

# One of each kind: metal, firmware, edge, clinic, files; and pairs that hide each other.
QUICK = (
    "door-ignored",
    "door-not-alarmed",
    "stale-token",
    "level-higher",
    "seals-unread",
    "hashes-ignored",
    "restart-is-free",
    "hold-not-sent",
)
CLEAN = ("door", "forger", "guesses", "files", "pause")
PAIRS_MIN = 15


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A campaign drops every line."""
    yield
    structlog.reset_defaults()


def test_every_invariant_has_a_plant() -> None:
    assert uncovered() == []


def test_plants_name_invariants_and_scenes_that_exist() -> None:
    ids = {checker.id for checker in CHECKERS}

    assert [p.name for p in PLANTS.values() if not set(p.breaks) <= ids or not p.breaks] == []
    assert [p.name for p in PLANTS.values() if p.scene not in SCENES] == []


def test_names_are_distinct() -> None:
    assert all(name == plant.name for name, plant in PLANTS.items())


def test_every_bug_of_a_group_says_what_hides_it() -> None:
    groups = [plant for plant in PLANTS.values() if len(plant.bugs) > 1]

    assert len(groups) >= PAIRS_MIN
    for plant in groups:
        assert [bug.text for bug in plant.bugs] == list(plant.masked), plant.name


def test_a_plant_leaves_nothing_behind() -> None:
    from firmware.core import supervision

    before = supervision.input_faults
    with PLANTS["door-ignored"].apply():
        assert supervision.input_faults is not before

    assert supervision.input_faults is before


@pytest.mark.parametrize("name", QUICK)
def test_planted_bug_is_found(name: str) -> None:
    assert run_job(Job(name)).problem() == ""


@pytest.mark.parametrize("job", jobs_for(["stale-token"])[1:], ids=lambda job: str(job.bugs))
def test_bug_alone_is_masked(job: Job) -> None:
    assert run_job(job).problem() == ""


@pytest.mark.parametrize("name", CLEAN)
def test_scene_without_a_bug_breaks_nothing(name: str) -> None:
    assert SCENES[name]() == ()
