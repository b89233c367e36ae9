"""One unit's wiring behind gpiozero mock pins: chain, one-shots, bank, current and converter.

Pins of outputs drive it, pins of inputs read it at the moment they are asked; the two external
one-shots fall by themselves. Written from docs/way_b.md, not from the code under test: it imports
no part of firmware.pi but the settings. Time comes from the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPWMPin

from firmware.board import ntc
from firmware.board.pins import BANK_FULL_MV, COUNTS_FULL, PEAK_FULL_PM
from firmware.pi.settings import PinSettings
from firmware.wire.limits import V_FULL_MV

ENABLE_HOLD_NS = 10_000_000  # one-shot behind the enable's beat
SUPPLY_HOLD_NS = 1_000_000_000  # one-shot behind the beat that holds charger and bleed relay
CURRENT_NS = 296_300
ONE_SHOT_NS = 500_000
SEEN_NS = CURRENT_NS + 500_000  # the comparator holds a little
CHARGE_MV_PER_MS = 1500
BLEED_MV_PER_MS = 3000


@dataclass
class Pulse:
    """What the coil really saw."""

    at_ns: int
    end_ns: int
    amplitude_pm: int

    @property
    def is_complete(self) -> bool:
        return self.end_ns - self.at_ns >= CURRENT_NS


class Plant:
    """One unit outside of its computer."""

    def __init__(self, pins: PinSettings, now_ns: Callable[[], int]) -> None:
        self.pins = pins
        self.now_ns = now_ns
        self.loop = {pins.estop, pins.door, pins.coil, pins.patient, pins.enclosure}
        self.closed = self.loop | {pins.cooling, pins.host}
        self.high: set[int] = set()
        self.pulses: list[Pulse] = []
        self.peak_pm = 0
        self.winding_c10 = 260
        self.surface_c10 = 250
        self.is_chain_welded = False
        self.has_current = True
        self.is_bus_broken = False
        self.fell_ns: dict[int, int] = {}  # when this output last went low
        self.broken: set[int] = set()  # inputs whose read raises
        self.level_mv = 0.0
        self._bank_mv = 0.0
        self._bank_ns = now_ns()
        self._enable_beat_ns = -(10**12)
        self._supply_beat_ns = -(10**12)

    # --- levels the computer reads

    def level(self, number: int) -> bool:
        """Of an input pin, now."""
        if number in self.broken:
            raise OSError("planted: the line is gone")
        if number == self.pins.chain:
            return self.is_chain_closed()
        if number == self.pins.loop:
            return self.is_loop_closed()
        if number == self.pins.pulse_seen:
            return any(p.at_ns <= self.now_ns() < p.at_ns + SEEN_NS for p in self.pulses[-2:])
        return number in self.closed

    def is_loop_closed(self) -> bool:
        return self.loop <= self.closed

    def is_chain_closed(self) -> bool:
        if self.is_chain_welded:
            return True
        is_held = self.now_ns() - self._enable_beat_ns < ENABLE_HOLD_NS
        is_enabled = self.pins.enable in self.high and is_held
        return is_enabled and self.pins.host in self.closed and self.is_loop_closed()

    # --- edges the computer makes

    def drive(self, number: int, is_high: bool) -> None:
        """An output pin changed."""
        self.bank_mv()
        if is_high:
            self.high.add(number)
        elif number in self.high:
            self.high.discard(number)
            self.fell_ns[number] = self.now_ns()
        if number == self.pins.enable_beat and self.pins.enable in self.high:
            self._enable_beat_ns = self.now_ns()
        elif number == self.pins.enable and not is_high:
            self._enable_beat_ns = -(10**12)  # the low level resets the one-shot
        elif number == self.pins.alive_beat:
            self._supply_beat_ns = self.now_ns()
        elif number == self.pins.peak_reset and is_high:
            self.peak_pm = 0
        elif number == self.pins.trigger:
            self._on_trigger(is_high)

    def _on_trigger(self, is_high: bool) -> None:
        if is_high and self.is_chain_closed():
            amplitude_pm = round(self.bank_mv() * 1000 / V_FULL_MV) if self.has_current else 0
            self.pulses.append(Pulse(self.now_ns(), -1, amplitude_pm))
            self.peak_pm = max(self.peak_pm, amplitude_pm)
        elif not is_high and self.pulses and self.pulses[-1].end_ns < 0:
            pulse = self.pulses[-1]
            pulse.end_ns = min(self.now_ns(), pulse.at_ns + ONE_SHOT_NS)

    def fire_unasked(self) -> None:
        """The switch closes by itself."""
        now_ns = self.now_ns()
        self.peak_pm = max(self.peak_pm, 500)
        self.pulses.append(Pulse(now_ns, now_ns + CURRENT_NS, 500))

    # --- power

    def bank_mv(self) -> float:
        """Moved by charger and bleed since the last look."""
        now_ns = self.now_ns()
        passed_ms = (now_ns - self._bank_ns) / 1_000_000
        self._bank_ns = now_ns
        is_held = now_ns - self._supply_beat_ns < SUPPLY_HOLD_NS
        if not (is_held and self.pins.bleed_open in self.high):
            self._bank_mv = max(0.0, self._bank_mv - BLEED_MV_PER_MS * passed_ms)
        elif self.pins.charger_on in self.high:
            step = CHARGE_MV_PER_MS * passed_ms
            self._bank_mv = max(self._bank_mv, min(self._bank_mv + step, self.level_mv))
        return self._bank_mv

    def set_bank_mv(self, bank_mv: float) -> None:
        """As left by somebody before."""
        self.bank_mv()
        self._bank_mv = bank_mv

    # --- converter

    def counts(self, channel: int) -> int:
        """16 bits; channels 0 to 3 are bank, peak, winding, surface."""
        if self.is_bus_broken:
            raise OSError("planted: no answer on the bus")
        if channel == 0:
            return round(self.bank_mv() * COUNTS_FULL / BANK_FULL_MV)
        if channel == 1:
            return round(self.peak_pm * COUNTS_FULL / PEAK_FULL_PM)
        if self.pins.coil not in self.closed:
            return COUNTS_FULL  # the sensors are in the coil's plug
        return _ntc_counts(self.winding_c10 if channel == 2 else self.surface_c10)


def _ntc_counts(c10: int) -> int:
    """The converter's counts at this temperature, by the board's table."""
    index, rest = divmod(c10 - ntc.FIRST_C10, ntc.STEP_C10)
    span = ntc.COUNTS[index] - ntc.COUNTS[index + 1]
    return ntc.COUNTS[index] - span * rest // ntc.STEP_C10


class WiredPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
    """A mock pin that ends in the plant."""

    def _get_state(self) -> Any:
        if self.function == "input":
            return self.factory.plant.level(self.info_number)
        return super()._get_state()

    def _set_state(self, value: float) -> None:
        super()._set_state(value)
        plant = self.factory.plant
        if self.info_number == plant.pins.charger_level:
            plant.level_mv = value * 2_000_000
        else:
            plant.drive(self.info_number, bool(value))

    def close(self) -> None:
        if self.function == "output" and self.info_number != self.factory.plant.pins.charger_level:
            self.factory.plant.drive(self.info_number, False)  # the pull-down outside
        super().close()

    @property
    def info_number(self) -> int:
        return int(self._number)


class WiredBus:
    """The converter's SPI interface, as MCP3008 and MCP3208 speak it."""

    bits_per_word = 8

    def __init__(self, plant: Plant, bits: int) -> None:
        self._plant = plant
        self._bits = bits

    def transfer(self, words: list[int]) -> list[int]:
        asked = int.from_bytes(bytes(words), "big")
        channel = asked >> (self._bits + 2) & 7
        top = (1 << self._bits) - 1
        answer = round(self._plant.counts(channel) * top / COUNTS_FULL)
        return list(answer.to_bytes(len(words), "big"))

    def close(self) -> None:
        """Nothing is held."""


class WiredFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """Mock pins of one plant."""

    def __init__(self, plant: Plant, bits: int = 10) -> None:
        super().__init__(pin_class=WiredPin)
        self.plant = plant
        self._bits = bits

    def spi(self, **spi_args: object) -> WiredBus:
        assert (spi_args["port"], spi_args["device"]) == (0, 0)
        return WiredBus(self.plant, self._bits)
