"""The clinic's side of the unit in one task: pull what is new, send what is queued.

Owns when to ask and when to send, and what screens are told about it; never more than one request
in flight. Records enter through enqueue_session inside the transaction that keeps the record, so
that there is never one without the other. A bundle is checked before it is queued; an unsound one
is kept in quarantine. Clock: seconds of the running loop.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from edge.config import ClinicConfig, UnitConfig
from edge.domain.fhir_check import check_transaction
from edge.domain.fhir_codes import ID_COIL
from edge.domain.fhir_session import device_reference, render_session
from edge.domain.record import SessionRecord
from edge.ports import ClinicHttp, Entropy, Store, WallClock
from edge.services.clinic_book import ClinicBook
from edge.services.clinic_copies import ClinicCopies
from edge.services.clinic_pull import ClinicPull
from edge.services.clinic_request import WAIT_S_MAX, LaneError
from edge.services.clinic_sender import Sender
from edge.services.outbox import Guard, Outbox

FAULTS_SHOWN_MAX = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SyncSettings:
    """What the sync needs of the configuration."""

    base_url: str
    unit_id: str
    unit_identifier_system: str
    time_zone: str
    pull_period_s: int


def sync_settings(unit: UnitConfig, clinic: ClinicConfig) -> SyncSettings:
    """The parts of the configuration that the sync needs."""
    return SyncSettings(
        clinic.base_url,
        unit.unit_id,
        clinic.unit_identifier_system,
        unit.time_zone,
        clinic.pull_period_s,
    )


class ClinicSync:
    """run() is the task; the rest may be called from anywhere on the loop."""

    def __init__(
        self,
        store: Store,
        http: ClinicHttp,
        wall_clock: WallClock,
        entropy: Entropy,
        book: ClinicBook,
        settings: SyncSettings,
    ) -> None:
        self._settings = settings
        self._book = book
        self._outbox = Outbox(store, wall_clock)
        self._sender = Sender(self._outbox, http, entropy)
        self._pull = ClinicPull(
            ClinicCopies(store, wall_clock),
            http,
            wall_clock,
            base_url=settings.base_url,
            unit=(settings.unit_identifier_system, settings.unit_id),
            time_zone=settings.time_zone,
        )
        self._wake = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._pull_at = -math.inf  # loop time
        self._send_at = -math.inf
        self._pull_failures = 0
        self._is_asked_to_wait = False  # the server named the time of the next try
        # What pulling and sending last met: never, ok, unreachable or refused; and a sentence.
        self._pulling = ("never", "")
        self._sending = ("never", "")
        self.heard_at: float | None = None

    @property
    def clinic_state(self) -> str:
        """never, ok, unreachable or refused: the worse of pulling and sending."""
        return self._worse()[0]

    @property
    def clinic_detail(self) -> str:
        """A sentence for the service console; empty when all is well."""
        return self._worse()[1]

    @property
    def to_send(self) -> int:
        """Records that wait to be sent."""
        return self._outbox.count("ready", "sending")

    @property
    def quarantined(self) -> int:
        """Records that a person must look at."""
        return self._outbox.count("quarantined")

    def session_state(self, session_id: str) -> str:
        """'', queued, sent or refused."""
        return self._outbox.session_state(session_id)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever the state, a count or the book has changed, and after each pull."""
        self._callbacks.append(callback)

    def pull_now(self) -> None:
        """Pull at the next turn."""
        self._pull_at = -math.inf
        self._wake.set()

    def retry(self, session_id: str) -> bool:
        """Send a quarantined record again, by a person's decision."""
        is_queued = self._outbox.retry(session_id)
        if is_queued:
            self._hurry()
            self._changed()
        return is_queued

    def enqueue_session(self, record: SessionRecord) -> None:
        """Queue inside the caller's open transaction; the same session again changes nothing."""
        unit = (self._settings.unit_identifier_system, record.unit_id)
        coil = (ID_COIL, record.coil_serial)
        devices = {
            "unit": device_reference(self._book.device_id(*unit), *unit),
            "coil": device_reference(self._book.device_id(*coil), *coil),
        }
        body = render_session(record, devices)
        faults = [f"{f.expression}: {f.text}" for f in check_transaction(json.loads(body))]
        patient = record.patient
        guard = Guard(patient.patient_id, patient.mrn, patient.birth_date.isoformat())
        refusal = "; ".join(faults[:FAULTS_SHOWN_MAX])
        key = f"session:{record.session_id}"
        self._outbox.add(key, record.session_id, "session", body, guard, refusal=refusal)
        if refusal:
            log.error("clinic.unsound_record", session=record.session_id, faults=refusal)
        self._book.invalidate()
        if self._send_at == math.inf:  # idle; a back-off is not cut short by new work
            self._send_at = -math.inf
        self._wake.set()

    async def run(self) -> None:
        """Pull and send for ever; ends by cancellation, or by a StoreError."""
        while True:
            self._wake.clear()
            await self._turn()
            loop = asyncio.get_running_loop()
            wait_s = min(self._pull_at, self._send_at) - loop.time()
            if wait_s > 0:
                await self._sleep(wait_s)

    async def _sleep(self, wait_s: float) -> None:
        """Until then, or until somebody has something new."""
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._pull_at:
            await self._pull_once()
        if loop.time() >= self._send_at:
            await self._send_once()

    async def _pull_once(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            is_changed = await self._pull.pull()
        except LaneError as error:
            self._pull_failures += 1
            grown_s = self._settings.pull_period_s * 2.0 ** min(self._pull_failures - 1, 10)
            self._pull_at = loop.time() + (error.wait_s or min(grown_s, WAIT_S_MAX))
            self._say(pulling=(error.state, str(error)))
            return
        self._pull_failures = 0
        self._pull_at = loop.time() + self._settings.pull_period_s
        if self._sending[0] == "unreachable" and not self._is_asked_to_wait:
            self._hurry()  # the server is back: do not sit out a long back-off
        self.heard_at = loop.time()
        if is_changed:
            self._book.invalidate()
        self._say(pulling=("ok", ""))
        self._changed()  # also without news: heard_at has moved, and the list may be judged anew

    async def _send_once(self) -> None:
        loop = asyncio.get_running_loop()
        before = (self.to_send, self.quarantined)
        try:
            wait_s = await self._sender.step()
        except LaneError as error:
            self._is_asked_to_wait = error.wait_s is not None
            wait_s = self._sender.back_off_s() if error.wait_s is None else error.wait_s
            self._say(sending=(error.state, str(error)))
        else:
            if wait_s in (0.0, math.inf):  # something was settled, or nothing is left
                self._say(sending=("ok", ""))
                if wait_s == 0.0 and self._pulling[0] == "unreachable":
                    self._pull_at = -math.inf  # the server is back
        self._send_at = loop.time() + wait_s
        if (self.to_send, self.quarantined) != before:
            self._changed()

    def _hurry(self) -> None:
        self._send_at = -math.inf
        self._wake.set()

    def _worse(self) -> tuple[str, str]:
        for state in ("refused", "unreachable"):
            for found in (self._pulling, self._sending):
                if found[0] == state:
                    return found
        return self._pulling

    def _say(
        self, pulling: tuple[str, str] | None = None, sending: tuple[str, str] | None = None
    ) -> None:
        before = self._worse()
        self._pulling = pulling or self._pulling
        self._sending = sending or self._sending
        after = self._worse()
        if after[0] != before[0]:
            log.info("clinic.state", state=after[0], detail=after[1])
        if after != before:
            self._changed()

    def _changed(self) -> None:
        for callback in self._callbacks:
            callback()
