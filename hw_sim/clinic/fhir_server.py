"""The simulated clinic: a strict FHIR R4 server without a transport.

handle() takes a request and returns an answer; arrive() splits it into the look at arrival and the
commit, for a line that puts time between them. Well behaved unless quirks say otherwise. The clock
is injected. Simulation only: no access control at all.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from hw_sim.clinic import page, search
from hw_sim.clinic.answers import Answer, RefusalError, of_refusal, of_resource
from hw_sim.clinic.quirks import Quirks
from hw_sim.clinic.shelf import Json, Shelf
from hw_sim.clinic.writes import KEPT_KINDS, Writes, Written, etag

BASE = "/fhir"
REQUESTS_KEPT = 1000  # of the log that tests read
_PLAIN = Quirks()
_PATH = re.compile(
    r"/(?P<kind>[A-Z][A-Za-z]+)(/(?P<id>[A-Za-z0-9\-.]{1,64})(/_history/(?P<version>[^/]+))?)?"
)


class ClinicServer:
    """One clinic."""

    def __init__(
        self,
        now: Callable[[], datetime],
        quirks: Quirks = _PLAIN,
        *,
        base_url: str = "http://clinic.example/fhir",
        file: Path | None = None,
    ) -> None:
        self._now = now
        self.quirks = quirks
        self._base_url = base_url
        self.shelf = Shelf(now, file, uuid_versions=quirks.uuid_versions)
        self._writes = Writes(self.shelf, quirks, base_url)
        self.requests: deque[tuple[str, str]] = deque(maxlen=REQUESTS_KEPT)

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request; target is '/fhir/Patient?…' or '/' for people."""
        return self.arrive(method, target, headers, body)()

    def arrive(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Callable[[], tuple[int, dict[str, str], bytes]]:
        """Look at the request now; the call that is returned does it."""
        self.requests.append((method, target))
        small = {name.lower(): value for name, value in headers.items()}
        seen: dict[str, list[str]] | None = None
        if self.quirks.races_on_conditions and method == "POST":
            seen = self._first_look(target, small, body)

        def finish() -> tuple[int, dict[str, str], bytes]:
            answer = self._answer(method, target, small, body, seen)
            stamp = (
                {} if self.quirks.no_date_header else {"date": format_datetime(self._utc(), True)}
            )
            return answer.status, {**stamp, **answer.headers}, answer.body

        return finish

    def load(self, resources: Iterable[Json]) -> None:
        """Put seed data under its own ids; what is there unchanged stays as it is."""
        for resource in resources:
            faults = self._writes.check(resource)
            assert not faults, faults
            current = self.shelf.get(resource["resourceType"], resource["id"])
            if current is None or not self._writes.is_same(current, resource):
                self.shelf.put(resource, resource["id"])
        self.shelf.commit()

    def resources(self, kind: str) -> list[Json]:
        """Current versions, oldest first."""
        return list(self.shelf.of(kind))

    def _utc(self) -> datetime:
        return self._now().astimezone(UTC)

    def _first_look(
        self, target: str, headers: dict[str, str], body: bytes
    ) -> dict[str, list[str]]:
        try:
            if target.rstrip("/") == BASE:
                return self._writes.conditions_of(json.loads(body))
            kind, condition = target.rpartition("/")[2], headers.get("if-none-exist", "")
            if condition and kind in KEPT_KINDS:
                return {f"{kind}?{condition}": self._writes.matches(kind, condition)}
        except (ValueError, AttributeError, RefusalError):
            pass
        return {}

    def _answer(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        seen: dict[str, list[str]] | None,
    ) -> Answer:
        path, _, query = target.partition("?")
        if path in ("/", "") and method == "GET":
            text = page.render(self.shelf, self._utc())
            return Answer(200, {**page.HEADERS}, text.encode())
        if path != BASE and not path.startswith(f"{BASE}/"):
            return Answer(404, {"content-type": "text/plain"}, b"FHIR is at /fhir\n")
        mark = self.shelf.mark()
        commits = self.shelf.commits
        try:
            answer = self._route(method, path[len(BASE) :].rstrip("/"), query, headers, body, seen)
        except RefusalError as refusal:
            self.shelf.take_back(mark)
            return of_refusal(refusal)
        forced = self.quirks.conflict_status_after_commit
        if forced and self.shelf.commits > commits:
            return of_refusal(RefusalError(forced, "conflict", ("version conflict", "")))
        return answer

    def _route(
        self,
        method: str,
        path: str,
        query: str,
        headers: dict[str, str],
        body: bytes,
        seen: dict[str, list[str]] | None,
    ) -> Answer:
        if method in ("POST", "PUT"):
            _check_media_type(headers)
        if path == "/metadata" and method == "GET":
            return of_resource(200, self._capabilities())
        if path == "" and method == "POST":
            return self._bundle(body, seen)
        match = _PATH.fullmatch(path)
        kind = match.group("kind") if match else ""
        if match is None or kind not in KEPT_KINDS:
            raise RefusalError(404, "not-supported", (f"nothing at {path or '/'}", ""))
        if match.group("id") is None:
            return self._on_type(method, kind, query, headers, body, seen)
        return self._on_one(method, kind, match.group("id"), match.group("version"), headers, body)

    def _on_type(
        self,
        method: str,
        kind: str,
        query: str,
        headers: dict[str, str],
        body: bytes,
        seen: dict[str, list[str]] | None,
    ) -> Answer:
        if method == "GET":
            return self._search(kind, query, headers)
        if method == "POST":
            return self._create(kind, headers, body, seen)
        if method == "PUT" and query:
            resource = self._writes.read_body(body, kind)
            return self._written(self._writes.update_by_condition(resource, query))
        raise RefusalError(405, "not-supported", (f"{method} at /{kind}", ""))

    def _on_one(
        self,
        method: str,
        kind: str,
        resource_id: str,
        version: str | None,
        headers: dict[str, str],
        body: bytes,
    ) -> Answer:
        if method == "GET":
            return self._read(kind, resource_id, version, headers)
        if method == "PUT" and version is None:
            resource = self._writes.read_body(body, kind)
            if_match = headers.get("if-match", "")
            return self._written(self._writes.update(resource, resource_id, if_match))
        if method == "DELETE" and version is None:
            self.shelf.delete(kind, resource_id)
            self.shelf.commit()
            return Answer(204)
        raise RefusalError(405, "not-supported", (f"{method} at /{kind}/{resource_id}", ""))

    def _bundle(self, body: bytes, seen: dict[str, list[str]] | None) -> Answer:
        bundle = self._writes.read_body(body, "Bundle")
        if bundle.get("type") != "transaction":
            text = f"only transactions are taken, not {bundle.get('type')!r}"
            raise RefusalError(400, "not-supported", (text, "Bundle.type"))
        answer = self._writes.transaction(bundle, seen)
        self.shelf.commit()
        return of_resource(200, answer)

    def _create(
        self, kind: str, headers: dict[str, str], body: bytes, seen: dict[str, list[str]] | None
    ) -> Answer:
        resource = self._writes.read_body(body, kind)
        condition = headers.get("if-none-exist", "")
        found = None
        if condition:
            kept = (seen or {}).get(f"{kind}?{condition}")
            found = self._writes.matches(kind, condition) if kept is None else kept
        return self._written(self._writes.create(resource, condition, found))

    def _written(self, written: Written) -> Answer:
        self.shelf.commit()
        resource = written.resource
        assert resource is not None
        location = f"{resource['resourceType']}/{resource['id']}/_history/"
        headers = {
            "etag": etag(resource),
            "location": f"{self._base_url}/{location}{resource['meta']['versionId']}",
        }
        return of_resource(written.status, resource, headers)

    def _read(
        self, kind: str, resource_id: str, version: str | None, headers: dict[str, str]
    ) -> Answer:
        resource = self.shelf.get(kind, resource_id)
        name = f"{kind}/{resource_id}"
        if resource is None:
            if self.shelf.was_deleted(kind, resource_id):
                raise RefusalError(410, "deleted", (f"{name} was deleted", ""))
            raise RefusalError(404, "not-found", (f"{name} is not known", ""))
        if version is not None and version != resource["meta"]["versionId"]:
            raise RefusalError(404, "not-found", (f"{name}: only the current version is kept", ""))
        if headers.get("if-none-match", "") == etag(resource):
            return Answer(304, {"etag": etag(resource)})
        return of_resource(200, resource, {"etag": etag(resource)})

    def _search(self, kind: str, query: str, headers: dict[str, str]) -> Answer:
        strict = "handling=strict" in headers.get("prefer", "") and not self.quirks.lenient_search
        try:
            found = search.search(
                self.shelf, kind, query, strict=strict, no_tag=self.quirks.no_tag_search
            )
        except search.SearchError as error:
            raise RefusalError(400, "invalid", (str(error), "")) from error
        entries = [
            {
                "fullUrl": f"{self._base_url}/{resource['resourceType']}/{resource['id']}",
                "resource": resource,
                "search": {"mode": mode},
            }
            for mode, group in (("match", found.matches), ("include", found.included))
            for resource in group
        ]
        links = [{"relation": "self", "url": f"{self._base_url}/{kind}?{query}"}]
        if found.offset_next is not None:
            base = "http://elsewhere.example" if self.quirks.wrong_next_link else self._base_url
            rest = search.next_query(query, found.offset_next)
            links.append({"relation": "next", "url": f"{base}/{kind}?{rest}"})
        result: Json = {"resourceType": "Bundle", "type": "searchset", "link": links}
        if entries:
            result["entry"] = entries
        return of_resource(200, result)

    def _capabilities(self) -> Json:
        kinds = [
            {
                "type": kind,
                "interaction": [
                    {"code": code} for code in ("read", "create", "update", "delete", "search-type")
                ],
                "conditionalCreate": True,
                "conditionalUpdate": True,
                "updateCreate": self.quirks.update_create,
                "searchParam": [
                    {"name": name, "type": kind_of}
                    for name, (kind_of, _) in search.PARAMETERS[kind].items()
                ],
            }
            for kind in KEPT_KINDS
        ]
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": self._utc().date().isoformat(),
            "kind": "instance",
            "software": {"name": "tms-edge simulated clinic"},
            "implementation": {"description": "Simulated clinic", "url": self._base_url},
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [
                {
                    "mode": "server",
                    "resource": kinds,
                    "interaction": [{"code": "transaction"}],
                }
            ],
        }


def _check_media_type(headers: Mapping[str, str]) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip()
    if media_type not in ("application/fhir+json", "application/json"):
        text = f"content type {media_type or 'missing'}: application/fhir+json is due"
        raise RefusalError(415, "not-supported", (text, ""))
    if headers.get("content-encoding", "identity") != "identity":
        raise RefusalError(415, "not-supported", ("compressed bodies are not taken", ""))
