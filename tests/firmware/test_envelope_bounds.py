# The envelope at the bounds that a count, a time or a limit can have: the least, none, zero.
from firmware.core.envelope import judge_command
from firmware.wire.codes import (
    ARMED,
    OK,
    READY,
    REJ_HOT,
    REJ_INTERVAL,
    REJ_TIMING,
    REJ_UPDATING,
    STANDBY,
)
from firmware.wire.commands import PROVE_SURFACE, Charge, Prove
from firmware.wire.limits import LEVELS_MAX, START_LEAD_US_MIN
from tests.firmware.bench import arm_of
from tests.firmware.marks import control
from tests.firmware.situations import fire_of, good

pytestmark = control("mcu-limits")

ONE = (1, 0)


def test_arm_may_use_every_level_for_one_train() -> None:
    arm = arm_of(((3, 20000), (10, 200000), ONE, ONE), LEVELS_MAX)
    assert judge_command(arm, good(READY)) == (OK, 0)


def test_arm_of_two_pulses_is_timed_like_any_other() -> None:
    # Catches: a shortest plan that is taken for a single pulse.
    situation = good(READY)
    situation.timing_ipi_us_min = 100001
    arm = arm_of(((2, 100000), ONE, ONE, ONE), 1)
    assert judge_command(arm, situation) == (REJ_TIMING, 100001)


def test_permissive_of_heat_tells_a_limit_below_freezing_as_zero() -> None:
    # The detail of an answer is unsigned.
    for surface_c10_max, detail in ((-50, 0), (0, 0), (1, 1)):
        situation = good(STANDBY)
        situation.is_cool = False
        situation.settings.surface_c10_max = surface_c10_max
        assert judge_command(Charge(level_pct_mso=60), situation) == (REJ_HOT, detail)


def test_proof_is_refused_with_the_details_of_its_code() -> None:
    situation = good(STANDBY)
    situation.is_starving = True
    assert judge_command(Prove(part=PROVE_SURFACE), situation) == (REJ_UPDATING, 0)
    for surface_c10_max, detail in ((-50, 0), (0, 0), (1, 1)):
        situation = good(STANDBY)
        situation.is_cool = False
        situation.settings.surface_c10_max = surface_c10_max
        assert judge_command(Prove(part=PROVE_SURFACE), situation) == (REJ_HOT, detail)


def test_fire_after_a_pulse_at_the_first_microsecond_keeps_its_distance() -> None:
    # Catches: a time of zero taken for "no pulse yet".
    for last_us, armed_us, expected in ((0, -1, REJ_INTERVAL), (-1, 0, REJ_INTERVAL), (-1, -1, OK)):
        situation = good(ARMED)
        situation.now_us = 0
        situation.settings.ipi_us_min = START_LEAD_US_MIN + 1
        situation.last_pulse_us, situation.armed_pulse_us = last_us, armed_us
        code, _ = judge_command(fire_of(start_us=START_LEAD_US_MIN), situation)
        assert code == expected
