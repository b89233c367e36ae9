"""Way b as a real process: the production line protocol over its pseudo-terminal, real time.

Runs with whatever priority the machine grants. What it can time is measured by itself; the test
asks only for intervals that it says it can time, and for what must hold in any case.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import serial

from edge.mcu.outcome import Done, Refused
from firmware.pi.loop import ARMED_TURN_NS
from firmware.wire.codes import (
    ENDED_COMPLETE,
    F_COUNT,
    F_INTERNAL,
    RESET_POWER,
    RESET_WATCHDOG,
    STANDBY,
    TIMING_BEST_EFFORT,
    TIMING_RT_PROCESS,
    TRAIN,
)
from firmware.wire.commands import Hello, Stop
from firmware.wire.protocol import PROTOCOL_VERSION
from tests.firmware.bench import arm_of
from tests.pi.edge_side import EdgeSide
from tests.pi.mock_unit import TRUTH
from tests.pi.unit import settings_text, write_key
from tests.pi.wired_mock import ENABLE_HOLD_NS

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
START_S = 15.0
ONE_HZ_5 = ((5, 1_000_000), (1, 0), (1, 0), (1, 0))
TWO_S_3 = ((3, 2_000_000), (1, 0), (1, 0), (1, 0))


def say(text: str) -> None:
    """Figures for people: `pytest -s` shows them."""
    sys.stdout.write(text + "\n")


class Core:
    """One tms-core process and an edge on its line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth_path = folder / "truth"
        config = folder / "core.toml"
        if not config.exists():
            config.write_text(settings_text(folder))
            write_key(folder)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.pi.mock_unit", "--config", str(config)],
            cwd=ROOT,
            env={**os.environ, TRUTH: str(self.truth_path)},
            stderr=subprocess.PIPE,
        )
        self.port = self._open()
        self.edge = EdgeSide(self._exchange)

    def _open(self) -> serial.Serial:
        end_s = time.monotonic() + START_S
        while not (self.folder / "serial").exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end_s, "the line does not appear"
            select.select([], [], [], 0.02)
        return serial.Serial(str(self.folder / "serial"), 921600, timeout=0, exclusive=True)

    def _exchange(self, data: bytes) -> tuple[float, bytes]:
        if data:
            self.port.write(data)
        select.select([self.port], [], [], 0.005)
        return time.monotonic(), self.port.read(4096)

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state/timing.json").read_text())
        return found

    def truth(self) -> list[str]:
        return self.truth_path.read_text().splitlines()

    def pulses_ns(self) -> list[int]:
        return [int(line.split()[1]) for line in self.truth() if line.startswith("pulse")]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, if it still runs, and wait; the exit code."""
        self.port.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(10)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    made = Core(tmp_path)
    yield made
    if made.process.returncode is None:
        made.end(signal.SIGKILL)


def test_session_over_the_line_gives_the_pulses_that_were_asked_for(core: Core) -> None:
    identity = core.edge.ready()
    assert identity.is_simulated == 1
    assert identity.reset_cause == RESET_POWER
    assert identity.timing_class in (TIMING_RT_PROCESS, TIMING_BEST_EFFORT)
    report = core.report()
    say(json.dumps(report, indent=1))
    assert report["ipi_us_min"] == identity.ipi_us_min
    assert report["probes"]["count"] > 100

    levels = ONE_HZ_5 if identity.ipi_us_min <= 900_000 else TWO_S_3
    count, period_us = levels[0]
    echo = core.edge.outcome(arm_of(levels, 1, 30))
    if isinstance(echo, Refused):
        # A machine this slow must say so, with the interval that it could time.
        assert echo.code == "timing"
        assert echo.detail > period_us
        pytest.skip(f"this machine was late by {identity.lateness_us} us: refused, as it must be")
    assert isinstance(echo, Done)
    token = core.edge.armed(levels, 1)
    core.edge.fire(token, count)
    result = core.edge.result(2.0 + count * period_us / 1e6)

    edges = core.pulses_ns()
    assert len(edges) == result.emitted == len(core.edge.pulses()) - result.refused
    errors_us = [abs(b - a - period_us * 1000) / 1000 for a, b in pairwise(edges)]
    say(f"interval errors, us: {[round(error) for error in errors_us]}")
    assert all(error <= period_us / 100 for error in errors_us)
    assert core.end() == 0
    assert core.truth()[-1] == "high []"
    report = core.report()
    assert report["pulses"]["count"] >= result.emitted
    if result.ended != ENDED_COMPLETE:
        # The machine stalled: the late pulse was refused and ended the train, and nothing else; or
        # it stood still for longer than the enable lives without a beat, which then let go.
        has_let_go = report["input_gap_worst_us"] * 1000 >= ENABLE_HOLD_NS - ARMED_TURN_NS
        allowed = [(F_COUNT, 1)] + [(F_INTERNAL, 0)] * has_let_go
        assert (result.fault, result.refused) in allowed, report


def test_protocol_that_it_cannot_time_is_refused(core: Core, tmp_path: Path) -> None:
    """On a machine that could time it, the core's own floor refuses one just below."""
    identity = core.edge.ready()
    too_fast = ((10, identity.ipi_us_min - 1), (1, 0), (1, 0), (1, 0))

    outcome = core.edge.outcome(arm_of(too_fast, 1, 30))

    assert isinstance(outcome, Refused)
    assert outcome.code in ("timing", "limit", "interval")


