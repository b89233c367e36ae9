"""The log of alarms: on, off, acknowledged, paused, tested; who and when, in the audit chain.

Written with the audit's own times. From it, latched alarms that nobody had acknowledged come back
after the service was started again. A store that fails never stops an alarm. Bounded: a contact
that chatters fills no disk; rows left out are counted in the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from edge.domain.alarms import AlarmCondition, AlarmSignal
from edge.domain.faults import Priority
from edge.ports import StoreError
from edge.services.audit import Audit

log = structlog.get_logger(__name__)

UNIT = "unit"  # who switches alarms on and off
ON, OFF, ACKNOWLEDGED = "alarm_on", "alarm_off", "alarm_acknowledged"
PAUSED, PAUSE_OVER, TESTED = "alarm_paused", "alarm_pause_over", "alarm_test"
ROWS_PER_MIN_MAX = 60  # [P] one a second; acts of people are never left out
ROWS_READ_MAX = 2_000  # [P] of the last ones, at start


class AlarmLog:
    """Of one unit."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._written: deque[float] = deque(maxlen=ROWS_PER_MIN_MAX)
        self._left_out = 0

    def on(self, signal: AlarmSignal) -> None:
        """A condition came up: new, back again, or worse than before."""
        condition = signal.condition
        detail: dict[str, object] = {
            "alarm": condition.alarm_id,
            "priority": condition.priority.value,
            "kind": condition.kind,
            "is_latching": condition.is_latching,
            "args": dict(condition.args),
        }
        self._write(UNIT, ON, detail)

    def off(self, alarm_id: str) -> None:
        """The signal is gone."""
        self._write(UNIT, OFF, {"alarm": alarm_id})

    def acknowledged(self, who: str, alarm_id: str) -> None:
        """A person understood it."""
        self._write(who, ACKNOWLEDGED, {"alarm": alarm_id})

    def paused(self, who: str, for_s: float) -> None:
        """A person asked for silence."""
        self._write(who, PAUSED, {"for_s": for_s})

    def pause_over(self) -> None:
        """By time, or by a new alarm."""
        self._write(UNIT, PAUSE_OVER, {})

    def tested(self, who: str, result: str) -> None:
        """The sounder was tried."""
        self._write(who, TESTED, {"result": result})

    def unacknowledged(self) -> list[AlarmCondition]:
        """Latching alarms that came up and that nobody acknowledged since. Raises StoreError."""
        waiting: dict[str, AlarmCondition] = {}
        for action, detail in self._audit.last((ON, OFF, ACKNOWLEDGED), ROWS_READ_MAX):
            alarm_id = str(detail["alarm"])
            waiting.pop(alarm_id, None)
            if action == ON and detail["is_latching"]:
                waiting[alarm_id] = AlarmCondition(
                    alarm_id,
                    Priority(detail["priority"]),
                    str(detail["kind"]),
                    is_latching=True,
                    args=dict(detail["args"]),
                )
        return list(waiting.values())

    def _write(self, who: str, action: str, detail: dict[str, object]) -> None:
        now = asyncio.get_running_loop().time()
        is_full = len(self._written) == ROWS_PER_MIN_MAX and now - self._written[0] < 60.0
        if is_full and who == UNIT:
            self._left_out += 1
            return
        if self._left_out:
            detail = detail | {"left_out": self._left_out}
        try:
            self._audit.record(who, action, detail)
        except StoreError as error:
            log.error("alarm log not written", action=action, why=str(error))  # noqa: TRY400
            return
        self._written.append(now)
        self._left_out = 0
