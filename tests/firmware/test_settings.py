# Configuration: at or inside the absolute limits, afterwards only tighter.
from firmware.core.bounds import HEARTBEAT_MS_MIN
from firmware.core.envelope import Situation, judge_command
from firmware.wire.codes import (
    IN_DOOR,
    IN_ESTOP,
    IN_HOST,
    INPUTS_ALL,
    OK,
    REJ_LOOSER,
    REJ_RANGE,
    STANDBY,
)
from firmware.wire.commands import (
    Configure,
)
from firmware.wire.limits import (
    HEARTBEAT_MS_MAX,
    IPI_US_MIN,
    SENSOR_C10_MIN,
    SESSION_PULSES_MAX,
    SURFACE_C10_MAX,
    TRAIN_PULSES_MAX,
    WINDING_C10_MAX,
)
from tests.firmware.bench import (
    configure_of,
)
from tests.firmware.marks import control
from tests.firmware.situations import good

pytestmark = control("mcu-limits")


def _configure(**over: int) -> "tuple[int, int]":
    return judge_command(configure_of(**over), good(STANDBY))


def test_configure_at_the_bound_is_accepted_and_beyond_is_looser() -> None:
    first = Situation()
    situation = good(STANDBY)
    situation.settings = first.settings
    for name, bound, beyond in (
        ("level_pct_max", 100, 101),
        ("ipi_us_min", IPI_US_MIN, IPI_US_MIN - 1),
        ("train_pulses_max", TRAIN_PULSES_MAX, TRAIN_PULSES_MAX + 1),
        ("session_pulses_max", SESSION_PULSES_MAX, SESSION_PULSES_MAX + 1),
        ("surface_c10_max", SURFACE_C10_MAX, SURFACE_C10_MAX + 1),
        ("winding_c10_max", WINDING_C10_MAX, WINDING_C10_MAX + 1),
        ("heartbeat_ms_max", HEARTBEAT_MS_MAX, HEARTBEAT_MS_MAX + 1),
    ):
        assert judge_command(configure_of(**{name: bound}), situation) == (OK, 0), name
        assert judge_command(configure_of(**{name: beyond}), situation) == (REJ_LOOSER, bound), name


def test_configure_again_may_only_tighten() -> None:
    # Catches: comparing with the absolute limits only.
    assert _configure(level_pct_max=89)[0] == OK
    assert _configure(level_pct_max=91) == (REJ_LOOSER, 90)
    situation = good(STANDBY)
    situation.settings.apply(configure_of(ipi_us_min=20000, inputs_required=INPUTS_ALL))
    assert judge_command(configure_of(), situation) == (REJ_LOOSER, 20000)
    without_door = configure_of(ipi_us_min=20000, inputs_required=INPUTS_ALL & ~IN_DOOR)
    assert judge_command(without_door, situation) == (REJ_LOOSER, INPUTS_ALL)


def test_configure_at_the_least_sensible_value_is_accepted() -> None:
    for name, value in (
        ("level_pct_max", 1),
        ("train_pulses_max", 1),
        ("session_pulses_max", 1),
        ("surface_c10_max", SENSOR_C10_MIN),
        ("winding_c10_max", SENSOR_C10_MIN),
        ("heartbeat_ms_max", HEARTBEAT_MS_MIN),
    ):
        assert _configure(**{name: value}) == (OK, 0), name


def test_configure_senseless_values_are_out_of_range() -> None:
    for field, name, value in (
        (1, "settings_hash", 0),
        (2, "level_pct_max", 0),
        (4, "train_pulses_max", 0),
        (5, "session_pulses_max", 0),
        (6, "surface_c10_max", SENSOR_C10_MIN - 1),
        (7, "winding_c10_max", SENSOR_C10_MIN - 1),
        (8, "heartbeat_ms_max", HEARTBEAT_MS_MIN - 1),
    ):
        assert _configure(**{name: value}) == (REJ_RANGE, field)
        assert Configure.FIELDS[field - 1] == name
    situation = good(STANDBY)
    situation.settings.surface_c10_max = -50
    assert judge_command(configure_of(), situation) == (REJ_LOOSER, 0)


def test_configure_without_emergency_stop_is_refused() -> None:
    situation = good(STANDBY)
    situation.settings = Situation().settings
    asked = configure_of(inputs_required=INPUTS_ALL & ~IN_ESTOP)
    assert judge_command(asked, situation) == (REJ_LOOSER, IN_ESTOP | IN_HOST)
    asked = configure_of(inputs_required=INPUTS_ALL & ~IN_HOST)
    assert judge_command(asked, situation) == (REJ_LOOSER, IN_ESTOP | IN_HOST)
    situation.inputs_fitted = INPUTS_ALL & ~IN_DOOR
    assert judge_command(configure_of(), situation) == (REJ_RANGE, 9)


def test_settings_take_every_value_that_was_judged() -> None:
    situation = Situation()
    asked = configure_of(
        settings_hash=1,
        level_pct_max=2,
        ipi_us_min=3,
        train_pulses_max=4,
        session_pulses_max=5,
        surface_c10_max=6,
        winding_c10_max=7,
        heartbeat_ms_max=8,
        inputs_required=9,
    )
    situation.settings.apply(asked)
    for name in Configure.FIELDS:
        assert getattr(situation.settings, name) == getattr(asked, name), name
