"""The sounder's data against the table of IEC 60601-1-8: times, melodies, harmonics, loudness."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from edge.domain.alarm_rules import ALARM_IDS
from edge.domain.alarm_sounds import (
    BURSTS,
    C4,
    D4,
    DUTY_PCT,
    E4,
    ENERGY_ALARMS,
    F4,
    G4,
    HARMONICS_MIN,
    MELODIES_HZ,
    NOTES_HZ,
    RISE_PCT_OF_PULSE,
    TEST_TONE,
    Burst,
    Cause,
    Tone,
    cause_of,
    harmonic_db,
    harmonics_near,
    level_db,
    score,
)
from edge.domain.faults import FAULT_ROWS, Priority

pytestmark = pytest.mark.control("sounder")

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
# The table of the standard as the reference gives it (domain.md 7.4), in milliseconds.
PULSES = {HIGH: (10, 10), MEDIUM: (3, 3), LOW: (1, 2)}
PULSE_MS = {HIGH: (75, 200), MEDIUM: (125, 250), LOW: (125, 250)}
GAP_MS = {HIGH: (50, 125), MEDIUM: (125, 250), LOW: (125, 250)}
PAUSE_MS = {HIGH: (2_500, 15_000), MEDIUM: (2_500, 30_000), LOW: (15_001, 10**9)}
HALVES_MS = (350, 1_300)
TONES = [Tone(note, DUTY_PCT[priority]) for note, priority in product(NOTES_HZ, Priority)]


def within(value: int, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= value <= bounds[1]


def wrong_with(priority: Priority, burst: Burst) -> list[str]:
    """Which rows of the table this burst breaks."""
    found = []
    if not within(burst.pulses, PULSES[priority]):
        found.append("pulses")
    if not within(burst.pulse_ms, PULSE_MS[priority]):
        found.append("t_d")
    if not within(burst.pause_ms, PAUSE_MS[priority]):
        found.append("repeat")
    gaps = list(burst.gaps_ms)
    if priority is HIGH and len(gaps) == 9:
        longer = 2 * gaps[0] + burst.pulse_ms
        if not (gaps[2] == gaps[7] == longer):
            found.append("2x + t_d")
        if not within(gaps[4], HALVES_MS):
            found.append("halves")
        gaps = [gaps[i] for i in (0, 1, 3, 5, 6, 8)]
    if len(set(gaps)) > 1 or not all(within(gap, GAP_MS[priority]) for gap in gaps):
        found.append("t_s")
    return found


@pytest.mark.parametrize("priority", Priority)
def test_burst_keeps_every_row_of_the_standard_s_table(priority: Priority) -> None:
    assert wrong_with(priority, BURSTS[priority]) == []


@pytest.mark.parametrize(
    ("priority", "change", "broken"),
    [
        (HIGH, {"pulse_ms": 210}, "t_d"),
        (HIGH, {"pulse_ms": 140}, "2x + t_d"),
        (HIGH, {"pause_ms": 16_000}, "repeat"),
        (HIGH, {"gaps_ms": (100, 100, 350, 100, 300, 100, 100, 350, 100)}, "halves"),
        (HIGH, {"gaps_ms": (100, 130, 350, 100, 800, 100, 100, 350, 100)}, "t_s"),
        (HIGH, {"gaps_ms": (100, 100)}, "pulses"),
        (MEDIUM, {"pulse_ms": 120}, "t_d"),
        (MEDIUM, {"gaps_ms": (120, 120)}, "t_s"),
        (MEDIUM, {"pause_ms": 2_000}, "repeat"),
        (LOW, {"pause_ms": 15_000}, "repeat"),
        (LOW, {"gaps_ms": (200, 200)}, "pulses"),
    ],
)
def test_burst_with_a_planted_fault_is_found(
    priority: Priority, change: dict[str, int], broken: str
) -> None:
    assert broken in wrong_with(priority, replace(BURSTS[priority], **change))  # type: ignore[arg-type]


def test_melodies_are_those_of_the_standard() -> None:
    assert MELODIES_HZ[HIGH, Cause.ENERGY] == (C4, D4, E4, F4, G4) * 2
    assert MELODIES_HZ[HIGH, Cause.GENERAL] == (C4,) * 10
    assert MELODIES_HZ[MEDIUM, Cause.ENERGY] == (C4, D4, E4)
    assert MELODIES_HZ[MEDIUM, Cause.GENERAL] == (C4,) * 3
    assert set(MELODIES_HZ) == set(product(Priority, Cause))


def test_score_plays_each_note_for_one_pulse_and_ends_with_the_pause() -> None:
    assert score(MEDIUM, Cause.ENERGY) == (
        (Tone(C4, 10), 0.2),
        (None, 0.2),
        (Tone(D4, 10), 0.2),
        (None, 0.2),
        (Tone(E4, 10), 0.2),
        (None, 10.0),
    )
    for priority, cause in product(Priority, Cause):
        assert len(score(priority, cause)) == 2 * BURSTS[priority].pulses


@pytest.mark.parametrize("tone", TONES, ids=str)
def test_every_tone_has_four_harmonics_near_its_fundamental(tone: Tone) -> None:
    assert 150 <= tone.frequency_hz <= 1000
    assert harmonics_near(tone) >= HARMONICS_MIN


def test_harmonics_of_a_plain_square_wave_are_too_few() -> None:
    # Catches a duty that a speaker driver would choose: of 50 % only the odd ones are there.
    half = Tone(C4, 50)

    assert harmonic_db(half, 2) < -100
    assert harmonic_db(half, 3) == pytest.approx(-9.54, abs=0.01)
    assert harmonics_near(half) == 2


def test_lower_priority_is_never_louder() -> None:
    for note in NOTES_HZ:
        high, medium, low = (level_db(Tone(note, DUTY_PCT[p])) for p in (HIGH, MEDIUM, LOW))
        assert high >= medium >= low


def test_rise_suits_both_sources() -> None:
    assert 10 <= RISE_PCT_OF_PULSE <= 20


def test_test_tone_is_as_quiet_as_the_lowest_alarm() -> None:
    assert TEST_TONE.duty_pct == DUTY_PCT[LOW]


def test_cause_of_heat_and_pulses_is_energy_and_of_the_rest_general() -> None:
    energy = {row.name for row in FAULT_ROWS if 200 <= row.number < 400}

    assert all(cause_of(name) is Cause.ENERGY for name in (*energy, "surface_warm", "cooling"))
    assert cause_of("door") is cause_of("link_down") is Cause.GENERAL
    assert set(ALARM_IDS) >= {"surface_warm", "cooling"} <= ENERGY_ALARMS
