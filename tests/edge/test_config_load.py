"""The configuration file: every problem named with its path, nothing defaulted."""

from __future__ import annotations

import pytest

from edge.config_load import ConfigError, load_config
from tests.support.unit_config import UNIT_TOML, unit_toml

pytestmark = pytest.mark.control("no-defaults")


def problems_of(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load_config(text)
    return {p.path: p.text for p in caught.value.problems}


def test_config_complete_is_read() -> None:
    config = load_config(UNIT_TOML)

    assert config.limits.surface_c10_max == 410
    assert config.kiosk.origins[0] == "http://127.0.0.1:8080"
    assert len(config.settings_hash) == 64


def test_config_hash_changes_with_any_value_and_not_with_layout() -> None:
    same = load_config(UNIT_TOML + "\n# a comment\n").settings_hash
    other = load_config(unit_toml(surface_c10_warn="380")).settings_hash

    assert same == load_config(UNIT_TOML).settings_hash != other


def test_config_several_faults_are_all_reported_at_once() -> None:
    text = unit_toml(baud='"fast"', surface_c10_max="500", port="0") + "\n[extra]\nx = 1\n"

    found = problems_of(text.replace("lock_after_s", "lock_after"))

    assert sorted(found) == [
        "extra",
        "kiosk.lock_after",
        "kiosk.lock_after_s",
        "kiosk.port",
        "limits.surface_c10_max",
        "serial.baud",
    ]
    assert "outside 300 to 410" in found["limits.surface_c10_max"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"surface_c10_warn": "410"}, "limits.surface_c10_warn"),
        ({"session_pulses_max": "1000"}, "limits.train_pulses_max"),
        ({"day_pulses_max": "3000"}, "limits.session_pulses_max"),
        ({"door_pin": "5"}, "gpio.door_pin"),
        ({"enclosure_pin": "-1"}, "gpio.enclosure_pin"),
        ({"attend_pin": "-2"}, "gpio.attend_pin"),
        ({"adc_clock_pin": "17"}, "gpio.adc_clock_pin"),
        ({"time_zone": '"Mars/Olympus"'}, "unit.time_zone"),
        ({"unit_id": '"far-too-long"'}, "unit.unit_id"),
        ({"base_url": '"http://clinic.example.org/fhir"'}, "clinic.base_url"),
        ({"base_url": '"ftp://127.0.0.1/fhir"'}, "clinic.base_url"),
        ({"host": '"0.0.0.0"'}, "kiosk.host"),
        ({"origins": '["http://127.0.0.1:8080/x"]'}, "kiosk.origins[0]"),
        ({"origins": "[]"}, "kiosk.origins"),
        ({"trusted_keys": '["zz"]'}, "protocols.trusted_keys[0]"),
        ({"level_pct_max": "true"}, "limits.level_pct_max"),
        ({"language": "3"}, "unit.language"),
    ],
)
def test_config_wrong_value_is_named_with_its_path(changes: dict[str, str], path: str) -> None:
    assert path in problems_of(unit_toml(**changes))


def test_config_may_lack_a_foot_switch_and_a_flow_switch() -> None:
    gpio = load_config(unit_toml(attend_pin="-1", flow_pin="-1")).gpio

    assert (gpio.attend_pin, gpio.flow_pin) == (-1, -1)


def test_config_missing_section_and_broken_toml_are_named() -> None:
    assert problems_of(UNIT_TOML.replace("[store]", "[stor]")).keys() >= {"stor", "store"}
    assert "not TOML" in problems_of("[unit")["file"]


def test_config_can_only_tighten_the_hardware_limits() -> None:
    """Catches a range that was widened past firmware/wire/limits.py."""
    for key, value in (("level_pct_max", 101), ("heartbeat_ms_max", 501), ("ipi_us_min", 8999)):
        assert f"limits.{key}" in problems_of(unit_toml(**{key: str(value)}))
