"""Reads the configuration file: parse, unknown keys, types, ranges, then relations, then the hash.

All problems are reported at once, each with its path in the file. Nothing is defaulted or clamped:
a missing safety value is a problem. Takes text, not paths: the entry points open the file.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.config import (
    NOT_FITTED,
    ClinicConfig,
    Config,
    KioskConfig,
    LimitsConfig,
    PinConfig,
    ProtocolsConfig,
    SafetyConfig,
    SerialConfig,
    StoreConfig,
    UnitConfig,
)
from firmware.wire import limits

SECTIONS: tuple[tuple[str, type], ...] = (
    ("unit", UnitConfig),
    ("serial", SerialConfig),
    ("gpio", PinConfig),
    ("store", StoreConfig),
    ("clinic", ClinicConfig),
    ("kiosk", KioskConfig),
    ("limits", LimitsConfig),
    ("safety", SafetyConfig),
    ("protocols", ProtocolsConfig),
)

# Lowest and highest value of each number. Upper limits of [limits] are those of the hardware.
RANGES: dict[str, tuple[int, int]] = {
    "serial.baud": (9_600, 3_000_000),
    "clinic.pull_period_s": (5, 3_600),
    "clinic.order_valid_days": (1, 31),
    "kiosk.port": (1, 65_535),
    "kiosk.lock_after_s": (30, 3_600),
    "limits.level_pct_max": (limits.LEVEL_PCT_MIN, limits.LEVEL_PCT_MAX),
    "limits.ipi_us_min": (limits.IPI_US_MIN, limits.PERIOD_US_MAX),
    "limits.train_pulses_max": (1, limits.TRAIN_PULSES_MAX),
    "limits.session_pulses_max": (1, limits.SESSION_PULSES_MAX),
    "limits.day_pulses_max": (1, 18_000),  # [P] 18 000 a day: the SNT protocol's ten sessions
    "limits.surface_c10_max": (300, limits.SURFACE_C10_MAX),
    "limits.surface_c10_warn": (250, limits.SURFACE_C10_MAX),
    "limits.winding_c10_max": (300, limits.WINDING_C10_MAX),
    "limits.heartbeat_ms_max": (150, limits.HEARTBEAT_MS_MAX),
    "limits.percent_mt_max": (1, 130),  # [P] 120, 130 with the prescriber's override
    "limits.threshold_age_days_max": (1, 365),
    "limits.pause_s_max": (30, 3_600),
    "safety.safety_test_valid_h": (1, 24),  # [P] each morning
}
PIN_RANGE = (0, 27)  # BCM numbers of the 40-pin header
OPTIONAL_PINS = ("gpio.attend_pin", "gpio.flow_pin")


@dataclass(frozen=True)
class ConfigProblem:
    """path is section.key; text says what is wrong and what would be right."""

    path: str
    text: str


class ConfigError(Exception):
    """Carries every problem of the file."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{p.path}: {p.text}" for p in problems))


