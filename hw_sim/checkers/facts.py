"""What a truth record cannot know: what was prescribed, what others say, what people saw.

Every field may be left out (None): then whatever needs it is not judged. Collected by
hw_sim/evidence.py, or written down by a scenario that has seen something. Data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from edge.api.schema import Snapshot
from edge.domain.train_plan import Plan

OFF_NS_MAX = 1_000_000  # sources.md design 5: interlock, E-stop or STOP at the core to output off
Json = Mapping[str, Any]


class Reported(NamedTuple):
    """One delivered pulse as somebody else has it (journal, MCU report)."""

    ordinal: int
    boot_epoch: int
    at_us: int


class Frame(NamedTuple):
    """A whole frame that reached the controller, or that it sent."""

    at_ns: int
    is_up: bool  # from the controller
    boot_epoch: int
    kind: int
    seq: int
    payload: bytes


class Picture(NamedTuple):
    """What one screen was shown at a moment."""

    at_ns: int
    screen: int
    shown: Snapshot


class JournalEntry(NamedTuple):
    """A row of the journal."""

    seq: int
    session_id: str
    boot: int
    at_ns: int
    utc: str
    kind: str
    body: Json


class AuditEntry(NamedTuple):
    """A row of the audit."""

    seq: int
    boot: int
    at_ns: int
    utc: str
    who: str
    action: str
    detail: Json


class SessionEntry(NamedTuple):
    """A row of the session table; record is None until it is signed."""

    session_id: str
    patient_id: str
    facts: Json
    state: str
    record: Json | None


class OutboxEntry(NamedTuple):
    """A row of the outbox; body is the bundle as it was queued."""

    seq: int
    session_id: str
    body: Json
    state: str


class CertificateEntry(NamedTuple):
    """A certificate of a safety test as it is stored."""

    body: Json
    is_signed: bool


class Account(NamedTuple):
    """Who may use the unit."""

    user_id: str
    name: str
    role: str


class PinTry(NamedTuple):
    """One PIN that a person typed, and the answer; '' is a log-in."""

    at_ns: int
    user_id: str
    answer: str


class Tampering(NamedTuple):
    """One change that was made to a chain of rows, and what its examination then said."""

    table: str
    what: str
    row: int
    said: str | None


class Applied(NamedTuple):
    """Something that had to be signed and fitting, and whether it was put to use."""

    what: str
    is_genuine: bool
    is_applied: bool


class Size(NamedTuple):
    """How large something of the process was."""

    at_ns: int
    name: str
    value: int


class Twin(NamedTuple):
    """Two runs of one seed."""

    seed: int
    first: str
    second: str


@dataclass(frozen=True)
class Facts:
    """What the session was meant to be, and what others say it was. None: not judged."""

    plan: Plan | None = None
    prescribed: int | None = None  # pulses; the plan's when a plan is given
    level_pct_max: int | None = None  # min(prescription, coil, device, stored limit)
    level_pct_order: int | None = None  # what the clinic's order comes to, and nothing else
    ipi_us_min: int | None = None
    day_pulses_max: int | None = None  # of one patient
    surface_mc_max: int | None = None  # configured limit of the contact face
    screen_stops_ns: tuple[int, ...] = ()
    core_stop_ns_max: int = OFF_NS_MAX  # longer where the controller itself was made to stand still
    reported: tuple[Reported, ...] | None = None
    counts: tuple[tuple[str, int], ...] = ()  # (whose, delivered), such as ("journal", 600)
    frames: tuple[Frame, ...] | None = None
    link_key: bytes | None = None
    pictures: tuple[Picture, ...] | None = None
    screens_closed_ns: Mapping[int, int] = field(default_factory=dict)  # by screen
    journal: tuple[JournalEntry, ...] | None = None
    audit: tuple[AuditEntry, ...] | None = None
    sessions: tuple[SessionEntry, ...] | None = None
    outbox: tuple[OutboxEntry, ...] | None = None
    certificates: tuple[CertificateEntry, ...] | None = None
    accounts: tuple[Account, ...] | None = None
    clinic: tuple[Json, ...] | None = None  # resources on the clinic's shelf
    requests: tuple[str, ...] | None = None  # targets of every request to the clinic
    words: tuple[str, ...] | None = None  # every line that the service logged
    personal: tuple[str, ...] | None = None  # words that tell who the patient is
    pin_tries: tuple[PinTry, ...] | None = None
    tampering: tuple[Tampering, ...] | None = None
    applied: tuple[Applied, ...] | None = None
    sizes: tuple[Size, ...] | None = None
    twins: tuple[Twin, ...] | None = None
    undeclared: tuple[str, ...] | None = None  # reactions of the fault campaign nobody declared
    stuck: str | None = None  # where a healed run came to no end; '' when it did
    end_ns: int | None = None  # when the run was over
