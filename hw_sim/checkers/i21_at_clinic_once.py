"""I21: every signed session is at the clinic exactly once, unaltered and in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts, Json, OutboxEntry
from hw_sim.recorder import TruthRecorder

SENT = "sent"
SERVERS_OWN = ("id", "meta")  # what a FHIR server writes itself


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.outbox is not None
    assert facts.clinic is not None
    assert facts.sessions is not None
    end_ns = facts.end_ns or 0
    for session in facts.sessions:
        items = [item for item in facts.outbox if item.session_id == session.session_id]
        if session.record is not None and len(items) != 1:
            yield Finding(end_ns, f"signed session is in the outbox {len(items)} times")
    for item in facts.outbox:
        for text in _arrived(item, facts.clinic):
            yield Finding(end_ns, text)


def _arrived(item: OutboxEntry, clinic: Sequence[Json]) -> Iterator[str]:
    places = []
    for entry in item.body["entry"]:
        queued = entry["resource"]
        key = queued["identifier"][0]
        name = f"{queued['resourceType']} {key['value']}"
        found = [
            (place, resource)
            for place, resource in enumerate(clinic)
            if resource["resourceType"] == queued["resourceType"]
            and key in resource.get("identifier", [])
        ]
        if len(found) > 1:
            yield f"{name} is at the clinic {len(found)} times"
        elif not found and item.state == SENT:
            yield f"{name} counts as sent and is not at the clinic"
        elif found:
            places.append(found[0][1]["meta"]["lastUpdated"])
            yield from _altered(name, queued, found[0][1])
    if places != sorted(places):
        yield f"entries of session {item.session_id} came out of order"


def _altered(name: str, queued: Json, arrived: Json) -> Iterator[str]:
    for field in sorted({*queued, *arrived} - {*SERVERS_OWN}):
        if not _is_same(queued.get(field), arrived.get(field)):
            yield f"{name}: {field} differs from what was signed"


def _is_same(queued: Any, arrived: Any) -> bool:
    """Alike, a reference inside the bundle being one to whatever id the server gave."""
    if isinstance(queued, Mapping) and isinstance(arrived, Mapping):
        if sorted(queued) != sorted(arrived):
            return False
        return all(_is_same(queued[key], arrived[key]) for key in queued)
    if isinstance(queued, list) and isinstance(arrived, list):
        pairs = zip(queued, arrived, strict=False)
        return len(queued) == len(arrived) and all(_is_same(*pair) for pair in pairs)
    if isinstance(queued, str) and queued.startswith("urn:uuid:"):
        return isinstance(arrived, str) and "/" in arrived
    return bool(queued == arrived)


CHECKER = Checker(
    id="I21",
    name="at-clinic-once",
    rule="Every signed session comes to the clinic once, in order, with the very words signed.",
    bound="exact",
    evidence="the clinic's shelf, rows of outbox and session",
    judge=_judge,
    needs=("outbox", "clinic", "sessions"),
)
