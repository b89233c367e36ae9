"""The table clinic_resource: what the clinic last said, body by body.

Bodies are canonical JSON of the resource as received. A withdrawn one stays, marked, so that a
screen can say so. Reads are cheap and synchronous; one transaction a change. No network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from edge.domain.fhir_session import canonical
from edge.ports import Store, Value, WallClock

KEPT_DAYS = 30  # [P] copies that nobody confirmed for so long leave the unit
BODY_BYTES_MAX = 256 * 1024  # [P] of one resource; ours have 1 to 4 kB
_EXACT_INTEGER_MAX = 2**53
SLICE = 25  # resources judged before other tasks (heartbeats) get their turn

log = structlog.get_logger(__name__)
Key = tuple[str, str]


@dataclass(frozen=True)
class Copy:
    """One row."""

    kind: str
    resource_id: str
    body: bytes
    seen_utc: datetime
    is_withdrawn: bool


class ClinicCopies:
    """The only reader and writer of its table."""

    def __init__(self, store: Store, wall_clock: WallClock) -> None:
        self._store = store
        self._wall_clock = wall_clock

    def get(self, kind: str, resource_id: str) -> Copy | None:
        rows = self._store.rows(
            "SELECT type, id, body, seen_utc, is_withdrawn FROM clinic_resource"
            " WHERE type = ? AND id = ?",
            (kind, resource_id),
        )
        return _copy(rows[0]) if rows else None

    def all(self, kind: str) -> list[Copy]:
        """Everything of a kind that is not withdrawn, by id."""
        rows = self._store.rows(
            "SELECT type, id, body, seen_utc, is_withdrawn FROM clinic_resource"
            " WHERE type = ? AND is_withdrawn = 0 ORDER BY id",
            (kind,),
        )
        return [_copy(row) for row in rows]

    def ids(self, kind: str) -> list[str]:
        return [copy.resource_id for copy in self.all(kind)]

    def differs(self, resource: Mapping[str, object]) -> bool:
        """Whether it is new, changed, or was thought withdrawn."""
        copy = self.get(str(resource["resourceType"]), str(resource["id"]))
        return copy is None or copy.is_withdrawn or copy.body != stored_form(resource)

    async def keep(
        self, resources: Iterable[Mapping[str, object]], gone: Iterable[Key], *, is_full: bool
    ) -> bool:
        """Write what differs; a full pull also marks all as seen and drops what grew old."""
        now = self._wall_clock.now().utc
        found = {(str(r["resourceType"]), str(r["id"])): r for r in resources}
        changed: dict[Key, bytes] = {}
        for index, (key, resource) in enumerate(found.items()):
            if index % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            if self.differs(resource):
                changed[key] = stored_form(resource)
        for key in [key for key, body in changed.items() if len(body) > BODY_BYTES_MAX]:
            log.error("clinic.too_large", resource="/".join(key), bytes=len(changed.pop(key)))
        withdrawn = [key for key in gone if self._is_current(key)]
        if not (is_full or changed):
            return False
        with self._store.transaction():
            for key, body in changed.items():
                self._put(key, body, found[key], now)
            for key in withdrawn:
                self._store.rows(
                    "UPDATE clinic_resource SET is_withdrawn = 1 WHERE type = ? AND id = ?", key
                )
            if is_full:
                self._mark_seen(found, now)
        log.info("clinic.pulled", changed=len(changed), withdrawn=len(withdrawn), full=is_full)
        return bool(changed or withdrawn)

    def _is_current(self, key: Key) -> bool:
        copy = self.get(*key)
        return copy is not None and not copy.is_withdrawn

    def _put(self, key: Key, body: bytes, resource: Mapping[str, object], now: datetime) -> None:
        meta = resource.get("meta")
        version = str(meta.get("versionId", "")) if isinstance(meta, Mapping) else ""
        self._store.rows(
            "INSERT INTO clinic_resource (type, id, version, body, seen_utc, is_withdrawn)"
            " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (type, id) DO UPDATE SET version ="
            " excluded.version, body = excluded.body, seen_utc = excluded.seen_utc,"
            " is_withdrawn = 0",
            (*key, version, body, _text(now)),
        )

    def _mark_seen(self, keys: Iterable[Key], now: datetime) -> None:
        for key in keys:
            self._store.rows(
                "UPDATE clinic_resource SET seen_utc = ? WHERE type = ? AND id = ?",
                (_text(now), *key),
            )
        limit = _text(now - timedelta(days=KEPT_DAYS))
        self._store.rows("DELETE FROM clinic_resource WHERE seen_utc < ?", (limit,))


def stored_form(resource: Mapping[str, object]) -> bytes:
    """Canonical bytes of a parsed resource."""
    return canonical(_plain(resource))


def _plain(value: object) -> object:
    """Decimals as numbers; one that no double can hold becomes text, which readers refuse."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value() and abs(value) < _EXACT_INTEGER_MAX:
            return int(value)
        number = float(value)
        return number if abs(number) != float("inf") else str(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _copy(row: tuple[Value, ...]) -> Copy:
    kind, resource_id, body, seen_utc, is_withdrawn = row
    assert isinstance(body, bytes)
    return Copy(
        str(kind),
        str(resource_id),
        body,
        datetime.fromisoformat(str(seen_utc)),
        bool(is_withdrawn),
    )


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
