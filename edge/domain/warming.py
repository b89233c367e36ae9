"""Does the winding warm as the energy of the pulses says?

A fixed resistor in place of the sensor, or a sensor that fell off, reads plausibly for ever. What
gives it away is the rise within a train against the trend before it: cooling, room and the coil's
history are in the trend. Owns no reaction (services/heat_watch.py). Loop seconds. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge.domain.thermal import FIGURE8

PAUSE_S = 2.0  # [P] pulses nearer than this are one run; 1 Hz is one, the trains of iTBS are not
TREND_S = 6.0  # [P] of the readings before a run
TREND_S_MIN = 2.0  # [P] less tells no trend, and the run is not judged
SETTLE_S = 0.5  # [P] median of the controller and the way of its report
RUN_S_MAX = 40.0  # [C] later the cooling takes as much as the pulses bring
STEP_K = 1.5  # [P] energy of this rise, without any loss, is judged at a time
# [C] A cooled winding has kept 0.52 of it after 40 s; with each constant of the coil off by 20 %
# still 0.35. [P] 0.25.
SHARE_MIN = 0.25
FAILURES_MAX = 2  # [P] one may be a moment without reports
READINGS_MAX = 600


@dataclass
class _Run:
    began_at: float
    from_c: float
    trend_c_s: float
    energy_k: float = 0.0
    step: int = 1
    due_at: float | None = None


class Warming:
    """The winding of one coil."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, float]] = deque(maxlen=READINGS_MAX)
        self._pulse_at: float | None = None
        self._run: _Run | None = None
        self._failures = 0

    def restart(self) -> None:
        """Another coil, or nobody knows."""
        self._readings.clear()
        self._run = None
        self._failures = 0

    @property
    def is_doubtful(self) -> bool:
        """Energy went in and the winding's sensor shows nothing of it."""
        return self._failures >= FAILURES_MAX

    def take_pulse(self, now_s: float, amplitude_pm: int) -> None:
        """A pulse was sensed, this strong."""
        if self._pulse_at is None or now_s - self._pulse_at > PAUSE_S:
            self._run = self._begin(now_s)
        self._pulse_at = now_s
        run = self._run
        if run is not None:
            run.energy_k += FIGURE8.pulse_k * (amplitude_pm / 1000) ** 2
            if run.due_at is None and run.energy_k >= run.step * STEP_K:
                run.due_at = now_s + SETTLE_S

    def take_winding(self, now_s: float, winding_c10: int | None) -> None:
        """A reading of the controller; None when there is none."""
        if winding_c10 is None:
            self.restart()
            return
        run = self._run
        if run is not None and now_s - run.began_at > RUN_S_MAX:
            self._run = run = None
        if run is not None and run.due_at is not None and now_s >= run.due_at:
            self._judge(run, now_s, winding_c10 / 10)
        if self._pulse_at is None or now_s - self._pulse_at > SETTLE_S:
            self._readings.append((now_s, winding_c10 / 10))
        else:
            self._readings.clear()

    def _judge(self, run: _Run, now_s: float, winding_c: float) -> None:
        risen_k = winding_c - run.from_c - run.trend_c_s * (now_s - run.began_at)
        if risen_k >= SHARE_MIN * run.step * STEP_K:
            self._failures = 0
            self._run = None  # one good answer a run is enough
            return
        self._failures = min(self._failures + 1, FAILURES_MAX)
        run.step += 1
        run.due_at = None

    def _begin(self, now_s: float) -> _Run | None:
        """A run with its trend; None when too little is known of the time before."""
        recent = [each for each in self._readings if now_s - each[0] <= TREND_S]
        if not recent or recent[-1][0] - recent[0][0] < TREND_S_MIN:
            return None
        middle = len(recent) // 2
        (early_s, early_c), (late_s, late_c) = _mean(recent[:middle]), _mean(recent[middle:])
        # A winding that was warming by itself only makes the judgement milder.
        trend_c_s = min(0.0, (late_c - early_c) / (late_s - early_s))
        return _Run(now_s, late_c + trend_c_s * (now_s - late_s), trend_c_s)


def _mean(readings: list[tuple[float, float]]) -> tuple[float, float]:
    count = len(readings)
    return sum(s for s, _ in readings) / count, sum(c for _, c in readings) / count
