"""Learns what a coil's constants are from its own readings.

Both balances of the two-node model are linear in the ratios: a temperature is where it began plus
ratios times integrals of readings. So each node is one recursive least-squares fit, begun at the
nominal coil with the spread that coils have; readings sharpen it. Whatever is learned stays between
bounds, and counts as learned only while one real coil could have all of it together: a nonsense
record cannot make the forecast hopeful. Takes readings and heat in order of time. No clock. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge.domain.thermal import CoilConstants, copper

SPREAD = 0.12  # [P] each constant lies within 20 % of its type's, evenly: 0.2 / sqrt(3)
ROOM_SPREAD_C = 1.0  # [P] of the temperature that air and head come to
# [P] Of two constants that are 20 % off: 0.8 / 1.2 to 1.2 / 0.8. Nothing outside is believed.
RATIO_LOW, RATIO_HIGH = 2 / 3, 3 / 2
REST_C_MAX = 4.0  # [P] how far the room may be from the nominal one
COOLANT_SPREAD_C = 3.0  # [P] a cooler without a chiller follows its room
COOLANT_C_MAX = 6.0  # [P] how far the coolant may be from the nominal one
# [P] Heat, capacities and couplings of a real coil lie within 25 % of its type's: 20 %, and what
# readings leave open.
PART_OFF_MAX = 0.25
SAMPLE_S = 1.0  # [P] nearer readings share their rounding
QUIET_S = 0.4  # [C] a median of five at 20 Hz follows the winding's jump within 0.25 s
GAP_S = 2.0  # [P] readings further apart than this cannot be integrated over
READING_VAR = 0.05**2  # [C] rounding to tenths, and what neighbours share of it
START_VAR = 1.0  # of the temperature a stretch began at, before its first samples
TRAINS_LEARNED = 3  # [P] then the smaller margin holds
TRAIN_SAMPLES = 60  # [P] a minute of a long train teaches as much as a short one and its pause
TRAIN_GAP_S = 1.5  # [P] a train of 1 Hz is still going on
_DIAGONAL = 1 + 1e-9  # keeps rounding from making a variance negative

Row = tuple[float, ...]


class NodeFit:
    """Recursive least squares of a few numbers, with the spread that they had before."""

    def __init__(self, mean: Sequence[float], spread: Sequence[Sequence[float]]) -> None:
        self.mean = list(mean)
        self.spread = [list(row) for row in spread]

    def take(self, row: Row, value: float, variance: float) -> None:
        """value was seen where the sum of row times the numbers was expected."""
        spread = self.spread
        places = range(len(row))
        along = [sum(spread[i][j] * row[j] for j in places) for i in places]
        total = variance + sum(along[i] * row[i] for i in places)
        error = value - sum(self.mean[i] * row[i] for i in places)
        for i in places:
            self.mean[i] += along[i] * error / total
        for i in places:
            for j in places:
                spread[i][j] -= along[i] * along[j] / total
            spread[i][i] *= _DIAGONAL

    def restart_first(self, value: float) -> None:
        """The first number begins anew; what is known of the others stays."""
        self.mean[0] = value
        for i in range(len(self.mean)):
            self.spread[0][i] = self.spread[i][0] = 0.0
        self.spread[0][0] = START_VAR


@dataclass(frozen=True)
class Reading:
    """What was known at a time: temperatures, and the pulses given until then."""

    at_s: float
    face_c: float
    winding_c: float
    level_sum: float  # sum of (level / full)² over all pulses, ever growing


class CoilLearner:
    """The constants of one coil, sharpened by its readings."""

    def __init__(
        self, nominal: CoilConstants, known: CoilConstants | None = None, trains: int = 0
    ) -> None:
        self.nominal = nominal
        self.trains = trains
        start = nominal if known is None else _another_day(_bounded(known, nominal), nominal)
        if not could_be(start, nominal):
            start, self.trains = nominal, 0
        # What is known of an old coil may have changed since: a third of the first spread is left.
        scale = 1.0 if self.trains < TRAINS_LEARNED else 1 / 9
        self._winding = _winding_fit(start, nominal.coolant_c, scale)
        self._face = _face_fit(start, nominal.face_rest_c, scale)
        self._last: Reading | None = None
        self._sums = [0.0] * 5  # copper-weighted pulses, between, to coolant, to room, seconds
        self._pulse_at_s = 0.0
        self._sample_at_s = 0.0
        self._train_samples = 0
        self._trains_known = self.trains

    @property
    def is_coolant_known(self) -> bool:
        """Today's: it is not the coil's own, so no record tells it."""
        return self.trains - self._trains_known >= TRAINS_LEARNED

    def is_learned(self) -> bool:
        """Enough has been seen, and it is a coil."""
        return self.trains >= TRAINS_LEARNED and could_be(self.constants(), self.nominal)

    def take(self, reading: Reading) -> None:
        """One reading of both sensors."""
        last, self._last = self._last, reading
        if last is None or not 0 < reading.at_s - last.at_s <= GAP_S:
            self._begin(reading)
            return
        self._integrate(last, reading)
        if reading.level_sum > last.level_sum:
            self._pulse_at_s = reading.at_s
        is_quiet = reading.at_s - self._pulse_at_s >= QUIET_S
        if is_quiet and reading.at_s - self._sample_at_s >= SAMPLE_S:
            self._sample_at_s = reading.at_s
            self._count(reading)
            self._fit(reading)

    def end_stretch(self) -> None:
        """What comes next is not the same coil in the same place: begin anew."""
        self._last = None

    def train_done(self) -> None:
        """A train has been given under the readings."""
        self.trains += 1

    def constants(self) -> CoilConstants:
        """As learned, within the bounds."""
        nominal = self.nominal
        _, pulse_k, to_face, to_coolant, coolant_flow = self._winding.mean
        _, from_winding, to_room, room_flow = self._face.mean
        room = to_room if to_room > 0 else nominal.face_to_room
        coolant = to_coolant if to_coolant > 0 else 1.0
        return _bounded(
            replace(
                nominal,
                pulse_k=pulse_k,
                winding_to_face=to_face,
                winding_to_coolant=to_coolant,
                face_from_winding=from_winding,
                face_to_room=to_room,
                face_rest_c=nominal.face_rest_c + room_flow / room,
                coolant_c=nominal.coolant_c + coolant_flow / coolant,
            ),
            nominal,
        )

    def _begin(self, reading: Reading) -> None:
        self._sums = [0.0] * 5
        self._pulse_at_s = self._sample_at_s = reading.at_s
        self._winding.restart_first(reading.winding_c)
        self._face.restart_first(reading.face_c)

    def _integrate(self, last: Reading, reading: Reading) -> None:
        span_s = reading.at_s - last.at_s
        face_c = (reading.face_c + last.face_c) / 2
        winding_c = (reading.winding_c + last.winding_c) / 2
        nominal = self.nominal
        parts = (
            (reading.level_sum - last.level_sum) * copper(winding_c),
            (winding_c - face_c) * span_s,
            (winding_c - nominal.coolant_c) * span_s,
            (face_c - nominal.face_rest_c) * span_s,
            span_s,
        )
        self._sums = [total + part for total, part in zip(self._sums, parts, strict=True)]

    def _count(self, reading: Reading) -> None:
        if reading.at_s - self._pulse_at_s > TRAIN_GAP_S or reading.level_sum == 0:
            return
        self._train_samples += 1
        if self._train_samples % TRAIN_SAMPLES == 0:
            self.trains += 1

    def _fit(self, reading: Reading) -> None:
        pulses, between, coolant, room, span_s = self._sums
        row = (1.0, pulses, -between, -coolant, span_s)
        self._winding.take(row, reading.winding_c, READING_VAR)
        self._face.take((1.0, between, -room, span_s), reading.face_c, READING_VAR)


def _another_day(known: CoilConstants, nominal: CoilConstants) -> CoilConstants:
    """Room and coolant are not the coil's own: the warmer of the usual and the last ones."""
    return replace(
        known,
        face_rest_c=max(known.face_rest_c, nominal.face_rest_c),
        coolant_c=max(known.coolant_c, nominal.coolant_c),
    )


