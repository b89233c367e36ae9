# Pulse times of a plan, in integers, from nested (count, period_us) levels, innermost first, onset
# to onset. Owns the arithmetic and the fingerprint (SHA-256 over all onsets as little-endian u64),
# not the limits (envelope.py) and not the output (pulser.py). No clock. edge/domain/train_plan.py
# does the same on its own; a test holds the two against each other.
import struct

from firmware.compat import sha256
from firmware.wire.limits import LEVELS_MAX, PERIOD_US_MAX


def is_level_sound(count: int, period_us: int, inner_span_us: int) -> bool:
    """One level: an onset alone has no period, several are spaced wider than what they repeat."""
    if count < 1:
        return False
    if count == 1:
        return period_us == 0
    return inner_span_us < period_us <= PERIOD_US_MAX


def _offset_us(levels: "tuple[tuple[int, int], ...]", index: int) -> int:
    # Mixed radix: the innermost level counts fastest.
    offset_us = 0
    for count, period_us in levels:
        offset_us += index % count * period_us
        index //= count
    return offset_us


class TrainPlan:
    # levels: LEVELS_MAX pairs, the unused ones (1, 0); the innermost train_levels make one train.

    def __init__(self, levels: "tuple[tuple[int, int], ...]", train_levels: int) -> None:
        self.levels = levels
        self.train_levels = train_levels
        self._inner = levels[:train_levels]
        self.train_pulses = 1
        for count, _ in self._inner:
            self.train_pulses *= count
        self.trains = 1
        for count, _ in levels[train_levels:]:
            self.trains *= count
        self.pulses = self.train_pulses * self.trains

    def first_unsound_level(self) -> int:
        """Index of the first level that describes nothing, LEVELS_MAX when all are sound."""
        span_us = 0
        for index in range(LEVELS_MAX):
            count, period_us = self.levels[index]
            if not is_level_sound(count, period_us, span_us):
                return index
            span_us += (count - 1) * period_us
        return LEVELS_MAX

    def _gap_us_min(self, first: int, beyond: int) -> int:
        # Smallest distance of neighbours that levels first to beyond - 1 bring about, 0 if none.
        span_us = 0
        gap_us = 0
        for index in range(beyond):
            count, period_us = self.levels[index]
            if count > 1:
                here_us = period_us - span_us
                if index >= first and (gap_us == 0 or here_us < gap_us):
                    gap_us = here_us
                span_us += (count - 1) * period_us
        return gap_us

    def interval_us_min(self) -> int:
        """Smallest distance of two pulses of the whole plan; 0 for a single pulse."""
        return self._gap_us_min(0, LEVELS_MAX)

    def pause_us_min(self) -> int:
        """Smallest distance from the last pulse of a train to the next train; 0 for one train."""
        return self._gap_us_min(self.train_levels, LEVELS_MAX)

    def pulse_offset_us(self, pulse_index: int) -> int:
        """Onset within a train, from its first pulse."""
        return _offset_us(self._inner, pulse_index)

    def session_offset_us(self, ordinal: int) -> int:
        """Onset of pulse ordinal (from 0) from the first pulse of the session."""
        return _offset_us(self.levels, ordinal)


class PlanHash:
    # The fingerprint, a slice of pulses at a time, so that nothing else has to wait for it.

    def __init__(self, plan: TrainPlan) -> None:
        self._plan = plan
        self._next = 0
        self._sha = sha256()

    def work(self, pulses: int) -> bool:
        """Take the next pulses in; True when all are in."""
        plan = self._plan
        end = min(self._next + pulses, plan.pulses)
        for ordinal in range(self._next, end):
            self._sha.update(struct.pack("<Q", plan.session_offset_us(ordinal)))
        self._next = end
        return end == plan.pulses

    def digest(self) -> bytes:
        """32 bytes, right only after work() returned True."""
        return self._sha.digest()
