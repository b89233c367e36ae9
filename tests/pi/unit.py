"""Builders for the tests of way b: settings, a fake system, and one unit on a clock of steps."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from firmware.pi.assembly import assemble
from firmware.pi.grants import System
from firmware.pi.settings import Settings, load_settings
from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
)
from tests.pi.step_clock import STEP_NS, StepClock
from tests.pi.wired_mock import Plant, WiredFactory

KEY = bytes(range(32))
TEXT = """
[core]
unit_id = "TMS-0007"
line = "{folder}/serial"
state_dir = "{folder}/state"
key_path = "{folder}/link.key"
pin_factory = "mock"
watchdog = ""
level_pct_max = 100

[priority]
fifo_priority = 80
lock_memory = true
cpu = -1
measure_s = 1

[pins]
trigger = 2
enable = 3
enable_beat = 4
alive_beat = 5
chain = 6
loop = 12
pulse_seen = 22
estop = 13
door = 14
coil = 15
patient = 16
cooling = 17
host = 26
enclosure = 27
charger_on = 18
charger_level = 19
bleed_open = 20
peak_reset = 21

[converter]
kind = "mcp3008"
bank = 0
peak = 1
winding = 2
surface = 3

[coil]
serial = "C0042"
type = 2
"""
COARSE_NS = 20_000
INPUT_PINS = {
    IN_ESTOP: 13,
    IN_DOOR: 14,
    IN_COIL: 15,
    IN_PATIENT: 16,
    IN_COOLING: 17,
    IN_HOST: 26,
    IN_ENCLOSURE: 27,
}


def settings_text(folder: Path) -> str:
    """A complete configuration of a unit that lives in this folder."""
    return TEXT.format(folder=folder)


def write_key(folder: Path) -> None:
    """The unit's link key."""
    path = folder / "link.key"
    path.write_bytes(KEY)
    path.chmod(0o600)


class FakeSystem:
    """firmware.pi.grants.System that refuses what its test names."""

    def __init__(self, *refused: str) -> None:
        self._refused = refused
        self.asked: list[str] = []

    def set_fifo(self, priority: int) -> None:
        self._ask(f"fifo {priority}", "fifo")

    def lock_memory(self) -> None:
        self._ask("lock", "lock")

    def set_cpu(self, cpu: int) -> None:
        self._ask(f"cpu {cpu}", "cpu")

    def set_fine_timers(self) -> None:
        self._ask("timers", "timers")

    def _ask(self, text: str, kind: str) -> None:
        self.asked.append(text)
        if kind in self._refused:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))


class Unit:
    """Everything but loop and line, on a clock of steps; a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        text: str = "",
        system: System | None = None,
        clock: StepClock | None = None,
    ) -> None:
        self.settings: Settings = load_settings(text or settings_text(folder))
        if not (folder / "link.key").exists():
            write_key(folder)
        self.clock = clock or StepClock()
        self.plant = Plant(self.settings.pins, self.clock.peek_ns)
        bits = 12 if self.settings.converter.kind == "mcp3208" else 10
        self.factory = WiredFactory(self.plant, bits)
        self._stack = ExitStack()
        self._system = system or FakeSystem()

    def __enter__(self) -> Unit:
        self.clock.step_ns = COARSE_NS  # a second of probes, in a fraction of it
        with ExitStack() as stack:
            self.hal, self.parts = assemble(
                self.settings, self.factory, self._system, self.clock, stack
            )
            self._stack = stack.pop_all()
        self.clock.step_ns = STEP_NS
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    # --- what tests do with it

    @property
    def now_us(self) -> int:
        return self.clock.peek_ns() // 1000

    def arm(self, life_us: int = 100_000) -> None:
        """Gate on, with a charged bank."""
        self.hal.set_bleed(False)
        self.hal.beat()
        self.plant.set_bank_mv(900_000)
        self.hal.arm_gate(life_us)
        assert self.hal.gate_is_on()

    def fire_all(self) -> list[tuple[int, int, int]]:
        """Let every request come to its end, with the looks and feeds of a living loop."""
        results = []
        while (pulse_ns := self.hal.next_pulse_ns()) is not None:
            while self.clock.peek_ns() < pulse_ns - 450_000:
                self.clock.stall(min(500_000, pulse_ns - 450_000 - self.clock.peek_ns()))
                self.hal.beat()
                self.hal.feed_gate(100_000)
            self.hal.fire_next()
        while (result := self.hal.take_result()) is not None:
            results.append(result)
        return results

    def set_input(self, bit: int, closed: bool) -> None:
        """A contact opens or closes."""
        number = INPUT_PINS[bit]
        if closed:
            self.plant.closed.add(number)
        else:
            self.plant.closed.discard(number)
