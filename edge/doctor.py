"""`tms-edge doctor`: looks at everything the service needs and says how to cure what is wrong.

Checks configuration, serial line and controller, GPIO, store, protocol library, page, clinic and
clock. Changes nothing, fires nothing, and leaves the serial line alone while the service runs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.table import Table

from edge.adapters.clinic_http import ClinicHttpClient
from edge.adapters.gpio_panel import pin_factory
from edge.adapters.gpio_thermometer import GpioThermometer
from edge.adapters.key_file import load_link_key
from edge.adapters.serial_link import SerialLinkOpener
from edge.adapters.signing_key import load_signer
from edge.adapters.system_clock import SystemClock
from edge.cli import DEFAULT_CONFIG, AsJson, ConfigPath, app, out, print_json, read_config
from edge.config import Config
from edge.mcu.handshake import self_test_names, text_of, version_of
from edge.ports import ClinicUnreachableError, KeyFileError, LinkLostError
from edge.services.library import LibraryError, ProtocolLibrary, read_library_files
from firmware.wire import codes
from firmware.wire.commands import Hello
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import WireError
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity

ANSWER_S = 2.0  # the controller answers within milliseconds; a booting one within a second
CLINIC_S = 10.0
# The library's development key is published in this repository (hw_sim/keys).
DEVELOPMENT_KEY_NOTE = "the development key is public knowledge; sign your library with your own"


RESET_WORDS = {codes.RESET_POWER: "power", codes.RESET_WATCHDOG: "its watchdog"}


@dataclass(frozen=True)
class Finding:
    """One check. state: ok, warning or problem; cure is empty when ok."""

    name: str
    state: str
    what: str
    cure: str = ""


@app.command()
def doctor(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Check this unit's surroundings; every problem comes with its cure."""
    parsed = read_config(config)
    findings = [Finding("configuration", "ok", f"{config}, hash {parsed.settings_hash[:12]}")]
    findings += examine(parsed)
    bad = [f for f in findings if f.state == "problem"]
    if as_json:
        print_json({"ok": not bad, "findings": [asdict(f) for f in findings]})
    else:
        show(findings)
    if bad:
        raise typer.Exit(1)


def examine(config: Config) -> list[Finding]:
    """All checks but the configuration's own."""
    is_serving = port_is_open(config.kiosk.host, config.kiosk.port)
    checks: list[Callable[[], Finding]] = [
        lambda: check_service(config, is_serving),
        lambda: check_serial(config, is_serving),
        lambda: check_link_key(config),
        lambda: check_signing_key(config),
        lambda: check_gpio(config),
        lambda: check_store(config),
        lambda: check_library(config),
        lambda: check_page(config),
        lambda: check_clinic(config),
        check_clock,
    ]
    return [check() for check in checks]


def show(findings: list[Finding]) -> None:
    """A table for people."""
    table = Table("check", "", "found", "what to do")
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "problem": "[red]problem[/]"}
    for f in findings:
        table.add_row(f.name, marks[f.state], f.what, f.cure)
    out.print(table)


