"""Tries one step of the safety test at a time, and says what was seen.

One method a step, with what they share in safety_drive.py. Runs on the loop. Judges nothing
(edge/domain/safety_test.py); whatever ends a step leaves the unit at rest, or stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from edge.domain.device_facts import ATTEND, interlock_states
from edge.domain.safety_test import (
    ALARM,
    BEAT,
    COOLING,
    FACE,
    FACE_OWN,
    HOST_FALL,
    HOST_RISE,
    REST,
    WATCHDOG,
    WINDING,
    Rest,
    Seen,
    Step,
    judge_rest,
)
from edge.mcu.client import McuClient
from edge.services.chair_state import ChairState
from edge.services.safety_drive import BOTH_S, KNOWN_S, HinderedError, SafetyDrive, Trip
from edge.services.unit_watch import UnitWatch
from firmware.wire import codes
from firmware.wire.commands import PROVE_SURFACE, PROVE_WATCHDOG, PROVE_WINDING


class SafetySteps:
    """Of one unit. ask(word, wait_s) tells the person what to do, '' that nothing is to be done."""

    def __init__(
        self,
        state: ChairState,
        client: McuClient,
        unit: UnitWatch,
        ask: Callable[[str, float], None],
    ) -> None:
        self._state = state
        self._client = client
        self._unit = unit
        self._host = unit.enables.host
        self._ask = ask
        self._who = ""
        self._drive = SafetyDrive(state, client, unit)
        self._tries: dict[str, Callable[[Step], Awaitable[Seen]]] = {
            REST: self._rest,
            ALARM: self._alarm,
            HOST_RISE: self._host_rise,
            HOST_FALL: self._host_fall,
            BEAT: self._heartbeat,
            FACE: partial(self._sensor, PROVE_SURFACE),
            WINDING: partial(self._sensor, PROVE_WINDING),
            FACE_OWN: self._face_own,
            COOLING: self._cooling,
            WATCHDOG: self._watchdog,
            ATTEND: self._attend,
        }

    async def drive(self, step: Step, who: str) -> Seen:
        """Try this step; the unit is at rest afterwards, or a Stop is on its way."""
        self._who = who
        self._drive.trip = Trip()
        try:
            seen = await self._tries.get(step.key, self._contact)(step)
        except HinderedError as hindered:
            seen = hindered.seen
        self._ask("", 0.0)
        is_restored = await self._drive.restore(step)
        return replace(seen, is_restored=seen.is_restored and is_restored)

    def let_go(self) -> None:
        """Everything that a step holds; at once, in every state."""
        self._drive.let_go()

    # The steps.

    async def _rest(self, _step: Step) -> Seen:
        await self._drive.until(self._drive.is_known, KNOWN_S)
        device, facts = self._state.device, self._unit.facts.device()
        read = {"host": device.host_back, "gate": device.gate_back}
        return judge_rest(
            Rest(
                enables_on=tuple(name for name, level in read.items() if level is not False),
                contacts=interlock_states(facts),
                temperatures_c10=(facts.surface_c10, facts.winding_c10, facts.surface_own_c10),
            )
        )

    async def _alarm(self, step: Step) -> Seen:
        before = self._state.sounder_utc_s
        verdict = self._unit.alarms.ask_test(self._who)
        if not verdict.is_accepted:
            raise HinderedError("not_ready", verdict.code)
        await self._drive.until(lambda: self._state.sounder_utc_s != before, step.wait_s)
        is_new = self._state.sounder_utc_s != before
        if not is_new or self._state.sounder != "passed":
            raise HinderedError("sounder_dead")
        return self._drive.at_rest()

    async def _host_rise(self, step: Step) -> Seen:
        began_at = self._drive.now()
        await self._drive.want_host(step.wait_s)
        took_us = round((self._drive.now() - began_at) * 1e6)
        self._host.drop()
        return replace(await self._drive.enables_low(), took_us=took_us, is_own_seen=True)

    async def _host_fall(self, step: Step) -> Seen:
        await self._drive.charge()
        began_us = self._drive.mcu_us(self._drive.now())
        self._host.drop()
        return await self._drive.tripped(step, began_us)

    async def _heartbeat(self, step: Step) -> Seen:
        await self._drive.charge()
        self._client.hold_beats(is_held=True)
        await self._drive.until(self._drive.has_tripped, step.wait_s)
        began_us = self._drive.beat_us
        self._client.hold_beats(is_held=False)
        return await self._drive.tripped(step, began_us)

    async def _sensor(self, part: int, step: Step) -> Seen:
        await self._drive.until_clock()
        began_us = self._drive.mcu_us(self._drive.now())
        await self._drive.prove(part)
        return await self._drive.tripped(step, began_us)

    async def _face_own(self, step: Step) -> Seen:
        if self._unit.heat.is_still():
            raise HinderedError("frozen", "face_own")
        device = self._state.device
        began_at = self._drive.now()
        self._unit.heat.prove(is_on=True)
        is_seen = await self._drive.until(lambda: device.is_surface_own_hot, step.wait_s)
        took_us = round((self._drive.now() - began_at) * 1e6)
        self._unit.heat.prove(is_on=False)
        is_over = await self._drive.until(lambda: not device.is_surface_own_hot, step.wait_s)
        seen = replace(self._drive.at_rest(), is_own_seen=is_seen, is_restored=is_over)
        return replace(seen, took_us=took_us if is_seen else None)

    async def _cooling(self, step: Step) -> Seen:
        device = self._state.device
        if not await self._drive.until(lambda: device.inputs[COOLING] is True, step.wait_s):
            raise HinderedError("no_cooling", "tacho")
        if device.panel.get("flow") is not True:
            raise HinderedError("no_cooling", "flow")
        return self._drive.at_rest()

    async def _watchdog(self, step: Step) -> Seen:
        device = self._state.device
        before = device.boot_epoch
        await self._drive.prove(PROVE_WATCHDOG)
        began_at = self._drive.now()

        def is_back() -> bool:
            is_new = device.boot_epoch != before and self._client.is_live
            return is_new and device.mcu_state == "STANDBY" and device.settings_match

        is_seen = await self._drive.wait(is_back, step.wait_s)
        identity = self._client.identity
        if not is_seen or identity is None:
            raise HinderedError("no_restart")
        if identity.reset_cause != codes.RESET_WATCHDOG:
            raise HinderedError("no_restart", "other")
        took_us = round((self._drive.now() - began_at) * 1e6)
        await self._drive.until(self._drive.is_known, KNOWN_S)
        return replace(await self._drive.enables_low(), is_own_seen=True, took_us=took_us)

    async def _contact(self, step: Step) -> Seen:
        await self._drive.charge()
        asked_at = self._drive.now()
        self._ask("open", step.wait_s)

        def opened_at() -> float | None:
            at = self._unit.panel.opened_at(step.key)
            return at if at is not None and at >= asked_at else None

        await self._drive.until(
            lambda: opened_at() is not None or self._drive.has_tripped(), step.wait_s
        )
        await self._drive.until(
            lambda: opened_at() is not None and self._drive.has_tripped(), BOTH_S
        )
        at = opened_at()
        seen = await self._drive.tripped(step, None if at is None else self._drive.mcu_us(at))
        seen = replace(seen, is_own_seen=at is not None)
        if at is None and not seen.latched:
            return seen
        self._host.drop()
        self._ask("close", step.wait_s)
        is_closed = await self._drive.until(lambda: self._drive.is_closed(step.key), step.wait_s)
        return replace(seen, is_restored=seen.is_restored and is_closed)

    async def _attend(self, step: Step) -> Seen:
        """The edge's alone: it must be seen let go, held, and let go again."""
        for word, level in (("close", False), ("open", True), ("close", False)):
            if not await self._until_attended(word, step.wait_s, is_held=level):
                return replace(self._drive.at_rest(), is_own_seen=False)
        return replace(self._drive.at_rest(), is_own_seen=True)

    async def _until_attended(self, word: str, wait_s: float, *, is_held: bool) -> bool:
        panel = self._state.device.panel
        if panel[ATTEND] is not is_held:
            self._ask(word, wait_s)
        return await self._drive.until(lambda: panel[ATTEND] is is_held, wait_s)
