"""Creates, updates and transactions of the simulated clinic server.

A transaction is all or nothing; conditions are judged when a request arrives and, on a well-behaved
server, again at the commit (a server with races trusts the first look). Every resource is held
against the R4 table and its references must lead somewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from edge.domain.fhir_check import Fault, check_resource, check_transaction
from edge.domain.fhir_read import ID, FhirSyntaxError, parse_json
from edge.domain.fhir_table import RESOURCES
from hw_sim.clinic import search
from hw_sim.clinic.answers import RefusalError, faults_refusal, status_line
from hw_sim.clinic.quirks import Quirks
from hw_sim.clinic.shelf import Json, Shelf

KEPT_KINDS = tuple(k for k in RESOURCES if k not in ("Bundle", "OperationOutcome"))


@dataclass(frozen=True)
class Written:
    """One write's outcome."""

    status: int
    resource: Json | None
    is_match: bool = False  # a conditional create that found what it would have made


class Writes:
    """Applies writes to the shelf. The caller commits or takes back."""

    def __init__(self, shelf: Shelf, quirks: Quirks, base_url: str) -> None:
        self._shelf = shelf
        self._quirks = quirks
        self._base_url = base_url

    def read_body(self, body: bytes, kind: str | None) -> Json:
        """Parsed and checked; Raises RefusalError."""
        if len(body) > self._quirks.body_bytes_max:
            raise RefusalError(413, "too-long", (f"body of {len(body)} bytes is too large", ""))
        try:
            parse_json(body)  # strict: no repeated names, no NaN
            resource = json.loads(body)
        except (FhirSyntaxError, ValueError) as error:
            raise RefusalError(400, "structure", (f"not JSON: {error}", "")) from error
        found = resource.get("resourceType") if isinstance(resource, dict) else None
        if kind is not None and found != kind:
            raise RefusalError(400, "invalid", (f"{kind} is due, not {found}", "resourceType"))
        assert isinstance(resource, dict) or kind is None
        return resource if isinstance(resource, dict) else {}

    def matches(self, kind: str, condition: str) -> list[str]:
        """Ids of what a condition finds. Raises RefusalError."""
        try:
            found = search.search(
                self._shelf, kind, condition, strict=True, no_tag=self._quirks.no_tag_search
            )
        except search.SearchError as error:
            raise RefusalError(400, "invalid", (str(error), "")) from error
        return [resource["id"] for resource in found.matches]

    def create(self, resource: Json, condition: str, found: list[str] | None) -> Written:
        """POST. found: what the condition matched, None without a condition."""
        return self._create(self._checked(resource), resource, condition, found)

    def _create(
        self, kind: str, resource: Json, condition: str, found: list[str] | None
    ) -> Written:
        if found:
            self._only(kind, condition, found)
            return Written(200, self._shelf.get(kind, found[0]), is_match=True)
        self._check_references(resource)
        return Written(201, self._shelf.create({k: v for k, v in resource.items() if k != "id"}))

    def update(self, resource: Json, resource_id: str, if_match: str) -> Written:
        """PUT to an id."""
        kind = self._checked(resource)
        if resource.get("id") != resource_id:
            text = f"id is {resource.get('id')!r}, the address says {resource_id!r}"
            raise RefusalError(400, "invalid", (text, f"{kind}.id"))
        current = self._shelf.get(kind, resource_id)
        if current is None and not self._quirks.update_create:
            text = f"{kind}/{resource_id} is not there; this server makes ids itself"
            raise RefusalError(404, "not-found", (text, ""))
        if if_match and (current is None or if_match != etag(current)):
            now = etag(current) if current is not None else "nothing"
            raise RefusalError(412, "conflict", (f"If-Match {if_match}, current is {now}", ""))
        self._check_references(resource)
        may_keep = current is not None and not self._quirks.bumps_on_same_content
        if may_keep and current is not None and _content(current) == _content(resource):
            return Written(200, current)
        return Written(201 if current is None else 200, self._shelf.put(resource, resource_id))

    def update_by_condition(self, resource: Json, condition: str) -> Written:
        """PUT to a search."""
        kind = self._checked(resource)
        found = self.matches(kind, condition)
        if not found:
            return self.create(resource, condition, None)
        self._only(kind, condition, found)
        return self.update({**resource, "id": found[0]}, found[0], "")

    def transaction(self, bundle: Json, conditions: Mapping[str, list[str]] | None) -> Json:
        """All or nothing. conditions: first look at each, kept by a server with races."""
        entries = bundle.get("entry", [])
        limit = self._quirks.entry_limit
        has_condition = any("ifNoneExist" in e.get("request", {}) for e in entries)
        if limit and has_condition and len(entries) > limit:
            text = f"too many entries: {len(entries)}, at most {limit} with conditions"
            raise RefusalError(400, "too-costly", (text, "Bundle.entry"))
        if not self._quirks.batch_like_transaction:
            faults = check_transaction(bundle)
            if faults:
                raise faults_refusal(faults)
        refs: dict[str, str] = {}
        answers = [
            self._entry(index, entry, refs, conditions) for index, entry in enumerate(entries)
        ]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def conditions_of(self, bundle: Json) -> dict[str, list[str]]:
        """What each condition of a transaction finds now."""
        return {
            f"{kind}?{condition}": self.matches(kind, condition)
            for kind, condition in _conditions(bundle)
        }

    def _entry(
        self,
        index: int,
        entry: Json,
        refs: dict[str, str],
        conditions: Mapping[str, list[str]] | None,
    ) -> Json:
        try:
            written = self._write(entry, refs, conditions)
        except RefusalError as refusal:
            if not self._quirks.batch_like_transaction:
                for issue in refusal.outcome["issue"]:
                    at = issue.get("expression", [""])[0].partition(".")[2]
                    issue["expression"] = [f"Bundle.entry[{index}].resource.{at}".rstrip(".")]
                raise
            return {"response": {"status": status_line(refusal.status), "outcome": refusal.outcome}}
        resource = written.resource
        assert resource is not None
        local = f"{resource['resourceType']}/{resource['id']}"
        refs[entry.get("fullUrl", "")] = local
        version = resource["meta"]["versionId"]
        location = f"{local}/_history/{version}"
        response = {
            "status": status_line(written.status),
            "location": location,
            "etag": f'W/"{version}"',
            "lastModified": resource["meta"]["lastUpdated"],
        }
        if self._quirks.absolute_locations:
            response["location"] = f"{self._base_url}/{location}"
        if written.is_match and self._quirks.no_location_on_match:
            del response["location"]
        return {"response": response}

    def _write(
        self, entry: Json, refs: Mapping[str, str], conditions: Mapping[str, list[str]] | None
    ) -> Written:
        request, resource = entry["request"], _resolved(entry.get("resource", {}), refs)
        method, url = request["method"], request["url"]
        if "://" in url:
            raise RefusalError(400, "invalid", (f"address must be relative: {url}", ""))
        kind, _, rest = url.partition("?")
        if method == "POST":
            condition = request.get("ifNoneExist", "")
            found = None
            if condition:
                kept = (conditions or {}).get(f"{kind}?{condition}")
                found = self.matches(kind, condition) if kept is None else kept
            if self._quirks.batch_like_transaction:
                return self.create(resource, condition, found)
            return self._create(_kept_kind(resource), resource, condition, found)  # checked before
        if method == "PUT" and rest:
            return self.update_by_condition(resource, rest)
        if method == "PUT":
            return self.update(resource, kind.partition("/")[2], request.get("ifMatch", ""))
        raise RefusalError(405, "not-supported", (f"{method} in a transaction", ""))

    def check(self, resource: Json) -> list[Fault]:
        """Faults of a resource by itself."""
        return check_resource(resource)

    def is_same(self, one: Json, other: Json) -> bool:
        """Whether two versions differ in nothing but what the server writes itself."""
        return _content(one) == _content(other)

    def _checked(self, resource: Json) -> str:
        faults = check_resource(resource)
        if faults:
            raise faults_refusal(faults)
        return _kept_kind(resource)

    def _only(self, kind: str, condition: str, found: list[str]) -> None:
        if len(found) > 1:
            ids = ", ".join(f"{kind}/{resource_id}" for resource_id in found)
            text = f"multiple matches for {unquote(condition)}: {ids}"
            raise RefusalError(412, "multiple-matches", (text, ""))

    def _check_references(self, resource: Json) -> None:
        kind = resource["resourceType"]
        for where, target in _references(resource, kind):
            target_kind, _, target_id = target.partition("/")
            if target_kind not in KEPT_KINDS or not ID.fullmatch(target_id):
                continue
            if self._shelf.get(target_kind, target_id) is None:
                raise RefusalError(422, "not-found", (f"{target} is not there", where))


