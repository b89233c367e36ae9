"""The figures of sources.md domain 3.6, and how far plant and predictor are from them.

All [C]: two nodes, 34.3 J a pulse at 70 % of output, everything at 23 C before the first pulse. The
plant takes every pulse by itself, the predictor its trains as mean power. No noise, no learning.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edge.domain.thermal import (
    NOMINAL,
    STEP_S_MAX,
    Block,
    CoilModel,
    Heat,
    blocks_of,
    level_square,
    predict,
)
from edge.domain.train_plan import Plan, plan_of
from hw_sim.plant.coil import COIL_KINDS, Coil

NS_PER_US = 1_000
NS_PER_S = 1_000_000_000
END_NS = NS_PER_S  # all sixteen temperatures of the table are those one second after the last pulse
LEVEL_PCT = 70.0
PULSE_J = 34.3
START_C = 23.0
LIMIT_C = 41.0

TEN_HZ = plan_of((40, 100_000), (75, 30_000_000), train_levels=1)
ITBS_600 = plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)
ITBS_1800 = plan_of((3, 20_000), (10, 200_000), (60, 10_000_000), train_levels=2)
ONE_HZ = plan_of((1200, 1_000_000), train_levels=1)


@dataclass(frozen=True)
class Figure:
    """One row of the table; temperatures after the last pulse, peak_c where the text names it."""

    session: str
    plan: Plan
    coil: str
    winding_c: float
    face_c: float
    limit_at_s: float | None = None
    peak_c: float | None = None


FIGURES: tuple[Figure, ...] = (
    Figure("10 Hz, 37.5 min", TEN_HZ, "figure8", 81.0, 60.3, 516),
    Figure("iTBS 600", ITBS_600, "figure8", 64.5, 36.9, None, 40.7),
    Figure("iTBS 1800", ITBS_1800, "figure8", 107.4, 68.5, 238),
    Figure("1 Hz 1200", ONE_HZ, "figure8", 58.2, 46.2, 755),
    Figure("10 Hz, 37.5 min", TEN_HZ, "figure8_cooled", 28.1, 26.4),
    Figure("iTBS 600", ITBS_600, "figure8_cooled", 32.8, 27.6),
    Figure("iTBS 1800", ITBS_1800, "figure8_cooled", 33.8, 30.4),
    Figure("1 Hz 1200", ONE_HZ, "figure8_cooled", 24.6, 25.5),
)


@dataclass(frozen=True)
class FigureErrors:
    """Largest difference of a temperature, and of the time to the limit where there is one."""

    session: str
    coil: str
    plant_c: float
    predictor_c: float
    plant_s: float | None
    predictor_s: float | None


@dataclass(frozen=True)
class _Seen:
    winding_c: float
    face_c: float
    peak_c: float
    limit_at_s: float | None


def figure_errors(figure: Figure) -> FigureErrors:
    """Both models against one row."""
    plant, predictor = _plant(figure), _predictor(figure)
    return FigureErrors(
        session=figure.session,
        coil=figure.coil,
        plant_c=round(_worst_c(figure, plant), 3),
        predictor_c=round(_worst_c(figure, predictor), 3),
        plant_s=_late_s(figure, plant),
        predictor_s=_late_s(figure, predictor),
    )


def forecast_s(figure: Figure) -> float:
    """Seconds of this machine that one forecast of the session takes."""
    model, start, blocks = _predictor_parts(figure)
    began_s = time.perf_counter()
    predict(model, start, blocks, level_pct_mso=LEVEL_PCT, limit_c=LIMIT_C)
    return time.perf_counter() - began_s


def _worst_c(figure: Figure, seen: _Seen) -> float:
    peak_c = seen.peak_c if figure.peak_c is None else figure.peak_c
    return max(
        abs(seen.winding_c - figure.winding_c),
        abs(seen.face_c - figure.face_c),
        abs(seen.peak_c - peak_c),
    )


def _late_s(figure: Figure, seen: _Seen) -> float | None:
    if figure.limit_at_s is None or seen.limit_at_s is None:
        return None
    return round(seen.limit_at_s - figure.limit_at_s, 1)


def _plant(figure: Figure) -> _Seen:
    coil = Coil(COIL_KINDS[figure.coil], random.Random(0))
    coil.winding_c = coil.surface_c = START_C
    limit_at_s = None
    onsets_ns = [onset_us * NS_PER_US for onset_us in figure.plan.offsets_us()]
    for onset_ns, next_ns in pairwise([*onsets_ns, onsets_ns[-1] + END_NS]):
        coil.add_pulse(onset_ns, PULSE_J)
        for at_ns in range(onset_ns, next_ns, NS_PER_S):
            coil.advance(at_ns)
            if limit_at_s is None and coil.surface_c >= LIMIT_C:
                limit_at_s = at_ns / NS_PER_S
    coil.advance(onsets_ns[-1] + END_NS)
    return _Seen(coil.winding_c, coil.surface_c, coil.surface_peak_c(), limit_at_s)


def _predictor(figure: Figure) -> _Seen:
    model, start, blocks = _predictor_parts(figure)
    ahead = predict(model, start, blocks, level_pct_mso=LEVEL_PCT, limit_c=LIMIT_C)
    end = model.after(_after(model, start, blocks), END_NS / NS_PER_S)
    return _Seen(end.winding_c, end.face_c, ahead.peak_c, ahead.limit_at_s)


def _predictor_parts(figure: Figure) -> tuple[CoilModel, Heat, tuple[Block, ...]]:
    model = CoilModel(NOMINAL[figure.coil])
    return model, Heat(START_C, START_C), blocks_of(figure.plan, 0, 0.0)


def _after(model: CoilModel, heat: Heat, blocks: Sequence[Block]) -> Heat:
    """Temperatures at the last pulse, in the steps that predict() takes."""
    at_s = 0.0
    for block in blocks:
        heat = model.after(heat, block.start_s - at_s)
        steps = math.ceil(block.length_s / STEP_S_MAX)
        for _ in range(steps):
            level_sum = block.pulses * level_square(LEVEL_PCT) / steps
            heat = model.heated(heat, block.length_s / steps, level_sum)
        at_s = block.start_s + block.length_s
    return heat
