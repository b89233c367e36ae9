"""The controller's ledger in the words of the domain, after a lost answer or a lost line.

Translates only; edge/domain/dose.py judges. Pure.
"""

from __future__ import annotations

from edge.domain.dose import LedgerCount
from firmware.wire.reports import Ledger


def ledger_count(ledger: Ledger) -> LedgerCount:
    """What the controller counted, session id as text."""
    return LedgerCount(
        session_id=session_text(ledger.session_id),
        session_pulses=ledger.session_pulses,
        train_index=ledger.train_index,
        train_next_pulse=ledger.train_next_pulse,
        is_valid=bool(ledger.is_valid),
    )


def session_text(session_id: bytes) -> str:
    """16 bytes as the lower-case UUID text of the records."""
    digits = session_id.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def session_bytes(session_id: str) -> bytes:
    """UUID text as the 16 bytes of the wire."""
    return bytes.fromhex(session_id.replace("-", ""))
