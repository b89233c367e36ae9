"""`tms-edge certificate`: show and verify, with words for what is wrong."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge import (
    cli,
    cli_certificate,  # noqa: F401  adds its commands
    doctor,
)
from edge.__main__ import open_signing_key
from edge.adapters.signing_key import Ed25519Signer, is_signed_by, load_signer
from edge.adapters.system_clock import SystemClock
from edge.config_load import load_config
from edge.ports import KeyFileError
from edge.store_file import open_store
from hw_sim.certificate import grant
from tests.support.unit_config import unit_toml

pytestmark = pytest.mark.control("morning-test")
runner = CliRunner()


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The configuration file of a unit without a store."""
    path = tmp_path / "tms-edge.toml"
    text = unit_toml(signing_key_path=f'"{tmp_path / "signing.key"}"')
    text = text.replace("/var/lib/tms-edge/", f"{tmp_path}/")
    path.write_text(text)
    return path


def after_tests(path: Path, times: int = 1) -> None:
    """As if somebody had made the test this often."""

    config = load_config(path.read_text())

    async def make() -> None:
        store = open_store(config.store)
        signer = open_signing_key(config.safety)
        for _ in range(times):
            grant(
                store,
                signer,
                SystemClock(),
                unit_id="SIM-0001",
                settings_hash=config.settings_hash,
                valid_h=24,
                is_renewed=True,
            )
        store.close()

    asyncio.run(make())


def call(path: Path, *arguments: str) -> Result:
    return runner.invoke(cli.app, ["certificate", *arguments, "--config", str(path)])


def words(result: Result) -> str:
    return " ".join((result.output + result.stderr).split())


def test_show_names_the_newest_with_its_steps(unit: Path) -> None:
    after_tests(unit, 2)

    result = call(unit, "show")

    assert result.exit_code == 0, words(result)
    for word in ("ST-000002", "passed", "SIM-0001", "estop", "heartbeat", "10 ms"):
        assert word in words(result)
    assert "ST-000001" in words(call(unit, "show", "1"))


def test_show_without_a_test_or_with_a_wrong_number_says_so(unit: Path) -> None:
    after_tests(unit)

    assert "No certificate ST-000009" in words(call(unit, "show", "9"))
    assert call(unit, "show", "9").exit_code == 1


def test_show_on_a_unit_without_a_key_says_so(unit: Path) -> None:
    result = call(unit, "show")

    assert result.exit_code == 1
    assert "missing" in words(result)
    assert not (unit.parent / "signing.key").exists()


def test_certificate_written_to_a_file_is_verified_anywhere(unit: Path) -> None:
    after_tests(unit)
    file = unit.parent / "certificate.json"

    assert call(unit, "show", "--out", str(file)).exit_code == 0
    result = call(unit, "verify", str(file))

    assert result.exit_code == 0, words(result)
    assert "ST-000001: whole, and signed by this unit" in words(result)
    shown = json.loads(call(unit, "show", "--json").stdout)
    assert shown == json.loads(file.read_text())
    assert len(shown["signature"]) == 128


def test_all_certificates_are_verified_without_a_file(unit: Path) -> None:
    after_tests(unit, 3)

    assert "3 certificates: whole, in order" in words(call(unit, "verify"))


def changed(file: Path, **changes: object) -> None:
    found = json.loads(file.read_text())
    file.write_text(json.dumps(found | changes))


def test_file_that_was_touched_or_is_somebody_elses_is_refused(unit: Path) -> None:
    after_tests(unit)
    file = unit.parent / "certificate.json"
    call(unit, "show", "--out", str(file))
    body = json.loads(file.read_text())["body"]

    changed(file, body=body.replace('"who":"simulator"', '"who":"somebody"'))
    assert "does not fit" in words(call(unit, "verify", str(file)))
    changed(file, body=body, signature="no hex")
    assert "does not fit" in words(call(unit, "verify", str(file)))

    other = Ed25519Signer(bytes(32))
    key = load_signer(unit.parent / "signing.key").public_key().hex()
    foreign = body.replace(key, other.public_key().hex())
    changed(file, body=foreign, signature=other.sign(foreign.encode()).hex())
    result = call(unit, "verify", str(file))
    assert result.exit_code == 1
    assert "signed by another unit" in words(result)


@pytest.mark.parametrize("text", ["", "[]", '{"body": "{}"}', '{"body": "nonsense"}'])
def test_file_that_is_no_certificate_is_refused(unit: Path, text: str) -> None:
    after_tests(unit)
    file = unit.parent / "certificate.json"
    file.write_text(text)

    result = call(unit, "verify", str(file))

    assert result.exit_code == 1
    assert "certificate" in words(result)


def test_store_with_a_touched_certificate_is_refused(unit: Path) -> None:
    after_tests(unit, 2)
    store = open_store(load_config(unit.read_text()).store)
    store.rows("DELETE FROM certificate WHERE number = 1")
    store.close()

    result = call(unit, "verify")

    assert result.exit_code == 1
    assert "ST-000001 is missing" in words(result)


def test_key_of_the_unit_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    with pytest.raises(KeyFileError, match="missing"):
        load_signer(path)
    config = load_config(unit_toml(signing_key_path=f'"{path}"'))

    first = open_signing_key(config.safety)

    assert path.stat().st_mode & 0o777 == 0o600
    assert open_signing_key(config.safety).public_key() == first.public_key()
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        open_signing_key(config.safety)


def test_signature_of_a_wrong_form_is_none() -> None:
    signer = Ed25519Signer(bytes(32))
    signature = signer.sign(b"words")

    assert is_signed_by(signer.public_key(), b"words", signature)
    assert not is_signed_by(signer.public_key(), b"other", signature)
    assert not is_signed_by(b"short", b"words", signature)
    assert not is_signed_by(signer.public_key(), b"words", b"short")


def test_doctor_says_whether_the_signing_key_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    config = load_config(unit_toml(signing_key_path=f'"{path}"'))

    assert "at first start" in doctor.check_signing_key(config).what
    open_signing_key(config.safety)
    assert doctor.check_signing_key(config).state == "ok"
    path.chmod(0o644)
    found = doctor.check_signing_key(config)
    assert (found.state, bool(found.cure)) == ("problem", True)
