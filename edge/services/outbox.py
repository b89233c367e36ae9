"""The durable queue to the clinic: final bytes, one row an item, first in first out.

Owns the table outbox and its states: ready (may be sent), sending (a request for the next step may
have reached the server: ask before sending again), sent, quarantined (a person must look). An item
leaves only by being sent; nothing is ever dropped. No network, no clock but the wall clock's text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge.ports import Store, Value, WallClock

SESSION_WORDS = {"ready": "queued", "sending": "queued", "sent": "sent", "quarantined": "refused"}
_COLUMNS = "seq, key, session_id, kind, body, state, next_step, refs, attempts, last_answer"


@dataclass(frozen=True)
class Guard:
    """Who the record is about, to be compared with the clinic before it is sent."""

    patient_id: str
    mrn: str
    birth_date: str


@dataclass(frozen=True)
class Item:
    """One row. next_entry: entries before it are at the clinic; refs: their literal ids.

    attempts: requests so far for the entries that are due next.
    """

    seq: int
    key: str
    session_id: str
    kind: str
    body: bytes
    state: str
    next_entry: int
    refs: Mapping[str, str]
    guard: Guard | None
    attempts: int
    last_answer: str


class Outbox:
    """The only writer of its table."""

    def __init__(self, store: Store, wall_clock: WallClock) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self._counts: dict[str, int] | None = None
        self._open_from = 0  # no row before this one waits to be sent

    def add(
        self, key: str, session_id: str, kind: str, body: bytes, guard: Guard, *, refusal: str = ""
    ) -> bool:
        """Queue inside the caller's open transaction; False when the key is queued already.

        refusal: why it must not go out; it is kept, in quarantine.
        """
        if self._store.rows("SELECT 1 FROM outbox WHERE key = ?", (key,)):
            return False
        self._counts = None
        refs = {"guard": vars(guard), "entries": {}}
        self._store.rows(
            "INSERT INTO outbox (key, session_id, kind, body, sha256, state, refs, last_answer,"
            " queued_utc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                session_id,
                kind,
                body,
                hashlib.sha256(body).hexdigest(),
                "quarantined" if refusal else "ready",
                json.dumps(refs, sort_keys=True),
                refusal,
                self._now_text(),
            ),
        )
        return True

    def head(self) -> Item | None:
        """The oldest item that is not settled."""
        rows = self._store.rows(
            f"SELECT {_COLUMNS} FROM outbox WHERE seq >= ? AND"  # noqa: S608
            " state IN ('ready', 'sending') ORDER BY seq LIMIT 1",
            (self._open_from,),
        )
        if not rows:
            return None
        item = _item(rows[0])
        self._open_from = item.seq
        return item

    def begin(self, item: Item) -> None:
        """A request is about to go out; from here on its fate is open."""
        self._set(item, "state = 'sending', attempts = attempts + 1")

    def not_arrived(self, item: Item, answer: str) -> None:
        """The server has nothing of the open step: it may be sent again."""
        self._set(item, "state = 'ready', last_answer = ?", answer)

    def still_open(self, item: Item, answer: str) -> None:
        """The fate of the step is unclear; the reason is kept for the service console."""
        self._set(item, "state = 'sending', last_answer = ?", answer)

    def advance(self, item: Item, refs: Mapping[str, str], next_entry: int, total: int) -> None:
        """Entries before next_entry are at the clinic under these ids."""
        kept = json.dumps(
            {"guard": vars(item.guard) if item.guard else None, "entries": {**item.refs, **refs}},
            sort_keys=True,
        )
        if next_entry >= total:
            sent = "next_step = ?, refs = ?, state = 'sent', sent_utc = ?, last_answer = ''"
            self._set(item, sent, next_entry, kept, self._now_text())
        else:
            ready = "next_step = ?, refs = ?, state = 'ready', attempts = 0, last_answer = ''"
            self._set(item, ready, next_entry, kept)

    def quarantine(self, item: Item, reason: str) -> None:
        """Out of the line, into a person's inbox."""
        self._set(item, "state = 'quarantined', last_answer = ?", reason)

    def retry(self, session_id: str) -> bool:
        """Back into the line by a person's decision; asks before sending, as after a crash."""
        with self._store.transaction():
            rows = self._store.rows(
                "UPDATE outbox SET state = 'sending', attempts = 0 WHERE session_id = ? AND"
                " state = 'quarantined' RETURNING seq",
                (session_id,),
            )
        self._counts, self._open_from = None, 0
        return bool(rows)

    def count(self, *states: str) -> int:
        """Items in any of the states."""
        if self._counts is None:
            rows = self._store.rows("SELECT state, count(*) FROM outbox GROUP BY state")
            self._counts = {str(state): int(str(number)) for state, number in rows}
        return sum(self._counts.get(state, 0) for state in states)

    def session_state(self, session_id: str) -> str:
        """'', queued, sent or refused; refused wins over queued over sent."""
        rows = self._store.rows(
            "SELECT DISTINCT state FROM outbox WHERE session_id = ?", (session_id,)
        )
        words = [SESSION_WORDS[str(row[0])] for row in rows]
        return next((word for word in ("refused", "queued", "sent") if word in words), "")

    def _set(self, item: Item, assignments: str, *values: Value) -> None:
        self._counts = None
        with self._store.transaction():
            self._store.rows(
                f"UPDATE outbox SET {assignments} WHERE seq = ?",  # noqa: S608
                (*values, item.seq),
            )

    def _now_text(self) -> str:
        return self._wall_clock.now().utc.isoformat(timespec="milliseconds")


def _item(row: tuple[Value, ...]) -> Item:
    seq, key, session_id, kind, body, state, next_step, refs, attempts, last_answer = row
    assert isinstance(seq, int)
    assert isinstance(body, bytes)
    assert isinstance(next_step, int)
    assert isinstance(attempts, int)
    kept = json.loads(str(refs))
    guard = kept.get("guard")
    return Item(
        seq,
        str(key),
        str(session_id or ""),
        str(kind),
        body,
        str(state),
        next_step,
        kept.get("entries", {}),
        Guard(**guard) if guard else None,
        attempts,
        str(last_answer),
    )
