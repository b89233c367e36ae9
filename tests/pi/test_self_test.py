"""Way b: what is broken at start is found, said, and keeps the unit from arming."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.pi.timing import Timing
from firmware.pi.watchdog import FEED_NS, Watchdog
from firmware.pi.wiring import WiringError
from firmware.wire.codes import (
    SELF_TEST_BLEED,
    SELF_TEST_CLOCK,
    SELF_TEST_ENABLE,
    SELF_TEST_KEY,
    SELF_TEST_LEDGER,
    SELF_TEST_SENSORS,
)
from tests.pi.step_clock import StepClock
from tests.pi.unit import Unit
from tests.pi.wired_mock import Plant


def bits_of(unit: Unit) -> int:
    with unit:
        return unit.hal.self_test()


def test_healthy_unit_passes(tmp_path: Path) -> None:
    assert bits_of(Unit(tmp_path)) == 0


def test_welded_chain_is_found(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.plant.is_chain_welded = True

    assert bits_of(unit) == SELF_TEST_ENABLE


def test_silent_converter_is_found(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.plant.is_bus_broken = True

    assert bits_of(unit) & SELF_TEST_SENSORS


def test_peak_that_does_not_empty_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Unit(tmp_path)
    honest = Plant.counts
    monkeypatch.setattr(
        Plant, "counts", lambda self, channel: 9000 if channel == 1 else honest(self, channel)
    )

    assert bits_of(unit) == SELF_TEST_SENSORS


def test_missing_key_is_found(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    (tmp_path / "link.key").unlink()

    assert bits_of(unit) == SELF_TEST_KEY


def test_worn_ledger_is_found(tmp_path: Path) -> None:
    with Unit(tmp_path) as unit:
        unit.hal.save_ledger(b"one")
        unit.hal.save_ledger(b"two")
    for path in (tmp_path / "state/ledger").iterdir():
        path.write_bytes(b"worn")

    assert bits_of(Unit(tmp_path)) == SELF_TEST_LEDGER


def test_bleed_that_does_not_bleed_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = Unit(tmp_path)
    monkeypatch.setattr(unit.plant, "bank_mv", lambda: 500_000)

    assert bits_of(unit) == SELF_TEST_BLEED


def test_bank_left_charged_is_bled_and_no_defect(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.plant.set_bank_mv(1_000_000)

    assert bits_of(unit) == 0


def test_machine_that_can_time_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Timing, "worst_us", 1_200_000)

    assert bits_of(Unit(tmp_path)) == SELF_TEST_CLOCK


def test_watchdog_is_fed_now_and_then_and_stopped_at_a_clean_end_only(tmp_path: Path) -> None:
    device = tmp_path / "watchdog"
    for is_clean in (True, False):
        device.write_bytes(b"")
        clock = StepClock()
        watchdog = Watchdog(clock, str(device))
        for _ in range(10):
            clock.stall(FEED_NS // 4)
            watchdog.feed()

        watchdog.close(is_clean=is_clean)

        assert device.read_bytes() == b"\0" * 2 + (b"V" if is_clean else b"")


def test_watchdog_that_cannot_be_had_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WiringError, match=r"core\.watchdog"):
        Watchdog(StepClock(), str(tmp_path / "none"))
