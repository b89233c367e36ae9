"""A coil's constants come out of its readings, and never leave their bounds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import islice

import pytest

from edge.domain.thermal import NOMINAL, CoilConstants, CoilModel, Heat, blocks_of, predict
from edge.domain.thermal_learn import (
    COOLANT_C_MAX,
    RATIO_HIGH,
    RATIO_LOW,
    REST_C_MAX,
    TRAINS_LEARNED,
    CoilLearner,
    NodeFit,
    Reading,
    could_be,
)
from edge.domain.train_plan import plan_of
from tests.edge.domain.heat_bench import HeatBench

pytestmark = pytest.mark.control("heat-look-ahead")

PASSIVE, COOLED = NOMINAL["figure8"], NOMINAL["figure8_cooled"]
ODD = replace(
    COOLED,
    pulse_k=COOLED.pulse_k * 1.2,
    winding_to_coolant=COOLED.winding_to_coolant * 0.85,
    face_from_winding=COOLED.face_from_winding * 1.15,
)
RATIOS = [
    f.name for f in fields(CoilConstants) if f.name.split("_")[0] in ("pulse", "winding", "face")
]


def teach(learner: CoilLearner, bench: HeatBench, trains: int) -> None:
    for reading in bench.rest(5.0):
        learner.take(reading)
    for _ in range(trains):
        for reading in bench.train(2.0, 8.0):
            learner.take(reading)
        learner.train_done()
        for reading in bench.rest(8.0):
            learner.take(reading)


def test_learner_of_a_strange_coil_comes_near_it_after_three_trains() -> None:
    learner = CoilLearner(COOLED)

    teach(learner, HeatBench(ODD), 3)

    found = learner.constants()
    assert learner.is_learned()
    assert found.pulse_k == pytest.approx(ODD.pulse_k, rel=0.03)
    assert found.winding_to_coolant == pytest.approx(ODD.winding_to_coolant, rel=0.1)
    assert found.face_from_winding == pytest.approx(ODD.face_from_winding, rel=0.1)


def test_learner_keeps_a_passive_coil_passive() -> None:
    learner = CoilLearner(PASSIVE)

    teach(learner, HeatBench(replace(PASSIVE, pulse_k=PASSIVE.pulse_k * 0.85)), 6)

    assert learner.constants().winding_to_coolant == 0.0
    assert learner.constants().pulse_k == pytest.approx(PASSIVE.pulse_k * 0.85, rel=0.03)


def test_learner_without_a_train_knows_the_type_only() -> None:
    learner = CoilLearner(COOLED)

    assert not learner.is_learned()
    assert learner.constants() == COOLED
    assert learner.trains == 0


def test_a_minute_of_a_long_train_counts_as_a_train() -> None:
    learner, bench = CoilLearner(PASSIVE), HeatBench(PASSIVE)
    for _ in range(185):
        for part in (bench.train(0.1, 10.0), bench.rest(0.9)):  # a pulse a second
            for reading in part:
                learner.take(reading)

    assert learner.is_learned()


def test_nonsense_readings_never_leave_the_bounds() -> None:
    learner = CoilLearner(COOLED)
    for tick in range(3000):
        wild = 23.0 + 60.0 * (tick * 7919 % 101) / 101
        learner.take(Reading(tick * 0.1, wild, 120.0 - wild, tick // 100 * 5.0))

    found = learner.constants()
    for name in RATIOS:
        if name == "face_rest_c":
            assert abs(found.face_rest_c - COOLED.face_rest_c) <= REST_C_MAX
            continue
        ratio = getattr(found, name) / getattr(COOLED, name)
        assert RATIO_LOW * 0.999 <= ratio <= RATIO_HIGH * 1.001, name


def test_a_flow_to_the_room_of_the_wrong_sign_is_not_divided_by() -> None:
    learner = CoilLearner(PASSIVE)
    learner._face.mean = [23.0, 0.004, -1.0, 0.01]

    found = learner.constants()

    assert found.face_to_room == pytest.approx(RATIO_LOW * PASSIVE.face_to_room)
    assert found.face_rest_c == PASSIVE.face_rest_c + REST_C_MAX


def test_a_room_that_takes_no_heat_is_not_divided_by() -> None:
    learner = CoilLearner(PASSIVE)
    learner._face.mean = [23.0, 0.004, 0.0, 0.001]

    found = learner.constants()

    assert found.face_rest_c == pytest.approx(
        PASSIVE.face_rest_c + 0.001 / PASSIVE.face_to_room, abs=1e-9
    )


def test_a_flow_to_the_coolant_of_the_wrong_sign_is_not_divided_by() -> None:
    """A few hundredths of a kelvin a second are left, which is next to no change."""
    learner = CoilLearner(COOLED)
    learner._winding.mean = [23.0, COOLED.pulse_k, COOLED.winding_to_face, -0.01, 0.05]

    assert learner.constants().coolant_c == pytest.approx(COOLED.coolant_c + 0.05, abs=1e-9)


def test_what_was_learned_is_told_number_by_number() -> None:
    """The flows beside the nominal ones are ratios times what room and coolant are warmer."""
    found = replace(
        COOLED, pulse_k=0.9 * COOLED.pulse_k, winding_to_face=1.1 * COOLED.winding_to_face,
        winding_to_coolant=0.8 * COOLED.winding_to_coolant,
        face_from_winding=1.2 * COOLED.face_from_winding, face_to_room=1.3 * COOLED.face_to_room,
        face_rest_c=COOLED.face_rest_c + 1.5, coolant_c=COOLED.coolant_c + 2.0,
    )  # fmt: skip
    learner = CoilLearner(COOLED)
    to_coolant, to_room = found.winding_to_coolant, found.face_to_room
    learner._winding.mean = [
        *(23.0, found.pulse_k, found.winding_to_face, to_coolant, to_coolant * 2.0)
    ]
    learner._face.mean = [23.0, found.face_from_winding, to_room, to_room * 1.5]

    told = learner.constants()

    for field in fields(CoilConstants):
        value = getattr(found, field.name)
        assert getattr(told, field.name) == pytest.approx(value), field.name


def test_each_number_is_as_unsure_as_the_parts_it_is_made_of() -> None:
    """A quotient of two parts, each 12 % unsure; the capacity below the line moves all of them.

    Beside them 3 degrees of the coolant and 1 of the room. The temperature at the start is not
    known before a reading.
    """
    learner = CoilLearner(COOLED)
    heat, face, coolant = (
        0.12 * number
        for number in (COOLED.pulse_k, COOLED.winding_to_face, COOLED.winding_to_coolant)
    )
    winding, room = 0.12 * COOLED.face_from_winding, 0.12 * COOLED.face_to_room

    assert_matrix(
        learner._winding.spread,
        [
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 2 * heat * heat, heat * face, heat * coolant, 0.0],
            [0.0, face * heat, 2 * face * face, face * coolant, 0.0],
            [0.0, coolant * heat, coolant * face, 2 * coolant * coolant, 0.0],
            [0.0, 0.0, 0.0, 0.0, (3.0 * COOLED.winding_to_coolant) ** 2],
        ],
    )
    assert_matrix(
        learner._face.spread,
        [
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 2 * winding * winding, winding * room, 0.0],
            [0.0, room * winding, 2 * room * room, 0.0],
            [0.0, 0.0, 0.0, (1.0 * COOLED.face_to_room) ** 2],
        ],
    )


def assert_matrix(found: list[list[float]], wanted: list[list[float]]) -> None:
    assert len(found) == len(wanted)
    for row, wanted_row in zip(found, wanted, strict=True):
        assert row == pytest.approx(wanted_row, rel=1e-12, abs=0.0)


def test_a_known_coil_has_a_third_of_the_doubt() -> None:
    """So a ninth of the variance, from the third train on."""
    fresh = CoilLearner(COOLED)
    for trains, share in ((TRAINS_LEARNED - 1, 1.0), (TRAINS_LEARNED, 1 / 9)):
        kept = CoilLearner(COOLED, COOLED, trains=trains)
        for of_kept, of_fresh in ((kept._winding, fresh._winding), (kept._face, fresh._face)):
            assert of_kept.spread[1][1] == pytest.approx(share * of_fresh.spread[1][1], rel=1e-12)


def test_kept_constants_begin_where_they_ended() -> None:
    learner = CoilLearner(COOLED, ODD, trains=40)

    assert learner.constants() == ODD
    assert learner.is_learned()


def test_kept_constants_outside_the_bounds_are_brought_within() -> None:
    wild = replace(COOLED, pulse_k=0.0, face_rest_c=300.0, coolant_c=math.inf)

    found = CoilLearner(COOLED, wild, trains=40).constants()

    assert found.pulse_k == pytest.approx(RATIO_LOW * COOLED.pulse_k)
    assert found.face_rest_c == pytest.approx(COOLED.face_rest_c + REST_C_MAX)
    assert found.coolant_c == pytest.approx(COOLED.coolant_c + COOLANT_C_MAX)


def test_kept_room_and_coolant_count_only_when_they_were_warm() -> None:
    cold = replace(COOLED, face_rest_c=COOLED.face_rest_c - 2, coolant_c=COOLED.coolant_c - 3)
    warm = replace(COOLED, face_rest_c=COOLED.face_rest_c + 2, coolant_c=COOLED.coolant_c + 3)

    assert CoilLearner(COOLED, cold, trains=40).constants() == COOLED
    assert CoilLearner(COOLED, warm, trains=40).constants() == warm


def test_coolant_of_the_day_is_learned() -> None:
    learner = CoilLearner(COOLED)
    bench = HeatBench(replace(COOLED, coolant_c=24.0))
    assert not learner.is_coolant_known

    teach(learner, bench, 6)

    assert learner.is_coolant_known
    assert learner.constants().coolant_c == pytest.approx(24.0, abs=1.5)


def test_a_record_tells_the_coil_and_not_the_coolant() -> None:
    learner = CoilLearner(COOLED, ODD, trains=40)

    assert learner.is_learned()
    assert not learner.is_coolant_known


def coils(nominal: CoilConstants, off: float, seed: int) -> Iterator[CoilConstants]:
    """Made of parts that are so far off at most."""
    rng = random.Random(seed)
    while True:
        heat, winding, face, coupling, coolant, room = (
            rng.choice((1 - off, 1 + off, rng.uniform(1 - off, 1 + off))) for _ in range(6)
        )
        yield replace(
            nominal,
            pulse_k=nominal.pulse_k * heat / winding,
            winding_to_face=nominal.winding_to_face * coupling / winding,
            face_from_winding=nominal.face_from_winding * coupling / face,
            winding_to_coolant=nominal.winding_to_coolant * coolant / winding,
            face_to_room=nominal.face_to_room * room / face,
        )


@pytest.mark.parametrize("nominal", [PASSIVE, COOLED])
def test_every_coil_of_parts_a_fifth_off_could_be(nominal: CoilConstants) -> None:
    assert all(could_be(coil, nominal) for coil in islice(coils(nominal, 0.2, 1), 500))


def test_a_coil_whose_parts_are_a_quarter_off_could_just_be() -> None:
    """The coupling as the winding tells it is a quarter above, as the face tells it below."""
    even = replace(
        COOLED, pulse_k=1 / 4, winding_to_face=1 / 64, face_from_winding=1 / 128,
        winding_to_coolant=1 / 32, face_to_room=1 / 256,
    )  # fmt: skip
    odd = replace(even, winding_to_face=1.25 / 64, face_from_winding=0.75 / 128)

    assert could_be(odd, even)
    assert not could_be(replace(odd, face_from_winding=0.749 / 128), even)


@pytest.mark.parametrize("nominal", [PASSIVE, COOLED])
def test_a_mixture_of_the_best_is_no_coil(nominal: CoilConstants) -> None:
    """Little heat, quickly lost: each ratio within its bounds, all of them never."""
    best = replace(
        nominal,
        pulse_k=nominal.pulse_k * RATIO_LOW,
        face_from_winding=nominal.face_from_winding * RATIO_LOW,
        winding_to_coolant=nominal.winding_to_coolant * RATIO_HIGH,
        face_to_room=nominal.face_to_room * RATIO_HIGH,
    )
    learner = CoilLearner(nominal, best, trains=40)

    assert not could_be(best, nominal)
    assert not learner.is_learned()
    assert learner.constants() == nominal
    assert learner.trains == 0


PROMISE_MIN = 0.55  # of the rise of its type: the best coil whose parts are a quarter off


@pytest.mark.parametrize("nominal", [PASSIVE, COOLED])
def test_no_record_that_is_believed_promises_a_cold_coil(nominal: CoilConstants) -> None:
    """Any ratios within the bounds, however they came about."""
    rng = random.Random(7)
    plan = plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2)
    blocks = blocks_of(plan, 0, 3.0)

    def rise_k(constants: CoilConstants) -> float:
        ahead = predict(
            CoilModel(constants), Heat(23.0, 23.0), blocks, level_pct_mso=60, limit_c=41.0
        )
        return ahead.peak_c - 23.0

    names = [name for name in RATIOS if name != "face_rest_c"]
    believed = 0
    for _ in range(2000):
        found = replace(
            nominal,
            **{name: getattr(nominal, name) * rng.uniform(RATIO_LOW, RATIO_HIGH) for name in names},
        )
        if could_be(found, nominal):
            believed += 1
            assert rise_k(found) > PROMISE_MIN * rise_k(nominal)

    assert 50 < believed < 1500


def test_a_wrong_record_of_a_possible_coil_is_put_right_within_three_trains() -> None:
    best = next(c for c in coils(PASSIVE, 0.2, 3) if c.pulse_k < 0.7 * PASSIVE.pulse_k)
    learner, bench = CoilLearner(PASSIVE, best, trains=40), HeatBench(PASSIVE)
    assert learner.constants().pulse_k < 0.7 * PASSIVE.pulse_k

    teach(learner, bench, 3)

    assert learner.constants().pulse_k == pytest.approx(PASSIVE.pulse_k, rel=0.05)


def test_a_gap_in_the_readings_is_not_integrated_over() -> None:
    bench, learner = HeatBench(COOLED), CoilLearner(COOLED)
    teach(learner, bench, 3)
    known = learner.constants()

    hot = Reading(bench.at_s + 60.0, 60.0, 60.0, bench.level_sum)
    learner.take(hot)
    learner.take(replace(hot, at_s=hot.at_s))  # the same moment twice is no step either

    assert learner.constants() == known


def test_a_stretch_that_was_ended_begins_anew() -> None:
    bench, learner = HeatBench(COOLED), CoilLearner(COOLED)
    teach(learner, bench, 3)
    known = learner.constants()

    learner.end_stretch()
    learner.take(Reading(bench.at_s + 0.1, 50.0, 50.0, bench.level_sum))

    assert learner.constants() == known


def test_node_fit_is_never_surer_than_its_sums() -> None:
    """One number seen once, as unsure as before: half the variance. Rounding errs upwards."""
    fit = NodeFit((0.0,), ((1.0,),))

    fit.take((1.0,), 4.0, 1.0)

    assert fit.mean == [2.0]
    assert 0.5 < fit.spread[0][0] < 0.500001


def test_node_fit_finds_two_numbers() -> None:
    fit = NodeFit((0.0, 0.0), ((100.0, 0.0), (0.0, 100.0)))
    for x in range(10):
        fit.take((1.0, float(x)), 3.0 + 2.0 * x, 0.01)

    assert fit.mean == pytest.approx([3.0, 2.0], abs=0.01)

    fit.restart_first(7.0)
    fit.take((1.0, 0.0), 8.0, 1.0)
    assert fit.mean == pytest.approx([7.5, 2.0], abs=0.01)
