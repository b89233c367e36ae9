"""The append-only story of each session, chained by hashes.

Each row carries SHA-256(previous hash || its own canonical JSON), one chain over all sessions, so a
changed, removed, swapped or inserted row is found with its number. Order is by number, boot and
monotonic microseconds; the wall clock is for people, and a row whose clock nobody kept says so in
its body. A row is durable when its transaction is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime

from edge.domain.hash_chain import GENESIS, canonical, link
from edge.domain.record import JournalRow
from edge.domain.resume import Instant
from edge.ports import Store, Value, WallClock

UNKEPT = "clock_untrusted"  # in the body of a row whose time nobody vouches for
_MACHINE = "machine_boot"
_SINCE = "machine_boot_since"


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


def first_boot_of_machine(store: Store, boot: int, machine_boot: str) -> int:
    """The first start of the service whose monotonic clock is the one that runs now.

    machine_boot: which start of the machine this is; '' is not known, and then this start alone.
    """
    found = store.rows("SELECT key, value FROM meta WHERE key IN (?, ?)", (_MACHINE, _SINCE))
    kept = {str(key): str(value) for key, value in found}
    if machine_boot and kept.get(_MACHINE) == machine_boot:
        return int(kept[_SINCE])
    with store.transaction():
        for key, value in ((_MACHINE, machine_boot), (_SINCE, str(boot))):
            store.rows(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )
    return boot


class Journal:
    """Writes and reads the chain. The only writer of its table.

    clock_since: first start of the service whose monotonic times can be compared with now's.
    """

    def __init__(
        self, store: Store, wall_clock: WallClock, boot: int, clock_since: int | None = None
    ) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self._boot = boot
        self._clock_since = boot if clock_since is None else clock_since

    def now(self) -> Instant:
        """This moment by both clocks."""
        wall = self._wall_clock.now()
        return Instant(wall.utc, wall.is_trusted, _mono_us())

    def append(self, session_id: str, kind: str, body: Mapping[str, object]) -> int:
        """Add a row inside the caller's open transaction; returns its number."""
        last = self._store.rows("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
        seq, prev = (int(str(last[0][0])) + 1, str(last[0][1])) if last else (1, GENESIS)
        wall = self._wall_clock.now()
        text = canonical(body if wall.is_trusted else {**body, UNKEPT: True})
        row = (seq, session_id, self._boot, _mono_us(), wall.utc.isoformat(), kind, text)
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
            "SELECT seq, boot, mono_us, utc, kind, body FROM journal WHERE session_id = ?"
            " ORDER BY seq",
            (session_id,),
        )
        return [self._row(*columns) for columns in found]

    def _row(
        self, seq: Value, boot: Value, mono_us: Value, utc: Value, kind: Value, text: Value
    ) -> JournalRow:
        body = json.loads(str(text))
        is_same_clock = self._clock_since <= int(str(boot)) <= self._boot
        return JournalRow(
            seq=int(str(seq)),
            utc=datetime.fromisoformat(str(utc)),
            kind=str(kind),
            body=body,
            is_trusted=not body.pop(UNKEPT, False),
            mono_us=int(str(mono_us)) if is_same_clock else None,
        )

    def raw_rows(self, session_id: str) -> list[dict[str, Value]]:
        """The same rows as they are kept, whether or not anybody can read them."""
        names = ("seq", "boot", "mono_us", "utc", "kind", "body", "prev", "hash")
        found = self._store.rows(
            f"SELECT {', '.join(names)} FROM journal WHERE session_id = ? ORDER BY seq",  # noqa: S608
            (session_id,),
        )
        return [dict(zip(names, row, strict=True)) for row in found]

    def moments(self, session_id: str) -> dict[int, tuple[int, int]]:
        """By number of the row: in which start of the service, and its monotonic time in us."""
        found = self._store.rows(
            "SELECT seq, boot, mono_us FROM journal WHERE session_id = ? ORDER BY seq",
            (session_id,),
        )
        return {int(str(seq)): (int(str(boot)), int(str(mono))) for seq, boot, mono in found}

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


def _mono_us() -> int:
    return round(asyncio.get_running_loop().time() * 1e6)
