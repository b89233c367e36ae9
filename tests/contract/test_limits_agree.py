"""No floor is looser than the one below: configuration, domain and library against the wire limits.

The absolute limits are firmware/wire/limits.py, written once. Also: both sides of the serial line
expand every protocol of the library to the same pulse times.
"""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from edge import config_load
from edge.config import LimitsConfig
from edge.domain import alarms, order_rules, protocol_parse
from edge.domain.train_plan import Plan
from edge.services.library import MANIFEST, ProtocolLibrary, read_library_files
from firmware.core.train import PlanHash, TrainPlan
from firmware.wire import limits
from hw_sim.keys.sign_library import PROTOCOLS

pytestmark = pytest.mark.control("mcu-limits")

TIGHTER_FROM_ABOVE = {
    "limits.level_pct_max": limits.LEVEL_PCT_MAX,
    "limits.train_pulses_max": limits.TRAIN_PULSES_MAX,
    "limits.session_pulses_max": limits.SESSION_PULSES_MAX,
    "limits.surface_c10_max": limits.SURFACE_C10_MAX,
    "limits.surface_c10_warn": limits.SURFACE_C10_MAX,
    "limits.winding_c10_max": limits.WINDING_C10_MAX,
    "limits.heartbeat_ms_max": limits.HEARTBEAT_MS_MAX,
}
TIGHTER_FROM_BELOW = {"limits.ipi_us_min": limits.IPI_US_MIN}
# Public half of hw_sim/keys/development_signing_key.hex.
DEVELOPMENT_KEY = json.loads((PROTOCOLS / MANIFEST).read_bytes())["public_key"]
LIBRARY = ProtocolLibrary.load(read_library_files(PROTOCOLS), [DEVELOPMENT_KEY])
PLANS = [(f"{p.protocol_id}-{s.name}", s.plan) for p in LIBRARY.all() for s in p.steps]


def test_configuration_may_only_tighten_the_wire_limits() -> None:
    for path, most in TIGHTER_FROM_ABOVE.items():
        assert config_load.RANGES[path][1] <= most, path
    for path, least in TIGHTER_FROM_BELOW.items():
        assert config_load.RANGES[path][0] >= least, path


def test_configuration_has_a_range_for_every_limit() -> None:
    names = {path.removeprefix("limits.") for path in config_load.RANGES if "limits." in path}

    assert names == {field.name for field in fields(LimitsConfig)}


def test_percent_of_threshold_has_one_upper_bound() -> None:
    assert protocol_parse.PERCENT_MT_MAX < order_rules.PERCENT_MT_OVERRIDE_MAX
    assert config_load.RANGES["limits.percent_mt_max"][1] <= order_rules.PERCENT_MT_OVERRIDE_MAX


def test_orders_are_judged_by_limits_that_the_configuration_has() -> None:
    wanted = {name for name in vars(order_rules.OrderLimits) if not name.startswith("_")}

    assert wanted <= {field.name for field in fields(LimitsConfig)}


def test_heat_limit_of_the_face_is_under_the_standard_s() -> None:
    # [K] 43 degrees from ten minutes of contact on.
    assert limits.SURFACE_C10_MAX < 430


def test_audio_pause_is_at_most_two_minutes() -> None:
    assert alarms.AUDIO_PAUSE_S_MAX <= 120


@pytest.mark.parametrize(("name", "plan"), PLANS, ids=[name for name, _ in PLANS])
def test_plan_of_the_library_fits_the_wire_and_expands_the_same_on_the_controller(
    name: str, plan: Plan
) -> None:
    pairs = [(level.count, level.period_us) for level in plan.levels]
    pairs += [(1, 0)] * (limits.LEVELS_MAX - len(pairs))
    there = TrainPlan(tuple(pairs), plan.train_levels)

    assert there.first_unsound_level() == limits.LEVELS_MAX
    assert plan.pulses_per_train <= limits.TRAIN_PULSES_MAX
    assert there.interval_us_min() >= limits.IPI_US_MIN
    assert there.pulses == plan.pulses <= limits.SESSION_PULSES_MAX
    assert there.session_offset_us(plan.pulses - 1) == plan.last_pulse_us
    assert protocol_parse.shortest_interval_us(plan.levels) == there.interval_us_min()
    digest = PlanHash(there)
    assert digest.work(plan.pulses)
    assert digest.digest().hex() == plan.sha256


def test_planted_looser_range_is_found() -> None:
    # The planted bug: a configuration that may allow one degree more than the hardware.
    looser = config_load.RANGES | {"limits.surface_c10_max": (300, limits.SURFACE_C10_MAX + 10)}

    assert any(looser[path][1] > most for path, most in TIGHTER_FROM_ABOVE.items())
