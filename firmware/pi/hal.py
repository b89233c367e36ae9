"""The HAL of firmware/core/README.md on a Pi's pins: delegation only, to the parts of this folder.

Besides the core's calls it has what the loop needs of the same parts. Update commands are refused:
this process is part of a package that the system's package manager replaces.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from firmware.pi.analogue import Converter
from firmware.pi.charger import Charger
from firmware.pi.clock import Clock
from firmware.pi.gate import Gate
from firmware.pi.memory import Memory
from firmware.pi.settings import Settings
from firmware.pi.timing import Timing
from firmware.pi.trigger import Result, Trigger
from firmware.pi.watchdog import Watchdog
from firmware.pi.wiring import Wiring
from firmware.wire.codes import IN_COIL, SLOT_NONE
from firmware.wire.reports import COIL_NONE


@dataclass(frozen=True)
class Parts:
    """Everything one unit is made of."""

    clock: Clock
    wiring: Wiring
    converter: Converter
    gate: Gate
    trigger: Trigger
    charger: Charger
    memory: Memory
    timing: Timing
    watchdog: Watchdog


class PiHal:
    """One unit's hardware. self_test_bits are found before it is made."""

    def __init__(
        self, settings: Settings, parts: Parts, *, is_simulated: bool, self_test_bits: int
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._is_simulated = is_simulated
        self._self_test_bits = self_test_bits
        self.is_restart_asked = False

    # --- what the core calls -------------------------------------------------------------------

    def identity(self) -> tuple[bytes, int, int, int, int, bytes, int, int, int]:
        parts, core, coil = self._parts, self._settings.core, self._settings.coil
        is_plugged = bool(parts.wiring.input_mask() & IN_COIL)
        return (
            core.unit_id.encode("ascii").ljust(8, b"\0"),
            parts.memory.boot_epoch,
            parts.memory.reset_cause,
            int(self._is_simulated),
            parts.timing.grants.timing_class,
            (coil.serial.encode("ascii") if is_plugged else b"").ljust(8, b"\0"),
            coil.type if is_plugged else COIL_NONE,
            core.level_pct_max,
            parts.wiring.inputs_fitted,
        )

    def surface_c10(self) -> int:
        return self._parts.converter.surface_c10()

    def winding_c10(self) -> int:
        return self._parts.converter.winding_c10()

    def bank_mv(self) -> int:
        bank_mv = self._parts.converter.bank_mv()
        self._parts.charger.step(bank_mv)
        return bank_mv

    def set_charger(self, target_mv: int) -> None:
        self._parts.charger.set_target(target_mv)

    def set_bleed(self, on: bool) -> None:
        self._parts.charger.set_bleed(on)

    def arm_gate(self, life_us: int) -> None:
        self._parts.gate.arm(life_us)

    def feed_gate(self, life_us: int) -> None:
        self._parts.gate.feed(life_us)

    def drop_gate(self) -> None:
        self._parts.gate.drop()

    def gate_is_on(self) -> bool:
        return self._parts.gate.is_on()

    def queue_pulse(self, at_us: int) -> bool:
        return self._parts.trigger.queue(at_us)

    def cancel_pulses(self) -> int:
        return self._parts.trigger.cancel()

    def take_result(self) -> Result | None:
        return self._parts.trigger.take()

    def random_u32(self) -> int:
        return int.from_bytes(os.urandom(4), "little")

    def load_ledger(self) -> bytes:
        return self._parts.memory.load_ledger()

    def save_ledger(self, data: bytes) -> bool:
        return self._parts.memory.save_ledger(data)

    def feed_watchdog(self) -> None:
        self._parts.watchdog.feed()

    def timing(self) -> tuple[int, int]:
        return self._parts.timing.ipi_us_min, self._parts.timing.worst_us

    def key(self) -> bytes:
        return self._parts.memory.key

    def image(self) -> tuple[int, bytes, int]:
        return int(SLOT_NONE), bytes(8), 0

    def self_test(self) -> int:
        return self._self_test_bits

    def stage_begin(self) -> bool:
        return False

    def stage_write(self, name: str, data: bytes) -> bool:  # noqa: ARG002  # the HAL's signature
        return False

    def stage_finish(self, manifest: bytes) -> bool:  # noqa: ARG002
        return False

    def stage_try(self) -> bool:
        return False

    def stage_commit(self) -> bool:
        return False

    def restart(self) -> None:
        self.is_restart_asked = True

    # --- what the loop calls -------------------------------------------------------------------

    @property
    def is_armed(self) -> bool:
        """The gate was closed and has not dropped."""
        return self._parts.gate.is_armed

    def input_mask(self) -> int:
        """Levels now."""
        return self._parts.wiring.input_mask()

    def beat(self) -> None:
        """Once a turn: tell the one-shots outside that all is well, and look at the current."""
        self._parts.wiring.beat_alive()
        self._parts.gate.beat()
        self._parts.trigger.watch()

    def next_pulse_ns(self) -> int | None:
        """Time of the oldest request."""
        return self._parts.trigger.next_ns()

    def fire_next(self) -> None:
        """Make the oldest request's pulse at its time, or refuse it."""
        self._parts.trigger.fire()

    def open_outputs(self) -> None:
        """Gate first, then everything that could follow."""
        parts = self._parts
        with ExitStack() as stack:  # last in, first out; one that fails does not spare the others
            stack.callback(parts.charger.set_bleed, True)
            stack.callback(parts.charger.set_target, 0)
            stack.callback(parts.trigger.cancel)
            stack.callback(parts.wiring.set_trigger, False)
            stack.callback(parts.gate.drop)
