"""Sessions that this software cannot understand in full, and what they forbid until decided.

Nothing of them is guessed and nothing written over: a newer version's file keeps the whole unit
from treating, a damaged one only while the controller's own count may be of it. So does a session
that the controller has counted and the record does not have, as after a card was exchanged: nobody
knows whose it was. What such a session gave is unknown, so its patient is not treated before a
person has decided, nor on its day after that. No clock. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.domain.dose import LedgerCount

NEWER = "newer"  # written by a version that keeps more than this one knows
DAMAGED = "damaged"  # torn, garbled, or it contradicts itself
UNKNOWN = "unknown"  # the controller gave pulses of it, and the record has nothing of it
HELD_REASONS = (NEWER, DAMAGED, UNKNOWN)  # text keys held-<...>


@dataclass(frozen=True)
class HeldSession:
    """One row of the store. is_open: pulses may have been given that nobody has signed for.

    Of an unknown one there is no row: patient_id and opened are '', pulses are the controller's.
    """

    session_id: str
    patient_id: str
    opened: str  # as stored
    why: str
    detail: str  # where it could not be read; for the engineer
    is_open: bool
    is_decided: bool = False
    pulses: int = 0


def unknown_session(ledger: LedgerCount, *, is_known: bool) -> HeldSession | None:
    """What the controller has counted and nobody has booked; is_known: the record has a row."""
    if is_known or ledger.session_pulses == 0:
        return None
    detail = "" if ledger.is_valid else "the controller's own count is a lower bound"
    return HeldSession(
        ledger.session_id, "", "", UNKNOWN, detail, is_open=True, pulses=ledger.session_pulses
    )


def blocks_unit(held: HeldSession, ledger: LedgerCount | None) -> bool:
    """Whether nobody at all can be treated; ledger: the controller's count, None until read."""
    if held.is_decided or not held.is_open:
        return False
    if held.why != DAMAGED or ledger is None or not ledger.is_valid:
        return True
    return ledger.session_id == held.session_id


def counts_unknown(held: HeldSession, *, is_today: bool) -> bool:
    """Whether its patient must wait: until a person has decided, and on its own day in any case."""
    return is_today or not held.is_decided
