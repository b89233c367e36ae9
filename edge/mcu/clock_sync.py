"""Controller time estimated from loop time, with the estimate's own uncertainty.

Each heartbeat gives one sample: sent, received (loop seconds) and the controller's microseconds in
between. The best round trips of a window are fitted by a line; a sample whose round trip is far
above the best, or whose residual its own round trip cannot explain, is left out. Pure: the caller
brings the times. Owns no decision; edge/services asks uncertainty_us() before it starts a train.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_SAMPLES = 100  # 10 s of heartbeats
BEST_SAMPLES = 30
REFIT_EVERY = 5  # the line moves slowly; fitting each beat buys nothing
SLOW_FACTOR = 3.0  # a round trip this much above the best says little
FIT_SPAN_S_MIN = 2.0  # below this the slope is noise
RATE_PPM_MAX = 200.0  # [P] a crystal is within 50 ppm; more is a broken sample
RATE_PPM_UNFITTED = 100.0  # [P] assumed while the slope is not known
RATE_PPM_FITTED = 10.0  # [P] drift of a fitted crystal within seconds


@dataclass(frozen=True)
class _Sample:
    middle_s: float
    mcu_us: int
    round_trip_s: float


@dataclass(frozen=True)
class _Line:
    at_s: float
    at_us: float
    us_per_s: float
    error_us: float
    is_fitted: bool
    newest_s: float


class ClockSync:
    """One controller boot; reset() begins another."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=WINDOW_SAMPLES)
        self._line: _Line | None = None
        self._since_fit = 0

    def reset(self) -> None:
        """Forget everything: the controller has started anew."""
        self._samples.clear()
        self._line = None
        self._since_fit = 0

    def add(self, sent_s: float, received_s: float, mcu_us: int) -> None:
        """Take one heartbeat's measurement; controller time going back resets."""
        if self._samples and mcu_us < self._samples[-1].mcu_us:
            self.reset()
        round_trip_s = max(0.0, received_s - sent_s)
        self._samples.append(_Sample((sent_s + received_s) / 2, mcu_us, round_trip_s))
        self._since_fit += 1
        if (
            self._line is None
            or self._since_fit >= REFIT_EVERY
            or len(self._samples) < BEST_SAMPLES
        ):
            self._line = _fit(self._samples)
            self._since_fit = 0

    def mcu_us_at(self, loop_s: float) -> int | None:
        """Controller time at a loop time; None without a sample."""
        line = self._line
        if line is None:
            return None
        return round(line.at_us + (loop_s - line.at_s) * line.us_per_s)

    def loop_s_at(self, mcu_us: int) -> float | None:
        """Loop time at a controller time; None without a sample."""
        line = self._line
        if line is None:
            return None
        return line.at_s + (mcu_us - line.at_us) / line.us_per_s

    def uncertainty_us(self, now_s: float) -> int | None:
        """Half width of the estimate for controller time now; None without a sample."""
        line = self._line
        if line is None:
            return None
        ppm = RATE_PPM_FITTED if line.is_fitted else RATE_PPM_UNFITTED
        return round(line.error_us + abs(now_s - line.newest_s) * ppm)


def _fit(samples: deque[_Sample]) -> _Line:
    best = sorted(samples, key=lambda sample: sample.round_trip_s)[:BEST_SAMPLES]
    fastest_s = best[0].round_trip_s
    used = [s for s in best if s.round_trip_s <= fastest_s * SLOW_FACTOR + 0.001]
    line = _line_through(used)
    # Outlier rule: an honest sample lies within half its own round trip of the truth.
    kept = [s for s in used if abs(_residual_us(line, s)) <= s.round_trip_s * 0.5e6 + 50.0]
    if kept and len(kept) < len(used):
        line = _line_through(kept)
        used = kept
    worst_us = max(abs(_residual_us(line, s)) for s in used)
    return _Line(
        line.at_s,
        line.at_us,
        line.us_per_s,
        fastest_s * 0.5e6 + worst_us,
        line.is_fitted,
        samples[-1].middle_s,
    )


def _line_through(used: list[_Sample]) -> _Line:
    count = len(used)
    origin_s, origin_us = used[0].middle_s, used[0].mcu_us
    xs = [s.middle_s - origin_s for s in used]
    ys = [s.mcu_us - origin_us - x * 1e6 for s, x in zip(used, xs, strict=True)]
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    slope, is_fitted = 0.0, False
    if max(xs) - min(xs) >= FIT_SPAN_S_MIN:
        spread = sum((x - mean_x) ** 2 for x in xs)
        slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
        is_fitted = abs(slope) <= RATE_PPM_MAX
        slope = slope if is_fitted else 0.0
    at_us = origin_us + mean_x * 1e6 + mean_y
    return _Line(origin_s + mean_x, at_us, 1e6 + slope, 0.0, is_fitted, 0.0)


def _residual_us(line: _Line, sample: _Sample) -> float:
    return sample.mcu_us - (line.at_us + (sample.middle_s - line.at_s) * line.us_per_s)
