"""A patient's hand: does this pulse make it twitch?

Model G of sources.md domain 4.2: P(response | x) = Phi((x - t) / s) with s = 0.07 t [V]. Owns one
person's threshold and its slow drift; draws from a seeded stream only. Levels are percent of
maximum output.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

SPREAD = 0.07  # [V] ML-PEST and the public comparison code
POPULATION_MEAN_PCT = 65.847  # [V] prior fitted to 25,000 virtual subjects
POPULATION_SD_PCT = 8.97  # [V]
THRESHOLD_PCT_MIN = 35.0  # [K] real thresholds on one device lie in 35 to 85 %
THRESHOLD_PCT_MAX = 85.0


@dataclass(frozen=True)
class Twitch:
    """The answer to the last pulse that reached the patient."""

    at_ns: int
    level_pct: float
    probability: float
    is_seen: bool


class SimPatient:
    """One virtual person under the coil."""

    def __init__(self, draws: random.Random, threshold_pct: float | None = None) -> None:
        self._draws = draws
        if threshold_pct is None:
            drawn = draws.gauss(POPULATION_MEAN_PCT, POPULATION_SD_PCT)
            threshold_pct = min(max(drawn, THRESHOLD_PCT_MIN), THRESHOLD_PCT_MAX)
        self.threshold_pct = threshold_pct
        self.last: Twitch | None = None

    def probability(self, level_pct: float) -> float:
        """Chance of a visible twitch at this level."""
        z = (level_pct - self.threshold_pct) / (SPREAD * self.threshold_pct)
        return 0.5 * (1 + math.erf(z / math.sqrt(2)))

    def on_pulse(self, at_ns: int, level_pct: float) -> Twitch:
        """Answer to one pulse of this true level."""
        probability = self.probability(level_pct)
        is_seen = self._draws.random() < probability
        self.last = Twitch(at_ns, level_pct, probability, is_seen)
        return self.last