def _kept_kind(resource: Json) -> str:
    kind = str(resource.get("resourceType"))
    if kind not in KEPT_KINDS:
        raise RefusalError(400, "not-supported", (f"{kind} is not kept here", ""))
    return kind


def etag(resource: Json) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def _content(resource: Json) -> Json:
    meta = {k: v for k, v in resource.get("meta", {}).items() if k == "tag"}
    return {**{k: v for k, v in resource.items() if k != "meta"}, "meta": meta}


def _conditions(bundle: Json) -> Iterator[tuple[str, str]]:
    for entry in bundle.get("entry", []):
        request = entry.get("request", {}) if isinstance(entry, dict) else {}
        if "ifNoneExist" in request and request.get("url") in KEPT_KINDS:
            yield request["url"], request["ifNoneExist"]


def _references(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield f"{where}.reference", value["reference"]
        for name, item in value.items():
            yield from _references(item, f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, f"{where}[{index}]")


def _resolved(value: Any, refs: Mapping[str, str]) -> Any:
    """With urn:uuid of earlier entries replaced by their ids."""
    if isinstance(value, dict):
        changed = {name: _resolved(item, refs) for name, item in value.items()}
        if value.get("reference") in refs:
            changed["reference"] = refs[value["reference"]]
        return changed
    if isinstance(value, list):
        return [_resolved(item, refs) for item in value]
    return value
