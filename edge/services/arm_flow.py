"""Charge, Arm, compare the echo, Confirm: the only way to an armed unit.

Any doubt ends in a Stop and a reason; a field of the echo that differs is never confirmed. Runs on
the loop; keeps no state between calls and knows no phase.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from edge.domain.train_plan import Plan
from edge.mcu.arming import arm_command, echo_difference
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done, Outcome, Refused
from edge.services.device_watch import DeviceWatch
from edge.services.host_enable import HostKeeper
from firmware.wire.commands import Charge, Confirm
from firmware.wire.reports import Answer, ArmEcho

log = structlog.get_logger(__name__)

# From full the bank bleeds for some seconds before it can be charged again.
CHARGEABLE_S = 20.0
HOST_SEEN_S = 1.0  # [P] one edge, 20 ms of debouncing, one status
CHARGED_S = 6.0  # CHARGE_MS_MAX of firmware/wire/limits.py and one second for the line
CHARGEABLE_STATES = ("STANDBY", "READY", "HOLD")


@dataclass(frozen=True)
class Armed:
    """The gate is enabled; token fires the first train."""

    token: int


@dataclass(frozen=True)
class ArmFailed:
    """Not armed, bank on its way down. code: not_chargeable, no_host_enable, charge_timeout,
    echo_mismatch, or why the controller refused or did not answer; where names step or field."""

    code: str
    where: str


class _FailedError(Exception):
    def __init__(self, code: str, where: str) -> None:
        super().__init__(code)
        self.failure = ArmFailed(code, where)


async def arm_unit(
    client: McuClient,
    watch: DeviceWatch,
    host: HostKeeper,
    session_id: str,
    plan: Plan,
    level_pct_mso: int,
    delivered: int,
) -> Armed | ArmFailed:
    """Arm for the rest of a session of which `delivered` pulses were given."""
    try:
        await _charge(client, watch, host, level_pct_mso)
        token = await _echo(client, session_id, plan, level_pct_mso, delivered)
        answer = _done(await client.request(Confirm(token=token)), "confirm")
        assert isinstance(answer, Answer)
        return Armed(answer.detail)
    except _FailedError as error:
        client.stop()
        log.warning("arming failed", code=error.failure.code, where=error.failure.where)
        return error.failure


async def _charge(
    client: McuClient, watch: DeviceWatch, host: HostKeeper, level_pct_mso: int
) -> None:
    if not await watch.wait_for_state(CHARGEABLE_STATES, CHARGEABLE_S):
        raise _FailedError("not_chargeable", "charge")
    # The controller charges only when it sees the edge's enable.
    if not host.want() or not await watch.wait_for_input("host", HOST_SEEN_S):
        raise _FailedError("no_host_enable", "charge")
    _done(await client.request(Charge(level_pct_mso=level_pct_mso)), "charge")
    # The line keeps its order: a Status heard after the answer is younger than the command.
    if not await watch.wait_for_state(("READY",), CHARGED_S):
        raise _FailedError("charge_timeout", "charge")


async def _echo(
    client: McuClient, session_id: str, plan: Plan, level_pct_mso: int, delivered: int
) -> int:
    asked = arm_command(session_id, plan, level_pct_mso, delivered)
    echo = _done(await client.request(asked), "arm")
    assert isinstance(echo, ArmEcho)
    difference = echo_difference(asked, echo)
    if difference:
        log.error(
            "controller understood something else",
            field=difference,
            asked=str(getattr(asked, difference, "")),
            echo=str(getattr(echo, difference)),
        )
        raise _FailedError("echo_mismatch", difference)
    return echo.token


def _done(outcome: Outcome, step: str) -> object:
    if isinstance(outcome, Done):
        return outcome.value
    if isinstance(outcome, Refused):
        raise _FailedError(outcome.code, step)
    raise _FailedError(outcome.reason, step)
