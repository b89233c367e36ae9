"""Arm, and the comparison of the controller's echo with what was asked.

Every field is compared, and the hash that the controller computed itself; one difference and the
echo is never confirmed. Pure.
"""

from __future__ import annotations

from edge.domain.train_plan import Level, Plan
from edge.mcu.reconcile import session_bytes
from firmware.wire.commands import Arm
from firmware.wire.limits import LEVELS_MAX
from firmware.wire.reports import ArmEcho

_UNUSED = Level(1, 0)


def arm_command(session_id: str, plan: Plan, level_pct_mso: int, delivered: int) -> Arm:
    """The whole plan as the wire carries it."""
    levels = list(plan.levels) + [_UNUSED] * (LEVELS_MAX - len(plan.levels))
    fields: dict[str, int] = {}
    for number, level in enumerate(levels, start=1):
        fields[f"count_{number}"] = level.count
        fields[f"period_{number}_us"] = level.period_us
    return Arm(
        session_id=session_bytes(session_id),
        plan_sha256=bytes.fromhex(plan.sha256),
        level_pct_mso=level_pct_mso,
        train_levels=plan.train_levels,
        pulses_total=plan.pulses,
        delivered=delivered,
        **fields,
    )


def echo_difference(asked: Arm, echo: ArmEcho) -> str:
    """Name of the first field that differs, empty when all agree and a token came along."""
    for name in Arm.FIELDS:
        if getattr(asked, name) != getattr(echo, name):
            return name
    return "" if echo.token else "token"
