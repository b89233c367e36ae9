# The HAL of firmware/core/README.md on the board's parts: pure delegation, so that each call can be
# read beside its row there. Owns nothing but the parts and the result of the self-test. Which pins
# and files there are, app.py decides by what it hands in. Python tasks only.
import os

import machine
from firmware.compat import TYPE_CHECKING
from firmware.wire.codes import IN_COIL, TIMING_PIO
from firmware.wire.limits import IPI_US_MIN

if TYPE_CHECKING:
    from firmware.board.charger import Charger
    from firmware.board.coil_chip import CoilChip
    from firmware.board.guard import Guard
    from firmware.board.identity import Identity
    from firmware.board.inputs import Inputs
    from firmware.board.ledger_store import LedgerStore
    from firmware.board.pulses import Pulses
    from firmware.board.sensors import Clock, Sensors
    from firmware.board.stage import Stage


SETTLE_US = 500000  # [P] as long as the core lets a bank settle after a pulse: no trim before


def random_u32() -> int:
    """From the chip's own entropy."""
    return int.from_bytes(os.urandom(4), "little")


class BoardHal:
    # self_test_bits is set by app.py once the self-test is through.

    def __init__(
        self,
        clock: "Clock",
        facts: "Identity",
        coil: "CoilChip",
        inputs: "Inputs",
        sensors: "Sensors",
        charger: "Charger",
        guard: "Guard",
        pulses: "Pulses",
        ledger: "LedgerStore",
        stage: "Stage",
    ) -> None:
        self.clock = clock
        self.facts = facts
        self.coil = coil
        self.inputs = inputs
        self.sensors = sensors
        self.charger = charger
        self.guard = guard
        self.pulses = pulses
        self.ledger = ledger
        self.stage = stage
        self.self_test_bits = 0

    # --- work of the board's own tasks, which the core does not see ---

    def step_charger(self, now_us: int) -> None:
        """One step of the charge task."""
        last_us = self.pulses.last_us()
        is_quiet = last_us < 0 or now_us - last_us > SETTLE_US
        self.charger.step(now_us, self.sensors.bank_mv(), is_quiet)

    def look_at_coil(self, may_read: bool) -> None:
        """Read a coil just plugged in; may_read only at rest, it takes 25 ms."""
        if self.inputs.has_coil_moved:
            self.inputs.has_coil_moved = False
            self.coil.forget()
        self.coil.work(self.inputs.mask() & IN_COIL != 0, may_read)

    # --- the HAL ---

    def identity(self) -> "tuple[bytes, int, int, int, int, bytes, int, int, int]":
        """Who this is, with which coil."""
        self.look_at_coil(False)  # a coil that was pulled is forgotten here and now
        facts, coil = self.facts, self.coil
        return (
            facts.unit_id,
            facts.boot_epoch,
            facts.reset_cause,
            facts.is_simulated,
            TIMING_PIO,
            coil.serial,
            coil.coil_type,
            facts.level_pct_max,
            facts.inputs_fitted(coil.is_passive()),
        )

    def timing(self) -> "tuple[int, int]":
        """Hardware makes the edges: the lock-out is the bound, and nothing is late."""
        return IPI_US_MIN, 0

    def key(self) -> bytes:
        """The link key."""
        return self.facts.key

    def image(self) -> "tuple[int, bytes, int]":
        """What is running."""
        slot, hash8, is_trial = self.stage.image()
        return slot, hash8, int(is_trial)

    def self_test(self) -> int:
        """What was found wrong at boot."""
        return self.self_test_bits

    def surface_c10(self) -> int:
        """Contact face."""
        return self.sensors.surface_c10()

    def winding_c10(self) -> int:
        """Winding."""
        return self.sensors.winding_c10()

    def bank_mv(self) -> int:
        """Capacitor voltage."""
        return self.sensors.bank_mv()

    def set_charger(self, target_mv: int) -> None:
        """Regulate to this, 0 opens."""
        self.charger.set_target(target_mv)

    def set_bleed(self, on: bool) -> None:
        """Bleed resistor."""
        self.charger.set_bleed(on)

    def arm_gate(self, life_us: int) -> None:
        """Close the enable."""
        self.guard.arm(life_us)

    def feed_gate(self, life_us: int) -> None:
        """Keep it closed."""
        self.guard.feed(life_us)

    def drop_gate(self) -> None:
        """Open it."""
        self.guard.drop()

    def gate_is_on(self) -> bool:
        """Read back."""
        return self.guard.is_on()

    def queue_pulse(self, at_us: int) -> bool:
        """Request one pulse."""
        return self.pulses.queue_pulse(at_us)

    def cancel_pulses(self) -> int:
        """Forget what has not begun."""
        return self.pulses.cancel_pulses()

    def take_result(self) -> "tuple[int, int, int] | None":
        """Oldest finished request."""
        return self.pulses.take_result()

    def random_u32(self) -> int:
        """For tokens and challenges."""
        return random_u32()

    def load_ledger(self) -> bytes:
        """Last stored copy."""
        return self.ledger.load()

    def save_ledger(self, data: bytes) -> bool:
        """Store a copy."""
        return self.ledger.save(data)

    def feed_watchdog(self) -> None:
        """The roll call feeds it (firmware/tasks.py), of which the core's poll is one entry."""

    def stage_begin(self) -> bool:
        """Empty the other slot."""
        return self.stage.begin()

    def stage_write(self, name: str, data: bytes) -> bool:
        """Add to a file there."""
        return self.stage.write(name, data)

    def stage_finish(self, manifest: bytes) -> bool:
        """Compare and store the manifest."""
        return self.stage.finish(manifest)

    def stage_try(self) -> bool:
        """Try it at the next boot."""
        return self.stage.try_()

    def stage_commit(self) -> bool:
        """Keep what is running."""
        return self.stage.commit()

    def restart(self) -> None:
        """Reset the chip; outputs fall with it."""
        self.guard.drop()
        self.charger.set_target(0)
        self.charger.set_bleed(True)
        machine.reset()