def could_be(found: CoilConstants, nominal: CoilConstants) -> bool:
    """Whether heat, capacities and couplings of one coil near its type can make these ratios.

    Each ratio is a quotient of two of them; all hang together by the coupling of winding and face.
    """

    def ratio(of: Callable[[CoilConstants], float]) -> float:
        return of(found) / of(nominal)

    winding, face = ratio(lambda c: c.winding_to_face), ratio(lambda c: c.face_from_winding)
    # Each says what the coupling is, if the part that the quotient is made with were nominal.
    told = [1.0, winding, face, winding / ratio(lambda c: c.pulse_k)]
    told.append(face / ratio(lambda c: c.face_to_room))
    if nominal.is_cooled:
        told.append(winding / ratio(lambda c: c.winding_to_coolant))
    return min(told) * (1 + PART_OFF_MAX) >= max(told) * (1 - PART_OFF_MAX)


def _winding_fit(start: CoilConstants, coolant_c: float, scale: float) -> NodeFit:
    """Start; pulse, to face, to coolant; and the coolant's flow beside the nominal one.

    The three are over the winding's capacity, which they share.
    """
    means = (start.pulse_k, start.winding_to_face, start.winding_to_coolant)
    flow = start.winding_to_coolant * (start.coolant_c - coolant_c)
    spread = _shared_spread(means, scale)
    spread[4][4] = (start.winding_to_coolant * COOLANT_SPREAD_C) ** 2
    return NodeFit((0.0, *means, flow), spread)


