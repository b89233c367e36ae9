"""What is foreseen of the coil's heat, as a screen shows it: waiting time, peak, and the curve.

Part of the messages of edge/api/schema.py, with the one function that fills it. The curve is drawn
without margins; whether a session may start is judged with them (edge/domain/coil_heat.py). Pure.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from edge.domain.device_facts import HeatAhead
from edge.services.chair_state import HeatForecast

CURVE_POINTS = 30  # as fine as the chart shows; the whole picture goes out ten times a second

Start = Literal["none", "ok", "wait", "never", "unknown"]
STARTS: dict[str, Start] = {
    "none": "none",
    "ok": "ok",
    "wait": "wait",
    "never": "never",
    "unknown": "unknown",
}


class CurvePoint(Struct, frozen=True, array_like=True):
    """Seconds from now, contact face."""

    in_s: float
    surface_c: float


class HeatView(Struct, frozen=True):
    start: Start  # whether what is left may begin now, as far as heat goes
    ready_in_min: int | None  # with wait
    peak_c: float | None
    peak_in_s: int
    is_learned: bool  # foreseen from this coil's own record
    is_off_head_due: bool  # the face will pass its limit although nothing more is given
    has_cooling_failed: bool
    curve: list[CurvePoint]


def view_heat(ahead: HeatAhead, forecast: HeatForecast | None, now_s: float) -> HeatView:
    """The forecast, with its age taken off."""
    ready_in_s = ahead.ready_in_s
    age_s = 0.0 if forecast is None else now_s - forecast.made_at
    return HeatView(
        start=STARTS[ahead.start],
        ready_in_min=None if ready_in_s is None else math.ceil(ready_in_s / 60),
        peak_c=None if forecast is None else round(forecast.peak_c, 1),
        peak_in_s=0 if forecast is None else max(0, round(forecast.peak_in_s - age_s)),
        is_learned=forecast is not None and forecast.is_learned,
        is_off_head_due=ahead.is_off_head_due,
        has_cooling_failed=ahead.has_cooling_failed,
        curve=[] if forecast is None else list(_curve(forecast.points, math.floor(age_s))),
    )


@lru_cache(maxsize=4)  # the same for a second, for all screens
def _curve(points: tuple[tuple[float, float], ...], age_s: int) -> tuple[CurvePoint, ...]:
    stride = math.ceil(len(points) / CURVE_POINTS)
    kept = [*points[:-1:stride], points[-1]]
    return tuple(
        CurvePoint(round(at_s - age_s, 1), round(face_c, 2))
        for at_s, face_c in kept
        if at_s >= age_s
    )
