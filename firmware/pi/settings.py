"""The configuration of this process: one TOML file, frozen data, all problems reported at once.

Nothing has a default and unknown keys are refused, as in the edge's own file. Takes text, not a
path. Pins are BCM numbers; the converter's wires take five more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from firmware.pi.grants import PrioritySettings
from firmware.wire.limits import LEVEL_PCT_MAX, LEVEL_PCT_MIN
from firmware.wire.reports import COIL_CIRCULAR, COIL_NONE

NOT_FITTED = -1
# The converter hangs on SPI port 0: CE1, CE0, MISO, MOSI, CLK.
SPI_PINS = (7, 8, 9, 10, 11)
CONVERTERS = ("mcp3008", "mcp3208")


@dataclass(frozen=True)
class CoreSettings:
    """[core] Who the unit is, and where its line and its memory are."""

    unit_id: str  # 1 to 8 ASCII characters
    line: str  # name under which the edge opens the serial device
    state_dir: str  # ledger, boot count, report
    key_path: str  # 32 bytes, mode 0600
    pin_factory: str  # name of a gpiozero entry point: lgpio on a Pi
    watchdog: str  # /dev/watchdog, or empty for none
    level_pct_max: int


@dataclass(frozen=True)
class PinSettings:
    """[pins] BCM numbers; names as in firmware/board/pins.py. cooling -1: no cooling is fitted."""

    trigger: int
    enable: int
    enable_beat: int  # toggles while armed; an external one-shot of 10 ms holds the enable
    alive_beat: int  # toggles always; an external one-shot of 1 s holds charger and bleed relay
    chain: int
    loop: int
    pulse_seen: int
    estop: int
    door: int
    coil: int
    patient: int
    cooling: int
    host: int  # output of the one-shot that the edge's host enable drives
    enclosure: int
    charger_on: int
    charger_level: int
    bleed_open: int
    peak_reset: int


@dataclass(frozen=True)
class ConverterSettings:
    """[converter] Analogue channels on SPI port 0, chip select 0."""

    kind: str  # mcp3008 (10 bits) or mcp3208 (12 bits)
    bank: int
    peak: int
    winding: int
    surface: int


@dataclass(frozen=True)
class CoilSettings:
    """[coil] There is no memory chip to read here: what is plugged in stands in the file."""

    serial: str  # 1 to 8 ASCII characters
    type: int  # COIL_* of firmware/wire/reports.py


@dataclass(frozen=True)
class Settings:
    """The whole file."""

    core: CoreSettings
    priority: PrioritySettings
    pins: PinSettings
    converter: ConverterSettings
    coil: CoilSettings


class SettingsError(Exception):
    """Every problem of the file, one a line."""


SECTIONS: Mapping[str, type] = {
    "core": CoreSettings,
    "priority": PrioritySettings,
    "pins": PinSettings,
    "converter": ConverterSettings,
    "coil": CoilSettings,
}
PIN_RANGE = (0, 27)
RANGES: Mapping[str, tuple[int, int]] = {
    "core.level_pct_max": (LEVEL_PCT_MIN, LEVEL_PCT_MAX),
    "priority.fifo_priority": (0, 98),  # 99 belongs to the kernel's own threads
    "priority.cpu": (-1, 63),
    "priority.measure_s": (1, 60),
    "pins.cooling": (NOT_FITTED, PIN_RANGE[1]),
    "coil.type": (COIL_NONE + 1, COIL_CIRCULAR),
}
CHANNEL_RANGE = (0, 7)


def load_settings(text: str) -> Settings:
    """Settings from TOML text. Raises SettingsError with all problems."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"file: not TOML: {error}") from error
    problems = [f"{name}: unknown section" for name in raw if name not in SECTIONS]
    parts: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        section = raw.get(name)
        if isinstance(section, Mapping):
            found = list(_section_problems(name, kind, section))
            problems += found
            parts[name] = None if found else kind(**section)
        else:
            problems.append(f"{name}: section missing")
    if not problems:
        problems = list(_relations(Settings(**parts)))
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**parts)


def _section_problems(name: str, kind: type, raw: Mapping[str, object]) -> Iterator[str]:
    hints = get_type_hints(kind)
    for key in raw:
        if key not in hints:
            yield f"{name}.{key}: unknown key; known: {', '.join(hints)}"
    for key, hint in hints.items():
        value = raw.get(key)
        path = f"{name}.{key}"
        if value is None:
            yield f"{path}: missing"
        elif type(value) is not hint:
            yield f"{path}: {hint.__name__} wanted, got {value!r}"
        elif isinstance(value, int) and not isinstance(value, bool):
            low, high = _range(name, path)
            if not low <= value <= high:
                yield f"{path}: {value} is outside {low} to {high}"


def _range(section: str, path: str) -> tuple[int, int]:
    if path in RANGES:
        return RANGES[path]
    return CHANNEL_RANGE if section == "converter" else PIN_RANGE


def _relations(settings: Settings) -> Iterator[str]:
    for path, text in (
        ("core.unit_id", settings.core.unit_id),
        ("coil.serial", settings.coil.serial),
    ):
        if not (1 <= len(text) <= 8 and text.isascii() and text.isprintable()):
            yield f"{path}: 1 to 8 printable ASCII characters"
    for key in ("line", "state_dir", "key_path"):
        if not getattr(settings.core, key).startswith("/"):
            yield f"core.{key}: an absolute path"
    if settings.core.watchdog and not settings.core.watchdog.startswith("/"):
        yield "core.watchdog: an absolute path, or empty"
    if settings.converter.kind not in CONVERTERS:
        yield f"converter.kind: one of {', '.join(CONVERTERS)}"
    yield from _shared("pins", settings.pins, dict.fromkeys(SPI_PINS, "the converter"))
    yield from _shared("converter", settings.converter, {})


def _shared(section: str, numbers: object, taken: dict[int, str]) -> Iterator[str]:
    for field in fields(numbers):  # type: ignore[arg-type]  # both are dataclasses
        value = getattr(numbers, field.name)
        if isinstance(value, str) or value == NOT_FITTED:
            continue
        if value in taken:
            yield f"{section}.{field.name}: {value} is also {taken[value]}"
        taken[value] = field.name
