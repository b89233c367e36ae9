"""A chain of rows: each hash covers its row and the hash before it.

What the journal and the audit share: canonical JSON and the link. Keeping the rows, and noticing
that one is missing, is theirs. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

GENESIS = "0" * 64  # the hash before the first row


def canonical(value: object) -> str:
    """JSON that is the same for the same value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link(prev: str, row: Sequence[object]) -> str:
    """Hex SHA-256 over the previous hash and the row's canonical JSON."""
    return hashlib.sha256((prev + canonical(row)).encode()).hexdigest()
