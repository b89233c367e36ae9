"""One coil under a session's pulses, with the product's own reckoning beside it.

The plant's coil gives the truth; noise, rounding and the controller's median of five at 20 Hz stand
between it and edge/domain/coil_heat.py, which gets a reading every 100 ms as the service does. No
controller, line or loop: fast enough for thousands of sessions. Seeded; nanoseconds.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from edge.domain.coil_heat import CoilHeat
from edge.domain.thermal import NOMINAL, Block, blocks_of, level_square
from edge.domain.thermal_learn import Reading
from edge.domain.train_plan import Plan
from hw_sim.plant.coil import Coil, CoilKind
from hw_sim.plant.power_stage import REF_BI

NS_PER_S = 1_000_000_000
NS_PER_US = 1_000
TICK_NS = 50_000_000  # ADC_PERIOD_US of firmware/wire/limits.py
TICKS_PER_STATUS = 2  # a status each heartbeat
MEDIAN_OF = 5  # SENSOR_SAMPLES of firmware/core/bounds.py
LEAD_S = 60.0  # plugged in and cooling before the first pulse; a patient's checks take longer
ON_HEAD_S = 5.0  # of it on the head, armed


@dataclass(frozen=True)
class Trial:
    """One session on one coil. pump_stops_at_s counts from the first pulse."""

    kind: CoilKind
    plan: Plan
    level_pct_mso: float
    seed: int
    start_c: float = 23.0
    pump_stops_at_s: float | None = None


@dataclass(frozen=True)
class Moment:
    """A status was heard, so many whole trains and pulses after the first."""

    at_s: float  # from the first pulse
    trains: int
    pulses: int


class HeatRig:
    """Plays a trial; between two moments the truth and the reckoning can be looked at."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        rng = random.Random(trial.seed)
        self.coil = Coil(trial.kind, rng)
        self.coil.winding_c = self.coil.surface_c = trial.start_c
        self.heat = CoilHeat(NOMINAL[trial.kind.name])
        self.pulses = self.trains = 0
        self.peak_c = trial.start_c
        self.limit_at_s: float | None = None
        self._face: deque[int] = deque(maxlen=MEDIAN_OF)
        self._winding: deque[int] = deque(maxlen=MEDIAN_OF)
        self._offsets_us = trial.plan.offsets_us()
        energy_j = REF_BI.energy_j(REF_BI.full_v * trial.level_pct_mso / 100)
        left = (REF_BI.voltage_v(1.0, REF_BI.period_s)) ** 2
        share = REF_BI.coil_resistance_ohm / REF_BI.resistance_ohm
        self._pulse_j = energy_j * (1 - left) * share

    def moments(self, *, limit_c: float, tail_s: float = 0.0) -> Iterator[Moment]:
        """Every status until tail_s after the last pulse; the consumer may stop early."""
        trial = self.trial
        first_ns = round(LEAD_S * NS_PER_S)
        end_ns = first_ns + trial.plan.last_pulse_us * NS_PER_US + round(tail_s * NS_PER_S)
        ticks = ((at_ns, 0, n) for n, at_ns in enumerate(range(0, end_ns + 1, TICK_NS)))
        pulses = ((first_ns + us * NS_PER_US, 1, n) for n, us in enumerate(self._offsets_us))
        is_pumping = True
        for at_ns, is_pulse, number in heapq.merge(ticks, pulses):
            at_s = (at_ns - first_ns) / NS_PER_S
            stops_at_s = trial.pump_stops_at_s
            if is_pumping and stops_at_s is not None and at_s >= stops_at_s:
                self.coil.set_cooling(first_ns + round(stops_at_s * NS_PER_S), on=False)
                is_pumping = False
            if is_pulse:
                self._pulse(at_ns, number)
            elif self._sense(at_ns, at_s, number, limit_c):
                yield Moment(at_s, self.trains, self.pulses)

    def blocks_left(self, at_s: float) -> tuple[Block, ...]:
        """What is left of the plan, seen from now."""
        if self.pulses >= len(self._offsets_us):
            return ()
        starts_in_s = self._offsets_us[self.pulses] / 1e6 - at_s
        return blocks_of(self.trial.plan, self.pulses, starts_in_s)

    def _pulse(self, at_ns: int, number: int) -> None:
        self.coil.add_pulse(at_ns, self._pulse_j)
        self.pulses = number + 1
        if self.pulses % self.trial.plan.pulses_per_train == 0:
            self.trains += 1
            self.heat.train_done()

    def _sense(self, at_ns: int, at_s: float, number: int, limit_c: float) -> bool:
        coil = self.coil
        coil.advance(at_ns)
        self.peak_c = max(self.peak_c, coil.surface_c)
        if self.limit_at_s is None and coil.surface_c >= limit_c:
            self.limit_at_s = at_s
        self._face.append(coil.surface_c10())
        self._winding.append(coil.winding_c10())
        if number % TICKS_PER_STATUS or len(self._face) < MEDIAN_OF:
            return False
        level_sum = self.pulses * level_square(self.trial.level_pct_mso)
        face_c, winding_c = _median_c(self._face), _median_c(self._winding)
        reading = Reading(at_s, face_c, winding_c, level_sum)
        self.heat.take(reading, is_on_head=at_s >= -ON_HEAD_S)
        return True


def _median_c(readings_c10: deque[int]) -> float:
    return sorted(readings_c10)[MEDIAN_OF // 2] / 10
