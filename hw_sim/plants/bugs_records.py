"""Bugs of what the edge writes down, of whom it believes, and of what it sends to the clinic."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import structlog

from edge import firmware_image
from edge.api import commands as api_commands
from edge.api.connection import Connection
from edge.domain import fhir_order
from edge.ports import StoreError
from edge.services import (
    audit,
    clinic_sender,
    journal,
    library,
    record_writer,
)
from edge.services.accounts import Accounts
from edge.services.journal import Journal
from edge.services.outbox import Outbox
from edge.services.session_book import SessionBook
from edge.services.visit_desk import VisitDesk
from hw_sim.plants.plant import around, nothing, swap

Call = Callable[..., Any]
log = structlog.get_logger(__name__)

# --- what it writes down ------------------------------------------------------------------------

rows_not_hashed = swap(
    "rows are chained without their content",
    (journal, "link", lambda prev, _row: prev),
    (audit, "link", lambda prev, _row: prev),
)


def _write_behind(was: Call) -> Call:
    """Rows of trains are kept in memory until another one comes."""

    def record(self: Journal, session_id: str, kind: str, body: Any) -> Any:
        waiting = self.__dict__.setdefault("_waiting", [])
        if kind in ("train_intent", "train_result"):
            waiting.append((session_id, kind, body))
            return 0
        for row in waiting:
            was(self, *row)
        waiting.clear()
        return was(self, session_id, kind, body)

    return record


trains_kept_in_memory = around(
    "trains are written down when something else is", Journal, "record", _write_behind
)


def _brave(was: Call) -> Call:
    def record(self: Journal, session_id: str, kind: str, body: Any) -> Any:
        try:
            return was(self, session_id, kind, body)
        except StoreError:
            return 0

    return record


store_failure_ignored = around(
    "a train is given although it could not be written down", Journal, "record", _brave
)
commanded_is_measured = around(
    "the record tells what was asked for",
    record_writer,
    "SessionRecord",
    lambda was: lambda **fields: was(**fields | {"pulses_measured": fields["pulses_commanded"]}),
)
journal_rounds = around(
    "a result is booked with one pulse less",
    SessionBook,
    "close",
    lambda was: (
        lambda self, measured, *args, **fields: was(self, max(0, measured - 1), *args, **fields)
    ),
)
duration_by_wall_clock = swap(
    "a session's length is told by the wall clock",
    (
        record_writer,
        "duration_ms",
        lambda rows, _moments, _plan: round(
            abs((rows[-1].utc - rows[0].utc).total_seconds() * 1000)
        ),
    ),
)
arming_not_audited = swap(
    "arming and resuming leave no trace of who did it",
    (
        api_commands,
        "AUDITED",
        tuple(kind for kind in api_commands.AUDITED if kind.__name__ not in ("ArmUnit", "Resume")),
    ),
)
_kept: list[object] = []


def _keeping(was: Call) -> Call:
    def show(self: Connection, snapshot: bytes, rev: int, now_s: float) -> None:
        _kept.append([snapshot, [rev], [now_s], [rev, now_s]])
        was(self, snapshot, rev, now_s)

    return show


pictures_kept = around("every picture that was sent is kept", Connection, "show", _keeping)
name_logged = around(
    "the log tells whose visit is opened",
    VisitDesk,
    "open",
    lambda was: lambda self, who, appointment_id: _tell(was(self, who, appointment_id), self),
)


def _tell(verdict: Any, desk: VisitDesk) -> Any:
    log.info("visit opened", patient=desk.visit.patient.family)
    return verdict


# --- whom it believes ---------------------------------------------------------------------------

restart_is_free = around(
    "a closed account is open again after a restart",
    Accounts,
    "_closed_s",
    lambda was: (
        lambda self, user_id, tries: (
            was(self, user_id, tries) if user_id in self._closed_until else 0.0
        )
    ),
)
hashes_ignored = swap("files of the library are not compared", (library, "_check_hashes", nothing))
stranger_trusted = swap(
    "whoever signed the library is believed", (library, "_check_signature", nothing)
)
image_unsigned = swap(
    "whoever signed the firmware is believed", (firmware_image, "_check_signature", nothing)
)
subject_ignored = swap(
    "an order of another patient is taken", (fhir_order, "_judge_frame", nothing)
)

# --- the clinic ---------------------------------------------------------------------------------

asked_again_unasked = around(
    "after a lost answer the record is sent again without a look",
    Outbox,
    "still_open",
    lambda _was: lambda self, item, answer: self.not_arrived(item, answer),
)


def _bare(was: Call) -> Call:
    def render(entries: Any, refs: Any) -> bytes:
        bundle = json.loads(was(entries, refs))
        for each in bundle["entry"]:
            each["request"].pop("ifNoneExist", None)
        return json.dumps(bundle).encode()

    return render


unconditional = around("records are sent without a condition", clinic_sender, "render_step", _bare)


def _shortened(was: Call) -> Call:
    def render(entries: Any, refs: Any) -> bytes:
        bundle = json.loads(was(entries, refs))
        for each in bundle["entry"]:
            each["resource"].pop("outcome", None)
        return json.dumps(bundle).encode()

    return render


outcome_left_out = around(
    "the outcome is left out on the way", clinic_sender, "render_step", _shortened
)
unclear_forgotten = around(
    "a record whose fate is open is never looked at again",
    Outbox,
    "head",
    lambda was: lambda self: _unless_open(was(self)),
)


def _unless_open(item: Any) -> Any:
    return None if item is not None and item.state == "sending" else item
