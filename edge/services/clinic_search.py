"""Searches and reads at the clinic, page by page, within bounds.

Follows next links as they are given, but only to the clinic's own address. Returns resources as
plain objects; whether they are what was asked for is left to the caller. Remembers the server's own
time of the first answer. Raises LaneError.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from edge.domain.fhir_bundle import read_search
from edge.domain.fhir_read import ID, FhirSyntaxError, parse_json
from edge.ports import ClinicAnswer, ClinicHttp
from edge.services.clinic_request import LaneError, ask, lane_error

TIMEOUT_S = 30.0  # [P]
PAGES_MAX = 40  # [P] 2,000 resources of one kind; a unit has under 300 appointments in 14 days
Resource = Mapping[str, object]


class ClinicSearch:
    """One pull's questions."""

    def __init__(self, http: ClinicHttp, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self.server_now: datetime | None = None

    async def search(self, path: str, *kinds: str) -> list[Resource]:
        """All pages; resources of these kinds that have a sound id."""
        found: list[Resource] = []
        asked = path
        for _ in range(PAGES_MAX):
            answer = await self._get(asked)
            page = read_search(answer.body) if answer.status == 200 else None
            if page is None:
                raise lane_error(answer)
            found += [r for r in page[0] if r.get("resourceType") in kinds and _has_id(r)]
            if not page[1]:
                return found
            asked = self._relative(page[1])
        raise LaneError("refused", f"more than {PAGES_MAX} pages: {path}")

    async def read(self, kind: str, resource_id: str) -> Resource | None:
        """One resource; None when the clinic has it no more."""
        answer = await self._get(f"{kind}/{resource_id}")
        if answer.status in (404, 410):
            return None
        try:
            resource = parse_json(answer.body) if answer.status == 200 else None
        except FhirSyntaxError:
            resource = None
        if not isinstance(resource, Mapping) or resource.get("resourceType") != kind:
            raise lane_error(answer)
        return resource if resource.get("id") == resource_id else None

    async def _get(self, path: str) -> ClinicAnswer:
        answer = await ask(self._http, "GET", path, timeout_s=TIMEOUT_S)
        if self.server_now is None:
            self.server_now = _server_date(answer)
        return answer

    def _relative(self, link: str) -> str:
        """A next link, cut to our base; a link to anywhere else is not followed."""
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc and not link.startswith("/"):
            return link
        if link.startswith((f"{self._base}/", f"{self._base}?")):
            return link[len(self._base) :].lstrip("/")
        raise LaneError("refused", f"the next page is elsewhere: {parts.scheme}://{parts.netloc}")


def _has_id(resource: Resource) -> bool:
    return isinstance(resource.get("id"), str) and bool(ID.fullmatch(str(resource["id"])))


def _server_date(answer: ClinicAnswer) -> datetime | None:
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def references(resource: Resource, name: str) -> list[str]:
    """Literal references in a member, one or a list."""
    value = resource.get(name)
    items = value if isinstance(value, list) else [value]
    return [str(item.get("reference", "")) for item in items if isinstance(item, Mapping)]


def actors(appointment: Resource) -> list[str]:
    """References of all participants."""
    participants = appointment.get("participant")
    parts = participants if isinstance(participants, list) else []
    return [ref for part in parts if isinstance(part, Mapping) for ref in references(part, "actor")]


def has_identifier(resource: Resource, system: str, value: str | None = None) -> bool:
    """Whether it carries an identifier of this system (and value)."""
    identifiers = resource.get("identifier")
    return any(
        isinstance(item, Mapping)
        and item.get("system") == system
        and value in (None, item.get("value"))
        for item in (identifiers if isinstance(identifiers, list) else [])
    )
