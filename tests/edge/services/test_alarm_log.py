"""The alarms' log: bounded, and never in the way of an alarm."""

from __future__ import annotations

import asyncio

from edge.domain.alarms import AlarmCondition, AlarmSignal
from edge.domain.faults import Priority
from edge.ports import StoreError
from edge.services import alarm_log
from edge.services.alarm_log import AlarmLog
from hw_sim import vtime
from tests.support.chair_bench import WHO


class BrokenAudit:
    """An audit whose store fails."""

    def record(self, who: str, action: str, detail: object) -> None:
        raise StoreError("full")


class CountingAudit:
    def __init__(self) -> None:
        self.rows: list[tuple[str, str, dict[str, object]]] = []

    def record(self, who: str, action: str, detail: dict[str, object]) -> None:
        self.rows.append((who, action, detail))


def signal() -> AlarmSignal:
    condition = AlarmCondition("door", Priority.HIGH, "technical", is_latching=True, args={})
    return AlarmSignal(condition, 0.0, True, False, 0.0)


def test_log_is_bounded_by_the_minute_and_counts_what_it_left_out() -> None:
    audit = CountingAudit()

    async def main() -> None:
        log = AlarmLog(audit)  # type: ignore[arg-type]
        for _ in range(200):
            log.on(signal())
        assert len(audit.rows) == alarm_log.ROWS_PER_MIN_MAX
        log.acknowledged(WHO, "door")  # of a person: never left out
        assert audit.rows[-1] == (WHO, "alarm_acknowledged", {"alarm": "door", "left_out": 140})
        await asyncio.sleep(61.0)
        log.off("door")
        assert audit.rows[-1] == ("unit", "alarm_off", {"alarm": "door"})

    vtime.run(main())


def test_log_whose_store_fails_stops_no_alarm() -> None:
    async def main() -> None:
        log = AlarmLog(BrokenAudit())  # type: ignore[arg-type]
        log.on(signal())
        log.tested("unit", "passed")

    vtime.run(main())
