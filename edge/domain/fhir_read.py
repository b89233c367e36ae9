"""Reads values out of FHIR JSON that others wrote, and names every problem with its place.

A Node is one value together with its path; a wrong or missing value adds a Problem and reads as
None, so that reading goes on and all problems are reported at once. Nothing is guessed, coerced or
taken from free text. Who reads must look at the problems before using what was built. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from edge.domain.fhir_codes import UCUM
from edge.domain.prescription import Problem

PROBLEM_CODES = (
    "not_json",
    "wrong_resource",
    "missing",
    "wrong_type",
    "bad_date",
    "wrong_unit",
    "wrong_code",
    "ambiguous",
    "out_of_range",
    "wrong_status",
    "wrong_intent",
    "wrong_patient",
    "not_performed",
    "unknown_modifier",
    "no_order",
    "order_not_found",
    "patient_not_found",
    "patient_inactive",
    "patient_replaced",
    "withdrawn",
    "order_stale",
    "wrong_unit_booked",
    "wrong_appointment_status",
    "wrong_day",
)

SHOWN_CHARS_MAX = 80  # [P] one line of a screen
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?\d*(Z|[+-]\d{2}:\d{2})")


class FhirSyntaxError(ValueError):
    """The text is not JSON as FHIR has it; the message says why and where."""


def parse_json(body: bytes) -> object:
    """Strict JSON: UTF-8, no repeated names, no NaN, bounded depth. Raises FhirSyntaxError."""
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FhirSyntaxError(str(error) or "nested too deeply") from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} is there twice")
    return members


@dataclass(frozen=True)
class Node:
    """One value of a resource, its path, and the shared list of problems."""

    value: object
    where: str
    problems: list[Problem]

    def report(self, code: str, value: object = "", limit: str = "") -> None:
        """Note a problem with this value."""
        shown = value if isinstance(value, str) else repr(value)
        if isinstance(value, Decimal):
            shown = str(value)
        if len(shown) > SHOWN_CHARS_MAX:
            shown = shown[: SHOWN_CHARS_MAX - 1] + "…"
        self.problems.append(Problem(code, self.where, shown, limit))

    def find(self, name: str) -> Node | None:
        """The member, or None when it is not there."""
        if not isinstance(self.value, Mapping):
            self.report("wrong_type", self.value, "object")
            return None
        if name not in self.value:
            return None
        return Node(self.value[name], f"{self.where}.{name}", self.problems)

    def need(self, name: str) -> Node | None:
        """The member; its absence is a problem."""
        found = self.find(name)
        if found is None and isinstance(self.value, Mapping):
            self.problems.append(Problem("missing", f"{self.where}.{name}"))
        return found

    def each(self, name: str) -> list[Node]:
        """The members of a list; empty when it is not there."""
        found = self.find(name)
        if found is None:
            return []
        if not isinstance(found.value, list):
            found.report("wrong_type", found.value, "list")
            return []
        return [
            Node(item, f"{found.where}[{index}]", self.problems)
            for index, item in enumerate(found.value)
        ]

    def only(self, name: str) -> Node | None:
        """The one member of a list; none or several are a problem."""
        count = len(self.problems)
        items = self.each(name)
        if len(items) > 1:
            self.problems.append(Problem("ambiguous", f"{self.where}.{name}", str(len(items)), "1"))
        elif not items and len(self.problems) == count:
            self.problems.append(Problem("missing", f"{self.where}.{name}"))
        return items[0] if len(items) == 1 else None

    def text(self) -> str | None:
        """Text that is not empty."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        self.report("wrong_type", self.value, "text")
        return None

    def code(self, allowed: Mapping[str, str] | tuple[str, ...]) -> str | None:
        """One of the allowed codes."""
        text = self.text()
        if text is not None and text not in allowed:
            self.report("wrong_code", text, ", ".join(allowed))
            return None
        return text

    def whole(self, low: int, high: int) -> int | None:
        """A whole number in the range; 120.0 is 120, "120" and 120.5 are problems."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.report("wrong_type", value, "number")
            return None
        if not low <= value <= high or value != int(value):
            self.report("out_of_range", value, f"{low} to {high}, whole")
            return None
        return int(value)

    def day(self) -> date | None:
        """A full date."""
        text = self.value
        if isinstance(text, str) and _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        self.report("bad_date", text, "YYYY-MM-DD")
        return None

    def moment(self) -> datetime | None:
        """A date with time and zone, as UTC."""
        text = self.value
        if isinstance(text, str) and (match := _DATE_TIME.fullmatch(text)):
            fraction = match.group(1) or ""
            try:
                return datetime.fromisoformat(text[:19] + fraction + match.group(2)).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        self.report("bad_date", text, "YYYY-MM-DDThh:mm:ss with time zone")
        return None

    def percentage(self, unit: str, low: int, high: int) -> int | None:
        """A whole percentage whose UCUM code is exactly the given one."""
        return self.amount(unit, ("%", unit, unit.replace("{", " ").strip("}")), low, high)

    def amount(self, unit: str, shown_as: tuple[str, ...], low: int, high: int) -> int | None:
        """A whole number of this UCUM unit; shown_as: what its unit may be called, best first."""
        system, code = self.need("system"), self.need("code")
        if system is not None and system.value != UCUM:
            system.report("wrong_unit", system.value, UCUM)
        if code is not None and code.value != unit:
            code.report("wrong_unit", code.value, unit)
        shown = self.find("unit")
        if shown is not None and shown.value not in shown_as:
            shown.report("wrong_unit", shown.value, shown_as[0])
        if self.find("comparator") is not None:
            self.report("wrong_code", "comparator", "an exact value")
        value = self.need("value")
        return value.whole(low, high) if value is not None else None

    def own_code(self, system: str) -> Node | None:
        """The code of the one coding of this system in a CodeableConcept."""
        count = len(self.problems)
        mine = [
            coding
            for coding in self.each("coding")
            if isinstance(coding.value, Mapping) and coding.value.get("system") == system
        ]
        if len(mine) == 1:
            return mine[0].need("code")
        if mine:
            self.report("ambiguous", str(len(mine)), "1")
        elif len(self.problems) == count:
            self.report("missing", "", system)
        return None

    def target(self, kind: str) -> str | None:
        """The id in a literal reference to this type: Patient/123, also with /_history/4."""
        reference = self.need("reference")
        text = reference.text() if reference is not None else None
        if reference is None or text is None:
            return None
        parts = text.split("/")
        is_plain = len(parts) == 2 or (len(parts) == 4 and parts[2] == "_history")
        if is_plain and parts[0] == kind and ID.fullmatch(parts[1]):
            return parts[1]
        reference.report("wrong_type", text, f"{kind}/id")
        return None


def open_resource(body: bytes, kind: str, known_id: str) -> Node:
    """Root of a stored resource; problems already hold what is wrong with it as a whole."""
    problems: list[Problem] = []
    root = Node({}, f"{kind}/{known_id}", problems)
    try:
        value = parse_json(body)
    except FhirSyntaxError as error:
        root.report("not_json", str(error))
        return root
    if not isinstance(value, dict):
        root.report("not_json", "", "object")
        return root
    if value.get("resourceType") != kind:
        root.report("wrong_resource", str(value.get("resourceType")), kind)
        return root
    if value.get("id") != known_id:
        root.report("wrong_resource", str(value.get("id")), known_id)
    node = Node(value, f"{kind}/{known_id}", problems)
    for name in ("implicitRules", "modifierExtension"):
        # FHIR: whoever does not understand a modifier must not process the resource.
        found = node.find(name)
        if found is not None:
            found.report("unknown_modifier", "", "none")
    return node


def version_of(root: Node) -> str:
    """meta.versionId, or '' when the server keeps none."""
    meta = root.find("meta")
    version = meta.find("versionId") if meta is not None else None
    return version.text() or "" if version is not None else ""
