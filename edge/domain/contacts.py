"""One contact as the edge believes it: samples of its wire in, a level that may be trusted out.

Opening counts at once. Closing must have been stable. A wire that could not be read, was not read
for too long, or was read by a clock that jumped is unknown, and a contact that opens again and
again counts as open until it rests. Total: any contact, any sample, any time. The clock comes in
as seconds of the event loop. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

# [V] stable closed for half a second before anything is ready (reliability.md 3.3).
CLOSE_STABLE_S = 0.5
# [P] five missed readings (READ_PERIOD_S of edge/services/panel_service.py)
STALE_S = 0.5
# [V] contacts bounce for 0.1 to 50 ms (reliability.md 2.3, 62): openings nearer than this are one.
BOUNCE_S = 0.05
# [P] A hand works a switch twice in three seconds, with its bounce four openings; a loose wire and
# mains on a floating one make dozens.
CHATTER_WINDOW_S = 3.0
CHATTER_OPENINGS_MAX = 5


class Moved(Enum):
    """What a sample brought about."""

    OPENED = "opened"
    CLOSED = "closed"
    LOST = "lost"  # cannot be read, or was not read for too long
    CHATTERS = "chatters"  # opened too often; counts as open from here on
    RESTS = "rests"  # and no longer


@dataclass(frozen=True)
class Contact:
    """As after the last sample. level is what may be believed; None is unknown, as at the start."""

    level: bool | None = None
    raw: bool | None = None  # the last sample itself
    read_at: float | None = None  # when the wire could last be read
    closing_since: float | None = None  # closed without a break since then
    openings: tuple[float, ...] = ()  # of the window, bounces counted once, the newest last
    is_chattering: bool = False

    @property
    def is_closing(self) -> bool:
        """Reads closed and is not believed yet."""
        return self.closing_since is not None and self.level is not True


UNREAD = Contact()


def step(contact: Contact, sample: bool | None, now: float) -> tuple[Contact, tuple[Moved, ...]]:
    """The contact after this sample, and what changed; a sample of None could not be read."""
    before = contact if _is_fresh(contact, now) else _forgotten(contact)
    openings = _openings(before, sample, now)
    is_chattering = len(openings) > CHATTER_OPENINGS_MAX or (
        before.is_chattering and bool(openings)
    )
    closing_since = _closing_since(before, sample, now)
    after = Contact(
        level=_level(before.level, sample, closing_since, now, is_chattering=is_chattering),
        raw=sample,
        read_at=before.read_at if sample is None else now,
        closing_since=closing_since,
        openings=openings,
        is_chattering=is_chattering,
    )
    return after, (*_moves(contact, before), *_moves(before, after))


def level_at(contact: Contact, now: float) -> bool | None:
    """What may be believed at this moment; a level that nobody renewed is unknown."""
    return contact.level if _is_fresh(contact, now) else None


def due_at(contact: Contact) -> float | None:
    """When the next sample can change something although the wire does not move."""
    if contact.is_chattering:
        return contact.openings[-1] + CHATTER_WINDOW_S
    if contact.closing_since is None or contact.level is True:
        return None
    return contact.closing_since + CLOSE_STABLE_S


def _is_fresh(contact: Contact, now: float) -> bool:
    """Read lately, and not in the future."""
    return contact.read_at is not None and 0.0 <= now - contact.read_at <= STALE_S


def _forgotten(contact: Contact) -> Contact:
    """Nobody knows what the wire did meanwhile."""
    return replace(contact, level=None, raw=None, closing_since=None)


def _openings(before: Contact, sample: bool | None, now: float) -> tuple[float, ...]:
    kept = tuple(at for at in before.openings if at <= now < at + CHATTER_WINDOW_S)
    is_opening = before.raw is True and sample is not True
    if is_opening and (not kept or now - kept[-1] >= BOUNCE_S):
        kept = (*kept, now)
    return kept[-CHATTER_OPENINGS_MAX - 1 :]


def _closing_since(before: Contact, sample: bool | None, now: float) -> float | None:
    if sample is not True:
        return None
    return now if before.closing_since is None else before.closing_since


def _level(
    was: bool | None,
    sample: bool | None,
    closing_since: float | None,
    now: float,
    *,
    is_chattering: bool,
) -> bool | None:
    if closing_since is None:
        return sample
    if is_chattering:
        return False
    return True if now >= closing_since + CLOSE_STABLE_S else was


def _moves(before: Contact, after: Contact) -> tuple[Moved, ...]:
    found = []
    if after.is_chattering != before.is_chattering:
        found.append(Moved.CHATTERS if after.is_chattering else Moved.RESTS)
    if after.level is not before.level:
        words = {True: Moved.CLOSED, False: Moved.OPENED, None: Moved.LOST}
        found.append(words[after.level])
    return tuple(found)
