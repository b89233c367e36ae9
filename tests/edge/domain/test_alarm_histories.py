"""The alarm reducer over every short history, and that each planted bug in it is found.

Three conditions come and go, a person acknowledges and pauses, time passes. A model that only keeps
what happened says what must be shown and heard (I25, I26, I27). Prints how much was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from edge.domain import alarms
from edge.domain.alarms import RANK, AlarmCondition, AlarmSignal
from edge.domain.faults import Priority

pytestmark = [pytest.mark.search, pytest.mark.control("alarm-reducer")]

HOT = AlarmCondition("surface_hot", Priority.HIGH, "technical", is_latching=True, args={})
LINK = AlarmCondition("link_down", Priority.MEDIUM, "technical", is_latching=False, args={})
WORSE = replace(LINK, priority=Priority.HIGH)
WARM = AlarmCondition("surface_warm", Priority.LOW, "technical", is_latching=False, args={})
PAUSE_S = 120.0  # the bound of the pause, written down a second time on purpose

EVENTS = (
    "hot",
    "no hot",
    "link",
    "link worse",
    "no link",
    "warm",
    "ack hot",
    "ack link",
    "ack warm",
    "pause",
    "wait",
)
LENGTH = 5
Signals = tuple[AlarmSignal, ...]


@dataclass(frozen=True)
class Reducer:
    """The functions under test; a planted bug replaces one."""

    update: Callable[[Signals, Sequence[AlarmCondition], float], Signals] = alarms.update
    acknowledge: Callable[[Signals, str], Signals | None] = alarms.acknowledge
    until: Callable[[float], float] = alarms.audio_pause_until
    left: Callable[[Signals, float, float | None], float | None] = alarms.pause_left
    sounding: Callable[[Signals, float, float | None], AlarmSignal | None] = alarms.is_sounding


@dataclass(frozen=True)
class Node:
    """Where a history has led: what the reducer holds, and what the model knows."""

    now: float = 0.0
    signals: Signals = ()
    paused_until: float | None = None
    present: tuple[AlarmCondition, ...] = ()
    owed: tuple[str, ...] = ()  # raised, and nobody acknowledged it since
    latched: tuple[str, ...] = ()  # of these the ones that may not vanish
    raised_at: float = -1.0  # last time that anything came up
    paused_at: float | None = None


def step(node: Node, event: str, reducer: Reducer) -> Node:
    """The reducer and the model after one event, a second later."""
    node = replace(node, now=node.now + (PAUSE_S if event == "wait" else 1.0))
    kind, _, name = event.rpartition(" ")
    if kind == "ack":
        node = _acknowledged(node, {"hot": HOT, "link": LINK, "warm": WARM}[name], reducer)
    elif event == "pause":
        node = replace(node, paused_until=reducer.until(node.now), paused_at=node.now)
    elif event != "wait":
        node = _changed(node, event)
    signals = reducer.update(node.signals, node.present, node.now)
    left = reducer.left(signals, node.now, node.paused_until)
    return replace(node, signals=signals, paused_until=left)


def _acknowledged(node: Node, condition: AlarmCondition, reducer: Reducer) -> Node:
    after = reducer.acknowledge(node.signals, condition.alarm_id)
    if after is None:
        return node
    owed, latched = (
        tuple(name for name in names if name != condition.alarm_id)
        for names in (node.owed, node.latched)
    )
    return replace(node, signals=after, owed=owed, latched=latched)


def _changed(node: Node, event: str) -> Node:
    """A condition comes, goes, or grows worse."""
    target = {"hot": HOT, "link": LINK, "link worse": WORSE, "warm": WARM}.get(event)
    gone = {"no hot": HOT, "no link": LINK}.get(event)
    subject = target or gone
    assert subject is not None
    before = next((c for c in node.present if c.alarm_id == subject.alarm_id), None)
    rest = tuple(c for c in node.present if c.alarm_id != subject.alarm_id)
    owed = tuple(name for name in node.owed if name != subject.alarm_id)
    if target is None:
        is_kept = subject.is_latching and subject.alarm_id in node.owed
        return replace(node, present=rest, owed=node.owed if is_kept else owed)
    is_raised = before is None or RANK[target.priority] < RANK[before.priority]
    if not is_raised:
        return replace(node, present=(*rest, target))
    latched = (*node.latched, target.alarm_id) if target.is_latching else node.latched
    return replace(
        node,
        present=(*rest, target),
        owed=(*owed, target.alarm_id),
        latched=tuple(dict.fromkeys(latched)),
        raised_at=node.now,
    )


def wrong_at(node: Node, reducer: Reducer) -> Iterator[str]:
    """Every rule that this moment breaks."""
    shown = [signal.alarm_id for signal in node.signals]
    ranks = [RANK[signal.condition.priority] for signal in node.signals]
    if len(set(shown)) != len(shown):
        yield "one condition, two signals (I26)"
    if not {condition.alarm_id for condition in node.present} <= set(shown):
        yield "a condition is not shown (I25)"
    if not set(node.latched) <= set(shown):
        yield "a latched signal went away by itself"
    if ranks != sorted(ranks):
        yield "the highest is not first (I26)"
    yield from _wrong_sound(node, reducer)


def _wrong_sound(node: Node, reducer: Reducer) -> Iterator[str]:
    heard = reducer.sounding(node.signals, node.now, node.paused_until)
    owed = [signal for signal in node.signals if signal.alarm_id in node.owed]
    is_paused = (
        node.paused_at is not None
        and node.now - node.paused_at < PAUSE_S
        and node.raised_at <= node.paused_at
    )
    if heard is None and owed and not is_paused:
        yield "an alarm is silent without a pause of its own (I27)"
    if heard is not None and heard.alarm_id not in node.owed:
        yield "an acknowledged alarm sounds"
    if heard is not None and is_paused:
        yield "a pause was not kept"
    if heard is not None and any(
        RANK[signal.condition.priority] < RANK[heard.condition.priority] for signal in owed
    ):
        yield "a lower alarm sounds before a higher one (I26)"


def search(reducer: Reducer, length: int = LENGTH) -> tuple[int, tuple[str, ...], list[str]]:
    """Moments looked at; the first history that breaks a rule, and the rules it breaks."""
    count = 0
    waiting: list[tuple[Node, tuple[str, ...]]] = [(Node(), ())]
    while waiting:
        node, history = waiting.pop()
        for event in EVENTS:
            after = step(node, event, reducer)
            count += 1
            if found := list(wrong_at(after, reducer)):
                return count, (*history, event), found
            if len(history) + 1 < length:
                waiting.append((after, (*history, event)))
    return count, (), []


@pytest.mark.timeout(120)
def test_reducer_over_every_short_history_breaks_no_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    count, history, found = search(Reducer())

    with capsys.disabled():
        print(f"\nalarm reducer: {len(EVENTS)} events, length {LENGTH}: {count} moments")  # noqa: T201
    assert count == sum(len(EVENTS) ** n for n in range(1, LENGTH + 1))
    assert found == [], history


def _forgets_latched(signals: Signals, conditions: Sequence[AlarmCondition], now: float) -> Signals:
    return tuple(s for s in alarms.update(signals, conditions, now) if s.is_active)


def _sorts_by_age(signals: Signals, conditions: Sequence[AlarmCondition], now: float) -> Signals:
    return tuple(sorted(alarms.update(signals, conditions, now), key=lambda s: s.since))


def _keeps_acknowledged(
    signals: Signals, conditions: Sequence[AlarmCondition], now: float
) -> Signals:
    known = {s.alarm_id for s in signals if s.is_acknowledged}
    after = alarms.update(signals, conditions, now)
    return tuple(replace(s, is_acknowledged=s.alarm_id in known) for s in after)


def _hides_acknowledged(
    signals: Signals, conditions: Sequence[AlarmCondition], now: float
) -> Signals:
    return tuple(s for s in alarms.update(signals, conditions, now) if not s.is_acknowledged)


def _acknowledges_all(signals: Signals, alarm_id: str) -> Signals | None:
    after = alarms.acknowledge(signals, alarm_id)
    return None if after is None else tuple(replace(s, is_acknowledged=True) for s in after)


def _drops_when_acknowledged(signals: Signals, alarm_id: str) -> Signals | None:
    return tuple(s for s in signals if s.alarm_id != alarm_id)


def _pauses_for_all(_signals: Signals, now: float, until: float | None) -> float | None:
    return until if until is not None and now < until else None


def _pauses_by_first_time(signals: Signals, now: float, until: float | None) -> float | None:
    aged = tuple(replace(s, raised_at=s.since) for s in signals)
    return alarms.pause_left(aged, now, until)


def _sounds_the_last(signals: Signals, now: float, until: float | None) -> AlarmSignal | None:
    audible = [s for s in signals if not s.is_acknowledged]
    first = alarms.is_sounding(signals, now, until)
    return audible[-1] if first is not None else None


def _sounds_never_again(signals: Signals, now: float, until: float | None) -> AlarmSignal | None:
    active = tuple(s for s in signals if s.is_active)
    return alarms.is_sounding(active, now, until)


PLANTED = {
    "latched signals are forgotten": Reducer(update=_forgets_latched),
    "sorted by age": Reducer(update=_sorts_by_age),
    "acknowledged for ever": Reducer(update=_keeps_acknowledged),
    "acknowledged is hidden": Reducer(update=_hides_acknowledged),
    "one acknowledgement for all": Reducer(acknowledge=_acknowledges_all),
    "acknowledged is dropped until the next look": Reducer(acknowledge=_drops_when_acknowledged),
    "pause without a bound": Reducer(
        until=lambda now: now + 10 * PAUSE_S,
        left=lambda signals, now, until: _pauses_for_all(signals, now, until),
        sounding=lambda signals, now, until: (
            None if until is not None else alarms.is_sounding(signals, now, None)
        ),
    ),
    "pause silences new alarms": Reducer(
        left=_pauses_for_all,
        sounding=lambda signals, now, until: (
            None if until is not None else alarms.is_sounding(signals, now, None)
        ),
    ),
    "pause goes by the first time": Reducer(
        left=_pauses_by_first_time,
        sounding=lambda signals, now, until: (
            None
            if _pauses_by_first_time(signals, now, until)
            else alarms.is_sounding(signals, now, None)
        ),
    ),
    "pause is not kept": Reducer(left=lambda signals, now, until: None),
    "the lowest sounds": Reducer(sounding=_sounds_the_last),
    "a latched signal makes no sound": Reducer(sounding=_sounds_never_again),
}


@pytest.mark.parametrize("name", PLANTED)
def test_search_finds_a_planted_bug(name: str) -> None:
    _, history, found = search(PLANTED[name])

    assert found, name
    assert len(history) <= LENGTH
