"""May the broken-off session go on: the gap since its last pulse, and what the clinic says by now.

Judges by edge/domain/resume.py on the count as booked, the limit of the order as last pulled, and
the release a clinician gave. The writer of SessionState.rest's limit and release. Readiness of the
unit, coil and count are other judges'. Loop time; the wall clock only tells one day from another.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta, tzinfo

from edge.config import LimitsConfig
from edge.domain.resume import (
    RELEASABLE,
    Agreed,
    Gap,
    Release,
    gap_limit,
    judge_agreed,
    judge_gap,
    release_left_s,
)
from edge.domain.session_states import E, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import WallClock
from edge.services.chair_state import ChairState, RestState, VisitState
from edge.services.phase import Phase
from edge.services.ports_clinic import ClinicBookPort, VisitFactsPort
from edge.services.session_runner import SessionRunner

BROKEN_OFF = (S.PAUSED, S.RESUMING, S.STOPPED, S.UNCERTAIN)
# [P] a picture is drawn ten times a second, and the order is read anew for it this often at most; a
# pull that changes something is looked at at once.
LOOK_AGAIN_S = 2.0
DAY_S = 86_400.0


class ResumeDesk:
    """Of one chair."""

    def __init__(
        self,
        state: ChairState,
        limits: LimitsConfig,
        phase: Phase,
        book: ClinicBookPort,
        runner: SessionRunner,
        wall_clock: WallClock,
        time_zone: tzinfo,
    ) -> None:
        self._state = state
        self._limits = limits
        self._phase = phase
        self._book = book
        self._runner = runner
        self._wall_clock = wall_clock
        self._time_zone = time_zone
        self._seen: VisitFactsPort | None = None
        self._seen_at: float | None = None

    def clinic_changed(self) -> None:
        """What the clinic said before is not what it says now."""
        self._seen_at = None
        self.look()

    def look(self) -> None:
        """Renew the limit that the screen shows; call a few times a second."""
        visit = self._state.visit
        if visit is None or self._phase.now not in BROKEN_OFF:
            return
        facts = self._facts(visit)
        limit = gap_limit(*self._limits_asked(visit, facts), self._limits.pause_s_max)
        if visit.session.rest.limit != limit:
            visit.session.rest.limit = limit
            self._phase.touch()

    def judge(self) -> Verdict:
        """Day, order and gap; the first that forbids it."""
        self.look()
        visit = self._the_visit()
        gap = self._gap()
        if gap is None:
            return self._judge_order(visit)
        is_other_day = self._is_other_day(gap)
        verdict = judge_gap(Gap(0.0), self._rest.limit, is_other_day=is_other_day, is_released=True)
        if verdict.is_accepted:
            verdict = self._judge_order(visit)
        if verdict.is_accepted:
            is_released = self.release_left_s() > 0
            verdict = judge_gap(gap, self._rest.limit, is_other_day=False, is_released=is_released)
        return verdict

    def judge_release(self) -> Verdict:
        """Only a gap is released, and only one that stands in the way."""
        verdict = self._phase.judge(E.RESUME)
        if verdict.is_accepted:
            verdict = self.judge()
            if verdict.is_accepted:
                return refused("nothing_to_release")
            return ACCEPTED if verdict.code in RELEASABLE else verdict
        return verdict

    def release(self, who: str, reason: str) -> None:
        """A clinician lets this gap pass; it holds for this break and for a while."""
        now_s = asyncio.get_running_loop().time()
        self._rest.release = Release(who, reason, self._runner.delivered, now_s)
        self._phase.say_private("gap_released", who=who, reason=reason)

    def release_left_s(self) -> float:
        """How long the release still holds."""
        now_s = asyncio.get_running_loop().time()
        return release_left_s(self._rest.release, self._runner.delivered, now_s)

    def words(self) -> dict[str, str | int | float]:
        """For the record of a resumption: how long the gap was, by whose limit, by whose leave."""
        gap, rest = self._gap(), self._rest
        told: dict[str, str | int | float] = {"limit_s": rest.limit.s, "source": rest.limit.source}
        if gap is not None and gap.s is not None:
            told["gap_s"] = round(gap.s)
        if rest.release is not None and self.release_left_s() > 0:
            told["released_by"] = rest.release.who
        return told

    def _judge_order(self, visit: VisitState) -> Verdict:
        facts = self._facts(visit)
        assert visit.order is not None, "a session has an order"
        assert visit.level_pct_mso is not None, "a session has a level"
        agreed = Agreed(visit.order, visit.level_pct_mso)
        if facts is None:
            return judge_agreed(agreed, None, None, ())
        return judge_agreed(agreed, facts.order, facts.level_pct_mso, facts.problems)

    def _gap(self) -> Gap | None:
        """None while no pulse was given."""
        book = self._runner.book
        return None if book is None else book.since_last_pulse()

    def _is_other_day(self, gap: Gap) -> bool:
        """By one reading of the wall clock, so that one set anew in the pause makes no new day."""
        if gap.s is None:
            return False  # nobody knows; judge_gap asks a clinician
        wall = self._wall_clock.now()
        if gap.s >= DAY_S or not wall.is_trusted:
            return gap.s >= DAY_S
        then = wall.utc - timedelta(seconds=gap.s)
        return (
            then.astimezone(self._time_zone).date() != wall.utc.astimezone(self._time_zone).date()
        )

    def _limits_asked(
        self, visit: VisitState, facts: VisitFactsPort | None
    ) -> tuple[int | None, int | None]:
        """The order's as it stands now, else as it was; the protocol's."""
        order = visit.order if facts is None or facts.order is None else facts.order
        return (
            None if order is None else order.resume_gap_s_max,
            None if facts is None else facts.protocol_gap_s_max,
        )

    def _facts(self, visit: VisitState) -> VisitFactsPort | None:
        now_s = asyncio.get_running_loop().time()
        if self._seen_at is None or now_s - self._seen_at >= LOOK_AGAIN_S:
            self._seen = self._book.visit(visit.appointment.appointment_id)
            self._seen_at = now_s
        return self._seen

    @property
    def _rest(self) -> RestState:
        return self._the_visit().session.rest

    def _the_visit(self) -> VisitState:
        assert self._state.visit is not None, "no visit is open"
        return self._state.visit