def load_config(text: str) -> Config:
    """Config from TOML text. Raises ConfigError with all problems."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([ConfigProblem("file", f"not TOML: {error}")]) from error
    problems: list[ConfigProblem] = []
    known = {name for name, _ in SECTIONS}
    problems += [
        ConfigProblem(key, f"unknown section; known: {', '.join(sorted(known))}")
        for key in raw
        if key not in known
    ]
    parts = {name: _section(name, kind, raw.get(name), problems) for name, kind in SECTIONS}
    if problems:
        raise ConfigError(problems)
    config = Config(**parts, settings_hash=_hash(raw))  # type: ignore[arg-type]
    problems = [ConfigProblem(path, text) for path, text in _relations(config)]
    if problems:
        raise ConfigError(problems)
    return config


def _section(name: str, kind: type, raw: object, problems: list[ConfigProblem]) -> object:
    if not isinstance(raw, Mapping):
        problems.append(ConfigProblem(name, "section missing"))
        return None
    hints = get_type_hints(kind)
    wanted = [f.name for f in fields(kind)]
    problems.extend(
        ConfigProblem(f"{name}.{key}", f"unknown key; known: {', '.join(wanted)}")
        for key in raw
        if key not in wanted
    )
    before = len(problems)
    values = {key: _value(f"{name}.{key}", hints[key], raw, key, problems) for key in wanted}
    return kind(**values) if len(problems) == before else None


def _value(
    path: str, hint: Any, raw: Mapping[str, object], key: str, problems: list[ConfigProblem]
) -> object:
    if key not in raw:
        problems.append(ConfigProblem(path, "missing"))
        return None
    value = raw[key]
    if hint is int:
        return _number(path, value, problems)
    if hint is str:
        if isinstance(value, str):
            return value
        problems.append(ConfigProblem(path, f"text wanted, got {value!r}"))
        return None
    if isinstance(value, list) and all(isinstance(item, str) for item in value) and value:
        return tuple(value)
    problems.append(ConfigProblem(path, f"list of texts wanted, got {value!r}"))
    return None


def _number(path: str, value: object, problems: list[ConfigProblem]) -> object:
    if not isinstance(value, int) or isinstance(value, bool):
        problems.append(ConfigProblem(path, f"whole number wanted, got {value!r}"))
        return None
    low, high = PIN_RANGE if path.startswith("gpio.") else RANGES[path]
    if value == NOT_FITTED and path in OPTIONAL_PINS:
        return value
    if not low <= value <= high:
        problems.append(ConfigProblem(path, f"{value} is outside {low} to {high}"))
        return None
    return value


def _relations(config: Config) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    checks = (
        _unit_relations,
        _pin_relations,
        _converter_relations,
        _limit_relations,
        _address_relations,
    )
    for check in checks:
        found += check(config)
    return found


def _unit_relations(config: Config) -> list[tuple[str, str]]:
    found = []
    unit = config.unit
    if not (1 <= len(unit.unit_id) <= 8 and unit.unit_id.isascii()):
        found.append(("unit.unit_id", "1 to 8 ASCII characters"))
    try:
        ZoneInfo(unit.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(("unit.time_zone", f"no time zone of that name: {unit.time_zone!r}"))
    return found


def _pin_relations(config: Config) -> list[tuple[str, str]]:
    seen: dict[int, str] = {}
    found = []
    for item in fields(config.gpio):
        value = getattr(config.gpio, item.name)
        if item.name == "pin_factory" or value == NOT_FITTED:
            continue
        if value in seen:
            found.append((f"gpio.{item.name}", f"pin {value} is also gpio.{seen[value]}"))
        seen[value] = item.name
    return found


def _converter_relations(config: Config) -> list[tuple[str, str]]:
    """The kernel drives SPI on these pins only."""
    gpio = config.gpio
    wired = {
        "adc_clock_pin": (gpio.adc_clock_pin, (11,)),
        "adc_mosi_pin": (gpio.adc_mosi_pin, (10,)),
        "adc_miso_pin": (gpio.adc_miso_pin, (9,)),
        "adc_select_pin": (gpio.adc_select_pin, (8, 7)),
    }
    return [
        (f"gpio.{name}", f"pin {pin} is not the SPI bus's: {' or '.join(map(str, allowed))}")
        for name, (pin, allowed) in wired.items()
        if pin not in allowed
    ]


def _limit_relations(config: Config) -> list[tuple[str, str]]:
    found = []
    caps = config.limits
    if caps.surface_c10_warn >= caps.surface_c10_max:
        found.append(("limits.surface_c10_warn", "must lie below limits.surface_c10_max"))
    if caps.train_pulses_max > caps.session_pulses_max:
        found.append(("limits.train_pulses_max", "must not exceed limits.session_pulses_max"))
    if caps.session_pulses_max > caps.day_pulses_max:
        found.append(("limits.session_pulses_max", "must not exceed limits.day_pulses_max"))
    return found


def _address_relations(config: Config) -> list[tuple[str, str]]:
    found = []
    if not config.clinic.base_url.startswith(("http://", "https://")):
        found.append(("clinic.base_url", "must begin with http:// or https://"))
    plain = config.clinic.base_url.startswith("http://")
    if plain and not _is_loopback(config.clinic.base_url):
        found.append(("clinic.base_url", "plain http is for this machine only; use https"))
    if not _is_loopback(f"http://{config.kiosk.host}"):
        found.append(("kiosk.host", "the chair's page is served on 127.0.0.1 or localhost only"))
    found += [
        (f"kiosk.origins[{i}]", "an origin is http(s)://host[:port] without a path")
        for i, origin in enumerate(config.kiosk.origins)
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2
    ]
    found += [
        (f"protocols.trusted_keys[{i}]", "64 hexadecimal digits (an Ed25519 public key)")
        for i, key in enumerate(config.protocols.trusted_keys)
        if len(key) != 64 or not _is_hex(key)
    ]
    return found


def _is_loopback(url: str) -> bool:
    host = url.split("//", 1)[1].split("/", 1)[0].rsplit(":", 1)[0]
    return host in ("127.0.0.1", "localhost")


def _is_hex(text: str) -> bool:
    return all(c in "0123456789abcdef" for c in text)


def _hash(raw: Mapping[str, object]) -> str:
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
