"""The service file says what the service itself relies on."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.app import WATCHDOG_PERIOD_S
from edge.cli import DEFAULT_CONFIG, app
from hw_sim.realtime.run import RESTART_WINDOW_S, RESTARTS_MAX

UNIT_FILE = Path(__file__).parents[2] / "edge" / "tms-edge.service"


@pytest.fixture(scope="module")
def service() -> dict[str, str]:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT_FILE.read_text())
    return dict(parser["Service"])


def test_watchdog_waits_for_three_signs_of_life_and_somebody_tells_them(
    service: dict[str, str],
) -> None:
    assert float(service["WatchdogSec"]) == 3 * WATCHDOG_PERIOD_S
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"


def test_service_goes_before_the_page_of_the_same_machine(service: dict[str, str]) -> None:
    assert int(service["Nice"]) < 0
    assert int(service["OOMScoreAdjust"]) < 0


def test_command_is_one_that_exists_with_the_usual_configuration(service: dict[str, str]) -> None:
    program, command, *options = service["ExecStart"].split()

    assert Path(program).name == "tms-edge"
    assert options == ["--config", str(DEFAULT_CONFIG)]
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_service_stands_where_it_may_write(service: dict[str, str]) -> None:
    assert service["ProtectSystem"] == "strict"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


def test_service_that_cannot_stay_up_is_locked_out_as_in_a_run() -> None:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT_FILE.read_text())

    assert float(parser["Unit"]["StartLimitIntervalSec"]) == RESTART_WINDOW_S
    assert int(parser["Unit"]["StartLimitBurst"]) == RESTARTS_MAX
