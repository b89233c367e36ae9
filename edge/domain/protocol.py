"""A treatment protocol of the library: what it is, for whom, with which coil, and its timing.

One data file each in edge/protocols; every number names its source and how far it can be trusted.
What the literature leaves to the prescriber stays open and is listed by name: an open percentage is
filled by the order, open steps make the protocol one that is listed but cannot be planned. Reading
a file is edge/domain/protocol_parse.py; trust in it is edge/services/library.py. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edge.domain.prescription import MtBasis, Side
from edge.domain.train_plan import Plan


class Status(Enum):
    """Standing of the pattern; says nothing about the device at hand."""

    CLEARED = "cleared"  # a 510(k) or De Novo exists for some device with this pattern
    PUBLISHED = "published"
    OFF_LABEL = "off_label"
    DIAGNOSTIC = "diagnostic"


@dataclass(frozen=True)
class PercentRange:
    """Percent of motor threshold that an order may ask for."""

    min_pct: int
    default_pct: int
    max_pct: int


@dataclass(frozen=True)
class Step:
    """One stretch of treatment at one place. A bilateral protocol has two, in this order."""

    name: str
    side: Side
    site: str
    mt_basis: MtBasis
    percent: PercentRange | None  # None: the order says
    plan: Plan


@dataclass(frozen=True)
class Source:
    """Where a field's numbers come from. tag: V, V2, K, C or P, several joined by a comma."""

    field: str
    tag: str
    text: str


@dataclass(frozen=True)
class Protocol:
    """A checked protocol. open names the fields that only an order can fill."""

    protocol_id: str
    version: str
    name: str
    indication: str
    status: Status
    side: Side
    site: str
    coil_types: tuple[str, ...]
    mt_basis: MtBasis | None  # None only where there is no threshold (fixed output)
    percent: PercentRange | None
    gap_s_min: int  # end of one session to the start of the next
    sessions_per_day_max: int | None
    sessions_course: int | None
    age_years_min: int | None
    age_years_max: int | None
    pulses_known: tuple[int, int] | None  # least and most of a session, where the steps are open
    resume_gap_s_max: int | None  # last pulse to a resumption; None: the unit's own limit
    steps: tuple[Step, ...]
    open: tuple[str, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]

    def __hash__(self) -> int:
        """By identity and version: the library holds one of each."""
        return hash((self.protocol_id, self.version))

    @property
    def needs_order(self) -> bool:
        """True when the timing is left open: listed, cannot be planned."""
        return not self.steps

    @property
    def plan(self) -> Plan | None:
        """The plan of a protocol with one step; None when open or bilateral."""
        return self.steps[0].plan if len(self.steps) == 1 else None
