"""The lines exchanged on the GPIO socket: JSON, one whole state a line, never a difference.

Unit to Pi {"levels": {"5": 1, ...}}, Pi to unit {"drive": {"20": 1, ...}}. Pure: bytes in, pin
levels out. A line that is not exactly this raises LineError; both ends then hang up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from hw_sim.realtime.wiring import LINE_BYTES_MAX

Kind = Literal["levels", "drive"]
BCM_MAX = 27  # GPIO 0 to 27 are on the header


class LineError(ValueError):
    """The other end sent something that is not a line of this socket."""


def encode(kind: Kind, pins: Mapping[int, bool]) -> bytes:
    """One line with the levels by BCM number, in rising order."""
    return json.dumps({kind: {str(pin): int(pins[pin]) for pin in sorted(pins)}}).encode() + b"\n"


def decode(kind: Kind, line: bytes) -> dict[int, bool]:
    """Levels by BCM number. Raises LineError."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise LineError(f"not JSON: {line[:40]!r}") from error
    if not isinstance(message, dict) or list(message) != [kind]:
        raise LineError(f"expected an object with {kind!r} only: {line[:40]!r}")
    pins = message[kind]
    if not isinstance(pins, dict):
        raise LineError(f"{kind!r} must be an object: {line[:40]!r}")
    return {_bcm(name): _level(level) for name, level in pins.items()}


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
