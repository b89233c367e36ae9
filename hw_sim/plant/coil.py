"""Stimulation coil: two-node thermal model, its cooling, and three sensors that can fail.

Winding and contact face follow the closed-form solution of the linear 2x2 system between events
(sources.md domain 3.5); each pulse adds its heat to the winding at once. Owns the true temperatures
and what the sensors report of them; judges neither. True nanoseconds in, degrees Celsius inside.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from firmware.wire.reports import COIL_FIGURE8, COIL_FIGURE8_COOLED
from hw_sim.plant.sensor import Sensor, Surroundings

NS_PER_S = 1_000_000_000
COPPER_PER_K = 0.00393  # [K] resistance of copper, referred to 20 C


@dataclass(frozen=True)
class CoilKind:
    """Thermal constants of one coil type, all [P] from sources.md domain 3.5."""

    name: str
    coil_type: int
    serial: str
    cooling_w_per_k: float  # to the coolant while it flows
    winding_j_per_k: float = 300.0
    surface_j_per_k: float = 700.0
    between_w_per_k: float = 3.0
    air_w_per_k: float = 1.0
    head_w_per_k: float = 0.6
    head_c: float = 34.0
    air_c: float = 23.0
    coolant_c: float = 20.0
    heat_share: float = 1.0  # of the pulse heat of a coil with the typical resistance

    @property
    def is_cooled(self) -> bool:
        return self.cooling_w_per_k > 0


FIGURE8 = CoilKind("figure8", COIL_FIGURE8, "F8-00017", 0.0)
FIGURE8_COOLED = CoilKind("figure8_cooled", COIL_FIGURE8_COOLED, "F8C-0042", 8.0)
COIL_KINDS = {kind.name: kind for kind in (FIGURE8, FIGURE8_COOLED)}
SPREAD = 0.2  # [P] how far each constant of one coil may be from those of its type
SPREAD_FIELDS = (
    "heat_share",
    "winding_j_per_k",
    "surface_j_per_k",
    "between_w_per_k",
    "air_w_per_k",
    "head_w_per_k",
    "cooling_w_per_k",
)


def spread_kind(kind: CoilKind, rng: random.Random, share: float = SPREAD) -> CoilKind:
    """One coil of this type: each constant off by a seeded factor of its own."""
    return replace(
        kind,
        **{name: getattr(kind, name) * rng.uniform(1 - share, 1 + share) for name in SPREAD_FIELDS},
    )


ROOM_OFF_C, COOLANT_OFF_C, HEAD_OFF_C = 3.0, 4.0, 1.0  # [P] from those that a type names


def in_other_room(kind: CoilKind, rng: random.Random) -> CoilKind:
    """The same coil on another day: nobody measures room, coolant and head."""
    return replace(
        kind,
        air_c=kind.air_c + rng.uniform(-ROOM_OFF_C, ROOM_OFF_C),
        coolant_c=kind.coolant_c + rng.uniform(-COOLANT_OFF_C, COOLANT_OFF_C),
        head_c=kind.head_c + rng.uniform(-HEAD_OFF_C, HEAD_OFF_C),
    )


class Coil:
    """True temperatures of one coil at a time. Calls must come in order of time."""

    def __init__(
        self,
        kind: CoilKind,
        streams_noise: random.Random,
        now_ns: int = 0,
        *,
        face_noise: random.Random | None = None,
    ) -> None:
        self.kind = kind
        self.now_ns = now_ns
        self.winding_c = self.surface_c = kind.air_c
        self.is_cooling = kind.is_cooled
        self.is_on_head = True
        self.winding_sensor = Sensor(streams_noise)
        self.surface_sensor = Sensor(streams_noise)
        self.face_sensor = Sensor(streams_noise if face_noise is None else face_noise)
        self.last_pulse_ns: int | None = None
        self._solve()

    def set_kind(self, now_ns: int, kind: CoilKind) -> None:
        """Another coil of the same temperatures, such as one of spread_kind."""
        self.advance(now_ns)
        self.kind = kind
        self._solve()

    def set_cooling(self, now_ns: int, on: bool) -> None:
        """Pump or fan; nothing happens on a passive coil."""
        self.advance(now_ns)
        self.is_cooling = on and self.kind.is_cooled
        self._solve()

    def set_on_head(self, now_ns: int, on: bool) -> None:
        """In contact with the patient, or parked in air."""
        self.advance(now_ns)
        self.is_on_head = on
        self._solve()

    def add_pulse(self, now_ns: int, heat_j: float) -> None:
        """Heat of one pulse, given for copper at 20 C."""
        self.advance(now_ns)
        self.last_pulse_ns = now_ns
        warm = 1 + COPPER_PER_K * (self.winding_c - 20)
        self.winding_c += heat_j * self.kind.heat_share * warm / self.kind.winding_j_per_k

    def advance(self, now_ns: int) -> None:
        """Let the heat flow up to this time."""
        if now_ns <= self.now_ns:
            return
        t_s = (now_ns - self.now_ns) / NS_PER_S
        self.now_ns = now_ns
        self.winding_c, self.surface_c = self._after(t_s)

    def surface_c10(self) -> int:
        """What the controller's sensor at the contact face reads at the time advanced to."""
        return self.surface_sensor.reading_c10(self.surface_c, self._around())

    def winding_c10(self) -> int:
        """What the controller's sensor in the winding reads."""
        return self.winding_sensor.reading_c10(self.winding_c, self._around())

    def face_reading_c(self) -> float | None:
        """What the edge's own sensor at the contact face shows."""
        return self.face_sensor.reading_c(self.surface_c, self._around())

    def _around(self) -> Surroundings:
        return Surroundings(self.now_ns, self.kind.air_c, self.last_pulse_ns)

    def surface_peak_c(self) -> float:
        """Highest surface temperature still to come without another pulse, within an hour."""
        # The surface has one maximum at most; golden-section search to a millisecond.
        low_s, high_s, ratio = 0.0, 3600.0, (math.sqrt(5) - 1) / 2
        while high_s - low_s > 1e-3:
            span_s = (high_s - low_s) * ratio
            if self._after(high_s - span_s)[1] > self._after(low_s + span_s)[1]:
                high_s = low_s + span_s
            else:
                low_s = high_s - span_s
        return max(self.surface_c, self._after(low_s)[1])

    def _solve(self) -> None:
        """Steady state and decay rates for the couplings as they are now."""
        kind = self.kind
        cool = kind.cooling_w_per_k if self.is_cooling else 0.0
        head = kind.head_w_per_k if self.is_on_head else 0.0
        between = kind.between_w_per_k
        self._a11 = -(between + cool) / kind.winding_j_per_k
        self._a12 = between / kind.winding_j_per_k
        self._a21 = between / kind.surface_j_per_k
        self._a22 = -(between + kind.air_w_per_k + head) / kind.surface_j_per_k
        b1 = cool * kind.coolant_c / kind.winding_j_per_k
        b2 = (kind.air_w_per_k * kind.air_c + head * kind.head_c) / kind.surface_j_per_k
        det = self._a11 * self._a22 - self._a12 * self._a21
        self._rest_winding_c = (self._a12 * b2 - self._a22 * b1) / det
        self._rest_surface_c = (self._a21 * b1 - self._a11 * b2) / det
        mean = (self._a11 + self._a22) / 2
        # Real and distinct: the coupling between the nodes makes the square root positive.
        half = math.sqrt(mean * mean - det)
        self._fast, self._slow = mean - half, mean + half

    def _after(self, t_s: float) -> tuple[float, float]:
        """Winding and surface t_s from now, by the exponential of the 2x2 matrix."""
        fast, slow = self._fast, self._slow
        e_fast, e_slow = math.exp(fast * t_s), math.exp(slow * t_s)
        # exp(At) = unit * I + slope * A
        slope = (e_slow - e_fast) / (slow - fast)
        unit = e_slow - slow * slope
        winding = self.winding_c - self._rest_winding_c
        surface = self.surface_c - self._rest_surface_c
        return (
            self._rest_winding_c
            + (unit + slope * self._a11) * winding
            + slope * self._a12 * surface,
            self._rest_surface_c
            + slope * self._a21 * winding
            + (unit + slope * self._a22) * surface,
        )
