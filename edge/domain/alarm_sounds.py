"""What the unit's sounder plays for an alarm: bursts, melodies and tones, as data.

Patterns are those of IEC 60601-1-8 as collected in the reference (domain.md 7.4): the burst tells
the priority, the melody the cause. Playing them is edge/services/sounder.py; which alarm sounds is
edge/domain/alarms.py. Pure: no clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from edge.domain.faults import FAULT_ROWS, Priority


@dataclass(frozen=True)
class Tone:
    """A square wave at the sounder's pin; the duty makes its harmonics."""

    frequency_hz: int
    duty_pct: int

    @property
    def duty(self) -> float:
        return self.duty_pct / 100


class Cause(Enum):
    """What the melody names."""

    ENERGY = "energy"  # temperature or energy delivery
    GENERAL = "general"


# Equal temperament on A4 = 440 Hz, rounded to 1 Hz [C]; all within 150 to 1000 Hz [V].
C4, D4, E4, F4, G4 = 262, 294, 330, 349, 392
NOTES_HZ: tuple[int, ...] = (C4, D4, E4, F4, G4)

# [C] A square wave of duty d has harmonics of |sin(n pi d)| / n. The narrower the pulse, the more
# of them are near the fundamental and the quieter is the whole: the duty is the loudness as well.
DUTY_PCT: Mapping[Priority, int] = {Priority.HIGH: 12, Priority.MEDIUM: 10, Priority.LOW: 8}
# Part of each pulse in which the sound grows; made by the amplifier, not by the pin.
RISE_PCT_OF_PULSE = 15  # meets both 10 to 40 % [K] and 10 to 20 % [V]


@dataclass(frozen=True)
class Burst:
    """Times of one burst. gaps_ms lie between its pulses, pause_ms between two bursts."""

    pulse_ms: int
    gaps_ms: tuple[int, ...]
    pause_ms: int

    @property
    def pulses(self) -> int:
        return len(self.gaps_ms) + 1


_X_MS = 100  # 50 to 125 ms [V]
_TD_MS = 150  # 75 to 200 ms [V]
_GROUP_GAPS_MS = (_X_MS, _X_MS, 2 * _X_MS + _TD_MS, _X_MS)  # 3 + 2 pulses, 2x + t_d between [K]

BURSTS: Mapping[Priority, Burst] = {
    # Twice 3 + 2 pulses, 350 to 1300 ms between the halves [V], again after 2.5 to 15 s [V].
    Priority.HIGH: Burst(_TD_MS, (*_GROUP_GAPS_MS, 800, *_GROUP_GAPS_MS), 5_000),
    # 3 pulses of 125 to 250 ms, 125 to 250 ms apart [V], again after 2.5 to 30 s [K].
    Priority.MEDIUM: Burst(200, (200, 200), 10_000),
    # 2 pulses of 125 to 250 ms, 125 to 250 ms apart [V], again after more than 15 s [K].
    Priority.LOW: Burst(200, (200,), 20_000),
}

_ENERGY_HALF = (C4, D4, E4, F4, G4)  # [V]
_GENERAL_HALF = (C4, C4, C4, C4, C4)  # [V]
MELODIES_HZ: Mapping[tuple[Priority, Cause], tuple[int, ...]] = {
    (Priority.HIGH, Cause.ENERGY): _ENERGY_HALF * 2,
    (Priority.HIGH, Cause.GENERAL): _GENERAL_HALF * 2,
    (Priority.MEDIUM, Cause.ENERGY): (C4, D4, E4),  # [V]
    (Priority.MEDIUM, Cause.GENERAL): (C4, C4, C4),  # [V]
    # The standard gives low alarms one melody for all causes, e c [K].
    (Priority.LOW, Cause.ENERGY): (E4, C4),
    (Priority.LOW, Cause.GENERAL): (E4, C4),
}

# The tone of the alarms' own test: as quiet as the lowest alarm, one note of no melody's length.
TEST_TONE = Tone(C4, DUTY_PCT[Priority.LOW])

_ENERGY_NUMBERS = range(200, 400)  # 2xx heat, 3xx power and pulse
_ENERGY_FAULTS = frozenset(row.name for row in FAULT_ROWS if row.number in _ENERGY_NUMBERS)
# Alarms of the service's own whose cause is heat or energy.
ENERGY_ALARMS = _ENERGY_FAULTS | {
    "cooling",
    "coil_off_head",
    "cooling_trend",
    "enable_stuck",
    "heat_ahead",
    "host_enable",
    "host_lost",
    "host_stuck",
    "sensor_own",
    "surface_hot_own",
    "surface_warm",
    "too_hot_ahead",
}

Step = tuple[Tone | None, float]  # a tone or silence, for so many seconds


def cause_of(alarm_id: str) -> Cause:
    """Which melody names this alarm."""
    return Cause.ENERGY if alarm_id in ENERGY_ALARMS else Cause.GENERAL


def score(priority: Priority, cause: Cause) -> tuple[Step, ...]:
    """One burst as steps; the last is the pause before it is played again."""
    burst = BURSTS[priority]
    notes = MELODIES_HZ[priority, cause]
    silences = (*burst.gaps_ms, burst.pause_ms)
    steps: list[Step] = []
    for frequency_hz, silence_ms in zip(notes, silences, strict=True):
        steps.append((Tone(frequency_hz, DUTY_PCT[priority]), burst.pulse_ms / 1000))
        steps.append((None, silence_ms / 1000))
    return tuple(steps)


def harmonic_db(tone: Tone, n: int) -> float:
    """Level of the n-th harmonic against the fundamental at the pin."""
    return 20 * math.log10(max(_amplitude(tone, n), 1e-9) / _amplitude(tone, 1))


def level_db(tone: Tone) -> float:
    """Level of the whole tone within the range that the standard hears, for comparing loudness."""
    ordinals = range(1, HARMONIC_HZ_MAX // tone.frequency_hz + 1)
    return 10 * math.log10(sum(_amplitude(tone, n) ** 2 for n in ordinals))


HARMONIC_HZ_MIN = 300  # [V]
HARMONIC_HZ_MAX = 4_000  # [V]
HARMONIC_DB_MAX = 15.0  # [V] either way
HARMONICS_MIN = 4  # [V]


def harmonics_near(tone: Tone) -> int:
    """How many harmonics, the fundamental not counted, lie in the range and near its level."""
    return sum(
        HARMONIC_HZ_MIN <= n * tone.frequency_hz <= HARMONIC_HZ_MAX
        and abs(harmonic_db(tone, n)) <= HARMONIC_DB_MAX
        for n in range(2, HARMONIC_HZ_MAX // tone.frequency_hz + 1)
    )


def _amplitude(tone: Tone, n: int) -> float:
    return abs(math.sin(n * math.pi * tone.duty)) / n
