"""Reads the controller's count after a pause, stop, lost line or restart, until it is known.

Waits for output to be off, gives the train's own result a moment to arrive, then asks the ledger.
What cannot be settled is returned with its reason. Runs on the loop; changes no phase.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

import structlog

from edge.domain.dose import Settled, Unsettled
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done
from edge.mcu.reconcile import ledger_count
from edge.ports import StoreError
from edge.services.chair_state import ChairState
from edge.services.device_watch import DeviceWatch
from edge.services.session_book import SessionBook
from firmware.wire.commands import ReadLedger
from firmware.wire.reports import Ledger

log = structlog.get_logger(__name__)

RESULT_GRACE_S = 0.25  # the result is sent at once; a lost one is not sent again
ASK_AGAIN_S = 0.25
STORE_AGAIN_S = 1.0


class Count(Enum):
    """Whether every pulse that was asked for is accounted for."""

    SETTLED = "settled"
    ASKING = "asking"  # the controller's ledger will tell
    OPEN = "open"  # it told, and the count stays between two bounds


class Settler:
    """Of one unit; on_store_failed hears each time that a count could not be written down."""

    def __init__(
        self,
        state: ChairState,
        client: McuClient,
        watch: DeviceWatch,
        on_store_failed: Callable[[StoreError], None],
    ) -> None:
        self._state = state
        self._client = client
        self._watch = watch
        self._on_store_failed = on_store_failed

    async def settle(
        self, book: SessionBook, ended: str, *, must_ask: bool, peak_c10: int | None
    ) -> Settled | Unsettled:
        """Until the count is settled or cannot be, also while the store is failing.

        must_ask: ask the ledger in any case.
        """
        while True:
            try:
                return await self._settle(book, ended, must_ask=must_ask, peak_c10=peak_c10)
            except StoreError as error:
                self._on_store_failed(error)
                await asyncio.sleep(STORE_AGAIN_S)

    async def _settle(
        self, book: SessionBook, ended: str, *, must_ask: bool, peak_c10: int | None
    ) -> Settled | Unsettled:
        await self._output_off()
        if book.open_train is not None:
            await asyncio.sleep(RESULT_GRACE_S)
        if book.open_train is None and not must_ask:
            return Settled(book.delivered, tuple(train.intent() for train in book.trains))
        was_open = book.open_train is not None
        ledger = await self._read_ledger()
        judged = book.reconcile(ledger_count(ledger), ended, peak_c10=peak_c10)
        if was_open and book.open_train is None:
            # Settled without times. Its last pulse is over by now: a safe bound for the pause that
            # the plan demands before the next.
            now_s = asyncio.get_running_loop().time()
            book.pulses_over_by(self._state.device.boot_epoch, self._client.clock.mcu_us_at(now_s))
        log.info("counts read back", judged=str(judged))
        return judged

    async def _output_off(self) -> None:
        """Until a live controller says, after any Stop was confirmed, that no train runs."""
        while True:
            await self._watch.next_status()
            device = self._state.device
            is_quiet = device.mcu_state not in ("", "TRAIN")
            if self._client.is_live and not self._client.is_stopping and is_quiet:
                return

    async def _read_ledger(self) -> Ledger:
        while True:
            outcome = await self._client.request(ReadLedger())
            if isinstance(outcome, Done):
                assert isinstance(outcome.value, Ledger)
                return outcome.value
            await asyncio.sleep(ASK_AGAIN_S)
            await self._output_off()
