"""The MCU's plan arithmetic held against the edge's own, which shares no code with it."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.train_plan import Level, Plan, PlanError
from firmware.core import hal, snapshot
from firmware.core.train import PlanHash, TrainPlan
from firmware.wire.limits import LEVELS_MAX, SESSION_PULSES_MAX
from tests.firmware.bench import ONE_HZ_600, Bench, treat

ROOT = Path(__file__).parents[2]

# sources.md domain 1.2 [C]: pulses and last pulse of each row, convention P.
ROWS = (
    (((40, 100_000), (75, 30_000_000)), 1, 3000, 2_223_900_000),
    (((40, 100_000), (75, 15_000_000)), 1, 3000, 1_113_900_000),
    (((3, 20_000), (10, 200_000), (20, 10_000_000)), 2, 600, 191_840_000),
    (((3, 20_000), (10, 200_000), (60, 10_000_000)), 2, 1800, 591_840_000),
    (((3, 20_000), (100, 200_000)), 2, 300, 19_840_000),
    (((3, 20_000), (200, 200_000)), 2, 600, 39_840_000),
    (((600, 1_000_000),), 1, 600, 599_000_000),
    (((1800, 1_000_000),), 1, 1800, 1_799_000_000),
    (((40, 50_000), (50, 22_000_000)), 1, 2000, 1_079_950_000),
    (((30, 100_000), (60, 18_000_000)), 1, 1800, 1_064_900_000),
    (((50, 100_000), (30, 30_000_000)), 1, 1500, 874_900_000),
    (((40, 100_000), (60, 30_000_000)), 1, 2400, 1_773_900_000),
)


def _mcu(levels: tuple[tuple[int, int], ...], train_levels: int) -> TrainPlan:
    return TrainPlan(levels + ((1, 0),) * (LEVELS_MAX - len(levels)), train_levels)


def _fingerprint(plan: TrainPlan) -> str:
    plan_hash = PlanHash(plan)
    while not plan_hash.work(1000):
        pass
    return plan_hash.digest().hex()


@pytest.mark.parametrize(("levels", "train_levels", "pulses", "last_us"), ROWS)
def test_published_protocol_has_the_same_fingerprint_on_both_sides(
    levels: tuple[tuple[int, int], ...], train_levels: int, pulses: int, last_us: int
) -> None:
    mcu = _mcu(levels, train_levels)
    edge = Plan(tuple(Level(*level) for level in levels), train_levels)
    assert (mcu.pulses, mcu.session_offset_us(pulses - 1)) == (pulses, last_us)
    assert (edge.pulses, edge.last_pulse_us) == (pulses, last_us)
    assert mcu.train_pulses == edge.pulses_per_train
    assert _fingerprint(mcu) == edge.sha256


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_plan_is_sound_for_both_or_for_neither(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, LEVELS_MAX))
    levels = tuple(
        data.draw(st.tuples(st.integers(0, 8), st.integers(0, 200_000))) for _ in range(count)
    )
    train_levels = data.draw(st.integers(1, count))
    mcu = _mcu(levels, train_levels)
    is_sound = mcu.first_unsound_level() == LEVELS_MAX and mcu.pulses <= SESSION_PULSES_MAX
    try:
        edge = Plan(tuple(Level(*level) for level in levels), train_levels)
    except PlanError:
        assert not is_sound
        return
    assert is_sound
    offsets = [mcu.session_offset_us(ordinal) for ordinal in range(mcu.pulses)]
    assert tuple(offsets) == edge.offsets_us()
    gaps = [later - sooner for sooner, later in pairwise(offsets)]
    assert mcu.interval_us_min() == min(gaps, default=0)
    assert _fingerprint(mcu) == edge.sha256


def test_session_one_hz_600_in_one_train_is_complete() -> None:
    bench = Bench().configured().charged().armed(ONE_HZ_600, 1)
    origin_us = treat(bench, ONE_HZ_600, 1)
    assert bench.pulse_times() == [origin_us + n * 1_000_000 for n in range(600)]


def test_firmware_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    told = (snapshot.VERSION_MAJOR, snapshot.VERSION_MINOR, snapshot.VERSION_PATCH)
    assert project == ".".join(str(part) for part in told)


def test_hal_type_is_for_the_checker_only() -> None:
    assert not hasattr(hal, "Hal")
