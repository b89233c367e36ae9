"""Cuts a stored transaction into steps and reads the server's answers.

Servers limit how many entries a transaction may hold (8 on one of them, sources.md clinic 1.3
[M]), so a bundle goes out in steps; references to entries of earlier steps are rewritten from the
answers. Knows nothing of HTTP, time or the store. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from edge.domain.fhir_codes import TAG_OUTBOX
from edge.domain.fhir_read import ID, FhirSyntaxError, parse_json
from edge.domain.fhir_session import canonical

DETAIL_CHARS_MAX = 600  # of a server's words that are kept for a person


@dataclass(frozen=True)
class Entry:
    """One entry of a stored bundle, as sent."""

    full_url: str
    kind: str
    body: Mapping[str, object]

    @property
    def probe_path(self) -> str:
        """Search that finds this very resource at the server."""
        system, value = self._key
        name = "_tag" if system == TAG_OUTBOX else "identifier"
        return f"{self.kind}?{name}={quote(f'{system}|{value}', safe='')}&_count=5"

    def is_same(self, resource: object) -> bool:
        """Whether a resource found carries our key; a server may ignore a filter."""
        if not isinstance(resource, Mapping) or resource.get("resourceType") != self.kind:
            return False
        return self._key in (*_identifiers(resource), *_tags(resource))

    @property
    def _key(self) -> tuple[str, str]:
        resource = self.body["resource"]
        assert isinstance(resource, Mapping)
        keys = (*_identifiers(resource), *_tags(resource))
        assert keys, "every entry carries an identifier or our tag"
        return keys[0]


def _identifiers(resource: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((str(i.get("system")), str(i.get("value"))) for i in _maps(resource, "identifier"))


def _tags(resource: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    meta = resource.get("meta")
    tags = _maps(meta, "tag") if isinstance(meta, Mapping) else []
    return tuple((str(t["system"]), str(t.get("code"))) for t in tags if t.get("system"))


def _maps(value: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    items = value.get(name)
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def entries_of(body: bytes) -> tuple[Entry, ...]:
    """Entries of our own stored bytes."""
    bundle = json.loads(body)
    return tuple(
        Entry(entry["fullUrl"], entry["resource"]["resourceType"], entry)
        for entry in bundle["entry"]
    )


def render_step(entries: Sequence[Entry], refs: Mapping[str, str]) -> bytes:
    """A transaction of these entries; urn:uuid of earlier answers become literal references."""
    parts = [_rewritten(entry.body, refs) for entry in entries]
    return canonical({"resourceType": "Bundle", "type": "transaction", "entry": parts})


def _rewritten(value: object, refs: Mapping[str, str]) -> object:
    if isinstance(value, dict):
        changed = {name: _rewritten(item, refs) for name, item in value.items()}
        target = value.get("reference")
        if isinstance(target, str) and target in refs:
            changed["reference"] = refs[target]
        return changed
    if isinstance(value, list):
        return [_rewritten(item, refs) for item in value]
    return value


@dataclass(frozen=True)
class StepAnswer:
    """refs when every entry succeeded; refused when the server turned one down; else unclear."""

    refs: Mapping[str, str] | None = None
    refused: str = ""
    unclear: str = ""


def read_answer(entries: Sequence[Entry], body: bytes) -> StepAnswer:
    """What a 2xx answer to a transaction says about each entry."""
    try:
        bundle = parse_json(body)
    except FhirSyntaxError as error:
        return StepAnswer(unclear=f"answer is not JSON: {error}")
    answers = _maps(bundle, "entry") if isinstance(bundle, Mapping) else []
    if len(answers) != len(entries):
        return StepAnswer(unclear=f"{len(answers)} answers to {len(entries)} entries")
    refs: dict[str, str] = {}
    for entry, answer in zip(entries, answers, strict=True):
        response = answer.get("response")
        response = response if isinstance(response, Mapping) else {}
        status = str(response.get("status", ""))
        if status[:1] == "4":
            detail = outcome_text(response.get("outcome"))
            return StepAnswer(refused=f"{entry.kind}: {status} {detail}".strip())
        location = read_location(str(response.get("location", "")), entry.kind)
        if status[:1] != "2" or not location:
            return StepAnswer(unclear=f"{entry.kind}: status {status!r} without a location")
        refs[entry.full_url] = location
    return StepAnswer(refs=refs)


def read_location(location: str, kind: str) -> str:
    """'Type/id' out of an absolute or relative location, without version; '' when it is none."""
    parts = location.split("/")
    if "_history" in parts:
        parts = parts[: parts.index("_history")]
    if len(parts) >= 2 and parts[-2] == kind and ID.fullmatch(parts[-1]):
        return f"{kind}/{parts[-1]}"
    return ""


def read_search(body: bytes) -> tuple[list[Mapping[str, object]], str] | None:
    """Resources and next link of a search result; None when it is no such thing."""
    try:
        bundle = parse_json(body)
    except FhirSyntaxError:
        return None
    if not isinstance(bundle, Mapping) or bundle.get("type") != "searchset":
        return None
    found = [
        resource
        for entry in _maps(bundle, "entry")
        if isinstance(resource := entry.get("resource"), Mapping)
        and resource.get("resourceType") != "OperationOutcome"
    ]
    links = [link for link in _maps(bundle, "link") if link.get("relation") == "next"]
    return found, str(links[0].get("url", "")) if links else ""


def outcome_text(outcome: object) -> str:
    """An OperationOutcome in one line: severity, words and place of each issue."""
    if not isinstance(outcome, Mapping) or outcome.get("resourceType") != "OperationOutcome":
        return ""
    parts = []
    for issue in _maps(outcome, "issue"):
        details = issue.get("details")
        words = issue.get("diagnostics") or (
            details.get("text") if isinstance(details, Mapping) else ""
        )
        places = issue.get("expression") or issue.get("location") or []
        where = ", ".join(str(p) for p in places) if isinstance(places, list) else ""
        parts.append(" ".join(str(p) for p in (issue.get("code"), words, where) if p))
    return "; ".join(parts)[:DETAIL_CHARS_MAX]


def outcome_of(body: bytes) -> str:
    """outcome_text of an answer's body; '' when it is no OperationOutcome."""
    try:
        return outcome_text(parse_json(body))
    except FhirSyntaxError:
        return ""
