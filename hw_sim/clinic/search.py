"""Search of the simulated clinic server: parameters, includes, pages.

The parameters that this product asks for, as R4 defines them: comma is "or", a repeated parameter
is "and". An unknown one is an error under Prefer: handling=strict, else ignored with a note. Pure
but for the shelf it reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hw_sim.clinic.shelf import Json, Shelf

# type -> parameter -> (kind, path). A path step into a list goes into each member.
PARAMETERS: dict[str, dict[str, tuple[str, str]]] = {
    "Patient": {"identifier": ("token", "identifier"), "birthdate": ("date", "birthDate")},
    "Practitioner": {"identifier": ("token", "identifier")},
    "Device": {"identifier": ("token", "identifier"), "parent": ("reference", "parent")},
    "Appointment": {
        "identifier": ("token", "identifier"),
        "actor": ("reference", "participant.actor"),
        "patient": ("reference", "participant.actor"),
        "date": ("date", "start"),
        "status": ("token", "status"),
        "based-on": ("reference", "basedOn"),
    },
    "ServiceRequest": {
        "identifier": ("token", "identifier"),
        "patient": ("reference", "subject"),
        "subject": ("reference", "subject"),
        "status": ("token", "status"),
        "intent": ("token", "intent"),
        "code": ("token", "code"),
        "requester": ("reference", "requester"),
        "authored": ("date", "authoredOn"),
    },
    "Observation": {
        "identifier": ("token", "identifier"),
        "patient": ("reference", "subject"),
        "subject": ("reference", "subject"),
        "status": ("token", "status"),
        "code": ("token", "code"),
        "date": ("date", "effective"),
        "part-of": ("reference", "partOf"),
    },
    "Procedure": {
        "identifier": ("token", "identifier"),
        "patient": ("reference", "subject"),
        "subject": ("reference", "subject"),
        "status": ("token", "status"),
        "code": ("token", "code"),
        "date": ("date", "performed"),
        "based-on": ("reference", "basedOn"),
    },
}
COMMON = {
    "_id": ("token", "id"),
    "_tag": ("token", "meta.tag"),
    "_lastUpdated": ("date", "meta.lastUpdated"),
}
CONTROLS = frozenset({"_count", "_include", "_sort", "_offset", "_format", "_total"})
PAGE_DEFAULT = 20
PAGE_MAX = 100
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le)?(\d{4}.*)")


class SearchError(ValueError):
    """The query cannot be answered; the message names the parameter."""


@dataclass(frozen=True)
class Found:
    """One page. offset_next is None on the last one."""

    matches: list[Json]
    included: list[Json]
    offset_next: int | None
    ignored: list[str]


def search(shelf: Shelf, kind: str, query: str, *, strict: bool, no_tag: bool) -> Found:
    """Answer a query string. Raises SearchError."""
    terms = parse_qsl(query, keep_blank_values=True)
    known = {**COMMON, **PARAMETERS[kind]}
    if no_tag:
        del known["_tag"]
    ignored: list[str] = []
    found = list(_candidates(shelf, kind, terms))
    for name, value in terms:
        if name in CONTROLS:
            continue
        if name not in known:
            if strict:
                raise SearchError(f"unknown parameter {name} for {kind}")
            ignored.append(name)
            continue
        found = [r for r in found if _matches(r, known[name], name, value)]
    found = _sorted(found, kind, dict(terms).get("_sort", ""))
    offset, count = _number(terms, "_offset", 0), _number(terms, "_count", PAGE_DEFAULT)
    page = found[offset : offset + min(count, PAGE_MAX)]
    rest = offset + len(page)
    included = _included(shelf, kind, page, [v for n, v in terms if n == "_include"])
    return Found(page, included, rest if rest < len(found) and page else None, ignored)


def _candidates(shelf: Shelf, kind: str, terms: Sequence[tuple[str, str]]) -> Iterable[Json]:
    """By index when a business key is asked for, else all."""
    for name, value in terms:
        if name in ("identifier", "_tag") and "|" in value and "," not in value:
            return shelf.with_key(kind, value)
    return shelf.of(kind)


def next_query(query: str, offset: int) -> str:
    """The same query from this offset on."""
    terms = [(n, v) for n, v in parse_qsl(query, keep_blank_values=True) if n != "_offset"]
    return urlencode([*terms, ("_offset", str(offset))])


def _number(terms: Sequence[tuple[str, str]], name: str, default: int) -> int:
    text = dict(terms).get(name, str(default))
    if not text.isdecimal():
        raise SearchError(f"{name}: a whole number is due, not {text!r}")
    return int(text)


def _sorted(found: list[Json], kind: str, order: str) -> list[Json]:
    for name in reversed(list(filter(None, order.split(",")))):
        plain = name.removeprefix("-")
        known = {**COMMON, **PARAMETERS[kind]}
        if plain not in known:
            raise SearchError(f"_sort: unknown parameter {plain} for {kind}")
        path = known[plain][1]
        found = sorted(
            found,
            key=lambda r: json.dumps(list(_values(r, path)), sort_keys=True),
            reverse=name.startswith("-"),
        )
    return found


def _included(shelf: Shelf, kind: str, page: list[Json], includes: list[str]) -> list[Json]:
    found: dict[tuple[str, str], Json] = {}
    for include in includes:
        source, _, name = include.partition(":")
        if source != kind or PARAMETERS[kind].get(name, ("",))[0] != "reference":
            raise SearchError(f"_include: cannot follow {include}")
        for resource in page:
            for value in _values(resource, PARAMETERS[kind][name][1]):
                target_kind, _, target_id = str(value.get("reference", "")).partition("/")
                if name == "patient" and target_kind != "Patient":
                    continue
                target = shelf.get(target_kind, target_id)
                if target is not None:
                    found[target_kind, target_id] = target
    return list(found.values())


def _values(resource: Any, path: str) -> Iterable[Any]:
    """Values under a dotted path, lists flattened; a choice such as effective takes any type."""
    name, _, rest = path.partition(".")
    here: list[Any] = []
    if isinstance(resource, dict):
        here = [resource[name]] if name in resource else []
        here += [resource[name + t] for t in ("DateTime", "Period") if name + t in resource]
    flat = [item for value in here for item in (value if isinstance(value, list) else [value])]
    if not rest:
        return flat
    return [item for value in flat for item in _values(value, rest)]


def _matches(resource: Json, parameter: tuple[str, str], name: str, value: str) -> bool:
    kind, path = parameter
    values = list(_values(resource, path))
    options = value.split(",")
    if kind == "token":
        return any(_has_token(values, option) for option in options)
    if kind == "reference":
        return any(_refers(values, name, option) for option in options)
    return any(_is_in_time(item, option, name) for item in values for option in options)


def _has_token(values: list[Any], option: str) -> bool:
    system, bar, code = option.rpartition("|")
    for value in values:
        if isinstance(value, dict) and "coding" in value:
            if _has_token(value["coding"], option):
                return True
        elif isinstance(value, dict):
            found = value.get("value", value.get("code"))
            if found == code and (not bar or value.get("system", "") == system):
                return True
        elif value == option:
            return True
    return False


def _refers(values: list[Any], name: str, option: str) -> bool:
    wanted = option if "/" in option or name != "patient" else f"Patient/{option}"
    for value in values:
        target = str(value.get("reference", ""))
        if target == wanted or ("/" not in wanted and target.endswith(f"/{wanted}")):
            return name != "patient" or target.startswith("Patient/")
    return False


def _is_in_time(item: Any, option: str, name: str) -> bool:
    match = _PREFIX.fullmatch(option)
    if match is None:
        raise SearchError(f"{name}: {option!r} is no date")
    low, high = _span(match.group(2), name)
    if isinstance(item, dict):
        start, end = item.get("start", "0001-01-01"), item.get("end", "9999-01-01")
        value_low, value_high = _span(start, name)[0], _span(end, name)[1]
    else:
        value_low, value_high = _span(str(item), name)
    return {
        "eq": low <= value_low and value_high <= high,
        "ne": not (low <= value_low and value_high <= high),
        "gt": value_high > high,
        "ge": value_high > low,
        "lt": value_low < low,
        "le": value_low < high,
    }[match.group(1) or "eq"]


def _span(text: str, name: str) -> tuple[datetime, datetime]:
    """First instant of a date of any precision, and the first one after it."""
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            width = timedelta(milliseconds=1) if "." in text else timedelta(seconds=1)
            return moment, moment + width
        year, month, day = (*(int(part) for part in text.split("-")), 0, 0)[:3]
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day:
            return start, start + timedelta(days=1)
        if month:
            return start, (start + timedelta(days=32)).replace(day=1)
        return start, start.replace(year=min(year + 1, 9999))
    except (ValueError, OverflowError) as error:
        raise SearchError(f"{name}: {text!r} is no date") from error
