"""The simulated clinic's store: current resources, versions, and an index by business key.

In memory; optionally kept in one JSON file, replaced as a whole after each write. take_back() puts
everything as it was, for transactions that fail. Knows nothing of HTTP.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Key = tuple[str, str]


class Shelf:
    """Resources by (type, id). Bodies are not changed in place; put() replaces."""

    def __init__(
        self, now: Callable[[], datetime], file: Path | None = None, *, uuid_versions: bool = False
    ) -> None:
        self._now = now
        self._file = file
        self._uuid_versions = uuid_versions
        self._resources: dict[Key, Json] = {}
        self._writes: dict[Key, int] = {}
        self._deleted: dict[Key, None] = {}
        self._next_id = 1
        # Superset of who carries a business key; whoever uses it looks at the resource itself.
        self._by_key: dict[tuple[str, str], dict[Key, None]] = {}
        self.commits = 0
        if file is not None and file.exists():
            self._load(file)

    def get(self, kind: str, resource_id: str) -> Json | None:
        return self._resources.get((kind, resource_id))

    def was_deleted(self, kind: str, resource_id: str) -> bool:
        return (kind, resource_id) in self._deleted

    def of(self, kind: str) -> Iterator[Json]:
        """Current versions of a kind, oldest first."""
        return (r for (name, _), r in self._resources.items() if name == kind)

    def with_key(self, kind: str, key: str) -> Iterator[Json]:
        """Resources of a kind that may carry 'system|value' as identifier or tag, oldest first."""
        for found in self._by_key.get((kind, key), {}):
            if found in self._resources:
                yield self._resources[found]

    def create(self, resource: Json, resource_id: str = "") -> Json:
        """Store under a new id, or under the one given."""
        if not resource_id:
            resource_id = str(self._next_id)
            self._next_id += 1
        return self.put(resource, resource_id)

    def put(self, resource: Json, resource_id: str) -> Json:
        """A new version."""
        key = (resource["resourceType"], resource_id)
        writes = self._writes.get(key, 0) + 1
        version = str(writes)
        if self._uuid_versions:
            version = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{key}/{writes}"))
        stamp = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        meta = {
            **resource.get("meta", {}),
            "versionId": version,
            "lastUpdated": stamp.replace("+00:00", "Z"),
        }
        stored = {**resource, "id": resource_id, "meta": meta}
        self._resources[key] = stored
        self._writes[key] = writes
        self._deleted.pop(key, None)
        self._index(stored)
        return stored

    def _index(self, stored: Json) -> None:
        key = (stored["resourceType"], stored["id"])
        names = [f"{i.get('system', '')}|{i.get('value', '')}" for i in _many(stored, "identifier")]
        tags = stored.get("meta", {}).get("tag", [])
        names += [f"{t.get('system', '')}|{t.get('code', '')}" for t in tags]
        for name in names:
            self._by_key.setdefault((key[0], name), {})[key] = None

    def delete(self, kind: str, resource_id: str) -> None:
        if self._resources.pop((kind, resource_id), None) is not None:
            self._deleted[kind, resource_id] = None

    def mark(self) -> tuple[Any, ...]:
        """The state to come back to."""
        return dict(self._resources), dict(self._writes), dict(self._deleted), self._next_id

    def take_back(self, mark: tuple[Any, ...]) -> None:
        self._resources, self._writes, self._deleted, self._next_id = mark

    def commit(self) -> None:
        """Keep everything written so far."""
        self.commits += 1
        if self._file is None:
            return
        state = {
            "resources": list(self._resources.values()),
            "writes": [[*key, count] for key, count in self._writes.items()],
            "deleted": [list(key) for key in self._deleted],
            "next_id": self._next_id,
        }
        rest = self._file.with_suffix(".new")
        rest.write_text(json.dumps(state, indent=1), encoding="utf-8")
        rest.replace(self._file)

    def _load(self, file: Path) -> None:
        state = json.loads(file.read_text(encoding="utf-8"))
        self._resources = {(r["resourceType"], r["id"]): r for r in state["resources"]}
        self._writes = {(kind, key): count for kind, key, count in state["writes"]}
        self._deleted = dict.fromkeys((kind, key) for kind, key in state["deleted"])
        self._next_id = state["next_id"]
        for resource in self._resources.values():
            self._index(resource)


def _many(resource: Json, name: str) -> list[Json]:
    found = resource.get(name, [])
    return found if isinstance(found, list) else [found]
