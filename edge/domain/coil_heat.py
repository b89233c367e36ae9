"""Everything known of the heat of the coil that is plugged in: constants, estimate, cooling.

Feeds each reading to the learner and to the cooling's trend, and answers forecasts from the hotter
of what the sensors say and what the delivered heat makes likely: a sensor that stands still cannot
hide much. What the forecast is used for is services/thermal_watch.py's. Readings come in order of
time. No clock. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.domain.cooling_trend import CoolingTrend
from edge.domain.thermal import (
    Block,
    CoilConstants,
    CoilModel,
    Forecast,
    Heat,
    predict,
    ready_in_s,
    with_margin,
)
from edge.domain.thermal_learn import GAP_S, CoilLearner, Reading

RENEW_S = 1.0  # constants move slowly; a model is made anew this often
# [P] Nearer readings than this are looked at, not reckoned with: the winding needs seconds.
STEP_S = 0.45
# What is added to a predicted peak: of its rise until the coil is known, and always. [C] 95 of 100
# coils whose constants are 20 % off rise less than 1.25 times as far as their type. [P] the others.
SHARE_NOMINAL, SHARE_LEARNED = 0.25, 0.03
FIXED_C = 0.3
FACE_TAU_S = 120.0  # [P] how fast the estimate follows a sensor that disagrees
WINDING_TAU_S = 10.0
# [P] sources.md domain 3.6, as in the controller: no coil is that quick, a loose contact is; with
# the rounding of two readings.
JUMP_K_S, JUMP_K = 10.0, 0.2
HIDDEN_C = 1.0  # [P] an estimate this much above the reading is still the constants' error


class CoilHeat:
    """One coil, from the moment it was identified."""

    def __init__(
        self, nominal: CoilConstants, known: CoilConstants | None = None, trains: int = 0
    ) -> None:
        self._learner = CoilLearner(nominal, known, trains)
        self._trend = CoolingTrend()
        self._seen: Heat | None = None
        self._guess: Heat | None = None
        self._guess_of: Reading | None = None
        self._last: Reading | None = None
        self._renew_at_s = 0.0
        self._renew()

    @property
    def trains(self) -> int:
        return self._learner.trains

    @property
    def is_learned(self) -> bool:
        return self._is_learned

    @property
    def has_cooling_failed(self) -> bool:
        return self._trend.has_failed

    @property
    def model(self) -> CoilModel:
        return self._model

    def constants(self) -> CoilConstants:
        """As known now."""
        return self._model.constants

    def take(self, reading: Reading, *, is_on_head: bool, own_face_c: float | None = None) -> None:
        """One reading of the controller's sensors, with the heat given until then.

        A coil in the air teaches nothing: what it loses there is not what it loses on a head.
        own_face_c is another view of the face, None without one; the hotter one counts. Readings
        that jump are a sensor's doing: they say nothing of the cooling and teach nothing.
        """
        if self._last is not None and _has_jumped(self._last, reading):
            self._learner.end_stretch()
            self._trend.end_stretch()  # the estimate goes on: a jump downwards hides no heat
        self._last = reading
        face_c = reading.face_c if own_face_c is None else max(reading.face_c, own_face_c)
        self._seen = Heat(face_c, reading.winding_c)
        last = self._guess_of
        if last is not None and 0 <= reading.at_s - last.at_s < STEP_S:
            return
        if reading.at_s >= self._renew_at_s:
            self._renew_at_s = reading.at_s + RENEW_S
            self._renew()
        constants = self._model.constants
        if constants.is_cooled:
            self._trend.take(
                reading,
                constants,
                is_learned=self._is_learned,
                is_coolant_known=self._learner.is_coolant_known,
            )
        if is_on_head and not self._trend.is_in_doubt:
            self._learner.take(reading)
        else:
            self._learner.end_stretch()
        self._follow(reading)

    def train_done(self) -> None:
        """A train was given to its end."""
        if not self._trend.is_in_doubt:
            self._learner.train_done()

    def end_stretch(self) -> None:
        """Readings were missing, or the coil was elsewhere."""
        self._learner.end_stretch()
        self._trend.end_stretch()
        self._seen = self._guess = self._guess_of = self._last = None

    def now(self) -> Heat | None:
        """The temperatures to reckon from; None without a reading."""
        seen, guess = self._seen, self._guess
        if seen is None or guess is None:
            return None
        return Heat(
            max(seen.face_c, guess.face_c - HIDDEN_C),
            max(seen.winding_c, guess.winding_c - HIDDEN_C),
        )

    def forecast(
        self, blocks: Sequence[Block], level_pct_mso: float, limit_c: float
    ) -> Forecast | None:
        """What these pulses make of the coil; None without a reading."""
        now = self.now()
        if now is None:
            return None
        return predict(self._model, now, blocks, level_pct_mso=level_pct_mso, limit_c=limit_c)

    def judged_peak_c(self, forecast: Forecast) -> float:
        """The peak with its margin."""
        face_c = forecast.points[0][1]
        return with_margin(forecast.peak_c, face_c, self._share(), FIXED_C)

    def ready_in_s(
        self, blocks: Sequence[Block], level_pct_mso: float, limit_c: float, winding_limit_c: float
    ) -> float | None:
        """How long until these pulses may begin; None: not with this coil, or not known."""
        now = self.now()
        if now is None:
            return None
        return ready_in_s(
            self._model,
            now,
            blocks,
            level_pct_mso=level_pct_mso,
            limit_c=limit_c,
            winding_limit_c=winding_limit_c,
            margin_share=self._share(),
            margin_c=FIXED_C,
        )

    def _share(self) -> float:
        return SHARE_LEARNED if self._is_learned else SHARE_NOMINAL

    def _renew(self) -> None:
        self._model = CoilModel(self._learner.constants())
        self._is_learned = self._learner.is_learned()

    def _follow(self, reading: Reading) -> None:
        last, self._guess_of = self._guess_of, reading
        seen = Heat(reading.face_c, reading.winding_c)
        if last is None or self._guess is None or not 0 < reading.at_s - last.at_s <= GAP_S:
            self._guess = seen
            return
        span_s = reading.at_s - last.at_s
        guess = self._model.heated(self._guess, span_s, reading.level_sum - last.level_sum)
        self._guess = Heat(
            guess.face_c + (seen.face_c - guess.face_c) * span_s / FACE_TAU_S,
            guess.winding_c + (seen.winding_c - guess.winding_c) * span_s / WINDING_TAU_S,
        )


def _has_jumped(last: Reading, reading: Reading) -> bool:
    """Whether a sensor went further than any coil does in that time."""
    allowed_k = JUMP_K_S * max(0.0, reading.at_s - last.at_s) + JUMP_K
    return (
        abs(reading.winding_c - last.winding_c) > allowed_k
        or abs(reading.face_c - last.face_c) > allowed_k
    )
