"""The session's file: opened before the first Arm, restored after a crash, signed at the end.

The row exists before any pulse; signing stores the record and queues it for the clinic in one
transaction. Owns no device and no phase: edge/services/chair.py moves it. Wall clock through the
port only.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog

from edge.domain.checks import QUESTION_KEYS
from edge.domain.held import DAMAGED, HeldSession
from edge.domain.record import JournalRow
from edge.domain.resume import Instant, gap_between
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import Entropy, Store, StoreError, WallClock
from edge.services.chair_state import (
    ChairState,
    CheckState,
    LogLine,
    SessionState,
    VisitState,
)
from edge.services.held_sessions import held_row
from edge.services.journal import Journal
from edge.services.phase import LOG_LINES_MAX
from edge.services.ports_clinic import ClinicBookPort, ClinicSyncPort
from edge.services.record_writer import (
    Signature,
    build_record,
    count_of,
    first_pulse_utc,
    peak_surface_c10,
)
from edge.services.session_book import TRAIN_KINDS, BadRowError, SessionBook
from edge.services.session_file import (
    SessionFacts,
    SessionFile,
    UnreadableError,
    new_session_id,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class UnitFacts:
    """What goes into each record about this installation."""

    unit_id: str
    software_version: str
    settings_hash: str


class SessionDesk:
    """The session table's writer for the open visit."""

    def __init__(
        self,
        state: ChairState,
        unit: UnitFacts,
        store: Store,
        journal: Journal,
        wall_clock: WallClock,
        entropy: Entropy,
        book: ClinicBookPort,
        clinic: ClinicSyncPort,
    ) -> None:
        self._state = state
        self._unit = unit
        self._store = store
        self._journal = journal
        self._wall_clock = wall_clock
        self._entropy = entropy
        self._clinic_book = book
        self._clinic = clinic
        self._file = SessionFile(store)
        self._facts: SessionFacts | None = None

    def open(self, current: SessionBook | None, who: str) -> SessionBook | Verdict:
        """The session to arm: the current one while its facts still hold, else a new row."""
        visit = self._the_visit()
        assert visit.plan is not None, "judged before"
        facts = self._facts_of(visit, who)
        if current is not None and self._facts is not None:
            if facts == replace(self._facts, session_id=facts.session_id, operator=who):
                return current
            self.abandon()
        now = self._wall_clock.now().utc
        try:
            with self._store.transaction():
                self._file.open(facts, now)
                self._journal.append(facts.session_id, "opened", {"who": who})
        except StoreError as error:
            log.critical("the store failed", why=str(error))
            return refused("store_failed")
        self._facts = facts
        visit.session.session_id = facts.session_id
        self._clinic_book.invalidate()
        return SessionBook(self._journal, facts.session_id, visit.plan)

    def abandon(self) -> None:
        """Nothing was given and nothing is signed: close the row."""
        facts, self._facts = self._facts, None
        if facts is None:
            return
        try:
            with self._store.transaction():
                self._file.abandon(facts.session_id, self._wall_clock.now().utc)
                self._journal.append(facts.session_id, "abandoned", {})
        except StoreError as error:
            # The row stays open; the next start finds it and settles it with the controller.
            log.critical("the store failed", why=str(error))
        self._clinic_book.invalidate()

    def forget(self) -> None:
        """The visit is over and its row is closed."""
        self._facts = None

    def tell(self, kind: str, body: dict[str, object]) -> Verdict:
        """A row of the open session's story."""
        assert self._facts is not None, "no session"
        try:
            self._journal.record(self._facts.session_id, kind, body)
        except StoreError as error:
            log.critical("the store failed", why=str(error))
            return refused("store_failed")
        return ACCEPTED

    def sign(self, book: SessionBook, who: str, pain_0_10: int, note: str) -> Verdict:
        """Store the record and queue it for the clinic, both or neither."""
        visit, facts = self._the_visit(), self._facts
        assert facts is not None, "no session"
        signature = Signature(pain_0_10, note, who, self._wall_clock.now().utc)
        try:
            with self._store.transaction():
                self._journal.append(facts.session_id, "signed", {"who": who, "pain": pain_0_10})
                record = build_record(
                    facts,
                    book,
                    self._journal.rows(facts.session_id),
                    signature,
                    moments=self._journal.moments(facts.session_id),
                    uncertain=visit.session.dose.uncertain,
                )
                self._file.sign(record)
                self._clinic.enqueue_session(record)
        except StoreError as error:
            log.critical("the store failed", why=str(error))
            return refused("store_failed")
        visit.record_state = self._clinic.session_state(facts.session_id) or "signed"
        self._clinic_book.invalidate()
        return ACCEPTED

    def restore(self) -> tuple[SessionBook | None, list[HeldSession]]:
        """The unfinished session of the last run, its visit put back; and what cannot be read."""
        held = []
        for row in self._file.unfinished():
            try:
                facts = row.facts()
                rows = self._journal.rows(facts.session_id)
                book = SessionBook(self._journal, facts.session_id, facts.plan())
                book.restore(rows)
            except UnreadableError as error:
                held.append(held_row(row, error, is_open=True))
            except (BadRowError, ValueError, KeyError, TypeError) as error:
                # The journal's rows are JSON that only this service writes: whatever they lack or
                # have too much, they are not what was written.
                damaged = UnreadableError(DAMAGED, f"journal: {error!r}")
                held.append(held_row(row, damaged, is_open=True))
            else:
                self._put_back(facts, book, rows)
                return book, held
        return None, held

    def _put_back(self, facts: SessionFacts, book: SessionBook, rows: list[JournalRow]) -> None:
        started = first_pulse_utc(rows)
        session = SessionState(
            session_id=facts.session_id,
            started_utc_s=None if started is None else started.timestamp(),
            peak_surface_c10=peak_surface_c10(rows),
            pauses=count_of(rows, "paused"),
            paused_at=self._last_told_at(rows),
            log=[
                LogLine(row.utc.timestamp(), row.kind, _plain(row.body))
                for row in rows
                if row.kind not in TRAIN_KINDS
            ][-LOG_LINES_MAX:],
        )
        self._state.visit = VisitState(
            appointment=facts.appointment,
            patient=facts.patient,
            order=facts.order,
            threshold=facts.threshold,
            plan=book.plan,
            level_pct_mso=facts.level_pct_mso,
            problems=(),
            checks=[
                CheckState(key, "question" if key in QUESTION_KEYS else "machine", answer, "ok")
                for key, answer in facts.checks.items()
            ],
            session=session,
            operator=facts.operator,
        )
        self._facts = facts
        log.warning("unfinished session found", session=facts.session_id, booked=book.delivered)

    def _last_told_at(self, rows: list[JournalRow]) -> float | None:
        """Loop time of the last thing that happened, for the screen; None when nobody can say."""
        if not rows:
            return None
        last = Instant(rows[-1].utc, rows[-1].is_trusted, rows[-1].mono_us)
        gap = gap_between(last, self._journal.now())
        return None if gap.s is None else asyncio.get_running_loop().time() - gap.s

    def _facts_of(self, visit: VisitState, who: str) -> SessionFacts:
        device = self._state.device
        assert visit.order is not None
        assert visit.threshold is not None
        assert visit.plan is not None
        assert visit.level_pct_mso is not None
        return SessionFacts(
            session_id=new_session_id(self._entropy),
            appointment=visit.appointment,
            patient=visit.patient,
            order=visit.order,
            threshold=visit.threshold,
            levels=tuple((level.count, level.period_us) for level in visit.plan.levels),
            train_levels=visit.plan.train_levels,
            plan_sha256=visit.plan.sha256,
            level_pct_mso=visit.level_pct_mso,
            operator=who,
            unit_id=self._unit.unit_id,
            coil_serial=device.coil_serial,
            coil_type=device.coil_type,
            software_version=self._unit.software_version,
            firmware_version=device.firmware_version,
            settings_hash=self._unit.settings_hash,
            checks={check.key: _answer(check) for check in visit.checks},
        )

    def _the_visit(self) -> VisitState:
        assert self._state.visit is not None, "no visit is open"
        return self._state.visit


def _answer(check: CheckState) -> str:
    """An answer for the record; a release names who and why."""
    if check.state == "released":
        return f"{check.answer}, released by {check.by}: {check.reason}"
    return check.answer or check.state


def _plain(body: dict[str, object]) -> dict[str, str | int | float]:
    return {key: value for key, value in body.items() if isinstance(value, str | int | float)}
