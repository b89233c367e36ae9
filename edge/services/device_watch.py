"""Keeps ChairState.device as the controller reports it, and tells what changed in it.

Every value is unknown until heard and unknown again when the line is not live. Runs in the client's
callbacks on the loop. Judges nothing: the alarm rules and the chair do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

import structlog

from edge.domain.coils import coil_name
from edge.mcu.client import McuClient
from edge.mcu.handshake import self_test_names, text_of, version_of
from edge.mcu.outcome import REBOOTED
from edge.services.chair_state import ChairState
from edge.services.phase import Phase
from firmware.wire import codes
from firmware.wire.message import Message
from firmware.wire.reports import Identity, PulseReport, Status

log = structlog.get_logger(__name__)

TRACE_PERIOD_S = 0.5
TRACE_POINTS = 1200  # 10 minutes
SENSED = (codes.PULSE_EMITTED, codes.PULSE_CUT)
SELF_TEST_STATES = (codes.BOOT, codes.SELF_TEST)
SELF_TEST_FAULTS = (codes.F_LEDGER, codes.F_INTERNAL, codes.F_SENSOR, codes.F_SELF_TEST)

TracePoint = tuple[float, int | None, int | None]


class Watcher(Protocol):
    """Who acts on what the device does."""

    def on_lost(self, reason: str) -> None:
        """The line was usable and no longer is; reason is a stop code."""

    def on_fault(self, fault: int) -> None:
        """The controller latched a fault that was not there before."""

    def on_identity(self) -> None:
        """The controller told who it is; ChairState.device is up to date."""

    def on_status(self) -> None:
        """A whole state was heard; ChairState.device is up to date."""


class DeviceWatch:
    """The writer of ChairState.device, but for its panel field."""

    def __init__(self, state: ChairState, client: McuClient, phase: Phase) -> None:
        self._state = state
        self._client = client
        self._phase = phase
        self._watchers: list[Watcher] = []
        self._trace: deque[TracePoint] = deque(maxlen=TRACE_POINTS)
        self._heard = asyncio.Event()
        self._shown: tuple[object, ...] = ()
        self.inputs_fitted: tuple[str, ...] = ()
        client.listen(self._on_report, self._on_link)

    def add(self, watcher: Watcher) -> None:
        """Tell this one too, after those added before."""
        self._watchers.append(watcher)

    def trace(self) -> list[TracePoint]:
        """(loop seconds, contact face, winding) at 2 Hz, oldest first."""
        return list(self._trace)

    async def next_status(self) -> None:
        """Until the next whole state is heard."""
        await self._heard.wait()

    async def wait_for_state(self, names: tuple[str, ...], within_s: float) -> bool:
        """True as soon as a Status heard from now on shows one of these states."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    await self.next_status()
                    if self._client.is_live and self._state.device.mcu_state in names:
                        return True
        except TimeoutError:
            return False

    async def wait_for_input(self, name: str, within_s: float) -> bool:
        """True as soon as a Status heard from now on has this input closed."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    await self.next_status()
                    if self._client.is_live and self._state.device.inputs[name]:
                        return True
        except TimeoutError:
            return False

    def _on_link(self, link: str, detail: str) -> None:
        device = self._state.device
        was, device.link, device.link_detail = device.link, link, detail
        if link != "live":
            self._forget()
        self._phase.touch()
        if was == "live" and link != "live":
            device.lost_at = asyncio.get_running_loop().time()
            reason = "mcu_reboot" if detail == REBOOTED else "link_lost"
            for watcher in self._watchers:
                watcher.on_lost(reason)

    def _forget(self) -> None:
        device = self._state.device
        device.mcu_state = ""
        device.surface_c10 = device.winding_c10 = device.bank_mv = None
        device.inputs = dict.fromkeys(codes.INPUT_NAMES)
        device.clock_uncertainty_us = None
        device.settings_match = False
        device.bad_frames_mcu = device.refused = device.forged = None
        self._state.self_test = "open"

    def _on_report(self, report: Message, at_s: float) -> None:
        if isinstance(report, Status):
            self._take_status(report, at_s)
        elif isinstance(report, Identity):
            self._take_identity(report)
        elif isinstance(report, PulseReport) and report.result in SENSED:
            self._state.device.amplitude_pm = report.amplitude_pm

    def _take_identity(self, identity: Identity) -> None:
        device = self._state.device
        device.unit_id = text_of(identity.unit_id)
        device.is_simulated = bool(identity.is_simulated)
        device.timing_class = identity.timing_class
        device.firmware_version = version_of(identity)
        device.coil_type = coil_name(identity.coil_type)
        device.coil_serial = text_of(identity.coil_serial)
        device.ipi_us_min = identity.ipi_us_min
        device.slot = identity.slot
        device.image_hash = identity.image_hash.hex() if any(identity.image_hash) else ""
        device.is_trial = bool(identity.is_trial)
        device.self_test_found = self_test_names(identity)
        self.inputs_fitted = _names(identity.inputs_fitted)
        self._phase.touch()
        for watcher in self._watchers:
            watcher.on_identity()

    def _take_status(self, status: Status, at_s: float) -> None:
        device = self._state.device
        first_before, faults_before = device.fault, device.faults
        device.heard_at = at_s
        device.boot_epoch = status.boot_epoch
        device.mcu_state = (
            codes.STATE_NAMES[status.state] if status.state < len(codes.STATE_NAMES) else ""
        )
        device.fault = status.fault
        device.faults = tuple(
            fault for bit, fault in enumerate(codes.FAULTS) if status.fault_bits >> bit & 1
        )
        # A controller that nobody has identified yet may be any, and may not have measured.
        is_live = self._client.is_live
        device.surface_c10 = _reading(status.surface_c10) if is_live else None
        device.winding_c10 = _reading(status.winding_c10) if is_live else None
        device.bank_mv = status.bank_mv
        device.level_pct_mso = status.level_pct_mso
        device.ordered_pct_mso = status.level_pct_mso or device.ordered_pct_mso
        device.inputs = _inputs(status)
        device.lifetime_pulses = status.lifetime_pulses
        device.bad_frames = self._client.bad_frames
        device.bad_frames_mcu = status.bad_frames
        device.refused, device.forged = status.refused, status.forged
        device.clock_uncertainty_us = self._client.clock.uncertainty_us(at_s)
        device.settings_match = status.settings_hash == self._client.settings.hash_word
        self._judge_self_test(status)
        self._add_to_trace(at_s)
        self._show(status)
        for watcher in self._watchers:
            watcher.on_status()
        self._tell_faults(status.fault, first_before, faults_before)
        self._heard.set()
        self._heard = asyncio.Event()

    def _tell_faults(self, first: int, first_before: int, before: tuple[int, ...]) -> None:
        """The first one latched, and those that joined it since the last status."""
        faults = self._state.device.faults
        fresh = [first] if first not in (codes.F_NONE, first_before) else []
        fresh += [fault for fault in faults if fault not in (*before, *fresh)]
        for fault in fresh:
            log.error("controller fault", fault=fault, faults=list(faults))
            for watcher in self._watchers:
                watcher.on_fault(fault)

    def _judge_self_test(self, status: Status) -> None:
        if not self._client.is_live:
            return
        failed = any(fault in SELF_TEST_FAULTS for fault in self._state.device.faults)
        if failed:
            result = "failed"
        elif status.state in SELF_TEST_STATES or not self._state.device.settings_match:
            result = "open"
        else:
            result = "passed"
        if result != self._state.self_test:
            self._state.self_test = result
            self._state.self_test_utc_s = self._phase.utc_s()
            self._phase.touch()

    def _add_to_trace(self, at_s: float) -> None:
        if not self._trace or at_s - self._trace[-1][0] >= TRACE_PERIOD_S - 0.01:
            device = self._state.device
            self._trace.append((at_s, device.surface_c10, device.winding_c10))

    def _show(self, status: Status) -> None:
        """Touch only when a person could see a difference."""
        shown = (
            status.state,
            status.fault_bits,
            status.inputs,
            status.inputs_known,
            status.surface_c10,
            status.winding_c10,
            status.bank_mv // 20000,
            status.session_pulses,
            status.bad_frames,
            status.refused,
            status.forged,
        )
        if shown != self._shown:
            self._shown = shown
            self._phase.touch()


def _reading(value_c10: int) -> int | None:
    return None if value_c10 == codes.SENSOR_NONE else value_c10


def _inputs(status: Status) -> dict[str, bool | None]:
    return {
        name: bool(status.inputs & bit) if status.inputs_known & bit else None
        for name, bit in zip(codes.INPUT_NAMES, codes.INPUT_BITS, strict=True)
    }


def _names(mask: int) -> tuple[str, ...]:
    pairs = zip(codes.INPUT_NAMES, codes.INPUT_BITS, strict=True)
    return tuple(name for name, bit in pairs if mask & bit)
