"""The files of one simulated run: folder, lock, and configuration of the edge.

Writes DIR/tms-edge.toml for the production edge, with the simulated unit's wires and folder. The
limits written here are those of the hardware or tighter; the edge checks them again and makes the
key of its store. The key of the line is made here, for both ends. No processes.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.adapters.key_file import create_key, load_link_key
from edge.ports import PanelInput
from firmware.wire import limits
from hw_sim.realtime.wiring import (
    CONVERTER_PINS,
    INPUT_PINS,
    OUTPUT_PINS,
    SERIAL_NAME,
    SOUNDER_BACK_PIN,
)

REPOSITORY: Final = Path(__file__).resolve().parents[2]
LIBRARY: Final = REPOSITORY / "edge" / "protocols"
MARKER_NAME: Final = "tms-run.lock"
LINK_KEY_NAME: Final = "link.key"
SIGNING_KEY_NAME: Final = "signing.key"
SAFETY_TEST_VALID_H: Final = 24  # [P] each morning
UNIT_ID: Final = "SIM-0001"
TIME_ZONE: Final = "Europe/Berlin"


class RunError(Exception):
    """The run cannot start; the text says why and what to do next."""


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1."""

    kiosk: int
    bench: int
    clinic: int


def claim_folder(folder: Path, *, is_fresh: bool) -> int:
    """Make the folder this run's own; the descriptor holds it. Raises RunError."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _lock(folder / MARKER_NAME)
    if is_fresh:
        for item in folder.iterdir():
            if item.name != MARKER_NAME:
                shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()
    (folder / "logs").mkdir(exist_ok=True)
    return descriptor


def check_ports(ports: Ports) -> None:
    """Raises RunError naming the first port that somebody else has."""
    rows = (
        ("--port", ports.kiosk, "kiosk"),
        ("--bench-port", ports.bench, "bench panel"),
        ("--clinic-port", ports.clinic, "clinic"),
    )
    for option, port, what in rows:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise RunError(
                    f"Port {port} for the {what} is not free ({error.strerror}). Stop the program"
                    f" that uses it, or choose another with {option} {port + 1000}."
                ) from error


def link_key_of(folder: Path) -> bytes:
    """The key that unit and edge of this folder share; made when there is none."""
    path = folder / LINK_KEY_NAME
    return load_link_key(path) if path.exists() else create_key(path)


def write_config(folder: Path, ports: Ports) -> Path:
    """Write DIR/tms-edge.toml; the same run always writes the same bytes."""
    path = folder / "tms-edge.toml"
    path.write_text(config_text(folder, ports))
    return path


def config_text(folder: Path, ports: Ports) -> str:
    """The simulated unit's configuration as TOML."""
    lines = ["# Written by 'python -m hw_sim run' for the simulated unit; overwritten at each run."]
    for section, values in _sections(folder, ports).items():
        lines += ["", f"[{section}]"]
        # JSON strings, numbers and lists of strings are also TOML.
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def trusted_keys() -> list[str]:
    """The development key that signed the library in this checkout."""
    manifest = json.loads((REPOSITORY / "edge/protocols/library.json").read_text())
    return [str(manifest["public_key"])]


def _sections(folder: Path, ports: Ports) -> dict[str, dict[str, object]]:
    kiosk = f"127.0.0.1:{ports.kiosk}"
    return {
        "unit": {
            "unit_id": UNIT_ID,
            "clinic_name": "Example clinic (simulated)",
            "time_zone": TIME_ZONE,
            "language": "en",
        },
        "serial": {
            "device": str(folder / SERIAL_NAME),
            "baud": 921600,
            "link_key_path": str(folder / LINK_KEY_NAME),
        },
        "gpio": {"pin_factory": "tms_sim", **_pins()},
        "store": {
            "path": str(folder / "store.db"),
            "log_path": str(folder / "changes"),
            "key_path": str(folder / "store.key"),
        },
        "clinic": {
            "base_url": f"http://127.0.0.1:{ports.clinic}/fhir",
            "unit_identifier_system": "https://tms.example.org/id/unit",
            "ca_path": "",
            "pull_period_s": 15,
            "order_valid_days": 7,
        },
        "kiosk": {
            "host": "127.0.0.1",
            "port": ports.kiosk,
            "page_dir": str(REPOSITORY / "kiosk" / "dist"),
            "origins": [f"http://{kiosk}", f"http://localhost:{ports.kiosk}"],
            "lock_after_s": 600,
        },
        "limits": _limits(),
        "safety": {
            "safety_test_valid_h": SAFETY_TEST_VALID_H,
            "signing_key_path": str(folder / SIGNING_KEY_NAME),
        },
        "protocols": {
            "path": str(LIBRARY),
            "trusted_keys": trusted_keys(),
        },
    }


def _pins() -> dict[str, int]:
    inputs = {f"{name.value}_pin": INPUT_PINS[name] for name in PanelInput}
    converter = {f"{name}_pin": pin for name, pin in CONVERTER_PINS.items()}
    outputs = {f"{name}_pin": pin for name, pin in OUTPUT_PINS.items()}
    return inputs | converter | outputs | {"sounder_back_pin": SOUNDER_BACK_PIN}


def _limits() -> dict[str, object]:
    return {
        "level_pct_max": limits.LEVEL_PCT_MAX,
        "ipi_us_min": limits.IPI_US_MIN,
        "train_pulses_max": limits.TRAIN_PULSES_MAX,
        "session_pulses_max": 3000,  # [P] the longest cleared session
        "day_pulses_max": 18000,  # [V2] ten SNT sessions of 1800
        "surface_c10_max": limits.SURFACE_C10_MAX,
        "surface_c10_warn": 390,  # [P] two degrees below the trip
        "winding_c10_max": limits.WINDING_C10_MAX,
        "heartbeat_ms_max": limits.HEARTBEAT_MS_MAX,
        "percent_mt_max": 120,  # [P] without the prescriber's override
        "threshold_age_days_max": 30,  # [P] redetermined about weekly [V2]; a month is too old
        "pause_s_max": 600,  # [P]
    }


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RunError(
            f"Another run uses the folder {path.parent}. Stop it with Ctrl-C in its window, or"
            " choose another folder with --dir."
        ) from error
    return descriptor
