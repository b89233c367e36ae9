"""Runs the real firmware core on the simulated HAL, as firmware/main.py does on the board.

Owns power, boot, watchdog and the loop around Device: bytes and input changes go in at once, levels
are sampled often enough, poll() runs at or before the time it asked for, output leaves at once. A
hung controller does nothing more until the watchdog bites; its PIO lives on in the HAL. While flash
is written nothing runs and bytes wait in the serial port's buffer. Driven by the kernel; a failing
core is a bug and ends the run.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from firmware.wire.codes import RESET_POWER, RESET_WATCHDOG
from firmware.wire.limits import INPUT_STALE_US
from hw_sim.kernel import NS_PER_MS, NS_PER_US, Event, Kernel, McuClock
from hw_sim.plant.panel import ContactPanel, Wire
from hw_sim.recorder import TruthRecorder
from hw_sim.sim_hal import SimHal

# The driver's duty is half the stale time (firmware/core/README.md).
SAMPLE_PERIOD_NS = INPUT_STALE_US * NS_PER_US // 2
# A turn that comes anyway takes the sample along when it is this nearly due: half of the gate's
# feeding period, so that a sample never needs a turn of its own while the gate is fed.
SAMPLE_EARLY_NS = SAMPLE_PERIOD_NS // 4
# [P] Watchdog of the board, far below its 8.4 s maximum [V sources.md firmware 7.2].
WATCHDOG_NS = 500 * NS_PER_MS
BOOT_NS = 150 * NS_PER_MS  # [P] from reset to the first line of main.py
UART_BYTES_MAX = 4096  # [V] receive buffer of firmware/board (sources.md firmware 7.2)
WAKE_US_MIN = 20  # [V] about the cost of one poll in MicroPython (sources.md firmware 7.1)


class Core(Protocol):
    """What this driver needs of firmware.core.device.Device."""

    def on_bytes(self, now_us: int, data: bytes) -> object: ...

    def on_input(self, now_us: int, mask: int) -> object: ...

    def poll(self, now_us: int) -> int: ...

    def take_output(self) -> bytes: ...


CoreFactory = Callable[[SimHal, int], Core]


class McuState(Enum):
    OFF = "off"
    BOOTING = "booting"
    RUNNING = "running"
    HUNG = "hung"


def real_core(hal: SimHal, now_us: int) -> Core:
    """The product's own device core."""
    from firmware.core.device import Device

    core: Core = Device(hal, now_us)
    return core


class SimMcu:
    """One microcontroller. output receives every chunk the core sends."""

    def __init__(
        self,
        kernel: Kernel,
        clock: McuClock,
        hal: SimHal,
        panel: ContactPanel,
        recorder: TruthRecorder,
        output: Callable[[bytes], None],
        core_factory: CoreFactory = real_core,
    ) -> None:
        self.kernel = kernel
        self.state = McuState.OFF
        self.has_watchdog = True
        self.polls = 0
        self.core: Core | None = None
        self._clock = clock
        self._hal = hal
        self._panel = panel
        self._recorder = recorder
        self._output = output
        self.core_factory = core_factory
        self._event: Event | None = None
        self._watchdog: Event | None = None
        self._sample_ns = 0
        self._held = b""  # what arrived while flash was written
        self._owed = b""  # what the core had said before
        hal.on_restart = self._restart_soon

    def power_on(self) -> None:
        """Supply comes up: boot."""
        self._restart(RESET_POWER)

    def power_off(self) -> None:
        """Supply gone: pins fall to their safe level, RAM is lost, flash stays."""
        self._hal.reset()
        self._enter(McuState.OFF)

    def reboot(self) -> None:
        """Reset by the watchdog or the bench."""
        self._restart(RESET_WATCHDOG)

    def hang(self) -> None:
        """Python stops for good; guard, trigger and what was queued there do not."""
        if self.state is McuState.RUNNING:
            self._enter(McuState.HUNG)
            self._watch()

    def feed(self, data: bytes) -> None:
        """Bytes from the serial line; lost unless the firmware runs."""
        if self.core is None or not data:
            return
        if self._is_stalled():
            self._held = (self._held + data)[:UART_BYTES_MAX]
            return
        self.core.on_bytes(self._now_us(), data)
        self._turn()

    def on_inputs(self) -> None:
        """An input wire changed: the pin interrupt hands its level to the core at once."""
        if self.core is None:
            return
        if self._is_stalled():
            self._sample_ns = self._hal.stalled_until_ns  # the interrupt is pending
            return
        self._sample()
        self._turn()

    def _restart_soon(self) -> None:
        """The firmware resets its own chip: as soon as its turn is over."""
        self.kernel.after(0, self.reboot)

    def _restart(self, cause: int) -> None:
        self._hal.reset()
        self._hal.count_boot(cause)
        self._enter(McuState.BOOTING)
        self._event = self.kernel.after(BOOT_NS, self._start)

    def _start(self) -> None:
        self._clock.boot(self.kernel.now_ns)
        self._enter(McuState.RUNNING)
        self._hal.feed_watchdog()
        self._watch()
        if self._hal.flash.is_hanging:
            self.hang()
            return
        self.core = self.core_factory(self._hal, 0)
        self._sample()
        self._turn()

    def _enter(self, state: McuState) -> None:
        """Leave whatever was; timers of the old state are gone."""
        self.state = state
        self.core = None
        self._held = self._owed = b""
        for event in (self._event, self._watchdog):
            if event is not None:
                event.cancel()
        self._event = self._watchdog = None
        self._recorder.mark(self.kernel.now_ns, f"mcu {state.value} {self._hal.boot_epoch}")

    def _watch(self) -> None:
        """The watchdog's own counter; it bites whatever Python does."""
        if self.has_watchdog:
            due_ns = self._hal.watchdog_fed_ns + WATCHDOG_NS
            self._watchdog = self.kernel.at(due_ns, self._on_watchdog_due)

    def _on_watchdog_due(self) -> None:
        if self.kernel.now_ns >= self._hal.watchdog_fed_ns + WATCHDOG_NS:
            self.reboot()
        else:
            self._watch()

    def _is_stalled(self) -> bool:
        return self.kernel.now_ns < self._hal.stalled_until_ns

    def _wake(self) -> None:
        self._say(b"")
        if self._held:
            data, self._held = self._held, b""
            self._sample()
            assert self.core is not None
            self.core.on_bytes(self._now_us(), data)
        if self.kernel.now_ns >= self._sample_ns - SAMPLE_EARLY_NS:
            self._sample()
        self._turn()

    def _sample(self) -> None:
        assert self.core is not None
        self.core.on_input(self._now_us(), self._panel.levels(Wire.MCU))
        self._sample_ns = self.kernel.now_ns + SAMPLE_PERIOD_NS

    def _turn(self) -> None:
        """One turn of the firmware's loop, and the appointment for the next."""
        core = self.core
        assert core is not None
        self.polls += 1
        now_us = self._now_us()
        next_us = max(core.poll(now_us), now_us + WAKE_US_MIN)
        data = core.take_output()
        self._say(data)
        if self._event is not None:
            self._event.cancel()
        next_ns = min(self._clock.true_ns(next_us), self._sample_ns)
        next_ns = max(next_ns, self._hal.stalled_until_ns)
        self._event = self.kernel.at(next_ns, self._wake)

    def _say(self, data: bytes) -> None:
        """Send, after the flash write that came before."""
        self._owed += data
        if self._owed and not self._is_stalled():
            data, self._owed = self._owed, b""
            self._output(data)

    def _now_us(self) -> int:
        return self._clock.mcu_us(self.kernel.now_ns)
