"""The alarm reducer: from conditions to what is seen and heard.

A latching signal stays until a person acknowledged it and its condition is gone; acknowledging or
pausing the sound never changes the condition, and there is no way to switch alarms off. A pause is
of the signals that were there when it began: one that is raised later ends it. Which conditions
exist is edge/domain/alarm_rules.py; lamp and sounder are the services'. The clock comes in as
seconds of the event loop. Pure.
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
    raised_at: float  # when it last came up: new, back again, or worse than before

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
    """A condition that came back after it had gone, or grew worse, must be acknowledged again.

    What was measured when a latching condition came up stays with it; others show the present.
    """
    if signal is None:
        return AlarmSignal(condition, now, True, False, now)
    is_worse = RANK[condition.priority] < RANK[signal.condition.priority]
    if is_worse or not signal.is_active:
        return AlarmSignal(condition, now if is_worse else signal.since, True, False, now)
    is_kept = condition.is_latching and condition.priority is signal.condition.priority
    return replace(signal, condition=signal.condition if is_kept else condition)


def restored(conditions: Iterable[AlarmCondition], now: float) -> tuple[AlarmSignal, ...]:
    """Latched signals that nobody had acknowledged when the service ended; shown as gone since."""
    return _sorted(
        AlarmSignal(condition, now, False, False, now)
        for condition in conditions
        if condition.is_latching
    )


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


def pause_left(
    signals: Sequence[AlarmSignal], now: float, paused_until: float | None
) -> float | None:
    """The audio pause that is still good, None when it is over: by time, or by a later signal."""
    if paused_until is None:
        return None
    is_running = now < paused_until <= audio_pause_until(now)
    audible = [signal for signal in signals if not signal.is_acknowledged]
    # Ends are compared, as a start reckoned back from the end is not quite the start. What came up
    # in the very moment of the touch was not what the person had heard.
    is_theirs = all(audio_pause_until(signal.raised_at) < paused_until for signal in audible)
    return paused_until if is_running and is_theirs else None


def is_sounding(
    signals: Sequence[AlarmSignal], now: float, paused_until: float | None
) -> AlarmSignal | None:
    """The signal the sounder gives now: the first that nobody acknowledged, unless paused."""
    audible = [signal for signal in _sorted(signals) if not signal.is_acknowledged]
    if not audible or pause_left(signals, now, paused_until) is not None:
        return None
    return audible[0]


def _sorted(signals: Iterable[AlarmSignal]) -> tuple[AlarmSignal, ...]:
    return tuple(sorted(signals, key=lambda s: (RANK[s.condition.priority], s.since, s.alarm_id)))
