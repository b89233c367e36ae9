"""Keeps sessions that cannot be understood: finds, shows, and notes what a person decides.

Nothing of such a session is written over: a decision is a row of its own table. The controller's
own count is asked for here at each of its starts: it says whether a damaged session keeps the unit
from treating, and whether it has treated in a session that the record does not have. Runs on the
loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import structlog

from edge.domain.dose import LedgerCount
from edge.domain.held import HeldSession, blocks_unit, unknown_session
from edge.domain.session_states import S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done
from edge.mcu.reconcile import ledger_count
from edge.ports import Store, StoreError, WallClock
from edge.services.chair_state import ChairState
from edge.services.phase import Phase
from edge.services.session_file import KeptRow, SessionFile, UnreadableError, decode_record
from firmware.wire.commands import ReadLedger
from firmware.wire.reports import Ledger

log = structlog.get_logger(__name__)

ASK_AGAIN_S = 1.0


class HeldSessions:
    """The writer of ChairState.held. Raises StoreError when its table cannot be made."""

    def __init__(
        self,
        state: ChairState,
        store: Store,
        client: McuClient,
        wall_clock: WallClock,
        phase: Phase,
    ) -> None:
        self._state = state
        self._store = store
        self._client = client
        self._wall_clock = wall_clock
        self._phase = phase
        self._ledger: LedgerCount | None = None
        self._asked_boot: int | None = None  # of the controller

    def find(self, unfinished: Iterable[HeldSession]) -> None:
        """At the start: those that were never closed come from who tried to restore them."""
        decided = {str(row[0]) for row in self._store.rows("SELECT session_id FROM held_decision")}
        found = [*unfinished, *self._signed()]
        self._state.held = tuple(
            replace(each, is_decided=each.session_id in decided) for each in found
        )
        for each in self._state.held:
            log.error("session held", session=each.session_id, why=each.why, detail=each.detail)
        self._judge()

    async def run(self) -> None:
        """Ask the controller at each of its starts whose pulses it has counted."""
        while True:
            boot = self._state.device.boot_epoch
            if self._client.is_live and boot != self._asked_boot and await self._ask():
                self._asked_boot = boot
            await asyncio.sleep(ASK_AGAIN_S)

    async def _ask(self) -> bool:
        """False when nobody knows; then it is asked again."""
        outcome = await self._client.request(ReadLedger())
        if not isinstance(outcome, Done):
            return False
        assert isinstance(outcome.value, Ledger)
        self._ledger = ledger_count(outcome.value)
        try:
            self._look_for_unknown(self._ledger)
        except StoreError as error:
            log.error("sessions not read", why=str(error))  # noqa: TRY400
            return False
        self._judge()
        return True

    def _look_for_unknown(self, ledger: LedgerCount) -> None:
        own = (ledger.session_id,)
        is_known = bool(self._store.rows("SELECT 1 FROM session WHERE session_id = ?", own))
        held = unknown_session(ledger, is_known=is_known)
        if held is None or any(each.session_id == held.session_id for each in self._state.held):
            return
        decided = self._store.rows("SELECT 1 FROM held_decision WHERE session_id = ?", own)
        held = replace(held, is_decided=bool(decided))
        log.error("session held", session=held.session_id, why=held.why, pulses=held.pulses)
        self._state.held = (*self._state.held, held)

    def judge_decide(self) -> Verdict:
        """Between visits, while something waits for a decision."""
        if self._state.state is not S.IDLE:
            return refused("wrong_state", state=self._state.state.value)
        if all(each.is_decided for each in self._state.held):
            return refused("nothing_held")
        return ACCEPTED

    def decide(self, who: str, reason: str) -> Verdict:
        """A person takes responsibility for what is not known of the first that waits."""
        verdict = self.judge_decide()
        if not verdict.is_accepted:
            return verdict
        held = next(each for each in self._state.held if not each.is_decided)
        utc = self._wall_clock.now().utc.isoformat()
        try:
            with self._store.transaction():
                self._store.rows(
                    "INSERT INTO held_decision VALUES (?, ?, ?, ?, ?)",
                    (held.session_id, held.why, who, reason, utc),
                )
        except StoreError as error:
            log.critical("the store failed", why=str(error))
            return refused("store_failed")
        self._state.held = tuple(
            replace(each, is_decided=True) if each is held else each for each in self._state.held
        )
        log.warning("held session decided", session=held.session_id, who=who)
        self._judge()
        return ACCEPTED

    def _judge(self) -> None:
        self._state.is_held = any(blocks_unit(each, self._ledger) for each in self._state.held)
        self._phase.touch()

    def _signed(self) -> list[HeldSession]:
        """Signed records that nobody can read any more."""
        found = []
        for row in SessionFile(self._store).signed():
            try:
                decode_record(row.record_text or "")
            except UnreadableError as error:
                found.append(held_row(row, error, is_open=False))
        return found


def held_row(row: KeptRow, error: UnreadableError, *, is_open: bool) -> HeldSession:
    """A row of the store as one that is held."""
    return HeldSession(row.session_id, row.patient_id, row.opened, error.why, error.detail, is_open)