def port_is_open(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def check_service(config: Config, is_serving: bool) -> Finding:
    address = f"{config.kiosk.host}:{config.kiosk.port}"
    if is_serving:
        return Finding("service", "ok", f"something answers at {address}")
    return Finding("service", "ok", f"not running, {address} is free")


def check_serial(config: Config, is_serving: bool) -> Finding:
    device = config.serial.device
    path = Path(device)
    if not path.exists():
        cure = "Check the cable and serial.device; on a Pi enable the UART and disable its console."
        return Finding("controller", "problem", f"{device} does not exist", cure)
    if not os.access(path, os.R_OK | os.W_OK):
        cure = f"Add this user to the group of {device} (usually dialout) and log in again."
        return Finding("controller", "problem", f"no permission for {device}", cure)
    if is_serving:
        return Finding("controller", "ok", f"{device} is there; the service holds it")
    try:
        identity = asyncio.run(identify(config))
    except LinkLostError as error:
        return Finding("controller", "problem", str(error), "Free the port or replug the cable.")
    if identity is None:
        cure = "Check power and wiring of the controller board, and that its firmware is loaded."
        return Finding("controller", "problem", f"no answer on {device}", cure)
    return judge_identity(config, identity)


def judge_identity(config: Config, identity: Identity) -> Finding:
    """What the controller says of itself against what the configuration expects."""
    unit_id = text_of(identity.unit_id)
    if identity.protocol != PROTOCOL_VERSION:
        cure = "Load the firmware that belongs to this service version."
        return Finding("controller", "problem", "it speaks another protocol version", cure)
    if unit_id != config.unit.unit_id:
        what = f"it is unit {unit_id}, the configuration says {config.unit.unit_id}"
        return Finding("controller", "problem", what, "Correct unit.unit_id or the board.")
    if identity.self_test:
        what = f"its self-test found: {', '.join(self_test_names(identity))}"
        return Finding("controller", "problem", what, "See docs/firmware.md, section 6.")
    kind = "simulated" if identity.is_simulated else "real"
    coil = f"coil {text_of(identity.coil_serial)}" if identity.coil_type else "no coil"
    start = RESET_WORDS.get(identity.reset_cause, f"cause {identity.reset_cause}")
    what = f"{kind} unit {unit_id}, firmware {version_of(identity)}, {coil}, self-test good"
    return Finding("controller", "ok", f"{what}, started by {start}")


async def identify(config: Config) -> Identity | None:
    """Ask who is there. None when nobody answers. Raises LinkLostError."""
    link = await SerialLinkOpener(config.serial.device, config.serial.baud).open()
    decoder = Decoder()
    try:
        link.write(encode(Hello.TYPE, 0, Hello(protocol=PROTOCOL_VERSION).pack()))
        async with asyncio.timeout(ANSWER_S):
            while True:
                for kind, _, payload in decoder.feed(await link.read()):
                    if kind == Identity.TYPE:
                        found = Identity.unpack(payload)
                        assert isinstance(found, Identity)
                        return found
    except (TimeoutError, WireError):
        return None
    finally:
        link.close()


def check_link_key(config: Config) -> Finding:
    """The service's half; whether the controller holds the same shows when the link comes up."""
    path = Path(config.serial.link_key_path)
    try:
        load_link_key(path)
    except KeyFileError as error:
        cure = "Put the unit's key back, or make a new one and store it in the controller as well."
        return Finding("link key", "problem", str(error), cure)
    return Finding("link key", "ok", f"{path}, readable by its owner only")


def check_signing_key(config: Config) -> Finding:
    """Signs the certificates of the safety test."""
    path = Path(config.safety.signing_key_path)
    if not path.exists():
        return Finding("signing key", "ok", f"{path} will be made at first start")
    try:
        load_signer(path)
    except KeyFileError as error:
        cure = "Put the unit's key back; without it every certificate counts as forged."
        return Finding("signing key", "problem", str(error), cure)
    return Finding("signing key", "ok", f"{path}, readable by its owner only")


def check_gpio(config: Config) -> Finding:
    name = config.gpio.pin_factory
    try:
        factory = pin_factory(name)
        for pin in (config.gpio.estop_pin, config.gpio.door_pin, config.gpio.coil_pin):
            factory.pin(pin)
        GpioThermometer(config.gpio, factory).close()
        factory.close()
    except Exception as error:  # noqa: BLE001  drivers raise what they like; all of it is a finding
        cure = (
            "On a Pi: install the [pi] extra (lgpio), switch SPI on (raspi-config), and add this"
            " user to the groups gpio and spi."
        )
        return Finding("gpio", "problem", f"pin factory {name}: {error}", cure)
    return Finding("gpio", "ok", f"pin factory {name}")


def check_store(config: Config) -> Finding:
    path, key = Path(config.store.path), Path(config.store.key_path)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        cure = f"Create {path.parent} and make it writable for this user."
        return Finding("store", "problem", f"cannot write in {path.parent}", cure)
    if path.exists() and not key.exists():
        cure = "Bring back the key file from its backup; without it the records cannot be read."
        return Finding("store", "problem", f"the key {key} is missing", cure)
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        return Finding("store", "problem", f"{key} is readable by others", f"chmod 600 {key}")
    free_mb = os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_frsize // 1_000_000
    if free_mb < 200:  # [P] room for thousands of sessions; below it something else fills the disk
        return Finding("store", "problem", f"{free_mb} MB free", "Free disk space.")
    state = "exists" if path.exists() else "will be created at first start"
    return Finding("store", "ok", f"{path} {state}, {free_mb} MB free")


def check_library(config: Config) -> Finding:
    try:
        files = read_library_files(Path(config.protocols.path))
        library = ProtocolLibrary.load(files, config.protocols.trusted_keys)
    except (LibraryError, OSError) as error:
        cure = "Restore the signed library, or name its signer in protocols.trusted_keys."
        return Finding("protocols", "problem", str(error), cure)
    what = f"version {library.version}, {len(library.all())} protocols, signature good"
    shipped = Path(__file__).parent / "protocols" / "library.json"
    is_development = library.key in shipped.read_text(encoding="utf-8")
    if is_development and not config.unit.unit_id.startswith("SIM"):
        return Finding("protocols", "warning", what, DEVELOPMENT_KEY_NOTE)
    return Finding("protocols", "ok", what)


def check_page(config: Config) -> Finding:
    index = Path(config.kiosk.page_dir) / "index.html"
    if index.is_file():
        return Finding("kiosk page", "ok", str(index))
    return Finding(
        "kiosk page", "problem", f"{index} is missing", "Build it: make kiosk/dist/index.html"
    )


def check_clinic(config: Config) -> Finding:
    return asyncio.run(_ask_clinic(config))


async def _ask_clinic(config: Config) -> Finding:
    client = ClinicHttpClient(config.clinic.base_url, config.clinic.ca_path)
    try:
        answer = await client.request("GET", "metadata", timeout_s=CLINIC_S)
    except ClinicUnreachableError as error:
        cure = "Check the network and clinic.base_url. Treatment with orders on the unit goes on."
        return Finding("clinic", "warning", f"not reachable: {error}", cure)
    finally:
        await client.close()
    if answer.status != 200 or b"CapabilityStatement" not in answer.body:
        cure = "clinic.base_url must be the FHIR base address (…/metadata answers there)."
        return Finding("clinic", "problem", f"answered {answer.status}, not a FHIR server", cure)
    return Finding("clinic", "ok", f"FHIR server at {config.clinic.base_url}")


def check_clock() -> Finding:
    if SystemClock().now().is_trusted:
        return Finding("clock", "ok", "synchronised")
    cure = "Enable time synchronisation (timedatectl set-ntp true). Dose and safety do not use it."
    return Finding("clock", "warning", "not known to be synchronised", cure)
