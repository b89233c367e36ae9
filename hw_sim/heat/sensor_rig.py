"""One coil with its three sensors under a session's pulses, judged by the product's own code.

The firmware's judgement (firmware/core/heat.py) at 20 Hz away from pulses, the edge's own channel
and the comparison at 4 Hz across pulses, the energy model with a status each 100 ms. No controller,
line or loop: fast enough for hundreds of sessions, clean ones and ones with a fault. Seeded.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle

from edge.domain.heat_channel import Agreement, FaceChannel
from edge.domain.train_plan import Plan
from edge.domain.warming import Warming
from edge.services.heat_watch import STEPS_S, STIMULATING_S
from firmware.core.bounds import QUIET_US
from firmware.core.heat import Heat
from firmware.wire.codes import F_NONE, SENSOR_NONE
from firmware.wire.limits import ADC_PERIOD_US, SURFACE_C10_MAX
from hw_sim.plant.coil import FIGURE8, FIGURE8_COOLED, Coil, CoilKind, spread_kind
from hw_sim.plant.sensor import Sensor, SensorFault
from hw_sim.thermometer import TOP, share_of

US_PER_S = 1_000_000
NS_PER_US = 1_000
STATUS_US = 100_000  # a status each heartbeat
LEAD_US = 10 * US_PER_S  # plugged in and at rest before the first pulse
HEAT_J_FULL = 70.1  # [C] of one pulse at full output, copper at 20 C (sources.md domain 3.3)
REFERENCE_RAW = 512


@dataclass(frozen=True)
class Trial:
    """One session on one coil; times count from its first pulse."""

    kind: CoilKind
    plan: Plan
    level: float  # of full output
    seed: int
    start_c: tuple[float, float] = (23.0, 23.0)  # winding, face
    is_cooling: bool = True
    length_s: float = 240.0
    rest_after_s: float = 0.0  # parked in air after the last pulse
    fault: SensorFault = SensorFault.NONE
    sensor: str = ""  # surface, winding or face
    offset_c: float = 0.0
    fault_at_s: float = 0.0


@dataclass(frozen=True)
class Found:
    """Who doubted what, and when from the fault on; hot: a trip came first."""

    at_s: float
    by: str  # controller or edge
    what: str


class SensorRig:
    """Plays one trial."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        rng = random.Random(trial.seed)
        self.coil = Coil(trial.kind, rng)
        self.coil.winding_c, self.coil.surface_c = trial.start_c
        self.coil.set_cooling(0, trial.is_cooling)
        self.heat = Heat()
        self.heat.is_cooled = trial.kind.is_cooled
        self._rng = rng
        self._channel = FaceChannel()
        self._agreement = Agreement()
        self._warming = Warming()
        self._steps = cycle(STEPS_S)
        self._last_us = -1
        self._is_faulty = False

    def play(self) -> Found | None:
        """Until something is doubted or too hot, or the session and the rest after it are over."""
        for at_us, kind in self._events():
            self.coil.advance(at_us * NS_PER_US)
            self._break(at_us)
            if kind == "pulse":
                self._pulse(at_us)
                continue
            if kind == "park":
                self.coil.set_on_head(at_us * NS_PER_US, False)
                continue
            found = self._read(kind, at_us)
            if found is not None:
                since_s = (at_us - LEAD_US) / US_PER_S - self.trial.fault_at_s
                return Found(round(since_s, 3), *found)
        return None

    def _events(self) -> Iterator[tuple[int, str]]:
        trial = self.trial
        pulses_end_us = LEAD_US + round(trial.length_s * US_PER_S)
        end_us = pulses_end_us + round(trial.rest_after_s * US_PER_S)
        onsets = (LEAD_US + offset_us for offset_us in trial.plan.offsets_us())
        pulses = [at_us for at_us in onsets if at_us < pulses_end_us]
        streams: list[Iterable[tuple[int, str]]] = [
            [(pulses_end_us, "park")],
            ((at_us, "pulse") for at_us in pulses),
            ((at_us, "sensors") for at_us in _quiet(range(0, end_us, ADC_PERIOD_US), pulses)),
            ((at_us, "status") for at_us in range(0, end_us, STATUS_US)),
            ((at_us, "face") for at_us in self._face_times(end_us)),
        ]
        return heapq.merge(*streams)

    def _face_times(self, end_us: int) -> Iterator[int]:
        at_us = 0
        while at_us < end_us:
            yield at_us
            at_us += round(next(self._steps) * US_PER_S)

    def _break(self, at_us: int) -> None:
        trial = self.trial
        if self._is_faulty or not trial.sensor:
            return
        if at_us >= LEAD_US + round(trial.fault_at_s * US_PER_S):
            self._is_faulty = True
            self._sensor(trial.sensor).set_fault(trial.fault, trial.offset_c)

    def _sensor(self, name: str) -> Sensor:
        return {
            "surface": self.coil.surface_sensor,
            "winding": self.coil.winding_sensor,
            "face": self.coil.face_sensor,
        }[name]

    def _pulse(self, at_us: int) -> None:
        level = self.trial.level
        self.coil.add_pulse(at_us * NS_PER_US, HEAT_J_FULL * level * level)
        self._last_us = at_us
        amplitude_pm = round(1000 * level * (1 + self._rng.gauss(0.0, 0.002)))
        self._warming.take_pulse(at_us / US_PER_S, amplitude_pm)

    def _read(self, kind: str, at_us: int) -> tuple[str, str] | None:
        if kind == "sensors":
            self.heat.take(at_us, self.coil.surface_c10(), self.coil.winding_c10(), self._last_us)
            return self._controller()
        if kind == "status":
            self._warming.take_winding(at_us / US_PER_S, _known(self.heat.winding.value_c10))
            return ("edge", "warming") if self._warming.is_doubtful else None
        return self._face(at_us / US_PER_S)

    def _controller(self) -> tuple[str, str] | None:
        heat = self.heat
        if heat.is_surface_hot() or heat.is_winding_hot():
            return "controller", "hot"
        if self._last_us >= 0 and not heat.is_known():
            return "controller", "unknown"
        doubt = heat.doubt()
        return None if doubt == F_NONE else ("controller", str(doubt))

    def _face(self, now_s: float) -> tuple[str, str] | None:
        reading_c = self.coil.face_reading_c()
        if reading_c is None:
            face = 0 if self.coil.face_sensor.fault is SensorFault.SHORT else TOP
        else:
            face = round(share_of(reading_c * 10) * TOP)
        is_stimulating = self._last_us >= 0 and now_s - self._last_us / US_PER_S < STIMULATING_S
        self._channel.take(now_s, (face, REFERENCE_RAW), is_stimulating=is_stimulating)
        value_c10, doubt = self._channel.at(now_s)
        self._agreement.take(now_s, value_c10, _known(self.heat.surface.value_c10))
        if value_c10 is not None and value_c10 >= SURFACE_C10_MAX:
            return "edge", "hot"
        if doubt not in ("", "starting"):
            return "edge", doubt
        return ("edge", "differs") if self._agreement.differs else None


