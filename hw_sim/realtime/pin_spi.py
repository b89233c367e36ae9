"""The converter on the simulated Pi's SPI pins: an MCP3008 whose channels the unit tells.

The unit sends its channels as a line of their own, {"analogue": {"0": 512, "1": 511}}, beside the
levels; a transfer answers as the chip does (start bit, channel, null bit, ten bits). Pure but for
the factory it asks for the channel. A line that is not exactly this raises LineError.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from gpiozero.pins import SPI

from hw_sim.realtime.pin_lines import LineError

CHANNELS: Final = 8
RAW_TOP: Final = 1023  # ten bits
START: Final = 0b1  # first byte of a request: gpiozero aligns the answer with the last two
SINGLE_ENDED: Final = 0b1000


class Analogue(Protocol):
    """Who knows what the converter would read."""

    def analogue(self, channel: int) -> int:
        """Raw value now. Raises gpiozero's PinError when it is not known."""


class SimConverter(SPI):  # type: ignore[misc]  # gpiozero has no types
    """One device on the bus; any number of gpiozero devices may share the wires."""

    def __init__(self, source: Analogue) -> None:
        super().__init__(pin_factory=source)
        self._source = source

    def transfer(self, data: Sequence[int]) -> list[int]:
        """Three bytes there, three back."""
        if len(data) != 3 or data[0] != START or not data[1] >> 4 & SINGLE_ENDED:
            return [0] * len(data)  # the chip waits for a start bit it knows
        raw = self._source.analogue(data[1] >> 4 & (CHANNELS - 1))
        return [0, raw >> 8, raw & 0xFF]

    def close(self) -> None:
        """Nothing is held."""

    @property
    def closed(self) -> bool:
        return False

    def _get_clock_mode(self) -> int:
        return 0


def encode_analogue(channels: Mapping[int, int]) -> bytes:
    """One line with the raw values by channel, in rising order."""
    values = {str(channel): channels[channel] for channel in sorted(channels)}
    return json.dumps({"analogue": values}).encode() + b"\n"


def is_analogue(line: bytes) -> bool:
    """Whether a line of the unit is one of these."""
    return line.startswith(b'{"analogue"')


def decode_analogue(line: bytes) -> dict[int, int]:
    """Raw values by channel. Raises LineError."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise LineError(f"not JSON: {line[:40]!r}") from error
    is_one = isinstance(message, dict) and list(message) == ["analogue"]
    values = message["analogue"] if is_one else None
    if not isinstance(values, dict):
        raise LineError(f"expected an object with 'analogue' only: {line[:40]!r}")
    return {_channel(name): _raw(raw) for name, raw in values.items()}


def _channel(name: str) -> int:
    if len(name) != 1 or name not in "01234567":
        raise LineError(f"no such channel: {name[:20]!r}")
    return int(name)


def _raw(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= RAW_TOP:
        raise LineError(f"a channel is 0 to {RAW_TOP}, not {str(value)[:20]!r}")
    return value
