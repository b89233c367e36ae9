"""The HAL of firmware/core/README.md on the simulated plant.

Models what firmware/board does in PIO and DMA: the guard, which holds the enable only while it is
fed and the interlock loop is closed and then latches off, and the trigger, which looks at the
enable in the instant before each edge. Python on the MCU can be slow, hung or gone; these two go
on. Owns no decision. Times from the core are MCU microseconds, inside are true nanoseconds.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware.wire.codes import (
    IN_COOLING,
    INPUTS_ALL,
    PULSE_CUT,
    PULSE_EMITTED,
    PULSE_REFUSED,
    RESET_POWER,
    SENSOR_NONE,
    TIMING_SIMULATED,
)
from firmware.wire.limits import CANCEL_LEAD_US, FLASH_STALL_US_MAX, IPI_US_MIN, LEVEL_PCT_MAX
from firmware.wire.reports import COIL_NONE
from hw_sim.flash import SimFlash
from hw_sim.kernel import NS_PER_US, Event, Kernel, McuClock
from hw_sim.plant.panel import LOOP_MASK
from hw_sim.plant.plant import Plant, PulseFacts

QUEUE_PULSES = 4  # firmware/core/README.md
# [V] 30 us of Python for one request, 89 us to set up a DMA batch (sources.md firmware 3.5).
QUEUE_LEAD_US = 100
# [V] Six PIO cycles of the guard (sources.md firmware 3.3), two of the synchroniser, at 125 MHz.
GUARD_DROP_NS = 64
RESULTS_MAX = 16  # the result FIFO with its DMA buffer
SENSE_NOISE = 0.002  # [P] spread of one current measurement, of its value
# Of a unit in virtual time, where nobody listens on the line. `hw_sim run` makes a key of its own.
SIM_LINK_KEY = bytes(range(32))
UNASKED = 0  # result code of a sensed pulse without a request


@dataclass
class HalFaults:
    """What is broken between the firmware and the plant. All off means a healthy unit."""

    misfires_left: int = 0  # the switch does not close for so many pulses
    doubles_left: int = 0  # one trigger, two pulses
    lost_results_left: int = 0  # given and sensed, and the firmware never hears of it
    late_us: int = 0  # every edge comes so much after its time
    sense_scale: float = 1.0  # current sense reads this much of the truth
    bank_sense_scale: float = 1.0
    gate_stuck: bool | None = None  # enable output held on or off
    is_guard_blind: bool = False  # guard does not see the interlock loop
    is_flash_full: bool = False
    self_test_bits: int = 0  # what the board's own test at boot found


@dataclass
class _Request:
    at_us: int
    event: Event


class SimHal:
    """One MCU's hardware. Survives reboots of the firmware; identity and ledger are its memory."""

    def __init__(
        self,
        kernel: Kernel,
        clock: McuClock,
        plant: Plant,
        *,
        unit_id: str,
        is_simulated: bool,
        noise: random.Random,
        tokens: random.Random,
        link_key: bytes = SIM_LINK_KEY,
    ) -> None:
        self.kernel = kernel
        self.clock = clock
        self.plant = plant
        self.faults = HalFaults()
        self.boot_epoch = 0
        self.reset_cause: int = RESET_POWER
        self.watchdog_fed_ns = kernel.now_ns
        self.stalled_until_ns = kernel.now_ns  # Python stands still while flash is written
        self._unit_id = unit_id.encode("ascii").ljust(8, b"\0")
        self._is_simulated = is_simulated
        self._link_key = link_key
        self._noise = noise
        self._tokens = tokens
        self.flash = SimFlash(is_armed=self._is_guard_on, keep_awake=self.feed_watchdog)
        self.flash.take_cost_ns()  # made in the factory
        self.on_restart: Callable[[], None] | None = None
        self.on_gate: Callable[[], None] | None = None  # the enable wire has changed
        self._gate_until_ns: int | None = None
        self._gate_recorded = False
        self._gate_event: Event | None = None
        self._queue: deque[_Request] = deque()
        self._running: tuple[int, int, Event] | None = None  # at_us, result so far, end event
        self._results: deque[tuple[int, int, int]] = deque(maxlen=RESULTS_MAX)
        plant.recorder.wire(kernel.now_ns, "gate", 0)

    # --- what the core calls -------------------------------------------------------------------

    def identity(self) -> tuple[bytes, int, int, int, int, bytes, int, int, int]:
        kind = self.plant.coil.kind
        is_plugged = self.plant.is_coil_plugged
        return (
            self._unit_id,
            self.boot_epoch,
            self.reset_cause,
            int(self._is_simulated),
            TIMING_SIMULATED,
            (kind.serial.encode() if is_plugged else b"").ljust(8, b"\0"),
            kind.coil_type if is_plugged else COIL_NONE,
            LEVEL_PCT_MAX,
            INPUTS_ALL if kind.is_cooled else INPUTS_ALL & ~IN_COOLING,
        )

    def surface_c10(self) -> int:
        if not self.plant.is_coil_plugged:
            return int(SENSOR_NONE)
        return self.plant.coil_now().surface_c10()

    def winding_c10(self) -> int:
        if not self.plant.is_coil_plugged:
            return int(SENSOR_NONE)
        return self.plant.coil_now().winding_c10()

    def bank_mv(self) -> int:
        return round(self.plant.bank_mv() * self.faults.bank_sense_scale)

    def set_charger(self, target_mv: int) -> None:
        self.plant.set_charger(target_mv)

    def set_bleed(self, on: bool) -> None:
        self.plant.set_bleed(bool(on))

    def arm_gate(self, life_us: int) -> None:
        if self._is_loop_closed():
            self._gate_until_ns = self.kernel.now_ns + life_us * NS_PER_US
            self._watch_gate()
            self._record_gate(self.kernel.now_ns)

    def feed_gate(self, life_us: int) -> None:
        if self._is_guard_on():
            self._gate_until_ns = self.kernel.now_ns + life_us * NS_PER_US

    def drop_gate(self) -> None:
        self._drop(self.kernel.now_ns)

    def gate_is_on(self) -> bool:
        """Reads the enable pin itself, so that a stuck output shows."""
        if self.faults.gate_stuck is not None:
            return self.faults.gate_stuck
        return self._is_guard_on()

    def queue_pulse(self, at_us: int) -> bool:
        is_late = at_us < self.clock.mcu_us(self.kernel.now_ns) + QUEUE_LEAD_US
        is_out_of_order = bool(self._queue) and at_us <= self._queue[-1].at_us
        if is_late or is_out_of_order or len(self._queue) >= QUEUE_PULSES:
            return False
        edge_ns = self.clock.true_ns(at_us + self.faults.late_us)
        event = self.kernel.at(edge_ns, self._on_edge)
        self._queue.append(_Request(at_us, event))
        return True

    def cancel_pulses(self) -> int:
        near_us = self.clock.mcu_us(self.kernel.now_ns) + CANCEL_LEAD_US
        while self._queue and self._queue[-1].at_us >= near_us:
            self._queue.pop().event.cancel()
        is_running = self._running is not None and self._running[1] != UNASKED
        asked = [result for result in self._results if result[1] != UNASKED]
        return len(self._queue) + is_running + len(asked)

    def take_result(self) -> tuple[int, int, int] | None:
        return self._results.popleft() if self._results else None

    def random_u32(self) -> int:
        return self._tokens.getrandbits(32)

    def load_ledger(self) -> bytes:
        return self.flash.load_ledger()

    def save_ledger(self, data: bytes) -> bool:
        return self._stalled(self._writable().save_ledger(data))

    def feed_watchdog(self) -> None:
        self.watchdog_fed_ns = self.kernel.now_ns

    def timing(self) -> tuple[int, int]:
        return IPI_US_MIN, 0

    def key(self) -> bytes:
        return self._link_key

    def self_test(self) -> int:
        return self.faults.self_test_bits

    def image(self) -> tuple[int, bytes, int]:
        return self.flash.image()

    def stage_begin(self) -> bool:
        return self._stalled(self._writable().stage_begin())

    def stage_write(self, name: str, data: bytes) -> bool:
        return self._stalled(self._writable().stage_write(name, data))

    def stage_finish(self, manifest: bytes) -> bool:
        return self._stalled(self._writable().stage_finish(manifest))

    def stage_try(self) -> bool:
        return self._stalled(self._writable().stage_try())

    def stage_commit(self) -> bool:
        return self._stalled(self._writable().stage_commit())

    def restart(self) -> None:
        if self.on_restart is not None:
            self.on_restart()

    # --- what the bench and the driver call -----------------------------------------------------

    def reset(self) -> None:
        """Pins as after a reset: enable low, requests gone, charger open, bleed relay released."""
        self.drop_gate()
        while self._queue:
            self._queue.popleft().event.cancel()
        self._results.clear()
        self.stalled_until_ns = self.kernel.now_ns
        self.plant.set_charger(0)
        self.plant.set_bleed(True)  # normally closed: bleeds whenever nobody holds it open

    def count_boot(self, reset_cause: int) -> None:
        """The controller starts anew; the count is in its flash."""
        self.reset_cause = reset_cause
        self.boot_epoch += 1
        self.flash.boot()
        self.flash.take_cost_ns()

    def on_contacts(self) -> None:
        """A contact changed: the guard and the chain see it without any software."""
        now_ns = self.kernel.now_ns
        if not self._is_loop_closed():
            self._drop(now_ns + GUARD_DROP_NS)
        if not self.plant.is_path_closed:
            self._cut(now_ns)

    def store_key(self, link_key: bytes) -> None:
        """Another key, or b"" for none; the firmware reads it at its next boot."""
        self._link_key = link_key

    def set_gate_stuck(self, stuck: bool | None) -> None:
        """Weld the enable output on or off; None mends it."""
        self.faults.gate_stuck = stuck
        self._record_gate(self.kernel.now_ns)

    def corrupt_ledger(self, data: bytes) -> None:
        """Replace the stored copy, as a worn flash would."""
        self.flash.damage_ledger(data)

    def fire_unasked(self) -> bool:
        """The switch closes by itself now; False when the hardware chain prevented it."""
        at_us = self.clock.mcu_us(self.kernel.now_ns)
        return self._close_switch(at_us, UNASKED)

    def _writable(self) -> SimFlash:
        self.flash.files.is_full = self.faults.is_flash_full
        return self.flash

    def _stalled(self, is_done: bool) -> bool:
        """A flash write stops Python for as long as it takes, bounded by what the core forgives."""
        stall_ns = min(self.flash.take_cost_ns(), FLASH_STALL_US_MAX * NS_PER_US)
        self.stalled_until_ns = self.kernel.now_ns + stall_ns
        return is_done

    # --- inside ---------------------------------------------------------------------------------

    def _on_edge(self) -> None:
        """The trigger machine reaches the edge of the oldest request."""
        request = self._queue.popleft()
        if not self.gate_is_on():
            self._results.append((request.at_us, PULSE_REFUSED, 0))
            return
        if self.faults.misfires_left > 0:
            self.faults.misfires_left -= 1
            self.plant.recorder.mark(self.kernel.now_ns, "misfire")
            self._results.append((request.at_us, PULSE_EMITTED, 0))
            return
        if not self._close_switch(request.at_us + self.faults.late_us, PULSE_EMITTED):
            # The trigger was given, the current sense saw nothing.
            self._results.append((request.at_us, PULSE_EMITTED, 0))

    def _close_switch(self, at_us: int, result: int) -> bool:
        facts = PulseFacts(at_us, self.boot_epoch, result != UNASKED, self.gate_is_on())
        if not self.plant.begin_pulse(facts):
            return False
        end_ns = self.kernel.now_ns + self.plant.power.circuit.period_ns
        self._running = (at_us, result, self.kernel.at(end_ns, self._on_pulse_end))
        return True

    def _on_pulse_end(self) -> None:
        self._finish(self.kernel.now_ns)
        if self.faults.doubles_left > 0:
            self.faults.doubles_left -= 1
            self.fire_unasked()

    def _finish(self, end_ns: int) -> None:
        """Current ends: sense it and report."""
        assert self._running is not None
        at_us, result, event = self._running
        self._running = None
        event.cancel()
        done = self.plant.end_pulse(end_ns)
        sensed = self.plant.amplitude(done) * self.faults.sense_scale
        sensed *= 1 + self._noise.gauss(0.0, SENSE_NOISE)
        if not done.is_complete and result == PULSE_EMITTED:
            result = PULSE_CUT
        if self.faults.lost_results_left > 0:
            self.faults.lost_results_left -= 1
            return
        self._results.append((at_us, result, max(0, round(sensed * 1000))))

    def _cut(self, at_ns: int) -> None:
        if self._running is not None:
            self._finish(at_ns)

    def _is_loop_closed(self) -> bool:
        is_closed = self.plant.panel.contacts & LOOP_MASK == LOOP_MASK
        return is_closed or self.faults.is_guard_blind

    def _is_guard_on(self) -> bool:
        return self._gate_until_ns is not None and self.kernel.now_ns < self._gate_until_ns

    def _drop(self, at_ns: int) -> None:
        """Latch the guard off; a pulse that is flowing loses its trigger."""
        if self._gate_until_ns is None:
            return
        self._gate_until_ns = None
        self._record_gate(at_ns)
        # An unasked pulse flows without the trigger: the gate cannot end it.
        is_triggered = self._running is not None and self._running[1] != UNASKED
        if is_triggered and self.faults.gate_stuck is not True:
            self._cut(at_ns)

    def _watch_gate(self) -> None:
        """One event follows the life of the guard, however often it is fed."""
        if self._gate_event is not None:
            self._gate_event.cancel()
        assert self._gate_until_ns is not None
        self._gate_event = self.kernel.at(self._gate_until_ns, self._on_gate_due)

    def _on_gate_due(self) -> None:
        self._gate_event = None
        if self._gate_until_ns is None:
            return
        if self.kernel.now_ns >= self._gate_until_ns:
            self._drop(self.kernel.now_ns)
        else:
            self._watch_gate()

    def _record_gate(self, at_ns: int) -> None:
        is_on = self.gate_is_on()
        if is_on != self._gate_recorded:
            self._gate_recorded = is_on
            self.plant.recorder.wire(at_ns, "gate", is_on)
            if self.on_gate is not None:
                self.on_gate()