def _known(value_c10: int) -> int | None:
    return None if value_c10 == SENSOR_NONE else value_c10


def _quiet(times_us: range, pulses_us: list[int]) -> Iterator[int]:
    """As the firmware: a reading that falls near a pulse waits until it is over."""
    index, before_us = 0, 0
    for due_us in times_us:
        at_us = max(due_us, before_us)
        while index < len(pulses_us) and pulses_us[index] <= at_us + QUIET_US:
            at_us = max(at_us, pulses_us[index] + QUIET_US)
            index += 1
        if at_us > before_us or not before_us:
            before_us = at_us
            yield at_us


def clean_trials(plans: Mapping[str, Plan], count: int, seed: int) -> Iterator[Trial]:
    """Sessions in which nothing is wrong: any coil of its type, warm or cold, cooled or not.

    Half of them are parked in air for a quarter of an hour afterwards, so that the rules of rest
    are judged as well.
    """
    rng = random.Random(seed)
    names = sorted(plans)
    for number in range(count):
        kind = spread_kind((FIGURE8, FIGURE8_COOLED)[number % 2], rng)
        winding_c = rng.uniform(19.0, 33.0)
        # Coolant that has just begun to flow leaves a face that was warmed before.
        over_c = rng.uniform(-2.0, 12.0) if kind.is_cooled else rng.uniform(-2.0, 3.0)
        yield Trial(
            kind,
            plans[names[number // 2 % len(names)]],
            rng.uniform(0.35, 1.0),
            rng.randrange(1 << 30),
            start_c=(winding_c, min(winding_c + over_c, 38.0)),
            is_cooling=rng.random() < 0.8,
            length_s=rng.uniform(60.0, 240.0),
            rest_after_s=900.0 if number % 4 < 2 else 0.0,
        )
