"""Wrappers of the ports to the device and to the machine: line, panel, enable, lamps, clocks.

Each says what crosses the border and how it is put into bytes; edge/blackbox/gate.py does the rest.
In a replay there is no port behind them: live is then None.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from edge.api.operators import TOKEN_BYTES
from edge.blackbox.channels import Ch
from edge.blackbox.frames import without_macs
from edge.blackbox.gate import Codec, Gate
from edge.domain.alarm_sounds import Tone
from edge.ports import (
    ByteLink,
    DiskSpace,
    Entropy,
    HostEnable,
    Indicators,
    Lamp,
    LinkOpener,
    Panel,
    PanelInput,
    ServiceManager,
    Thermometer,
    WallClock,
    WallTime,
)

T = TypeVar("T")
_INPUTS = tuple(PanelInput)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_NOTHING: Codec[None] = Codec(None)
_BYTES: Codec[bytes] = Codec(bytes)
_IS: Codec[bool] = Codec(bool)
_MAYBE: Codec[bool | None] = Codec(bool | None)
_NUMBER: Codec[int | None] = Codec(int | None)
_PAIR: Codec[tuple[int, int] | None] = Codec(tuple[int, int] | None)
_LEVELS: Codec[tuple[int, int]] = Codec(tuple[int, int])
_FITTED: Codec[int] = Codec(int)
_STAMP: Codec[tuple[int, bool]] = Codec(tuple[int, bool])


class TapedOpener:
    """edge.ports.LinkOpener."""

    def __init__(self, gate: Gate, live: LinkOpener | None) -> None:
        self._gate = gate
        self._live = live

    async def open(self) -> ByteLink:
        found: list[ByteLink] = []

        async def act() -> None:
            assert self._live is not None
            found.append(await self._live.open())

        await self._gate.ask(Ch.LINK_OPEN, act, _NOTHING)
        return TapedLink(self._gate, found[0] if found else None)


class TapedLink:
    """edge.ports.ByteLink."""

    def __init__(self, gate: Gate, live: ByteLink | None) -> None:
        self._gate = gate
        self._live = live

    async def read(self) -> bytes:
        async def act() -> bytes:
            assert self._live is not None
            return await self._live.read()

        return await self._gate.ask(Ch.LINK_READ, act, _BYTES)

    def write(self, data: bytes) -> None:
        self._gate.out(Ch.LINK, "write", without_macs(data))

        def act() -> None:
            assert self._live is not None
            self._live.write(data)

        self._gate.read(Ch.LINK_TAKES, act, _NOTHING)

    def close(self) -> None:
        self._gate.out(Ch.LINK, "close", b"")
        live = self._live
        if live is not None:
            self._gate.outside(live.close)


class TapedPanel:
    """edge.ports.Panel."""

    def __init__(self, gate: Gate, live: Panel | None) -> None:
        self._gate = gate
        self._live = live
        self._callback: Callable[[], None] | None = None

    def fitted(self) -> tuple[PanelInput, ...]:
        def act() -> int:
            assert self._live is not None
            return _mask(self._live.fitted())

        return tuple(_names(self._gate.read(Ch.FITTED, act, _FITTED)))

    def read(self) -> Mapping[PanelInput, bool]:
        def act() -> tuple[int, int]:
            assert self._live is not None
            levels = self._live.read()
            return _mask(tuple(levels)), _mask(tuple(n for n, level in levels.items() if level))

        known, closed = self._gate.read(Ch.PANEL, act, _LEVELS)
        high = _names(closed)
        return {name: name in high for name in _names(known)}

    def watch(self, callback: Callable[[], None] | None) -> None:
        self._gate.out(Ch.WATCH, "end" if callback is None else "begin", b"")
        self._callback = callback
        live = self._live
        if live is not None:
            told = None if callback is None else self._tell
            self._gate.outside(lambda: live.watch(told))

    def edge(self) -> None:
        """An edge, inside: what the adapter calls, and what a replay calls."""
        if self._callback is None:
            return
        try:
            self._callback()
        except Exception as error:  # noqa: BLE001 - a bug of the product, as in any of its callbacks
            failed: dict[str, object] = {
                "message": "panel edge",
                "exception": error,
                "handle": None,
            }
            asyncio.get_running_loop().call_exception_handler(failed)

    def _tell(self) -> None:
        self._gate.door(Ch.PANEL_EDGE, b"", self.edge)


class TapedHostEnable:
    """edge.ports.HostEnable."""

    def __init__(self, gate: Gate, live: HostEnable | None) -> None:
        self._gate = gate
        self._live = live

    def beat(self) -> None:
        self._do("beat", None if self._live is None else self._live.beat)

    def drop(self) -> None:
        self._do("drop", None if self._live is None else self._live.drop)

    def _do(self, label: str, act: Callable[[], None] | None) -> None:
        self._gate.out(Ch.HOST, label, b"")
        if act is not None:
            self._gate.outside(act)


class TapedIndicators:
    """edge.ports.Indicators."""

    def __init__(self, gate: Gate, live: Indicators | None) -> None:
        self._gate = gate
        self._live = live

    def set_lamp(self, lamp: Lamp) -> None:
        self._gate.out(Ch.LAMP, lamp.value, b"")
        live = self._live
        if live is not None:
            self._gate.outside(lambda: live.set_lamp(lamp))

    def set_sounder(self, tone: Tone | None) -> None:
        self._gate.out(Ch.SOUNDER, "off" if tone is None else f"{tone.frequency_hz} Hz", b"")
        live = self._live
        if live is not None:
            self._gate.outside(lambda: live.set_sounder(tone))

    def sounder_current(self) -> bool | None:
        def act() -> bool | None:
            assert self._live is not None
            return self._live.sounder_current()

        return self._gate.read(Ch.SOUNDER_BACK, act, _MAYBE)


class TapedThermometer:
    """edge.ports.Thermometer."""

    def __init__(self, gate: Gate, live: Thermometer | None) -> None:
        self._gate = gate
        self._live = live

    def read(self) -> tuple[int, int] | None:
        def act() -> tuple[int, int] | None:
            assert self._live is not None
            return self._live.read()

        return self._gate.read(Ch.THERMOMETER, act, _PAIR)


class TapedDisk:
    """edge.ports.DiskSpace."""

    def __init__(self, gate: Gate, live: DiskSpace | None) -> None:
        self._gate = gate
        self._live = live

    def used_pct(self) -> int | None:
        def act() -> int | None:
            assert self._live is not None
            return self._live.used_pct()

        return self._gate.read(Ch.DISK, act, _NUMBER)


class TapedClock:
    """edge.ports.WallClock; kept as its distance from the loop's clock, which hardly changes."""

    def __init__(self, gate: Gate, live: WallClock | None) -> None:
        self._gate = gate
        self._live = live

    def now(self) -> WallTime:
        live = self._live
        if live is not None and not self._gate.is_inside:
            return live.now()
        loop_us = round(self._gate.time() * 1e6)

        def act() -> tuple[int, bool]:
            assert live is not None
            wall = live.now()
            return (wall.utc - _EPOCH) // _US - loop_us, wall.is_trusted

        ahead_us, is_trusted = self._gate.read(Ch.CLOCK, act, _STAMP)
        return WallTime(_EPOCH + timedelta(microseconds=ahead_us + loop_us), is_trusted)


