"""The command line as a person or a script uses it: answers, exit status, words for failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge import (
    cli,
    cli_records,  # noqa: F401  adds its commands
    doctor,  # noqa: F401  adds its command
)
from edge.config_load import load_config
from edge.doctor import judge_identity
from firmware.wire import codes
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity
from tests.support.unit_config import unit_toml

runner = CliRunner()
# (protocol, pulses, A, N, P, G) in milliseconds: reference table of published session lengths [C].
ROWS = [
    ("10hz-standard", 3000, 2_250_000, 2_224_000, 2_223_900, 2_216_500),
    ("10hz-dash", 3000, 1_125_000, 1_114_000, 1_113_900, 1_106_500),
    ("itbs-600", 600, 200_000, 192_000, 191_840, 188_800),
    ("snt-1800", 1800, 600_000, 592_000, 591_840, 582_400),
    ("ctbs-300", 300, 20_000, 20_000, 19_840, 19_840),
    ("ctbs-600", 600, 40_000, 40_000, 39_840, 39_840),
    ("1hz-right-600", 600, 600_000, 600_000, 599_000, 599_000),
    ("1hz-right-900", 900, 900_000, 900_000, 899_000, 899_000),
    ("1hz-right-1200", 1200, 1_200_000, 1_200_000, 1_199_000, 1_199_000),
    ("1hz-right-1800", 1800, 1_800_000, 1_800_000, 1_799_000, 1_799_000),
    ("deep-h7", 2000, 1_100_000, 1_080_000, 1_079_950, 1_077_500),
    ("deep-h4", 1800, 1_080_000, 1_065_000, 1_064_900, 1_059_000),
    ("10hz-1500", 1500, 900_000, 875_000, 874_900, 872_000),
    ("10hz-2400", 2400, 1_800_000, 1_774_000, 1_773_900, 1_768_000),
]


def call(*arguments: str) -> Result:
    return runner.invoke(cli.app, list(arguments))


def words(result: Result) -> str:
    """What a person read, with the line breaks of a narrow terminal undone."""
    return " ".join((result.output + result.stderr).split())


def plan_of(*arguments: str) -> dict[str, object]:
    result = call("plan", *arguments, "--json")
    assert result.exit_code == 0, words(result)
    data = json.loads(result.stdout)
    assert isinstance(data, dict)
    return data


def test_plan_itbs_600_is_the_published_one() -> None:
    plan = plan_of("itbs-600")

    assert plan["pulses"] == 600
    assert plan["last_pulse_us"] == 191_840_000
    assert plan["levels"] == [[3, 20_000], [10, 200_000], [20, 10_000_000]]
    assert len(str(plan["sha256"])) == 64


@pytest.mark.parametrize(("name", "pulses", "a", "n", "p", "g"), ROWS)
def test_plan_of_each_published_row_has_its_durations(
    name: str, pulses: int, a: int, n: int, p: int, g: int
) -> None:
    plan = plan_of(name)

    assert plan["pulses"] == pulses
    assert plan["last_pulse_us"] == p * 1000
    assert plan["durations"] == {"A": a * 1000, "N": n * 1000, "P": p * 1000, "G": g * 1000}


def test_plan_of_a_file_equals_that_of_the_library(tmp_path: Path) -> None:
    toml = cli.SHIPPED_PROTOCOLS / "itbs-600.toml"
    bare = tmp_path / "mine.json"
    bare.write_text('{"levels": [[3, 20000], [10, 200000], [20, 10000000]], "train_levels": 2}')

    assert plan_of(str(toml)) == plan_of("itbs-600") == plan_of(str(bare))


def test_plan_of_two_steps_shows_both() -> None:
    steps = plan_of("bilateral-tbs")["steps"]

    assert isinstance(steps, list)
    assert [step["pulses"] for step in steps] == [600, 600]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml at all", "neither TOML nor JSON"),
        ('{"levels": [[3, 20000]], "train": 1}', "unknown key train"),
        ('{"levels": [[3, "fast"]]}', "[count, period_us]"),
        ('{"levels": [[3, 20000], [10, 40000]], "train_levels": 1}', "overlaps"),
        ('{"levels": [[100, 20000], [100, 10000000]], "train_levels": 1}', "at most 6000"),
        ('{"levels": [[0, 20000]]}', "levels[0].count"),
        ('{"levels": [[3, 20000]], "train_levels": 5}', "train_levels"),
        ('{"levels": [[3, 20000]], "train_levels": true}', "train_levels"),
        ('id = "x"', "is not a protocol"),
    ],
)
def test_plan_of_a_wrong_file_names_what_and_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)

    result = call("plan", str(path), "--json")

    assert result.exit_code == 1
    assert said in words(result)
    assert "wrong.toml" in words(result)


def test_plan_of_an_unknown_or_open_protocol_is_refused_in_words(tmp_path: Path) -> None:
    assert "No protocol 'itbs-601'" in words(call("plan", "itbs-601"))
    assert "leaves open" in words(call("plan", "ptsd-5hz-philip"))
    assert "Cannot read" in words(call("plan", str(tmp_path / "absent.toml")))


def test_plan_for_people_shows_the_four_conventions() -> None:
    text = words(call("plan", "itbs-600"))

    assert "3:20.000" in text
    assert "3:08.800" in text


def test_protocols_lists_all_with_status_and_shows_sources() -> None:
    listed = json.loads(call("protocols", "--json").stdout)
    shown = json.loads(call("protocols", "--show", "itbs-600", "--json").stdout)

    assert len(listed) >= 35
    assert {"itbs-600", "snt-1800", "deep-h1", "bilateral-tbs"} <= {p["id"] for p in listed}
    assert all(source["tag"] for source in shown["sources"])
    assert call("protocols").exit_code == call("protocols", "--show", "itbs-600").exit_code == 0
    assert call("protocols", "--show", "nothing").exit_code == 1


def test_protocols_of_an_altered_library_are_refused(tmp_path: Path) -> None:
    """Catches a library that is read without its signature being checked."""
    for path in cli.SHIPPED_PROTOCOLS.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    victim = tmp_path / "itbs-600.toml"
    victim.write_text(victim.read_text().replace("[20, 10_000_000]", "[40, 10_000_000]"))

    result = call("protocols", "--library", str(tmp_path))

    assert result.exit_code == 1
    assert "itbs-600.toml" in words(result)


def test_version_names_service_wire_and_library() -> None:
    assert set(json.loads(call("version", "--json").stdout)) == {"tms-edge", "wire", "library"}
    assert call("version").exit_code == 0


def test_a_missing_or_wrong_configuration_is_explained(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(unit_toml(baud="1", port="0"))

    missing = call("sessions", "--config", str(tmp_path / "none.toml"))
    broken = call("serve", "--config", str(wrong))

    assert missing.exit_code == broken.exit_code == 1
    assert "Name the file with --config" in words(missing)
    assert "serial.baud" in words(broken)
    assert "kiosk.port" in words(broken)


def local_config(folder: Path) -> str:
    path = folder / "unit.toml"
    store, key = f'"{folder / "store.db"}"', f'"{folder / "store.key"}"'
    device = f'"{folder / "no-device"}"'
    nowhere = '"http://127.0.0.1:1/fhir"'
    keys = {"key_path": key, "link_key_path": f'"{folder / "link.key"}"'}
    keys["log_path"] = f'"{folder / "changes"}"'
    text = unit_toml(path=store, **keys, device=device, port="8999", base_url=nowhere)
    path.write_text(text)
    return str(path)


def test_accounts_are_added_once_and_listed(tmp_path: Path) -> None:
    config = local_config(tmp_path)
    add = ("accounts", "add", "tech1", "--name", "A. Novak", "--role", "technician")
    options = ("--config", config, "--pin-stdin")

    first = runner.invoke(cli.app, [*add, *options], input="2468\n")
    again = runner.invoke(cli.app, [*add, *options], input="2468\n")
    left = runner.invoke(cli.app, [*add, *options, "--if-missing"], input="2468\n")
    listed = json.loads(call("accounts", "list", "--config", config, "--json").stdout)

    assert (first.exit_code, again.exit_code, left.exit_code) == (0, 1, 0)
    assert [person["user_id"] for person in listed] == ["tech1"]


def test_sessions_of_a_new_unit_are_none_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    config = local_config(tmp_path)

    assert "No session" in words(call("sessions", "--config", config))
    assert json.loads(call("sessions", "--config", config, "--json").stdout) == []
    assert "No session 'x'" in words(call("export", "x", "--config", config))


def test_doctor_gives_every_problem_its_cure(tmp_path: Path) -> None:
    result = call("doctor", "--config", local_config(tmp_path), "--json")
    findings = {f["name"]: f for f in json.loads(result.stdout)["findings"]}

    assert result.exit_code == 1
    assert findings["configuration"]["state"] == "ok"
    assert findings["controller"]["state"] == "problem"
    assert findings["link key"]["state"] == "problem"
    assert findings["gpio"]["state"] == "problem"
    assert findings["protocols"]["state"] == "problem"  # signed by a key this unit does not trust
    assert findings["clinic"]["state"] == "warning"
    assert all(f["cure"] for f in findings.values() if f["state"] != "ok")


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        (0, "ok", "real unit SIM-0001, firmware 1.0.0, coil C-17, self-test good"),
        (codes.SELF_TEST_BLEED, "problem", "bleed"),
    ],
)
def test_doctor_says_what_the_controller_is(
    tmp_path: Path, found: int, state: str, words: str
) -> None:
    config = load_config(Path(local_config(tmp_path)).read_text())
    said: dict[str, int | bytes] = dict.fromkeys(Identity.FIELDS, 0)
    said |= {
        "protocol": PROTOCOL_VERSION,
        "version_major": 1,
        "unit_id": b"SIM-0001",
        "coil_serial": b"C-17",
        "coil_type": 1,
        "reset_cause": codes.RESET_WATCHDOG,
        "self_test": found,
    }

    finding = judge_identity(config, Identity(**said))

    assert finding.state == state
    assert words in finding.what
