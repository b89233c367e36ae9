"""The turn of the process: inputs, bytes, core, output, then wait, and make the pulse that is due.

One thread does all of it, so nothing competes for the interpreter. Everything that may take long
(collecting garbage, writing the report) is left for a time when nothing is armed. Owns no decision.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Protocol

from firmware.core.device import Device
from firmware.pi.clock import NS_PER_US, Clock
from firmware.pi.edge_wait import TAKE_OVER_NS
from firmware.pi.hal import PiHal

# [P] Armed, inputs are looked at twice a millisecond, so that with the turn's own work it is at
# least once.
ARMED_TURN_NS = 500 * NS_PER_US
# [P] Not armed there is no edge to protect; a tenth of INPUT_STALE_US keeps opening quick.
IDLE_TURN_NS = 5000 * NS_PER_US
# [P] Unchanged inputs are told the core this often; INPUT_STALE_US / 2 is the most it allows.
SAMPLE_US = 25000
# [P] So long before a pulse nothing is done but looking: a turn with a frame in it may take 1 ms on
# a small Pi, and would make the pulse late, which is to refuse it.
CALM_NS = 2000 * NS_PER_US
REST_NS = 10_000_000_000  # [P] garbage and report, every ten seconds of rest


class Line(Protocol):
    """Bytes to and from the edge."""

    def read(self) -> bytes:
        """What has arrived."""

    def write(self, data: bytes) -> None:
        """Send."""

    def wait_until(self, at_ns: int) -> None:
        """Sleep until then, or until bytes arrive."""


class CoreLoop:
    """Drives one device."""

    def __init__(self, clock: Clock, hal: PiHal, line: Line, at_rest: Callable[[], None]) -> None:
        self._clock = clock
        self._hal = hal
        self._line = line
        self._at_rest = at_rest
        self._device = Device(hal, clock.now_ns() // NS_PER_US)
        self._mask = -1
        self._sample_due_us = 0
        self._armed_look_us = -1  # last look at the inputs, when it was made while armed
        self._wake_us = 0
        self._rested_ns = clock.now_ns()
        self.gap_worst_us = 0  # between two looks at the inputs while armed

    def run(self, is_ended: Callable[[], bool]) -> None:
        """Turn until told to end, or until the core asks for a restart."""
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            while not (is_ended() or self._hal.is_restart_asked):
                self.turn()
        finally:
            self._hal.open_outputs()
            gc.enable()
            gc.unfreeze()

    def turn(self) -> None:
        """One turn; before a pulse only the looks of it."""
        hal, device = self._hal, self._device
        now_us = self._clock.now_ns() // NS_PER_US
        if self._armed_look_us >= 0:  # before the beat, which finds an enable that has let go
            self.gap_worst_us = max(self.gap_worst_us, now_us - self._armed_look_us)
        hal.beat()
        pulse_ns = hal.next_pulse_ns()
        is_calm = pulse_ns is not None and pulse_ns < now_us * NS_PER_US + CALM_NS
        is_due = self._look(now_us, is_calm=is_calm)
        data = b"" if is_calm else self._line.read()
        if data:
            device.on_bytes(now_us, data)
        if is_due or data or (now_us >= self._wake_us and not is_calm):
            self._wake_us = device.poll(now_us)
        self._armed_look_us = now_us if hal.is_armed else -1
        if is_calm:
            self._wait_calmly()
        else:
            self._line.write(device.take_output())
            self._wait()

    def _look(self, now_us: int, *, is_calm: bool) -> bool:
        """Look at the inputs; True when the core was told."""
        mask = self._hal.input_mask()
        if mask == self._mask and (is_calm or now_us < self._sample_due_us):
            return False
        self._mask = mask
        self._sample_due_us = now_us + SAMPLE_US
        self._device.on_input(now_us, mask)
        return True

    def _wait_calmly(self) -> None:
        """Until the next look, or to the pulse and through it."""
        pulse_ns = self._hal.next_pulse_ns()
        if pulse_ns is None:
            return  # the look opened the gate and the core forgot the request
        take_over_ns = pulse_ns - TAKE_OVER_NS
        self._clock.sleep_until_ns(min(take_over_ns, self._clock.now_ns() + ARMED_TURN_NS))
        if self._clock.now_ns() >= take_over_ns:
            self._hal.fire_next()

    def _wait(self) -> None:
        """Until something is due or bytes arrive."""
        pulse_ns = self._hal.next_pulse_ns()
        is_armed = self._hal.is_armed
        now_ns = self._clock.now_ns()
        turn_ns = ARMED_TURN_NS if is_armed else IDLE_TURN_NS
        until_ns = min(now_ns + turn_ns, self._wake_us * NS_PER_US)
        if pulse_ns is not None:
            # From there on the next turn is a calm one.
            until_ns = min(until_ns, pulse_ns - CALM_NS)
        elif not is_armed and now_ns - self._rested_ns >= REST_NS:
            self._rested_ns = now_ns
            gc.collect()
            self._at_rest()
        self._line.wait_until(until_ns)