def test_end_in_a_train_leaves_every_output_low(core: Core) -> None:
    core.edge.ready()
    token = core.edge.armed(TWO_S_3, 1)
    core.edge.fire(token, 3)
    core.edge.until_state(TRAIN)

    assert core.end(signal.SIGTERM) == 0

    assert core.truth()[-1] == "high []"
    assert not (core.folder / "serial").is_symlink()


def test_killed_process_gives_no_more_pulses_and_says_so_at_its_next_start(core: Core) -> None:
    core.edge.ready()
    token = core.edge.armed(TWO_S_3, 1)
    core.edge.fire(token, 3)
    core.edge.until_state(TRAIN)
    epoch = core.edge.status().boot_epoch
    core.end(signal.SIGKILL)
    count = len(core.pulses_ns())

    again = Core(core.folder)
    try:
        identity = again.edge.done(Hello(protocol=PROTOCOL_VERSION))
        again.edge.until_state(STANDBY)

        assert identity.boot_epoch == epoch + 1
        assert identity.reset_cause == RESET_WATCHDOG
        assert len(again.pulses_ns()) == count
    finally:
        again.end()


def test_edge_may_close_the_line_and_come_back(core: Core) -> None:
    core.edge.done(Hello(protocol=PROTOCOL_VERSION))
    core.port.close()
    select.select([], [], [], 0.1)

    core.port = core._open()
    core.edge = EdgeSide(core._exchange)

    assert isinstance(core.edge.outcome(Hello(protocol=PROTOCOL_VERSION)), Done)
    assert isinstance(core.edge.outcome(Stop()), Done)


def run_core(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "firmware.pi", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_measure_prints_class_and_figures() -> None:
    table = run_core("--measure", "1")
    figures = run_core("--measure", "1", "--json")

    say(table.stdout)
    assert table.returncode == figures.returncode == 0
    assert "shortest interval" in table.stdout
    found = json.loads(figures.stdout)
    assert found["timing_class"] in ("rt_process", "best_effort")
    assert found["ipi_us_min"] >= 100 * found["probes"]["worst_us"]


def test_unusable_configuration_is_told_and_not_tried_again(tmp_path: Path) -> None:
    config = tmp_path / "core.toml"
    config.write_text(settings_text(tmp_path).replace("trigger = 2", "trigger = 99"))

    done = run_core("--config", str(config))

    assert done.returncode == 78
    assert "pins.trigger: 99 is outside 0 to 27" in done.stderr
    assert run_core("--config", str(tmp_path / "none")).returncode == 78


def test_missing_or_impossible_options_are_explained() -> None:
    assert "one of --config and --measure" in run_core().stderr
    assert "1 to 3600 seconds" in run_core("--measure", "0").stderr
