"""Who did what, in an append-only chain of hashes.

Each row's hash covers the row and the hash before it, and the last one is noted in table meta:
a changed, missing, inserted or cut-off row is found by verify(). Holds acts of people (log-in,
control, reveal, release, arm, sign) and the alarms; what the device did is the journal's. Order is
by boot number and loop time; the wall clock is an attribute.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from edge.domain.hash_chain import GENESIS, canonical, link
from edge.ports import Store, Value, WallClock

_HEAD = "audit_head"
_INSERT = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ALL = "SELECT * FROM audit ORDER BY seq"


class Audit:
    """The audit table; one instance per store."""

    def __init__(self, store: Store, wall_clock: WallClock, boot: int) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self._boot = boot

    def record(self, who: str, action: str, detail: Mapping[str, object]) -> None:
        """Append durably, in a transaction of its own. Raises StoreError."""
        with self._store.transaction():
            self.append(who, action, detail)

    def append(self, who: str, action: str, detail: Mapping[str, object]) -> None:
        """Append inside the caller's open transaction. Raises StoreError."""
        last = self._store.rows("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        seq, prev = (int(str(last[0][0])) + 1, str(last[0][1])) if last else (1, GENESIS)
        row: list[Value] = [
            seq,
            self._boot,
            int(asyncio.get_running_loop().time() * 1_000_000),
            self._wall_clock.now().utc.isoformat(),
            who,
            action,
            canonical(dict(detail)),
            prev,
        ]
        digest = link(prev, row[:7])
        self._store.rows(_INSERT, [*row, digest])
        self._store.rows(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (_HEAD, f"{seq} {digest}"),
        )

    def last(self, actions: Sequence[str], count: int) -> list[tuple[str, dict[str, Any]]]:
        """Action and detail of the last rows of these actions, oldest first. Raises StoreError."""
        marks = ", ".join("?" for _ in actions)
        found = self._store.rows(
            f"SELECT action, detail FROM audit WHERE action IN ({marks})"  # noqa: S608
            " ORDER BY seq DESC LIMIT ?",
            (*actions, count),
        )
        return [(str(action), json.loads(str(detail))) for action, detail in reversed(found)]

    def verify(self) -> str | None:
        """None when the chain is whole, else a sentence naming the first bad row."""
        prev, seq = GENESIS, 0
        for row in self._store.rows(_ALL):
            seq += 1
            if row[0] != seq:
                return f"audit row {seq} is missing"
            if row[7] != prev or row[8] != link(prev, row[:7]):
                return f"audit row {seq} does not fit the chain"
            prev = str(row[8])
        head = self._store.rows("SELECT value FROM meta WHERE key = ?", (_HEAD,))
        expected = f"{seq} {prev}" if seq else None
        if (head[0][0] if head else None) != expected:
            return f"audit ends at row {seq}, but its noted end differs"
        return None
