"""The append-only story of each session, chained by hashes.

Each row carries SHA-256(previous hash || its own canonical JSON), one chain over all sessions, so a
changed, removed, swapped or inserted row is found with its number. Order is by number, boot and
monotonic microseconds; the wall clock is for people. A row is durable when its transaction is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime

from edge.domain.hash_chain import GENESIS, canonical, link
from edge.domain.record import JournalRow
from edge.ports import Store, WallClock


def take_boot_number(store: Store) -> int:
    """Count this start of the service; durable before anything is written under it."""
    with store.transaction():
        rows = store.rows("SELECT value FROM meta WHERE key = 'boot'")
        boot = int(str(rows[0][0])) + 1 if rows else 1
        store.rows(
            "INSERT INTO meta (key, value) VALUES ('boot', ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (str(boot),),
        )
    return boot


class Journal:
    """Writes and reads the chain. The only writer of its table."""

    def __init__(self, store: Store, wall_clock: WallClock, boot: int) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self._boot = boot

    def append(self, session_id: str, kind: str, body: Mapping[str, object]) -> int:
        """Add a row inside the caller's open transaction; returns its number."""
        last = self._store.rows("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
        seq, prev = (int(str(last[0][0])) + 1, str(last[0][1])) if last else (1, GENESIS)
        mono_us = round(asyncio.get_running_loop().time() * 1e6)
        utc = self._wall_clock.now().utc.isoformat()
        text = canonical(body)
        row = (seq, session_id, self._boot, mono_us, utc, kind, text)
        self._store.rows(
            "INSERT INTO journal (seq, session_id, boot, mono_us, utc, kind, body, prev, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, prev, link(prev, row)),
        )
        return seq

    def record(self, session_id: str, kind: str, body: Mapping[str, object]) -> int:
        """Add a row durably, in a transaction of its own."""
        with self._store.transaction():
            return self.append(session_id, kind, body)

    def rows(self, session_id: str) -> list[JournalRow]:
        """The session's rows in order."""
        found = self._store.rows(
            "SELECT seq, utc, kind, body FROM journal WHERE session_id = ? ORDER BY seq",
            (session_id,),
        )
        return [
            JournalRow(
                seq=int(str(seq)),
                utc=datetime.fromisoformat(str(utc)),
                kind=str(kind),
                body=json.loads(str(body)),
            )
            for seq, utc, kind, body in found
        ]

    def spans(self, session_id: str, kinds: tuple[str, ...]) -> dict[int, int]:
        """For each boot: number of its first row of these kinds, and ms from it to the last."""
        marks = ", ".join("?" for _ in kinds)
        found = self._store.rows(
            "SELECT min(seq), max(mono_us) - min(mono_us) FROM journal"  # noqa: S608
            f" WHERE session_id = ? AND kind IN ({marks}) GROUP BY boot ORDER BY boot",
            (session_id, *kinds),
        )
        return {int(str(seq)): int(str(span_us)) // 1000 for seq, span_us in found}

    def verify(self) -> str | None:
        """None when the chain is whole, else a sentence that names the first bad row."""
        prev, expected = GENESIS, 1
        for found in self._store.rows(
            "SELECT seq, session_id, boot, mono_us, utc, kind, body, prev, hash"
            " FROM journal ORDER BY seq"
        ):
            row, kept_prev, kept_hash = found[:7], found[7], found[8]
            if row[0] != expected:
                return f"journal row {expected} is missing"
            if kept_prev != prev or kept_hash != link(prev, row):
                return f"journal row {expected} was changed"
            prev, expected = str(kept_hash), expected + 1
        return None
