"""Way b: the configuration file is whole, in range and without contradiction, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.pi.settings import SettingsError, load_settings
from tests.pi.unit import settings_text

GOOD = settings_text(Path("/srv/unit"))


def test_complete_file_is_taken() -> None:
    settings = load_settings(GOOD)

    assert settings.core.unit_id == "TMS-0007"
    assert settings.pins.chain == 6
    assert settings.priority.lock_memory


def test_unit_without_cooling_is_taken() -> None:
    assert load_settings(GOOD.replace("cooling = 17", "cooling = -1")).pins.cooling == -1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("trigger = 2", "", "pins.trigger: missing"),
        ("trigger = 2", "trigger = 2\ntriger = 3", "pins.triger: unknown key"),
        ("trigger = 2", "trigger = 28", "pins.trigger: 28 is outside 0 to 27"),
        ("trigger = 2", "trigger = -1", "pins.trigger: -1 is outside"),
        ("trigger = 2", "trigger = 3", "pins.enable: 3 is also trigger"),
        ("trigger = 2", "trigger = 11", "pins.trigger: 11 is also the converter"),
        ("trigger = 2", "trigger = true", "pins.trigger: int wanted, got True"),
        ("peak = 1", "peak = 0", "converter.peak: 0 is also bank"),
        ('kind = "mcp3008"', 'kind = "ads1115"', "converter.kind: one of"),
        ("fifo_priority = 80", "fifo_priority = 99", "priority.fifo_priority: 99 is outside"),
        ("lock_memory = true", "lock_memory = 1", "priority.lock_memory: bool wanted"),
        ("level_pct_max = 100", "level_pct_max = 101", "core.level_pct_max: 101 is outside"),
        ('"TMS-0007"', '"TMS-00071"', "core.unit_id: 1 to 8"),
        ('"C0042"', '""', "coil.serial: 1 to 8"),
        ('line = "/srv', 'line = "srv', "core.line: an absolute path"),
        ('watchdog = ""', 'watchdog = "watchdog"', "core.watchdog: an absolute path"),
        ("[coil]", "[coils]", "coils: unknown section"),
        ("type = 2", "type = 0", "coil.type: 0 is outside"),
        ("[core]", "[core", "not TOML"),
    ],
)
def test_planted_mistake_is_named(old: str, new: str, words: str) -> None:
    assert old in GOOD

    with pytest.raises(SettingsError, match="(?s)^.*" + words.replace("[", "\\[")):
        load_settings(GOOD.replace(old, new, 1))


def test_all_problems_are_told_at_once() -> None:
    text = GOOD.replace("trigger = 2", "trigger = 99").replace("type = 2", "type = 99")

    with pytest.raises(SettingsError) as raised:
        load_settings(text)

    assert len(str(raised.value).splitlines()) == 2
