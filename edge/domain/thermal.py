"""Heat of a coil, looked ahead: winding and contact face as two nodes, in closed form.

Answers how warm the face will become with what is left of a session, after its last pulse too, when
it would pass its limit, and how long to wait before a start stays below it. Constants are ratios,
because only ratios can be learned from temperatures. Within a train the pulses count as mean power.
Owns no reading and no verdict on a session (services/thermal_watch.py). Seconds and degrees. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from edge.domain.session import next_train
from edge.domain.train_plan import Plan

COPPER_PER_K = 0.00393  # [K] resistance of copper, referred to 20 °C
COPPER_C = 20.0
STEP_S_MAX = 15.0  # [P] the face of a stimulated coil moves less than half a degree in this time
MERGE_S = 3.0  # [P] trains nearer than this are one block: the face cannot follow such a pause
TAIL_S = 120.0  # [P] of the curve after the highest temperature, so that a person sees the turn
TAIL_S_MAX = 1200.0  # [C] domain 3.6: the face of a passive coil peaks within two minutes
POINTS_MAX = 120
WAIT_S_MAX = 3600.0  # [C] domain 3.5: a passive coil at its limit is cool in half an hour
WAIT_STEP_S = 30.0  # nobody reads a finer waiting time
_EDGE_S = 1e-9


@dataclass(frozen=True)
class CoilConstants:
    """What makes a coil warm and cool; rates are per second."""

    pulse_k: float  # rise of the winding by one pulse at full output, copper at 20 °C
    winding_to_face: float  # coupling over the winding's heat capacity
    face_from_winding: float  # the same coupling over the face's
    winding_to_coolant: float  # 0 for a passive coil
    face_to_room: float  # to air and head, over the face's heat capacity
    face_rest_c: float  # what the face would come to without a winding
    coolant_c: float
    parked_share: float  # of face_to_room that is left when the coil hangs in the air
    parked_rest_c: float

    @property
    def is_cooled(self) -> bool:
        return self.winding_to_coolant > 0

    def parked(self) -> CoilConstants:
        """The same coil away from the head."""
        rate = self.face_to_room * self.parked_share
        return replace(self, face_to_room=rate, face_rest_c=self.parked_rest_c)


# [P] domain 3.5: 300 and 700 J/K, 3 W/K between them, 1 W/K to air of 23 °C, 0.6 W/K to a head of
# 34 °C; 70.1 J [C] of a pulse at full output stay in the coil (domain 3.3).
FIGURE8 = CoilConstants(
    pulse_k=70.1 / 300,
    winding_to_face=3.0 / 300,
    face_from_winding=3.0 / 700,
    winding_to_coolant=0.0,
    face_to_room=1.6 / 700,
    face_rest_c=(1.0 * 23 + 0.6 * 34) / 1.6,
    coolant_c=20.0,
    parked_share=1.0 / 1.6,
    parked_rest_c=23.0,
)
# A coil without a row has no forecast, and without one nothing starts.
NOMINAL: Mapping[str, CoilConstants] = {
    "figure8": FIGURE8,
    "figure8_cooled": replace(FIGURE8, winding_to_coolant=8.0 / 300),  # [P] 8 W/K to the coolant
}


@dataclass(frozen=True)
class Heat:
    """Temperatures of one moment."""

    face_c: float
    winding_c: float


@dataclass(frozen=True)
class Block:
    """Pulses given evenly over a time; a length of 0 is a single pulse."""

    start_s: float
    length_s: float
    pulses: int


@dataclass(frozen=True)
class Forecast:
    """The highest temperatures to come, and when; points are (seconds from now, face)."""

    peak_c: float
    peak_at_s: float
    limit_at_s: float | None
    winding_peak_c: float
    points: tuple[tuple[float, float], ...]


class CoilModel:
    """The solution of the two nodes for one set of constants."""

    def __init__(self, constants: CoilConstants) -> None:
        self.constants = constants
        self._out_w = constants.winding_to_face + constants.winding_to_coolant
        self._out_f = constants.face_from_winding + constants.face_to_room
        self._det = (
            self._out_w * self._out_f - constants.winding_to_face * constants.face_from_winding
        )
        self._mean = -(self._out_w + self._out_f) / 2
        # Real: the coupling has the same sign both ways, so the root's argument is positive.
        self._half = math.sqrt(self._mean**2 - self._det)
        self._waves = lru_cache(maxsize=64)(self._wave)

    def after(self, heat: Heat, t_s: float, *, watts_k: float = 0.0) -> Heat:
        """Temperatures t_s later, with the winding heated by watts_k kelvin a second."""
        rest_f, rest_w = self._rest(watts_k)
        even, odd = self._waves(t_s)
        face, winding = heat.face_c - rest_f, heat.winding_c - rest_w
        constants = self.constants
        return Heat(
            rest_f
            + (even - odd * (self._out_f + self._mean)) * face
            + odd * constants.face_from_winding * winding,
            rest_w
            + (even - odd * (self._out_w + self._mean)) * winding
            + odd * constants.winding_to_face * face,
        )

    def heated(self, heat: Heat, t_s: float, level_sum: float) -> Heat:
        """The same with pulses; level_sum is the sum of (level / full)², given evenly."""
        rise_k = self.constants.pulse_k * level_sum
        if t_s <= _EDGE_S:
            warm = rise_k * copper(heat.winding_c)
            return Heat(heat.face_c, heat.winding_c + warm)
        # Copper at its temperature in the middle of the step, which a first step tells.
        first = self.after(heat, t_s, watts_k=rise_k * copper(heat.winding_c) / t_s)
        middle_c = (heat.winding_c + first.winding_c) / 2
        return self.after(heat, t_s, watts_k=rise_k * copper(middle_c) / t_s)

    def face_peak(self, heat: Heat) -> tuple[float, float]:
        """(seconds from now, highest face temperature) when no pulse follows."""
        rest_f, rest_w = self._rest(0.0)
        face, winding = heat.face_c - rest_f, heat.winding_c - rest_w
        slope = self.constants.face_from_winding * winding - self._out_f * face
        if slope <= 0:
            return 0.0, heat.face_c
        # face = fast * exp(f t) + slow * exp(s t); one turning point at most.
        f, s = self._mean - self._half, self._mean + self._half
        fast = (slope - s * face) / (f - s)
        slow = face - fast
        if slow <= 0:  # it only rises, towards its rest
            return TAIL_S_MAX, self.after(heat, TAIL_S_MAX).face_c
        t_s = math.log(-(f * fast) / (s * slow)) / (s - f)
        return t_s, self.after(heat, t_s).face_c

    def _rest(self, watts_k: float) -> tuple[float, float]:
        constants = self.constants
        in_w = constants.winding_to_coolant * constants.coolant_c + watts_k
        in_f = constants.face_to_room * constants.face_rest_c
        return (
            (self._out_w * in_f + constants.face_from_winding * in_w) / self._det,
            (self._out_f * in_w + constants.winding_to_face * in_f) / self._det,
        )

    def _wave(self, t_s: float) -> tuple[float, float]:
        slow = math.exp((self._mean + self._half) * t_s)
        fast = math.exp((self._mean - self._half) * t_s)
        return (slow + fast) / 2, (slow - fast) / (2 * self._half)


def copper(winding_c: float) -> float:
    """Heat of a pulse at this temperature, as a multiple of that at 20 °C."""
    return 1 + COPPER_PER_K * (winding_c - COPPER_C)


def level_square(level_pct_mso: float) -> float:
    """Heat of a pulse at this level, as a share of that at full output."""
    return (level_pct_mso / 100) ** 2


def blocks_of(plan: Plan, delivered: int, starts_in_s: float) -> tuple[Block, ...]:
    """What is left of a plan, its next pulse starts_in_s from now."""
    first = next_train(plan, delivered)
    if first is None:
        return ()
    offsets = plan.train_offsets_us
    onset_us = plan.train_onsets_us[first.train_index]
    zero_us = onset_us + offsets[first.first_pulse]
    found: list[Block] = []
    for index in range(first.train_index, plan.trains):
        skipped = first.first_pulse if index == first.train_index else 0
        start_us = plan.train_onsets_us[index] + offsets[skipped] - zero_us
        length_us = offsets[-1] - offsets[skipped]
        _add(found, starts_in_s + start_us / 1e6, length_us / 1e6, len(offsets) - skipped)
    return tuple(found)


def first_seconds(blocks: Sequence[Block], span_s: float) -> tuple[Block, ...]:
    """The pulses of the first block, no longer than span_s of it."""
    if not blocks:
        return ()
    head = blocks[0]
    if head.length_s <= span_s:
        return (head,)
    return (Block(head.start_s, span_s, math.ceil(head.pulses * span_s / head.length_s)),)


def predict(
    model: CoilModel,
    now: Heat,
    blocks: Sequence[Block],
    *,
    level_pct_mso: float,
    limit_c: float,
) -> Forecast:
    """What these pulses make of the coil, from now until its face has turned."""
    path = _Path(model, now, limit_c)
    square = level_square(level_pct_mso)
    for block in blocks:
        path.go_to(block.start_s)
        path.heat(block.length_s, block.pulses * square)
    left_s, _ = model.face_peak(path.heat_now)
    path.go_to(path.at_s + min(left_s, TAIL_S_MAX))
    path.go_to(path.at_s + TAIL_S)
    return path.forecast()


def ready_in_s(
    model: CoilModel,
    now: Heat,
    blocks: Sequence[Block],
    *,
    level_pct_mso: float,
    limit_c: float,
    winding_limit_c: float,
    margin_share: float,
    margin_c: float,
) -> float | None:
    """How long to let the coil hang in the air before a start; None when waiting does not help.

    The margin is added to the predicted peak: a share of the rise and a fixed part.
    """
    parked = CoilModel(model.constants.parked())

    def is_fit(wait_s: float) -> bool:
        cooled = parked.after(now, wait_s)
        ahead = predict(model, cooled, blocks, level_pct_mso=level_pct_mso, limit_c=limit_c)
        peak_c = with_margin(ahead.peak_c, cooled.face_c, margin_share, margin_c)
        return peak_c <= limit_c and ahead.winding_peak_c < winding_limit_c

    if is_fit(0.0):
        return 0.0
    if not is_fit(WAIT_S_MAX):
        return None
    low, high = 0, round(WAIT_S_MAX / WAIT_STEP_S)  # unfit, fit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_fit(middle * WAIT_STEP_S) else (middle, high)
    return high * WAIT_STEP_S


def with_margin(peak_c: float, face_c: float, share: float, fixed_c: float) -> float:
    """The peak to judge by: a forecast is as unsure as its rise is long."""
    return peak_c + fixed_c + share * max(0.0, peak_c - face_c)


def _add(found: list[Block], start_s: float, length_s: float, pulses: int) -> None:
    """Append, or grow the last block when the pause before this one is short."""
    if found:
        last = found[-1]
        if start_s - (last.start_s + last.length_s) < MERGE_S:
            whole_s = start_s + length_s - last.start_s
            found[-1] = Block(last.start_s, whole_s, last.pulses + pulses)
            return
    found.append(Block(start_s, length_s, pulses))


class _Path:
    """The way of the temperatures, with the extremes met on it."""

    def __init__(self, model: CoilModel, now: Heat, limit_c: float) -> None:
        self._model = model
        self._limit_c = limit_c
        self.heat_now = now
        self.at_s = 0.0
        self._peak = (0.0, now.face_c)
        self._winding_peak_c = now.winding_c
        self._limit_at_s = 0.0 if now.face_c >= limit_c else None
        self._points = [(0.0, now.face_c)]

    def go_to(self, at_s: float) -> None:
        """Without a pulse until then."""
        self.heat(at_s - self.at_s, 0.0)

    def heat(self, length_s: float, level_sum: float) -> None:
        """With pulses of this sum of squares, spread over length_s."""
        if length_s <= _EDGE_S:
            self.heat_now = self._model.heated(self.heat_now, 0.0, level_sum)
            self._winding_peak_c = max(self._winding_peak_c, self.heat_now.winding_c)
            return
        steps = math.ceil(length_s / STEP_S_MAX)
        for _ in range(steps):
            self._take(
                self._model.heated(self.heat_now, length_s / steps, level_sum / steps),
                self.at_s + length_s / steps,
            )

    def _take(self, heat: Heat, at_s: float) -> None:
        if self._limit_at_s is None and heat.face_c >= self._limit_c:
            share = (self._limit_c - self.heat_now.face_c) / (heat.face_c - self.heat_now.face_c)
            self._limit_at_s = self.at_s + share * (at_s - self.at_s)
        if heat.face_c > self._peak[1]:
            self._peak = (at_s, heat.face_c)
        self._winding_peak_c = max(self._winding_peak_c, heat.winding_c)
        self.heat_now, self.at_s = heat, at_s
        self._points.append((at_s, heat.face_c))

    def forecast(self) -> Forecast:
        peak_at_s, peak_c = self._peak
        points = tuple(_thinned(self._points))
        return Forecast(peak_c, peak_at_s, self._limit_at_s, self._winding_peak_c, points)


def _thinned(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """At most POINTS_MAX of them, evenly, the last one always."""
    stride = math.ceil(len(points) / (POINTS_MAX - 1))
    yield from points[:-1:stride]
    yield points[-1]
