"""`tms-edge firmware` as a person uses it: what it says, when it refuses, and one real update."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge import cli, cli_firmware
from edge.config import Config
from edge.config_load import load_config
from edge.firmware_image import pack_image
from edge.store_file import open_store
from firmware.wire.protocol import PROTOCOL_VERSION
from hw_sim.realtime.run_files import LINK_KEY_NAME
from tests.support.unit_config import unit_toml

ROOT = Path(__file__).parents[2]
KEY_FILE = ROOT / "hw_sim" / "keys" / "development_signing_key.hex"
PUBLIC = "b478f3c3bde7306925a06cb2680df509d554ef34a5568e990006bfa81fd90be4"
SECRET = KEY_FILE.read_text().strip()
FILES = {"app.mpy": b"application" * 400, "core/unit.mpy": b"unit"}
runner = CliRunner()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tms-edge.toml"
    text = unit_toml(
        device=f'"{tmp_path}/tms-serial"',
        link_key_path=f'"{tmp_path}/{LINK_KEY_NAME}"',
        key_path=f'"{tmp_path}/store.key"',
        log_path=f'"{tmp_path}/changes"',
        port=str(free_port()),
        trusted_keys=f'["{PUBLIC}"]',
    )
    text = text.replace("/var/lib/tms-edge/", f"{tmp_path}/")
    path.write_text(text)
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "new.tmsfw"
    path.write_bytes(pack_image(FILES, SECRET, "9.9.9", PROTOCOL_VERSION))
    return path


def call(*arguments: object) -> Result:
    return runner.invoke(cli.app, ["firmware", *[str(a) for a in arguments]])


def words(result: Result) -> str:
    return " ".join((result.output + result.stderr).split())


def parsed(config: Path) -> Config:
    return load_config(config.read_text())


def test_pack_makes_an_image_and_a_board_that_verify(tmp_path: Path, config: Path) -> None:
    made = call("pack", "--key", KEY_FILE, "--out", tmp_path / "out")
    assert made.exit_code == 0, words(made)
    (path,) = (tmp_path / "out").glob("*.tmsfw")

    result = call("verify", path, "-c", config, "--json")

    assert result.exit_code == 0, words(result)
    facts = json.loads(result.stdout)
    assert facts["is_spoken"]
    board = tmp_path / "out" / "board"
    names = {p.relative_to(board).as_posix() for p in board.rglob("*") if p.is_file()}
    assert {"main.py", "firmware/core/unit.mpy", "firmware/board/slots.mpy"} <= names
    assert not {"firmware/main.mpy", "firmware/shim_cpython.mpy"} & names
    assert not any(name.startswith("firmware/pi/") for name in names)
    assert len(names) == facts["files"] + 1


def test_verify_shows_a_table(config: Path, image: Path) -> None:
    result = call("verify", image, "-c", config)

    assert result.exit_code == 0, words(result)
    assert "9.9.9" in result.output
    assert "signature and every hash: ok" in words(result)


def test_altered_image_is_refused_by_every_command(config: Path, image: Path) -> None:
    image.write_bytes(image.read_bytes()[:-1] + b"x")

    for command in ("verify", "stage", "commit"):
        result = call(command, image, "-c", config)
        assert result.exit_code == 1
        assert "altered since the image was signed" in words(result)


def test_image_of_another_protocol_is_refused_with_the_next_step(config: Path, image: Path) -> None:
    image.write_bytes(pack_image(FILES, SECRET, "9.9.9", PROTOCOL_VERSION ^ 1))

    for command in ("verify", "stage", "commit"):
        result = call(command, image, "-c", config)
        assert result.exit_code == 1
        assert "Update the service first" in words(result)


def test_missing_image_is_said(config: Path, tmp_path: Path) -> None:
    assert "Cannot read" in words(call("verify", tmp_path / "none.tmsfw", "-c", config))


def test_running_service_is_refused_with_the_next_step(config: Path, image: Path) -> None:
    kiosk = parsed(config).kiosk
    with socket.create_server((kiosk.host, kiosk.port)):
        for command in ("stage", "commit"):
            result = call(command, image, "-c", config)
            assert result.exit_code == 1
            assert "sudo systemctl stop tms-edge" in words(result)


def test_store_held_by_a_service_is_refused(config: Path, image: Path) -> None:
    store = open_store(parsed(config).store)
    try:
        result = call("stage", image, "-c", config)
    finally:
        store.close()

    assert result.exit_code == 1
    assert "Whether a session is open cannot be seen" in words(result)


def test_open_session_is_refused_with_the_next_step(config: Path, image: Path) -> None:
    store = open_store(parsed(config).store)
    store.rows(
        "INSERT INTO session (session_id, appointment_id, patient_id, facts, state, opened_utc)"
        " VALUES ('S-1', 'a', 'p', '{}', 'open', '2026-01-01T10:00:00+00:00')"
    )
    store.close()

    result = call("stage", image, "-c", config)

    assert result.exit_code == 1
    assert "Session S-1 is open" in words(result)
    assert "end and sign the session" in words(result)


def test_link_key_is_made_once_and_shown(config: Path) -> None:
    assert "firmware key --new" in words(call("key", "-c", config))

    made = call("key", "--new", "-c", config, "--json")
    assert made.exit_code == 0, words(made)
    shown = json.loads(call("key", "-c", config, "--json").stdout)
    assert shown["fingerprint"] == json.loads(made.stdout)["fingerprint"]

    again = call("key", "--new", "-c", config)
    assert again.exit_code == 1
    assert "never replaced" in words(again)


def test_port_that_is_not_there_is_said(config: Path, image: Path) -> None:
    call("key", "--new", "-c", config)

    result = call("stage", image, "-c", config, "--port", "/dev/none")

    assert result.exit_code == 1
    assert "/dev/none: cannot be opened" in words(result)


@pytest.fixture
def unit(tmp_path: Path, config: Path) -> Iterator[Path]:
    """A simulated unit as a process of its own, on a pseudo-terminal."""
    command = [sys.executable, "-m", "hw_sim", "unit", "--dir", str(tmp_path)]
    command += ["--port", str(free_port())]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 20
            pause = threading.Event()
            while not (tmp_path / "tms-serial").exists():
                assert time.monotonic() < until, "the simulated unit did not come up"
                assert process.poll() is None, "the simulated unit ended"
                pause.wait(0.05)
            pause.wait(1.0)  # the firmware boots
            yield tmp_path
        finally:
            process.terminate()


@pytest.mark.process
def test_unit_on_a_real_line_is_updated(unit: Path, config: Path, image: Path) -> None:
    early = call("commit", image, "-c", config)
    assert early.exit_code == 1
    assert "refused UpdateTry (image" in words(early)

    staged = call("stage", image, "-c", config)
    assert staged.exit_code == 0, words(staged)
    assert f"tms-edge firmware commit {image}" in words(staged)

    kept = call("commit", image, "-c", config, "--json")
    assert kept.exit_code == 0, words(kept)
    facts = json.loads(kept.stdout)
    assert facts["kept"]
    assert facts["slot"] == "A"
    assert facts["boot_epoch"] == 2


def test_commands_are_registered() -> None:
    names = {
        command.callback.__name__
        for command in cli_firmware.firmware_app.registered_commands
        if command.callback
    }

    assert names == {"pack", "verify", "stage", "commit", "key"}
