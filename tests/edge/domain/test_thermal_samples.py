"""Which readings teach the learner something, and which of them make a train."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.thermal import NOMINAL
from edge.domain.thermal_learn import CoilLearner, Reading

pytestmark = pytest.mark.control("heat-look-ahead")

PASSIVE, COOLED = NOMINAL["figure8"], NOMINAL["figure8_cooled"]


def test_each_train_counts_once() -> None:
    """Three of them make the coil known, and today's coolant."""
    learner = CoilLearner(COOLED)
    for trains in (1, 2):
        learner.train_done()
        assert (learner.trains, learner.is_coolant_known) == (trains, False)

    learner.train_done()

    assert (learner.trains, learner.is_coolant_known) == (3, True)


def long_train(seconds: int) -> CoilLearner:
    """A second of rest, then a pulse every half second past: each second there is one sample."""
    learner = CoilLearner(PASSIVE)
    learner.take(Reading(0.0, 23.0, 23.0, 0.0))
    learner.take(Reading(1.0, 23.0, 23.0, 0.0))
    for second in range(1, seconds + 1):
        for at_s in (second + 0.5, second + 1.0):
            learner.take(Reading(at_s, 23.0, 23.0, 0.7 * second))
    return learner


@pytest.mark.parametrize(("seconds", "trains"), [(59, 0), (60, 1), (119, 1), (120, 2)])
def test_sixty_samples_of_a_long_train_are_one_train(seconds: int, trains: int) -> None:
    """The sample before the first pulse is not one of them."""
    assert long_train(seconds).trains == trains


@pytest.mark.parametrize(("pause_s", "trains"), [(1.5, 1), (1.75, 0)])
def test_a_train_goes_on_for_a_second_and_a_half(pause_s: float, trains: int) -> None:
    """A sample later than that after a pulse is one of the rest."""
    learner = CoilLearner(PASSIVE)
    learner.take(Reading(0.0, 23.0, 23.0, 0.0))
    for pulse in range(60):
        at_s = 0.5 + 2.25 * pulse
        learner.take(Reading(at_s, 23.0, 23.0, 0.7 * (pulse + 1)))
        learner.take(Reading(at_s + pause_s, 23.0, 23.0, 0.7 * (pulse + 1)))

    assert learner.trains == trains


def learned_from(*readings: Reading) -> bool:
    """Whether a coil of this type is another one after these readings."""
    learner = CoilLearner(PASSIVE)
    for reading in readings:
        learner.take(reading)
    return learner.constants() != PASSIVE


def strange(at_s: float, level_sum: float = 0.0) -> Reading:
    """A winding that no coil of this type has so soon after 23 degrees."""
    return Reading(at_s, 23.0, 60.0, level_sum)


def test_readings_two_seconds_apart_are_integrated_over() -> None:
    begin = Reading(10.0, 23.0, 23.0, 0.0)

    assert learned_from(begin, strange(12.0))
    assert not learned_from(begin, strange(12.25))


def test_a_sample_is_a_second_after_the_last() -> None:
    begin = Reading(10.0, 23.0, 23.0, 0.0)

    assert not learned_from(begin, strange(10.75))
    assert learned_from(begin, strange(10.75), strange(11.0))


def test_the_same_moment_twice_begins_a_stretch() -> None:
    """So the next sample is a second after it."""
    begin = Reading(10.0, 23.0, 23.0, 0.0)
    between = replace(begin, at_s=10.5)

    assert learned_from(begin, between, strange(11.0))
    assert not learned_from(begin, between, between, strange(11.0))


def test_a_winding_is_read_from_four_tenths_after_a_pulse() -> None:
    """The sensor's median follows the jump until then."""
    begin, pulse = Reading(-1.0, 23.0, 23.0, 0.0), Reading(0.0, 23.0, 23.0, 1.0)
    assert not learned_from(begin, pulse, strange(0.375, 1.0))
    assert learned_from(begin, pulse, strange(0.4, 1.0))

    # The same a day later.
    begin, pulse = replace(begin, at_s=86400.0), replace(pulse, at_s=86401.0)
    assert not learned_from(begin, pulse, strange(86401.375, 1.0))
    assert learned_from(begin, pulse, strange(86401.5, 1.0))


def test_a_coil_at_its_rest_like_its_type_teaches_nothing() -> None:
    """Room and coolant of 24 degrees: what was foreseen comes true to the last digit."""
    nominal = replace(COOLED, face_rest_c=24.0, coolant_c=24.0)
    learner = CoilLearner(nominal)
    for second in range(60):
        learner.take(Reading(float(second), 24.0, 24.0, 0.0))

    assert learner.constants() == nominal
