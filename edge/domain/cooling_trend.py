"""Whether the coolant carries the heat away that it should, seen from the winding alone.

A tacho tells that a pump turns, not that coolant flows. Between quiet moments the winding's change
is compared with what its constants say; what is too warm is summed up, less a share of the expected
cooling (a one-sided cumulative sum: colder is never a failure). Nobody measures the coolant, so it
counts as warm as the winding at rest allows, and without heat of pulses nothing is proved. A dead
pump fills the sum within a minute of treatment, a coil that is a little off never does. Takes
readings in order of time. No clock. Pure.
"""

from __future__ import annotations

from edge.domain.thermal import CoilConstants, copper
from edge.domain.thermal_learn import GAP_S, QUIET_S, Reading

# [P] shares of the expected cooling that may be missing without a word
SLACK_LEARNED = 0.5
SLACK_NOMINAL = 0.6
HEAT_DOUBT = 0.3  # [P] of the pulses' heat, while it is only known from the coil's type
# [P] Ten times what rounding and the delay of a reading can make; double that for constants that
# may be half off.
FAILED_K_LEARNED = 1.5
FAILED_K_NOMINAL = 3.0
EXCESS_K_MAX = 4.0  # [P] a bound, so that cooling which is back is believed within minutes
# [P] Of rest after which a failure is tried again: a cold winding cannot prove its cooling.
FORGET_S = 600.0
DOUBT_K = 0.5  # [P] from here on nothing is learned: a failing pump is not a new constant
STEP_S_MAX = 5.0  # [P] in a long train the readings are compared this often all the same
WARM_K_MIN = 0.5  # [P] a winding at the coolant's temperature says nothing
COOLANT_OVER_K = 10.0  # [P] above its type's; a coolant warmer than that cools no coil
COOLANT_OVER_KNOWN_K = 1.0  # [P] above today's, as it was learned
COOLANT_DRIFT_K_S = 0.5 / 60  # [P] a session's heat in five litres of it, with a weak radiator


class CoolingTrend:
    """The sum for one coil."""

    def __init__(self) -> None:
        self.excess_k = 0.0
        self.has_failed = False  # until the winding cools as it should again
        self._is_learned = False
        self._from: Reading | None = None
        self._last: Reading | None = None
        self._over_k = COOLANT_OVER_K
        self._heat_k = 0.0  # of the pulses of the last minutes: no excess is larger
        self._coolant_c_max: float | None = None  # as far as the readings allow
        self._pulse_at_s = 0.0
        self._expected_k = 0.0
        self._cooled_k = 0.0
        self._pulsed_k = 0.0

    @property
    def is_in_doubt(self) -> bool:
        return self._is_learned and self.excess_k > DOUBT_K

    def take(
        self,
        reading: Reading,
        constants: CoilConstants,
        *,
        is_learned: bool,
        is_coolant_known: bool = False,
    ) -> None:
        """One reading of both sensors, judged by the constants of before."""
        self._over_k = COOLANT_OVER_KNOWN_K if is_coolant_known else COOLANT_OVER_K
        if is_learned and not self._is_learned and not self.has_failed:
            self.excess_k = 0.0  # summed up by the nominal coil's constants, it says little
        self._is_learned = is_learned
        last, self._last = self._last, reading
        if last is None or self._from is None or not 0 < reading.at_s - last.at_s <= GAP_S:
            self._begin(reading)
            return
        self._bound_coolant(reading, constants, reading.at_s - last.at_s)
        self._integrate(last, reading, constants)
        if reading.level_sum > last.level_sum:
            self._pulse_at_s = reading.at_s
        is_quiet = reading.at_s - self._pulse_at_s >= QUIET_S
        if is_quiet or reading.at_s - self._from.at_s >= STEP_S_MAX:
            self._compare(reading, self._from)

    def end_stretch(self) -> None:
        """What comes next does not follow on the last reading."""
        self._from = self._last = None

    def _bound_coolant(self, reading: Reading, constants: CoilConstants, span_s: float) -> None:
        """A winding is never colder than what face and coolant make of it at rest."""
        pull = constants.winding_to_face / constants.winding_to_coolant
        rest_c = reading.winding_c - pull * max(0.0, reading.face_c - reading.winding_c)
        if self._coolant_c_max is None or self._heat_k == 0:
            self._coolant_c_max = rest_c
            return
        drifted_c = self._coolant_c_max + COOLANT_DRIFT_K_S * span_s
        self._coolant_c_max = min(rest_c, drifted_c)

    def _coolant_c(self, constants: CoilConstants) -> float:
        """The warmest that it can be."""
        assert self._coolant_c_max is not None, "bounded before"
        warmest_c = min(self._coolant_c_max, constants.coolant_c + self._over_k)
        return max(constants.coolant_c, warmest_c)

    def _begin(self, reading: Reading) -> None:
        self._from = reading
        self._pulse_at_s = reading.at_s
        self._expected_k = self._cooled_k = self._pulsed_k = 0.0

    def _integrate(self, last: Reading, reading: Reading, constants: CoilConstants) -> None:
        span_s = reading.at_s - last.at_s
        winding_c = (reading.winding_c + last.winding_c) / 2
        face_c = (reading.face_c + last.face_c) / 2
        pulses = (reading.level_sum - last.level_sum) * copper(winding_c)
        warm_k = winding_c - self._coolant_c(constants)
        cooled_k = constants.winding_to_coolant * max(0.0, warm_k - WARM_K_MIN) * span_s
        self._cooled_k += cooled_k
        pulsed_k = constants.pulse_k * pulses
        self._pulsed_k += pulsed_k
        self._expected_k += (
            pulsed_k
            - constants.winding_to_face * (winding_c - face_c) * span_s
            - constants.winding_to_coolant * warm_k * span_s
        )

    def _compare(self, reading: Reading, since: Reading) -> None:
        too_warm_k = reading.winding_c - since.winding_c - self._expected_k
        slack_k = SLACK_LEARNED * self._cooled_k
        if not self._is_learned:
            slack_k = SLACK_NOMINAL * self._cooled_k + HEAT_DOUBT * self._pulsed_k
        forgotten_k = EXCESS_K_MAX * (reading.at_s - since.at_s) / FORGET_S
        heat_k = self._heat_k + self._pulsed_k - forgotten_k
        self._heat_k = min(max(0.0, heat_k), EXCESS_K_MAX)
        excess_k = self.excess_k + too_warm_k - slack_k - forgotten_k
        self.excess_k = min(max(0.0, excess_k), self._heat_k)
        limit_k = FAILED_K_LEARNED if self._is_learned else FAILED_K_NOMINAL
        self.has_failed = self.excess_k > (0.0 if self.has_failed else limit_k)
        self._from = reading
        self._expected_k = self._cooled_k = self._pulsed_k = 0.0
