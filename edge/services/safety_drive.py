"""What the steps of the safety test have in common: charge, trip, measure, and back to rest.

Uses the unit as a treatment does: the edge's own enable, a Charge to the least level that can be
held, the controller's latch. Nothing is armed and no token is asked for. Reaction times are taken
on the controller's clock; the edge's moments are carried over by the clock measurement of the line.
Runs on the loop; judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from edge.domain.device_facts import interlock_states
from edge.domain.safety_test import CLOCK_US_MAX, PROOF_LEVEL_PCT, Seen, Step
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done, Refused
from edge.services.chair_state import ChairState
from edge.services.host_enable import ENERGISED
from edge.services.unit_watch import UnitWatch
from firmware.wire import codes
from firmware.wire.commands import Charge, ClearFault, Discharge, Prove
from firmware.wire.message import Message
from firmware.wire.reports import Status

log = structlog.get_logger(__name__)

POLL_S = 0.01
BOTH_S = 0.5  # [P] the second channel follows the first within this, or not at all
FALL_S = 0.5  # [P] the edge's enable has fallen, and its read-back has been read
REST_S = 20.0  # [P] bleed from PROOF_LEVEL_PCT; from full it takes some seconds
CHARGED_S = 6.0  # CHARGE_MS_MAX of firmware/wire/limits.py and one second for the line
KNOWN_S = 10.0  # [P] sensors of a coil just plugged in, clock of a controller just started
LOST_S = 1.0  # [P] a line that is gone for this long ends the step
# Of a refused Prove: the reading has no noise, or is near its limit already.
HINDRANCES = {"cause": "frozen", "hot": "too_warm"}


class HinderedError(Exception):
    """The step could not be driven; args are the failure and its detail."""

    def __init__(self, failure: str, detail: str = "") -> None:
        super().__init__(failure, detail)
        self.seen = Seen(failure, detail)


@dataclass
class Trip:
    """What the controller latched since the last look, and when."""

    latched: tuple[int, ...] = ()
    at_us: int | None = None


class SafetyDrive:
    """Of one unit."""

    def __init__(self, state: ChairState, client: McuClient, unit: UnitWatch) -> None:
        self._state = state
        self._client = client
        self._unit = unit
        self._host = unit.enables.host
        self._beat = -1
        self.trip = Trip()
        self.beat_us = 0  # controller time of the last beat with a number of its own
        client.listen(self._on_report)

    def let_go(self) -> None:
        """Everything that a step holds; at once, in every state."""
        self._host.drop()
        self._client.hold_beats(is_held=False)
        self._unit.heat.prove(is_on=False)

    async def charge(self) -> None:
        """Energy for a real trip: the least level that can be held, safe to touch."""
        await self.until_clock()
        await self.want_host(BOTH_S * 2)
        outcome = await self._client.request(Charge(level_pct_mso=PROOF_LEVEL_PCT))
        if isinstance(outcome, Refused):
            raise HinderedError("refused", outcome.code)
        is_ready = await self.until(lambda: self._state.device.mcu_state == "READY", CHARGED_S)
        if not isinstance(outcome, Done) or not is_ready:
            raise HinderedError("not_ready", self._state.device.mcu_state)
        self.trip = Trip()

    async def want_host(self, within_s: float) -> None:
        if not self._host.want():
            raise HinderedError("no_enable", "service")
        device = self._state.device

        def is_there() -> bool:
            return device.host_back is True and device.inputs["host"] is True

        await self.until(is_there, within_s)
        if device.host_back is not True:
            raise HinderedError("no_enable", "own")
        if device.inputs["host"] is not True:
            raise HinderedError("no_enable", "controller")

    async def prove(self, part: int) -> None:
        outcome = await self._client.request(Prove(part=part))
        if isinstance(outcome, Refused):
            raise HinderedError(HINDRANCES.get(outcome.code, "refused"), outcome.code)
        if not isinstance(outcome, Done):
            raise HinderedError("link_lost")

    async def tripped(self, step: Step, began_us: int | None) -> Seen:
        """Wait for the latch, then for both enables to be low."""
        await self.until(self.has_tripped, BOTH_S if step.is_guided else step.wait_s)
        at_us = self.trip.at_us
        seen = replace(await self.enables_low(), latched=self.trip.latched)
        if at_us is None or began_us is None:
            return seen
        late_us = at_us - began_us
        return replace(seen, took_us=max(0, late_us), own_us=max(0, -late_us))

    async def enables_low(self) -> Seen:
        device = self._state.device

        def are_low() -> bool:
            return device.host_back is False and device.gate_back is False

        return replace(self.at_rest(), are_enables_low=await self.until(are_low, FALL_S))

    async def restore(self, step: Step) -> bool:
        """Bank low, enables low, the fault that was asked for cleared; any other one is left to a
        person. True when at rest; otherwise a Stop is on its way."""
        self._client.hold_beats(is_held=False)
        self._unit.heat.prove(is_on=False)
        try:
            if self._state.device.mcu_state in ENERGISED:
                await self._client.request(Discharge())
            self._host.drop()
            for fault in self._state.device.faults:
                if fault in (step.fault, codes.F_HOST_ENABLE):
                    await self._client.request(ClearFault(fault=fault))
            is_at_rest = await self.until(self.is_at_rest, REST_S if self.is_live() else LOST_S)
        except HinderedError:
            is_at_rest = False
        if not is_at_rest:
            device = self._state.device
            log.warning("not at rest", mcu_state=device.mcu_state, faults=list(device.faults))
            self._client.stop()
        return is_at_rest

    def is_at_rest(self) -> bool:
        device = self._state.device
        is_low = device.host_back is False and device.gate_back is False
        return device.mcu_state == "STANDBY" and not device.fault and is_low

    def is_known(self) -> bool:
        """The coil's sensors have values, the contacts have settled."""
        facts = self._unit.facts.device()
        values = (facts.surface_c10, facts.winding_c10, facts.surface_own_c10)
        return None not in values and all(state == "ok" for _, state in interlock_states(facts))

    def is_closed(self, name: str) -> bool:
        """By both views, and the coil's sensors are known again."""
        device = self._state.device
        is_closed = device.panel[name] is True and device.inputs[name] is True
        return is_closed and (name != "coil" or self.is_known())

    def is_live(self) -> bool:
        return self._client.is_live

    def has_tripped(self) -> bool:
        return bool(self.trip.latched)

    @staticmethod
    def at_rest() -> Seen:
        return Seen(is_own_seen=None, are_enables_low=True, is_restored=True)

    def _on_report(self, report: Message, _at_s: float) -> None:
        if not isinstance(report, Status):
            return
        if report.echo_beat and report.echo_beat != self._beat:
            self._beat, self.beat_us = report.echo_beat, report.mcu_us
        if report.state == codes.FAULT and self.trip.at_us is None:
            # The first Status after the latch is made in the same instant.
            faults = tuple(f for bit, f in enumerate(codes.FAULTS) if report.fault_bits >> bit & 1)
            others = tuple(fault for fault in faults if fault != report.fault)
            self.trip = Trip((report.fault, *others), report.mcu_us)

    def mcu_us(self, loop_s: float) -> int | None:
        return self._client.clock.mcu_us_at(loop_s)

    async def until_clock(self) -> None:
        """Both clocks can be compared to within a part of the shortest limit."""

        def is_sure() -> bool:
            uncertainty_us = self._client.clock.uncertainty_us(self.now())
            return uncertainty_us is not None and uncertainty_us <= CLOCK_US_MAX

        if not await self.until(is_sure, KNOWN_S):
            raise HinderedError("clock_unsure")

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """As _wait, and the line must not be gone meanwhile."""
        lost_at: float | None = None

        def is_over() -> bool:
            nonlocal lost_at
            lost_at = None if self.is_live() else lost_at or self.now()
            if lost_at is not None and self.now() - lost_at > LOST_S:
                raise HinderedError("link_lost")
            return condition()

        return await self.wait(is_over, within_s)

    async def wait(self, condition: Callable[[], bool], within_s: float) -> bool:
        """True as soon as it holds."""
        end_at = self.now() + within_s
        while not condition():
            if self.now() >= end_at:
                return False
            await asyncio.sleep(POLL_S)
        return True

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()