def _face_fit(start: CoilConstants, room_c: float, scale: float) -> NodeFit:
    """Start, from winding, to room, and the room's flow beside the nominal one."""
    means = (start.face_from_winding, start.face_to_room)
    flow = start.face_to_room * (start.face_rest_c - room_c)
    spread = _shared_spread(means, scale)
    spread[3][3] = (start.face_to_room * ROOM_SPREAD_C) ** 2
    return NodeFit((0.0, *means, flow), spread)


def _shared_spread(means: Sequence[float], scale: float) -> list[list[float]]:
    """Of numbers over one capacity: its spread moves all of them, beside each one's own."""
    size = len(means) + 2
    spread = [[0.0] * size for _ in range(size)]
    for i, first in enumerate(means, 1):
        for j, second in enumerate(means, 1):
            own = 2 if i == j else 1
            spread[i][j] = scale * own * SPREAD**2 * first * second
    return spread


def _bounded(found: CoilConstants, nominal: CoilConstants) -> CoilConstants:
    """The nearest believable constants."""

    def ratio(of: Callable[[CoilConstants], float]) -> float:
        return min(max(of(found), RATIO_LOW * of(nominal)), RATIO_HIGH * of(nominal))

    def near(found_c: float, nominal_c: float, off_max: float) -> float:
        return min(max(found_c, nominal_c - off_max), nominal_c + off_max)

    return replace(
        nominal,
        pulse_k=ratio(lambda c: c.pulse_k),
        winding_to_face=ratio(lambda c: c.winding_to_face),
        face_from_winding=ratio(lambda c: c.face_from_winding),
        winding_to_coolant=ratio(lambda c: c.winding_to_coolant),
        face_to_room=ratio(lambda c: c.face_to_room),
        face_rest_c=near(found.face_rest_c, nominal.face_rest_c, REST_C_MAX),
        coolant_c=near(found.coolant_c, nominal.coolant_c, COOLANT_C_MAX),
    )
