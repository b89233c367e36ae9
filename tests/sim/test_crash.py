"""Visits cut off at any point: a sample loses nothing, and a planted bug is found by the same cuts.

The whole campaign, every point in every way, is a command of its own (make crash).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from hw_sim.crash.campaign import ALL_CUTS, Share, ShareResult, run_share
from hw_sim.crash.references import REFERENCES
from hw_sim.faults.bench import PULSES, write_library
from hw_sim.plants import PLANTS

pytestmark = [pytest.mark.timeout(120), pytest.mark.control("durable-store", "dose-ledger")]
SEED = 1
POINTS = 2_000  # more than the visit has
# Of the visit with a fault, in its second train and after it: an effect on the world and a write.
KILLED, WRITTEN = 500, 600


def cut_at(point: int, library: Path) -> ShareResult:
    """The visit, cut at this one point in every way."""
    return run_share(Share("faulted", point, POINTS, 1, SEED, str(library)))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("crash") / "protocols")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(("point", "ways"), [(KILLED, 1), (WRITTEN, 4)])
def test_visit_that_is_cut_off_loses_nothing_and_gives_nothing_twice(
    point: int, ways: int, library: Path
) -> None:
    found = cut_at(point, library)

    assert 900 < sum(found.points.values()) < POINTS
    assert found.steps > 3_000
    assert len(found.results) >= ways
    assert {cut.cut: cut.problems for cut in found.results if cut.problems} == {}
    assert {(cut.ended, cut.pulses) for cut in found.results} == {("signed", PULSES)}


def test_same_cut_finds_a_count_that_is_forgotten_over_a_restart(library: Path) -> None:
    with PLANTS["book-not-restored"].apply():
        (cut,) = cut_at(KILLED, library).results

    assert any(text.startswith("I19 ") for text in cut.problems), cut


def test_cuts_are_power_in_six_ways_and_a_card_that_fails() -> None:
    assert set(REFERENCES) >= {"normal", "paused", "faulted"}
    assert sum(name.startswith("power ") and "with the unit" not in name for name in ALL_CUTS) == 6
    assert sum(name.endswith("with the unit") for name in ALL_CUTS) == 6
    assert "no space left on device for good" in ALL_CUTS
