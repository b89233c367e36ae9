"""Sends the outbox, so that every entry is at the clinic exactly once.

One step at a time, one request in flight. A step is made durable as "sending" before the request
leaves; after an unclear outcome (lost answer, 409, 412, 5xx, a crash) it waits a quiet time, asks
the server what is there, and only then goes on or sends again (sources.md clinic 4.2). Decides
waiting times, owns no loop: ClinicSync calls step(). Clock: seconds of the running loop.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from edge.domain.fhir_bundle import (
    Entry,
    entries_of,
    outcome_of,
    read_answer,
    read_search,
    render_step,
)
from edge.domain.fhir_patient import read_patient
from edge.ports import ClinicAnswer, ClinicHttp, Entropy
from edge.services.clinic_request import (
    WAIT_S_MAX,
    WAIT_S_MIN,
    LaneError,
    ask,
    lane_error,
)
from edge.services.outbox import Item, Outbox

ENTRIES_MAX = 8  # [M] sources.md clinic 1.3: most that one server takes with conditions
TIMEOUT_S = 30.0  # [P] sources.md clinic 4.2, doubled per failure; a fixed one can livelock [M]
TIMEOUT_S_MAX = 300.0
QUIET_S_MIN = 5.0  # [P] sources.md clinic 4.2; 1 s sufficed in the trial [M]
TURNED_DOWN_MAX = 8  # [P] then a person looks, instead of one item holding up all others
GUARD_VALID_S = 86_400.0  # a patient is compared with the clinic once a day

UNCLEAR = frozenset({408, 409, 412, 425})
REFUSED = frozenset({400, 404, 413, 422})

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Probe:
    """What the server has of a step: ids from its first entry on, and a key that is there twice."""

    refs: Mapping[str, str]
    duplicate: str = ""


class Sender:
    """step() does one thing and says how long to wait until the next call."""

    def __init__(
        self, outbox: Outbox, http: ClinicHttp, entropy: Entropy, entries_max: int = ENTRIES_MAX
    ) -> None:
        self._outbox = outbox
        self._http = http
        self._entropy = entropy
        self.entries_max = entries_max
        self._failures = 0
        self._server_s_max = 0.0
        self._cut_to: dict[int, int] = {}  # seq -> entries a step, after refusals
        self._turned_down: dict[int, int] = {}  # seq -> answers 409, 412, 500 with nothing there
        self._quiet_until: float | None = None
        self._guarded: dict[str, float] = {}  # patient id -> loop time

    async def step(self) -> float:
        """Do one step; inf when there is nothing to send. Raises LaneError, StoreError."""
        item = self._outbox.head()
        if item is None:
            self._quiet_until = None
            return math.inf
        entries = entries_of(item.body)
        try:
            if item.state == "sending":
                return await self._settle(item, entries)
            if not await self._is_right_patient(item):
                return 0.0
            return await self._send(item, entries)
        except LaneError:
            self._failures += 1
            raise

    async def _settle(self, item: Item, entries: Sequence[Entry]) -> float:
        """After an unclear outcome: wait, ask, then take what is there as the answer."""
        now = asyncio.get_running_loop().time()
        if self._quiet_until is None:
            # After a restart: the old process's request may run until its own time limit.
            rest_s = _timeout_s(item.attempts - 1) if item.attempts else 0.0
            self._quiet_until = now + QUIET_S_MIN + rest_s
        if now < self._quiet_until:
            return self._quiet_until - now
        probe = await self._probe(entries[item.next_entry :])
        self._quiet_until = None
        if probe.duplicate:
            self._quarantine(item, f"DUPLICATE at the clinic: {probe.duplicate}")
        elif probe.refs:
            self._advance(item, probe.refs, item.next_entry + len(probe.refs), len(entries))
        elif self._turned_down.get(item.seq, 0) >= TURNED_DOWN_MAX:
            # The server answers questions and turns this item down each time: not a transient.
            self._turned_down.pop(item.seq)
            part = entries[item.next_entry : item.next_entry + self._entries_of(item)]
            return self._refuse(item, part, item.last_answer)
        else:
            self._outbox.not_arrived(item, item.last_answer)
        return 0.0

    async def _probe(self, entries: Sequence[Entry]) -> Probe:
        """Ids of the entries that are there, up to the first that is not."""
        refs: dict[str, str] = {}
        for entry in entries:
            answer = await self._ask("GET", entry.probe_path)
            found = read_search(answer.body)
            if answer.status != 200 or found is None:
                raise lane_error(answer)
            same = [resource for resource in found[0] if entry.is_same(resource)]
            if len(same) > 1:
                ids = ", ".join(f"{entry.kind}/{resource.get('id')}" for resource in same)
                return Probe(refs, duplicate=ids)
            if not same:
                break
            refs[entry.full_url] = f"{entry.kind}/{same[0].get('id')}"
        return Probe(refs)

    async def _is_right_patient(self, item: Item) -> bool:
        """Compare number and birth date with the clinic's, once a day for each patient."""
        guard = item.guard
        now = asyncio.get_running_loop().time()
        if guard is None or now - self._guarded.get(guard.patient_id, -math.inf) < GUARD_VALID_S:
            return True
        answer = await self._ask("GET", f"Patient/{guard.patient_id}")
        if answer.status in (404, 410):
            self._quarantine(item, f"Patient/{guard.patient_id} is no longer at the clinic")
            return False
        if answer.status != 200:
            raise lane_error(answer)
        patient, problems = read_patient(answer.body, guard.patient_id)
        if (patient.mrn, patient.birth_date.isoformat()) != (guard.mrn, guard.birth_date):
            self._quarantine(item, "WRONG PATIENT: number or birth date differ at the clinic")
            return False
        if any(problem.code == "patient_replaced" for problem in problems):
            self._quarantine(item, "the clinic has merged this patient into another")
            return False
        self._guarded[guard.patient_id] = now
        return True

    async def _send(self, item: Item, entries: Sequence[Entry]) -> float:
        part = entries[item.next_entry : item.next_entry + self._entries_of(item)]
        body = render_step(part, item.refs)
        self._outbox.begin(item)
        try:
            answer = await self._ask("POST", "", body, _timeout_s(item.attempts))
        except LaneError as error:
            if error.may_have_arrived:
                self._leave_open(item, str(error))
            else:
                self._outbox.not_arrived(item, str(error))
            raise
        return self._judge(item, part, len(entries), answer)

    def _judge(self, item: Item, part: Sequence[Entry], total: int, answer: ClinicAnswer) -> float:
        status, words = answer.status, outcome_of(answer.body)
        shown = f"HTTP {status} {words}".strip()
        # Without an OperationOutcome it is not the FHIR server that spoke (wrong address, proxy).
        refused = shown if status in REFUSED and (words or status == 413) else ""
        if 200 <= status < 300:
            result = read_answer(part, answer.body)
            if result.refs is not None:
                self._advance(item, result.refs, item.next_entry + len(part), total)
                return 0.0
            shown, refused = result.unclear or result.refused, result.refused
        if refused:
            return self._refuse(item, part, refused)
        if status in UNCLEAR or status >= 500 or 200 <= status < 300:
            # 503 too: a gateway may say so after the server behind it has committed.
            if status in UNCLEAR or status == 500:
                self._turned_down[item.seq] = self._turned_down.get(item.seq, 0) + 1
            self._leave_open(item, shown)
            raise lane_error(answer, unclear=True)
        self._outbox.not_arrived(item, shown)
        raise lane_error(answer)

    def _leave_open(self, item: Item, answer: str) -> None:
        self._outbox.still_open(item, answer)
        self._quiet_until = asyncio.get_running_loop().time() + self._quiet_s()

    def _refuse(self, item: Item, part: Sequence[Entry], reason: str) -> float:
        """Smaller steps first: the limit may be the server's; a single entry is the item's."""
        if len(part) > 1:
            self._cut_to[item.seq] = max(1, len(part) // 2)
            self._outbox.not_arrived(item, reason)
            return WAIT_S_MIN
        self._quarantine(item, reason)
        return 0.0

    def _advance(self, item: Item, refs: Mapping[str, str], next_entry: int, total: int) -> None:
        self._failures = 0
        self._server_s_max /= 2.0  # a slow hour is forgotten after a few good steps
        self._turned_down.pop(item.seq, None)
        self._outbox.advance(item, refs, next_entry, total)
        if next_entry >= total:
            self.entries_max = min(self.entries_max, self._cut_to.pop(item.seq, self.entries_max))
            log.info("clinic.sent", key=item.key, attempts=item.attempts + 1)

    def _quarantine(self, item: Item, reason: str) -> None:
        self._failures = 0
        self._cut_to.pop(item.seq, None)
        self._turned_down.pop(item.seq, None)
        self._outbox.quarantine(item, reason)
        log.error("clinic.quarantined", key=item.key, reason=reason)

    async def _ask(
        self, method: str, path: str, body: bytes = b"", timeout_s: float = TIMEOUT_S
    ) -> ClinicAnswer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await ask(self._http, method, path, body=body, timeout_s=timeout_s)
        finally:  # a request that timed out tells as well how slow the server is
            self._server_s_max = max(self._server_s_max, loop.time() - began)

    def _entries_of(self, item: Item) -> int:
        return min(self.entries_max, self._cut_to.get(item.seq, self.entries_max))

    def _quiet_s(self) -> float:
        return max(QUIET_S_MIN, 2.0 * self._server_s_max)

    def back_off_s(self) -> float:
        """Wait after a failure; full jitter: anywhere up to a bound that doubles each time."""
        bound_s = min(WAIT_S_MIN * 2.0 ** min(self._failures, 20), WAIT_S_MAX)
        share = int.from_bytes(self._entropy.token_bytes(4), "big") / 2**32
        return max(WAIT_S_MIN, share * bound_s)


def _timeout_s(tries: int) -> float:
    """Time limit of a request after so many tries; it grows, or a slow server never succeeds."""
    return min(TIMEOUT_S * 2.0 ** min(tries, 10), TIMEOUT_S_MAX)
