"""The finished record of a session, built from its facts, its book and its journal.

Deterministic: the same rows give the same record. Reads only; signing and storing are
session_desk's. No clock: the signing time comes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from edge.domain.record import JournalRow, Segment, SessionRecord
from edge.domain.train_plan import Plan
from edge.services.session_book import INTENT, REFUSED, RESULT, SessionBook
from edge.services.session_file import SessionFacts

BEGINNINGS = ("started", "resumed")
ENDINGS = ("paused", "stopped", "restored", "dose_complete")


@dataclass(frozen=True)
class Signature:
    """What the operator adds at the end."""

    pain_0_10: int
    note: str
    signed_by: str
    signed_utc: datetime


def build_record(
    facts: SessionFacts,
    book: SessionBook,
    rows: Sequence[JournalRow],
    signature: Signature,
    *,
    moments: Mapping[int, tuple[int, int]],
    uncertain: int,
) -> SessionRecord:
    """Everything that goes on paper and to the clinic. moments: Journal.moments."""
    return SessionRecord(
        session_id=facts.session_id,
        unit_id=facts.unit_id,
        coil_serial=facts.coil_serial,
        coil_type=facts.coil_type,
        software_version=facts.software_version,
        firmware_version=facts.firmware_version,
        settings_hash=facts.settings_hash,
        appointment_id=facts.appointment.appointment_id,
        operator=facts.operator,
        patient=facts.patient,
        order=facts.order,
        threshold=facts.threshold,
        protocol_id=facts.order.protocol_id,
        protocol_version=facts.order.protocol_version,
        plan_sha256=facts.plan_sha256,
        level_pct_mso=facts.level_pct_mso,
        percent_mt=facts.order.percent_mt,
        pulses_prescribed=book.plan.pulses,
        pulses_commanded=book.commanded,
        pulses_measured=book.delivered,
        pulses_uncertain=uncertain,
        trains=book.rows(),
        started_utc=first_pulse_utc(rows),
        ended_utc=_ended_utc(rows, signature.signed_utc),
        duration_ms=duration_ms(rows, moments, book.plan),
        peak_surface_c10=peak_surface_c10(rows),
        outcome=_outcome(book, uncertain),
        stop_reasons=tuple(_stop_reasons(rows)),
        pauses=count_of(rows, "paused"),
        pain_0_10=signature.pain_0_10,
        notes=tuple(_notes(rows, signature.note)),
        checks=dict(facts.checks),
        signed_by=signature.signed_by,
        signed_utc=signature.signed_utc,
        is_clock_trusted=all(row.is_trusted for row in rows),
        segments=segments(rows),
    )


def segments(rows: Sequence[JournalRow]) -> tuple[Segment, ...]:
    """Stretches without a break, in order; one in which nothing was asked for is none."""
    starts = [index for index, row in enumerate(rows) if row.kind in BEGINNINGS]
    found, given = [], 0
    for start, end in pairwise([*starts, len(rows)]):
        segment = _segment(rows[start:end], given)
        if segment is not None:
            found.append(segment)
            given += segment.pulses
    return tuple(found)


def _segment(rows: Sequence[JournalRow], given: int) -> Segment | None:
    """rows: from who began it to the next who did."""
    intents = [row for row in rows if row.kind == INTENT]
    results = [row for row in rows if row.kind == RESULT]
    if not intents:
        return None
    lead = timedelta(milliseconds=_number(intents[0], "starts_in_ms"))
    breaks = [str(row.body.get("code", "complete")) for row in rows if row.kind in ENDINGS]
    first = rows[0].body
    return Segment(
        started_utc=intents[0].utc + lead,
        ended_utc=results[-1].utc if results else intents[-1].utc,
        first_pulse=given,
        pulses=sum(_number(row, "measured") for row in results),
        ended=breaks[0] if breaks else "uncertain",
        begun_by=str(first.get("who", "")),
        released_by=str(first.get("released_by", "")),
    )


def first_pulse_utc(rows: Sequence[JournalRow]) -> datetime | None:
    """Wall time of the first pulse; None when certainly none was given."""
    for index, row in enumerate(rows):
        if row.kind != INTENT:
            continue
        result = next((later for later in rows[index + 1 :] if later.kind == RESULT), None)
        if result is None or result.body["measured"]:
            return row.utc + timedelta(milliseconds=_number(row, "starts_in_ms"))
    return None


def duration_ms(
    rows: Sequence[JournalRow], moments: Mapping[int, tuple[int, int]], plan: Plan
) -> int:
    """First to last pulse by monotonic time; the time the service was down is not known.

    A train's end is reckoned from its plan: its count may have been settled much later.
    """
    spans_us: dict[int, tuple[int, int]] = {}  # by start of the service
    offsets_us = plan.offsets_us()
    intent: JournalRow | None = None
    for row in rows:
        if row.kind == INTENT:
            intent = row
        elif row.kind == RESULT and intent is not None and row.body["measured"]:
            boot, booked_us = moments[intent.seq]
            first, measured = _number(intent, "first_pulse"), _number(row, "measured")
            first_us = booked_us + _number(intent, "starts_in_ms") * 1000
            last_us = first_us + offsets_us[first + measured - 1] - offsets_us[first]
            spans_us[boot] = (spans_us.get(boot, (first_us, 0))[0], last_us)
    return sum(last_us - first_us for first_us, last_us in spans_us.values()) // 1000


def peak_surface_c10(rows: Sequence[JournalRow]) -> int | None:
    """Highest contact-face temperature noted with the trains."""
    peaks = [row.body.get("peak_c10") for row in rows if row.kind == RESULT]
    return max((peak for peak in peaks if isinstance(peak, int)), default=None)


def count_of(rows: Sequence[JournalRow], kind: str) -> int:
    """How many rows of this kind."""
    return sum(row.kind == kind for row in rows)


def _ended_utc(rows: Sequence[JournalRow], signed_utc: datetime) -> datetime:
    """The last thing that happened to the dose; the signature when nothing was given."""
    ends = [row.utc for row in rows if row.kind == RESULT and row.body["ended"] != REFUSED]
    return ends[-1] if ends else signed_utc


def _outcome(book: SessionBook, uncertain: int) -> str:
    if book.delivered == book.plan.pulses:
        return "completed"
    return "stopped" if book.delivered or uncertain else "not_done"


def _stop_reasons(rows: Sequence[JournalRow]) -> Iterator[str]:
    """Each stop, pause without a person, and the reason for ending early, in order."""
    for row in rows:
        is_silent_pause = row.kind == "paused" and row.body["code"] != "operator"
        if is_silent_pause or row.kind in ("stopped", "restored"):
            yield str(row.body["code"])
        elif row.kind == "ended":
            yield str(row.body["reason"])


def _notes(rows: Sequence[JournalRow], last: str) -> Iterator[str]:
    for row in rows:
        if row.kind == "note":
            yield str(row.body["note"])
    if last:
        yield last


def _number(row: JournalRow, name: str) -> int:
    value = row.body.get(name, 0)
    return value if isinstance(value, int) else 0
