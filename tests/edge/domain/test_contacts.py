"""One contact's level: every short history of samples, and planted bugs that the search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import pytest

from edge.domain import contacts
from edge.domain.contacts import (
    BOUNCE_S,
    CHATTER_OPENINGS_MAX,
    CHATTER_WINDOW_S,
    CLOSE_STABLE_S,
    STALE_S,
    UNREAD,
    Contact,
    Moved,
    due_at,
    level_at,
    step,
)

pytestmark = pytest.mark.control("interlocks-edge")

After = tuple[Contact, tuple[Moved, ...]]
Step = Callable[[Contact, bool | None, float], After]
LevelAt = Callable[[Contact, float], bool | None]
Sample = tuple[float, bool | None]
# Shorter and longer than a bounce, at and past the deadlines, and a clock that jumps back.
GAPS = (0.01, 0.26, STALE_S, 0.75, -1.0)
DEPTH = 4
EPSILON = 1e-6


@dataclass(frozen=True)
class Rules:
    """What is searched; the tests plant bugs here."""

    step: Step = step
    level_at: LevelAt = level_at
    start: Contact = UNREAD


def was_stable(history: tuple[Sample, ...]) -> bool:
    """The last sample and all before it, for long enough, were closed and came in time."""
    end_at = history[-1][0]
    closed_since = None
    last_at = None
    for at, sample in history:
        is_late = last_at is not None and not 0 <= at - last_at <= STALE_S
        if sample is not True:
            closed_since = None
        elif closed_since is None or is_late:
            closed_since = at
        last_at = at if sample is not None else last_at
    return closed_since is not None and end_at - closed_since >= CLOSE_STABLE_S


def violations(
    rules: Rules,
    before: Contact,
    after: Contact,
    moves: tuple[Moved, ...],
    history: tuple[Sample, ...],
) -> Iterator[str]:
    """What this step broke."""
    now, sample = history[-1]
    is_stable = was_stable(history)
    if after.level is True and not is_stable:
        yield "closed without having been stable"
    if after.level is not True and is_stable and not after.is_chattering:
        yield "stable and not believed"
    if sample is not True and after.level is not sample:
        yield "opening or loss does not count at once"
    if rules.level_at(after, now + STALE_S + EPSILON) is not None:
        yield "an old level is believed"
    if rules.level_at(after, now - EPSILON) is not None and after.read_at == now:
        yield "a level from the future is believed"
    if before.level is True and after.level is not True:
        words = {False: Moved.OPENED, None: Moved.LOST}
        if not moves or moves[-1] is not words[after.level]:
            yield "an opening is not told"
    if after.is_chattering and after.level is True:
        yield "a chattering contact is closed"


def search(rules: Rules, depth: int = DEPTH, gaps: tuple[float, ...] = GAPS) -> tuple[int, str]:
    """(steps tried, first violation or '')."""
    tried = 0
    if rules.start.level is not None:
        return tried, "known before anything was read"
    todo: list[tuple[Contact, tuple[Sample, ...]]] = [(rules.start, ())]
    while todo:
        before, history = todo.pop()
        at = history[-1][0] if history else 100.0
        for gap, sample in product(gaps, (True, False, None)):
            tried += 1
            now = at + gap
            after, moves = rules.step(before, sample, now)
            longer = (*history, (now, sample))
            for found in violations(rules, before, after, moves, longer):
                return tried, f"{found}: {longer}"
            if len(longer) < depth:
                todo.append((after, longer))
    return tried, ""


def stable(now: float = 10.0) -> Contact:
    """Closed and believed, just read."""
    return Contact(level=True, raw=True, read_at=now, closing_since=now - CLOSE_STABLE_S)


def test_level_is_believed_from_its_reading_until_it_is_stale() -> None:
    # Catches a gate that is never open, and one that is open for ever.
    assert level_at(stable(), 10.0) is True
    assert level_at(stable(), 10.0 + STALE_S) is True
    assert level_at(stable(), 10.0 + STALE_S + EPSILON) is None
    assert level_at(stable(), 10.0 - EPSILON) is None
    assert level_at(replace(stable(), level=False), 10.0) is False


def test_open_contact_that_begins_to_close_stays_open() -> None:
    opened, moves = step(stable(), False, 10.1)
    assert (opened.level, moves) == (False, (Moved.OPENED,))
    closing, moves = step(opened, True, 10.2)
    assert (closing.level, moves, closing.is_closing) == (False, (), True)


def test_wire_that_cannot_be_read_renews_nothing() -> None:
    after, moves = step(stable(), None, 10.1)
    assert (after.level, after.read_at, moves) == (None, 10.0, (Moved.LOST,))


def test_opening_while_nobody_read_is_not_counted_as_chatter() -> None:
    after, _ = step(stable(), False, 10.0 + STALE_S + EPSILON)
    assert (after.level, after.openings) == (False, ())


def test_openings_at_the_bound_are_no_chatter_and_one_more_is() -> None:
    contact, now = stable(), 10.0
    for count in range(1, CHATTER_OPENINGS_MAX + 2):
        now += 0.1
        contact, _ = step(contact, False, now)
        assert contact.openings[-1] == now
        assert len(contact.openings) == count
        assert contact.is_chattering is (count > CHATTER_OPENINGS_MAX)
        assert step(contact, False, now)[0].openings == contact.openings
        now += 0.1
        contact, _ = step(contact, True, now)


def test_openings_a_bounce_apart_count_and_nearer_ones_do_not() -> None:
    contact = Contact(level=True, raw=True, read_at=0.0, openings=(0.0,))
    for now, count in ((BOUNCE_S, 2), (BOUNCE_S - EPSILON, 1)):
        assert len(step(contact, False, now)[0].openings) == count


def test_contact_closes_while_it_reads_closed_and_is_not_believed_yet() -> None:
    for level in (None, False, True):
        assert not Contact(level=level).is_closing
        assert Contact(level=level, closing_since=1.0).is_closing is (level is not True)


def test_contact_in_every_short_history_is_closed_only_when_it_must_be() -> None:
    tried, found = search(Rules())

    print(f"contact: {tried} steps searched")  # noqa: T201
    assert found == ""
    assert tried > 50_000


def late_opening(contact: Contact, sample: bool | None, now: float) -> After:
    """Planted: a debounce on the opening edge."""
    is_first = sample is False and contact.raw is True
    after, moves = step(contact, True if is_first else sample, now)
    return replace(after, raw=sample), moves


def lost_is_closed(contact: Contact, sample: bool | None, now: float) -> After:
    """Planted: unknown is treated as closed."""
    return step(contact, True if sample is None else sample, now)


def stale_kept(contact: Contact, sample: bool | None, now: float) -> After:
    """Planted: nobody asks how old the last sample is."""
    return step(replace(contact, read_at=now), sample, now)


def no_debounce(contact: Contact, sample: bool | None, now: float) -> After:
    """Planted: closed as soon as it reads closed."""
    after, moves = step(contact, sample, now)
    return (replace(after, level=True), moves) if sample else (after, moves)


def untold(contact: Contact, sample: bool | None, now: float) -> After:
    """Planted: the opening is seen and not told."""
    after, moves = step(contact, sample, now)
    return after, tuple(moved for moved in moves if moved is not Moved.OPENED)


def never_closed(contact: Contact, sample: bool | None, now: float) -> After:
    """Planted: stability is counted from the last sample."""
    after, moves = step(replace(contact, closing_since=None), sample, now)
    return after, moves


def any_age(contact: Contact, _now: float) -> bool | None:
    """Planted: a level without an age."""
    return contact.level


def no_future(contact: Contact, now: float) -> bool | None:
    """Planted: only the past is looked at."""
    is_old = contact.read_at is None or now - contact.read_at > STALE_S
    return None if is_old else contact.level


PLANTED = {
    "opening delayed": Rules(step=late_opening),
    "unknown is closed": Rules(step=lost_is_closed),
    "stale level kept": Rules(step=stale_kept),
    "closing not debounced": Rules(step=no_debounce),
    "opening not told": Rules(step=untold),
    "never closed again": Rules(step=never_closed),
    "level without an age": Rules(level_at=any_age),
    "clock that jumped back": Rules(level_at=no_future),
    "closed at the start": Rules(start=replace(UNREAD, level=True)),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_search_finds_the_planted_bug(bug: str) -> None:
    assert search(PLANTED[bug])[1] != ""


# Chatter


def test_search_with_a_chatter_of_two_openings_believes_no_chattering_contact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contacts, "CHATTER_OPENINGS_MAX", 1)

    tried, found = search(Rules(), depth=6, gaps=(0.06, STALE_S))

    assert found == ""
    assert tried > 50_000


def test_search_with_a_chatter_of_two_openings_finds_a_chatter_that_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contacts, "CHATTER_OPENINGS_MAX", 1)

    def believing(contact: Contact, sample: bool | None, now: float) -> After:
        after, moves = step(contact, sample, now)
        return replace(after, level=sample if was_long(after, now) else after.level), moves

    def was_long(contact: Contact, now: float) -> bool:
        since = contact.closing_since
        return since is not None and now - since >= CLOSE_STABLE_S

    assert "chattering" in search(Rules(step=believing), depth=6, gaps=(0.06, STALE_S))[1]


def wave(contact: Contact, at: float, half_s: float, span_s: float) -> tuple[Contact, float]:
    """The contact after a square wave; it ends closed."""
    level = False
    end_at = at + span_s
    while at < end_at or not level:
        at += half_s
        contact, _ = step(contact, level, at)
        level = not level
    return contact, at


def closed_contact(at: float = 10.0) -> Contact:
    contact, _ = step(UNREAD, True, at - CLOSE_STABLE_S)
    contact, moves = step(contact, True, at)
    assert moves == (Moved.CLOSED,)
    return contact


@pytest.mark.parametrize("half_s", [0.001, 0.01, 0.04, 0.1, 0.24])
def test_contact_that_goes_on_opening_chatters_and_counts_as_open(half_s: float) -> None:
    contact, at = wave(closed_contact(), 10.0, half_s, CHATTER_WINDOW_S)

    assert contact.is_chattering
    assert contact.level is False

    # It is believed again when it has rested for the whole window, not before.
    moves: tuple[Moved, ...] = ()
    opened_at = contact.openings[-1]
    while Moved.RESTS not in moves:
        at += 0.1
        contact, moves = step(contact, True, at)
        assert contact.level is (Moved.RESTS in moves)
    assert moves == (Moved.RESTS, Moved.CLOSED)
    assert 0.0 <= at - (opened_at + CHATTER_WINDOW_S) < 0.11


def test_contact_that_starts_to_chatter_tells_it_once() -> None:
    contact, at, told = closed_contact(), 10.0, []
    for _ in range(3 * CHATTER_OPENINGS_MAX):
        for level in (False, True):
            at += 0.1
            contact, moves = step(contact, level, at)
            told += [moved for moved in moves if moved in (Moved.CHATTERS, Moved.RESTS)]

    assert told == [Moved.CHATTERS]
    assert len(contact.openings) == CHATTER_OPENINGS_MAX + 1


@pytest.mark.parametrize("span_s", [0.004, BOUNCE_S])
def test_contact_worked_twice_with_the_longest_bounce_does_not_chatter(span_s: float) -> None:
    contact, at = closed_contact(), 10.0
    for _ in range(4):  # open, close, open, close
        contact, at = wave(contact, at + 0.3, 0.001, span_s - 0.002)

    assert not contact.is_chattering


def test_contact_that_chatters_and_is_then_lost_is_unknown() -> None:
    contact, at = wave(closed_contact(), 10.0, 0.1, CHATTER_WINDOW_S)

    assert step(contact, None, at + 0.1)[0].level is None


# When to look again


def test_due_at_names_the_moment_in_which_something_changes_by_itself() -> None:
    closing, _ = step(UNREAD, True, 1.0)
    due = due_at(closing)
    assert due is not None
    assert step(closing, True, due)[0].level is True
    assert closing.is_closing
    assert due_at(UNREAD) is None
    assert due_at(closed_contact()) is None


@pytest.mark.parametrize("start", [0.1, 1 / 3, 1e6 + 0.7])
def test_due_at_of_a_chattering_contact_never_asks_for_the_same_moment_again(start: float) -> None:
    # Catches a rest that is computed in two ways and never arrives.
    chattering, at = wave(closed_contact(start + 5), start + 5, 0.1, CHATTER_WINDOW_S)
    due = due_at(chattering)
    assert due is not None
    while at < due:
        at = min(at + 0.1, due)
        chattering, _ = step(chattering, True, at)

    assert not chattering.is_chattering
    assert chattering.level is True
