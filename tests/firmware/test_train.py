# Plan arithmetic: offsets, shortest distances, soundness, and the fingerprint in slices.
from binascii import hexlify

from firmware.compat import sha256
from firmware.core.train import PlanHash, TrainPlan
from firmware.wire.limits import LEVELS_MAX, PERIOD_US_MAX
from tests.firmware.bench import ITBS_600, TEN_HZ_80, sha_of
from tests.firmware.marks import control

pytestmark = control("train-pauses")

ONE = (1, 0)


def test_offsets_of_theta_burst_follow_the_published_formula() -> None:
    # sources.md domain 1.3 [C]: t = 10 s * k + 200 ms * b + 20 ms * p
    plan = TrainPlan(ITBS_600, 2)
    assert (plan.pulses, plan.train_pulses, plan.trains) == (600, 30, 20)
    ordinal = 0
    for train in range(20):
        for burst in range(10):
            for pulse in range(3):
                inner_us = 200000 * burst + 20000 * pulse
                assert plan.session_offset_us(ordinal) == 10000000 * train + inner_us
                assert plan.pulse_offset_us(burst * 3 + pulse) == inner_us
                ordinal += 1
    assert plan.session_offset_us(599) == 191840000


def test_shortest_distances_of_plans() -> None:
    itbs = TrainPlan(ITBS_600, 2)
    assert itbs.interval_us_min() == 20000
    assert itbs.pause_us_min() == 10000000 - 1840000
    ten = TrainPlan(TEN_HZ_80, 1)
    assert ten.interval_us_min() == 100000
    assert ten.pause_us_min() == 15000000 - 3900000
    single = TrainPlan((ONE, ONE, ONE, ONE), 1)
    assert single.interval_us_min() == 0
    assert single.pause_us_min() == 0
    tight = TrainPlan(((3, 20000), (10, 45000), ONE, ONE), 2)
    assert tight.interval_us_min() == 5000


def test_soundness_names_the_first_bad_level() -> None:
    for levels, bad in (
        (ITBS_600, LEVELS_MAX),
        (((0, 20000), ONE, ONE, ONE), 0),
        (((1, 5), ONE, ONE, ONE), 0),
        (((2, 0), ONE, ONE, ONE), 0),
        (((2, PERIOD_US_MAX), ONE, ONE, ONE), LEVELS_MAX),
        (((2, PERIOD_US_MAX + 1), ONE, ONE, ONE), 0),
        (((3, 20000), (2, 40000), ONE, ONE), 1),
        (((3, 20000), (2, 40001), ONE, ONE), LEVELS_MAX),
        ((ONE, (3, 20000), ONE, (2, 40000)), 3),
    ):
        assert TrainPlan(levels, 1).first_unsound_level() == bad, levels


def test_fingerprint_is_the_same_whatever_the_slices() -> None:
    whole = sha_of(ITBS_600, 2)
    for slice_pulses in (1, 7, 100, 599, 600, 601):
        plan_hash = PlanHash(TrainPlan(ITBS_600, 2))
        slices = 1
        while not plan_hash.work(slice_pulses):
            slices += 1
        assert slices == -(-600 // slice_pulses)
        assert plan_hash.digest() == whole


def test_fingerprint_of_one_pulse_is_the_hash_of_eight_zero_bytes() -> None:
    assert sha_of((ONE, ONE, ONE, ONE), 1) == sha256(bytes(8)).digest()


def test_fingerprint_of_itbs_600_is_the_known_one() -> None:
    # [C] Computed once with CPython's hashlib over the formula of sources.md domain 1.3.
    assert hexlify(sha_of(ITBS_600, 2)) == KNOWN_ITBS_600


KNOWN_ITBS_600 = b"fde6f1a352c66fa0165f5608656468537e5d468a21a88dfbbe6058f349502efe"
