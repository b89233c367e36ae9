"""The lines exchanged on the GPIO socket: JSON, one whole state a line, never a difference.

Unit to Pi {"levels": {"5": 1, ...}}, Pi to unit {"drive": {"20": 1, "26": [262, 12], ...}}, where
two numbers are a square wave: hertz and percent. The Pi may add "at_ns", when it moved its pins on
the machine's monotonic clock, so that a unit that was not let run still books edges at their time.
Pure: bytes in, pin levels out. A line that is not exactly this raises LineError; both ends then
hang up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from edge.domain.alarm_sounds import Tone
from hw_sim.realtime.wiring import LINE_BYTES_MAX

MOMENT = "at_ns"
Kind = Literal["levels", "drive"]
Drive = bool | Tone
BCM_MAX = 27  # GPIO 0 to 27 are on the header
FREQUENCY_HZ_MAX = 10_000  # what lgpio's own PWM takes


class LineError(ValueError):
    """The other end sent something that is not a line of this socket."""


def encode(kind: Kind, pins: Mapping[int, Drive], at_ns: int | None = None) -> bytes:
    """One line with the levels by BCM number, in rising order, and when they were set."""
    message: dict[str, object] = {kind: {str(pin): _value(pins[pin]) for pin in sorted(pins)}}
    if at_ns is not None:
        message[MOMENT] = at_ns
    return json.dumps(message).encode() + b"\n"


def _value(drive: Drive) -> int | list[int]:
    return [drive.frequency_hz, drive.duty_pct] if isinstance(drive, Tone) else int(drive)


def decode_levels(line: bytes) -> dict[int, bool]:
    """What the unit tells, by BCM number. Raises LineError."""
    return {_bcm(name): _level(level) for name, level in _pins("levels", line).items()}


def decode_drive(line: bytes) -> dict[int, Drive]:
    """What the Pi drives, by BCM number. Raises LineError."""
    return {_bcm(name): _drive(level) for name, level in _pins("drive", line).items()}


def moment_ns(line: bytes) -> int | None:
    """When the Pi moved its pins, None when it does not say. Raises LineError."""
    at_ns = _message("drive", line).get(MOMENT)
    if at_ns is not None and (type(at_ns) is not int or at_ns < 0):
        raise LineError(f"no such moment: {str(at_ns)[:20]!r}")
    return at_ns


def _message(kind: Kind, line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise LineError(f"not JSON: {line[:40]!r}") from error
    allowed = ([kind], [kind, MOMENT]) if kind == "drive" else ([kind],)
    if not isinstance(message, dict) or list(message) not in allowed:
        raise LineError(f"expected an object with {kind!r} only: {line[:40]!r}")
    return message


def _pins(kind: Kind, line: bytes) -> dict[str, object]:
    pins = _message(kind, line)[kind]
    if not isinstance(pins, dict):
        raise LineError(f"{kind!r} must be an object: {line[:40]!r}")
    return pins


class LineBuffer:
    """Cuts a byte stream into lines, bounded."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Complete lines so far. Raises LineError when a line grows past its bound."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if any(len(line) > LINE_BYTES_MAX for line in (*lines, self._rest)):
            raise LineError(f"line longer than {LINE_BYTES_MAX} bytes")
        return lines


def _bcm(name: str) -> int:
    if not name.isascii() or not name.isdigit() or int(name) > BCM_MAX:
        raise LineError(f"no such pin: {name[:20]!r}")
    return int(name)


def _level(level: object) -> bool:
    if level not in (0, 1):
        raise LineError(f"a level is 0 or 1, not {str(level)[:20]!r}")
    return bool(level)


def _drive(level: object) -> Drive:
    if not isinstance(level, list):
        return _level(level)
    if len(level) != 2 or not all(type(number) is int for number in level):
        raise LineError(f"a square wave is two whole numbers, not {str(level)[:20]!r}")
    frequency_hz, duty_pct = level
    if not (0 < frequency_hz <= FREQUENCY_HZ_MAX and 0 < duty_pct <= 100):
        raise LineError(f"no such square wave: {str(level)[:20]!r}")
    return Tone(frequency_hz, duty_pct)
