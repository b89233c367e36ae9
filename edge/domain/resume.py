"""Whether a session that was broken off may go on: how long ago the last pulse was, and the limit.

The longest gap is the physician's, out of the order; else the protocol's; else the unit's. Time is
monotonic where both moments were read in one start of the machine, else the wall clock's; a clock
that nobody keeps, or that says what cannot be, never makes a gap short: a clinician is asked. What
would be given is edge/domain/session.py. Takes every moment as an argument. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from edge.domain.prescription import Order, Problem
from edge.domain.verdict import ACCEPTED, Verdict, refused

# [P] nobody's order may leave a coil on a head, or a patient waiting, for longer than this
GAP_S_MAX = 3_600
# [P] sources.md domain 2.8: after 15 minutes a clinician decides; what was decided holds as long
RELEASE_S = 900
# No unit was running before: a clock that says so was never set.
YEAR_FIRST = 2020
CLOCK_FIRST = datetime(YEAR_FIRST, 1, 1, tzinfo=UTC)

# Why nobody can say how long ago the last pulse was; text keys gap-<...>.
GAP_DOUBTS = (
    "clock_unset",  # a moment lies before the first year in which there was such a unit
    "clock_back",  # now lies before the last pulse
    "clock_untrusted",  # nobody kept the clock at one of the two moments
)
# Problems by which the clinic says that this treatment is not wanted any more.
WITHDRAWN_PROBLEMS = ("withdrawn", "wrong_status", "not_performed", "order_not_found")
# Problems that time alone brings, and that a clock set wrong can bring: the session began when they
# were not there, and how long it may be broken off is judged by the gap and by the day.
TIME_PROBLEMS = (
    "wrong_day",
    "order_stale",
    "expired",
    "not_yet_valid",
    "gap_short",
    "threshold_old",
    "threshold_future",
)
# Parts of an order that change nothing for the patient, and the longest gap: the physician may
# change it for this very session.
BOOKKEEPING = (
    "order_version",
    "sessions_total",
    "sessions_done",
    "diagnosis",
    "prescriber",
    "authored_utc",
    "valid_until_utc",
    "resume_gap_s_max",
)
# Refusals that a clinician may lift; all others need something to be put right, or the end.
RELEASABLE = ("pause_too_long", "gap_unknown")


@dataclass(frozen=True)
class Instant:
    """A moment by both clocks. mono_us: None when it was read in another start of the machine."""

    utc: datetime
    is_trusted: bool
    mono_us: int | None


@dataclass(frozen=True)
class Gap:
    """Seconds between two moments; None with the doubt that keeps them from being known."""

    s: float | None
    doubt: str = ""


@dataclass(frozen=True)
class GapLimit:
    """The longest gap, and whose word it is: order, protocol or unit."""

    s: int
    source: str


@dataclass(frozen=True)
class Release:
    """A clinician let this one gap pass. after_pulses: what had been given; at_s: loop time."""

    who: str
    reason: str
    after_pulses: int
    at_s: float


@dataclass(frozen=True)
class Agreed:
    """What a session is given by: the order and the level that follows from it."""

    order: Order
    level_pct_mso: int


def gap_between(earlier: Instant, now: Instant) -> Gap:
    """How long ago that was, or why nobody can say."""
    if earlier.mono_us is not None and now.mono_us is not None:
        passed_us = now.mono_us - earlier.mono_us
        return Gap(None, "clock_back") if passed_us < 0 else Gap(passed_us / 1e6)
    if min(earlier.utc, now.utc) < CLOCK_FIRST:
        return Gap(None, "clock_unset")
    if now.utc < earlier.utc:
        return Gap(None, "clock_back")
    if not (earlier.is_trusted and now.is_trusted):
        return Gap(None, "clock_untrusted")
    return Gap((now.utc - earlier.utc).total_seconds())


def gap_limit(order_s: int | None, protocol_s: int | None, unit_s: int) -> GapLimit:
    """The most particular word counts; none may pass GAP_S_MAX."""
    for limit_s, source in ((order_s, "order"), (protocol_s, "protocol")):
        if limit_s is not None:
            return GapLimit(min(limit_s, GAP_S_MAX), source)
    return GapLimit(min(unit_s, GAP_S_MAX), "unit")


def release_left_s(release: Release | None, delivered: int, now_s: float) -> float:
    """How long the release still holds; 0 when it does not, or was for another break."""
    if release is None or release.after_pulses != delivered or now_s < release.at_s:
        return 0.0
    return max(0.0, release.at_s + RELEASE_S - now_s)


def judge_gap(gap: Gap, limit: GapLimit, *, is_other_day: bool, is_released: bool) -> Verdict:
    """Whether the rest may follow the last pulse now. Nobody releases another day's session."""
    if is_other_day:
        return refused("other_day")
    if is_released:
        return ACCEPTED
    if gap.s is None:
        return refused("gap_unknown", why=gap.doubt)
    if gap.s > limit.s:
        return refused(
            "pause_too_long", minutes=int(gap.s) // 60, limit=limit.s // 60, source=limit.source
        )
    return ACCEPTED


def judge_agreed(
    agreed: Agreed, order: Order | None, level_pct_mso: int | None, problems: Iterable[Problem]
) -> Verdict:
    """Whether what the clinic says now still asks for the very same treatment."""
    found = [problem.code for problem in problems if problem.code not in TIME_PROBLEMS]
    if any(code in WITHDRAWN_PROBLEMS for code in found):
        return refused("order_withdrawn")
    if order is not None and _treatment(order) != _treatment(agreed.order):
        return refused("order_changed")
    if level_pct_mso is not None and level_pct_mso != agreed.level_pct_mso:
        return refused("level_changed", then=agreed.level_pct_mso, now=level_pct_mso)
    if order is None or found:
        return refused("order_has_problems", problem=[*found, "missing"][0], count=len(found))
    return ACCEPTED


def _treatment(order: Order) -> dict[str, object]:
    """What the patient is given."""
    named = {field.name: getattr(order, field.name) for field in fields(order)}
    return {name: value for name, value in named.items() if name not in BOOKKEEPING}
