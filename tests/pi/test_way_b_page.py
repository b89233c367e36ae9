"""docs/way_b.md says what the code does: every pin, a configuration that loads, the exit codes."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from firmware.pi import loop, trigger
from firmware.pi.__main__ import EXIT_RESTART, EXIT_UNUSABLE
from firmware.pi.settings import PinSettings, load_settings
from firmware.pi.timing import ERROR_PARTS
from firmware.wire.limits import IPI_US_MIN

PAGE = (Path(__file__).parents[2] / "docs/way_b.md").read_text()


def test_every_pin_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:in|out|PWM) \|", PAGE, re.MULTILINE)

    assert rows == [field.name for field in fields(PinSettings)]


def test_configuration_of_the_page_loads() -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None

    assert load_settings(found.group(1)).core.pin_factory == "lgpio"


def test_figures_of_the_page_are_those_of_the_code() -> None:
    assert f"RestartForceExitStatus={EXIT_RESTART}" in PAGE
    assert f"RestartPreventExitStatus={EXIT_UNUSABLE}" in PAGE
    assert f"up for {trigger.WIDTH_NS // 1000} us" in PAGE
    assert f"is {ERROR_PARTS} times the worst lateness" in PAGE
    assert f"never below {IPI_US_MIN // 1000} ms" in PAGE
    assert f"or {trigger.LATE_NS_MAX / 1e6} ms" in PAGE
    assert f"for {loop.CALM_NS // 1_000_000} ms before a pulse" in PAGE
    assert f"every {loop.REST_NS // 10**9} s" in PAGE
    assert f"told within {trigger.UNASKED_LOOK_NS // 1_000_000} ms" in PAGE