class TapedEntropy:
    """edge.ports.Entropy. What becomes a log-in is veiled on the tape: it may be one that holds."""

    def __init__(self, gate: Gate, live: Entropy | None) -> None:
        self._gate = gate
        self._live = live

    def token_bytes(self, n: int) -> bytes:
        found: list[bytes] = []

        def act() -> bytes:
            assert self._live is not None
            found.append(self._live.token_bytes(n))
            return veil(found[0]) if n == TOKEN_BYTES else found[0]

        kept = self._gate.read(Ch.ENTROPY, act, _BYTES)
        return found[0] if found else kept


class TapedInit:
    """edge.ports.ServiceManager."""

    def __init__(self, gate: Gate, live: ServiceManager | None) -> None:
        self._gate = gate
        self._live = live

    def notify(self, state: str) -> None:
        live = self._live
        if live is not None and not self._gate.is_inside:
            live.notify(state)
            return
        self._gate.out(Ch.NOTICE, "notify", state.encode())
        if live is not None:
            self._gate.outside(lambda: live.notify(state))


def veil(token: bytes) -> bytes:
    """Stands for a secret on the tape, and tells nothing about it."""
    return hashlib.sha256(b"tms-edge tape" + token).digest()


def _mask(names: tuple[PanelInput, ...]) -> int:
    return sum(1 << _INPUTS.index(name) for name in names)


def _names(mask: int) -> list[PanelInput]:
    return [name for bit, name in enumerate(_INPUTS) if mask >> bit & 1]


def pack_words(*words: object) -> bytes:
    """Small payloads of doors."""
    return msgspec.msgpack.encode(words)
