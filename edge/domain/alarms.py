"""The alarm reducer: from conditions to what is seen and heard.

A latching signal stays until a person acknowledged it and its condition is gone; acknowledging or
pausing the sound never changes the condition, and there is no way to switch alarms off. Which
conditions exist is edge/domain/alarm_rules.py; lamp and sounder are the services'. The clock comes
in as seconds of the event loop. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from edge.domain.faults import Priority

AUDIO_PAUSE_S_MAX = 120.0  # [P]
RANK: Mapping[Priority, int] = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}


@dataclass(frozen=True)
class AlarmCondition:
    """Something the operator must know of, true now. Texts: alarm-<alarm_id>-what, -did, -do."""

    alarm_id: str
    priority: Priority
    kind: str  # technical or patient
    is_latching: bool
    args: Mapping[str, str | int | float]


@dataclass(frozen=True)
class AlarmSignal:
    """A condition as shown: since its first occurrence, active or latched, acknowledged or not."""

    condition: AlarmCondition
    since: float
    is_active: bool
    is_acknowledged: bool

    @property
    def alarm_id(self) -> str:
        return self.condition.alarm_id


def update(
    signals: Sequence[AlarmSignal], conditions: Iterable[AlarmCondition], now: float
) -> tuple[AlarmSignal, ...]:
    """Signals after looking at the conditions; highest priority first, then the oldest."""
    present = {condition.alarm_id: condition for condition in conditions}
    known = {signal.alarm_id: signal for signal in signals}
    after = [
        _renewed(known.get(alarm_id), condition, now) for alarm_id, condition in present.items()
    ]
    after += [
        replace(signal, is_active=False)
        for alarm_id, signal in known.items()
        if alarm_id not in present and signal.condition.is_latching and not signal.is_acknowledged
    ]
    return _sorted(after)


def _renewed(signal: AlarmSignal | None, condition: AlarmCondition, now: float) -> AlarmSignal:
    """A condition that came back after it had gone, or grew worse, must be acknowledged again."""
    if signal is None:
        return AlarmSignal(condition, now, is_active=True, is_acknowledged=False)
    is_worse = RANK[condition.priority] < RANK[signal.condition.priority]
    since = now if is_worse else signal.since
    is_acknowledged = signal.is_acknowledged and signal.is_active and not is_worse
    return AlarmSignal(condition, since, is_active=True, is_acknowledged=is_acknowledged)


def acknowledge(signals: Sequence[AlarmSignal], alarm_id: str) -> tuple[AlarmSignal, ...] | None:
    """The signal is understood; it goes away when its condition is gone. None: no such signal."""
    if all(signal.alarm_id != alarm_id for signal in signals):
        return None
    after = [
        replace(signal, is_acknowledged=True) if signal.alarm_id == alarm_id else signal
        for signal in signals
    ]
    return _sorted(signal for signal in after if signal.is_active or not signal.is_acknowledged)


def audio_pause_until(now: float) -> float:
    """End of an audio pause that is asked for now."""
    return now + AUDIO_PAUSE_S_MAX


def is_sounding(
    signals: Sequence[AlarmSignal], now: float, paused_until: float | None
) -> AlarmSignal | None:
    """The signal the sounder gives now: the first that nobody acknowledged, unless paused."""
    audible = [signal for signal in _sorted(signals) if not signal.is_acknowledged]
    if not audible or _is_audio_paused(audible, now, paused_until):
        return None
    return audible[0]


def _is_audio_paused(
    audible: Sequence[AlarmSignal], now: float, paused_until: float | None
) -> bool:
    """Never longer than the bound, and a signal newer than the pause ends it."""
    if paused_until is None:
        return False
    paused_at = paused_until - AUDIO_PAUSE_S_MAX
    is_running = paused_at <= now < paused_until
    return is_running and all(signal.since <= paused_at for signal in audible)


def _sorted(signals: Iterable[AlarmSignal]) -> tuple[AlarmSignal, ...]:
    return tuple(sorted(signals, key=lambda s: (RANK[s.condition.priority], s.since, s.alarm_id)))
