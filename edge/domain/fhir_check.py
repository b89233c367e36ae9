"""Checks a FHIR R4 resource against the table, before it leaves the unit.

Structure, cardinality, types, closed code lists, choice elements, reference targets, urn:uuid
references that lead nowhere, and the invariants that our types can break (app-1, app-3, bdl-3,
bdl-7, ext-1, obs-6, obs-7, per-1, qty-3). It knows no terminology and no profiles. Units are held
against the short list of those we use. Every fault is found in one go. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from edge.domain.fhir_codes import UCUM
from edge.domain.fhir_table import PRIMITIVES, REQUIRED, RESOURCES, TYPES, Rule

DEPTH_MAX = 40  # nesting of our deepest resource is below 12; anything deeper is an attack
UNITS = frozenset(
    {"%", "%{MT}", "%{MSO}", "Hz", "s", "ms", "us", "min", "Cel", "{pulse}", "{train}", "{score}"}
    | {"{session}", "{pause}", "mm", "Ohm", "d", "h", "wk", "mo", "a", "1"}
)
_PATTERNS = {name: re.compile(pattern) for name, pattern in PRIMITIVES.items() if pattern}
_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration"})
_INVARIANT_KINDS = _QUANTITIES | {
    "Period",
    "Extension",
    "Observation",
    "Appointment",
    "Appointment.participant",
    "ServiceRequest",
}
_START_END_FREE = frozenset({"proposed", "cancelled", "waitlist"})
_INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class Fault:
    """rule is a FHIR invariant id or one of: structure, type, code, reference, unit."""

    expression: str
    rule: str
    text: str


def check_resource(resource: object, where: str = "") -> list[Fault]:
    """All faults of one resource; empty when it is sound."""
    faults: list[Fault] = []
    _resource(resource, where, 0, faults)
    return faults


def check_transaction(bundle: object) -> list[Fault]:
    """check_resource, plus what a transaction must have."""
    faults = check_resource(bundle)
    if not isinstance(bundle, dict) or bundle.get("type") != "transaction":
        return [*faults, Fault("Bundle.type", "structure", "is not a transaction")]
    return [*faults, *_transaction(bundle)]


# Faults are appended to a list that is handed down: the checker runs on the service's loop while a
# treatment may be running, and generators inside generators cost three times as much.


def _resource(value: object, where: str, depth: int, faults: list[Fault]) -> None:
    if not isinstance(value, dict):
        faults.append(Fault(where or "Resource", "structure", "is not a JSON object"))
        return
    kind = value.get("resourceType")
    if not isinstance(kind, str) or kind not in RESOURCES:
        text = f"unknown resource type {kind!r}"
        faults.append(Fault(where or "Resource", "structure", text))
        return
    members = {name: item for name, item in value.items() if name != "resourceType"}
    _object(members, RESOURCES[kind], kind, where or kind, depth, faults)
    faults.extend(_contained(value, where or kind))


def _object(
    value: dict[str, object],
    rules: Mapping[str, Rule],
    kind: str,
    where: str,
    depth: int,
    faults: list[Fault],
) -> None:
    if depth > DEPTH_MAX:
        faults.append(Fault(where, "structure", f"nested deeper than {DEPTH_MAX}"))
        return
    if not value:
        faults.append(Fault(where, "structure", "is empty (ele-1)"))
    seen: dict[str, str] = {}
    for name, item in value.items():
        rule = rules.get(name) or _shadow(name, rules)
        if rule is None:
            faults.append(Fault(f"{where}.{name}", "structure", "unknown element"))
            continue
        if seen.setdefault(rule.element, rule.member) != rule.member:
            faults.append(Fault(f"{where}.{name}", "structure", f"{rule.element} is given twice"))
        _member(item, rule, f"{where}.{name}", depth, faults)
    for rule in REQUIRED.get(kind, ()):
        if rule.element not in seen:
            faults.append(Fault(f"{where}.{rule.member}", "structure", "is required"))
            seen[rule.element] = rule.member
    if kind in _INVARIANT_KINDS:
        faults.extend(_invariants(value, kind, where))


def _shadow(name: str, rules: Mapping[str, Rule]) -> Rule | None:
    """Rule of _name, which carries id and extensions of the primitive called name."""
    rule = rules.get(name[1:]) if name.startswith("_") else None
    if rule is None or rule.kind not in PRIMITIVES:
        return None
    return Rule(rule.member, rule.element, "Element", is_required=False, is_list=rule.is_list)


def _member(item: object, rule: Rule, where: str, depth: int, faults: list[Fault]) -> None:
    if not rule.is_list:
        if isinstance(item, list):
            faults.append(Fault(where, "structure", "is a list, one value is due"))
        else:
            _value(item, rule, where, depth, faults)
        return
    if not isinstance(item, list):
        faults.append(Fault(where, "structure", "is one value, a list is due"))
    elif not item:
        faults.append(Fault(where, "structure", "is an empty list"))
    else:
        for index, part in enumerate(item):
            _value(part, rule, f"{where}[{index}]", depth, faults)


def _value(item: object, rule: Rule, where: str, depth: int, faults: list[Fault]) -> None:
    if item is None:
        faults.append(Fault(where, "structure", "is null"))
    elif rule.kind in PRIMITIVES:
        _primitive(item, rule, where, faults)
    elif rule.kind == "Resource":
        _resource(item, where, depth + 1, faults)
    elif not isinstance(item, dict):
        faults.append(Fault(where, "type", f"is not an object ({rule.kind} is due)"))
    else:
        rules = _ELEMENT if rule.kind == "Element" else TYPES[rule.kind]
        _object(item, rules, rule.kind, where, depth + 1, faults)
        if rule.kind == "Reference":
            faults.extend(_reference(item, rule, where))


_ELEMENT = {name: TYPES["Extension"][name] for name in ("id", "extension")}


def _primitive(item: object, rule: Rule, where: str, faults: list[Fault]) -> None:
    kind = rule.kind
    pattern = _PATTERNS.get(kind)
    if pattern is None:
        if not _is_number_or_flag(item, kind):
            faults.append(Fault(where, "type", f"{kind} is due"))
    elif not isinstance(item, str):
        faults.append(Fault(where, "type", f"text ({kind}) is due"))
    elif not pattern.fullmatch(item):
        faults.append(Fault(where, "type", f"is no {kind}: {item[:80]!r}"))
    elif kind in ("date", "dateTime", "instant") and not _is_real_date(item):
        faults.append(Fault(where, "type", f"no such day: {item!r}"))
    elif rule.codes and item not in rule.codes:
        text = f"{item!r} is not one of {', '.join(sorted(rule.codes))}"
        faults.append(Fault(where, "code", text))


def _is_number_or_flag(item: object, kind: str) -> bool:
    if isinstance(item, bool) or kind == "boolean":
        return isinstance(item, bool) and kind == "boolean"
    if kind == "decimal":
        return isinstance(item, int | float | Decimal)
    low = {"integer": -_INT32_MAX - 1, "positiveInt": 1, "unsignedInt": 0}[kind]
    return isinstance(item, int) and low <= item <= _INT32_MAX


def _is_real_date(text: str) -> bool:
    year, month, day = (*(int(part) for part in text[:10].split("-")), 1, 1)[:3]
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _reference(item: Mapping[str, object], rule: Rule, where: str) -> Iterator[Fault]:
    target = item.get("reference")
    if not isinstance(target, str) or not rule.targets or target.startswith(("urn:", "#")):
        return
    parts = target.split("/")
    if "_history" in parts:
        parts = parts[: parts.index("_history")]
    if len(parts) < 2 or parts[-2] not in rule.targets:
        allowed = ", ".join(sorted(rule.targets))
        yield Fault(f"{where}.reference", "reference", f"{target!r} is not one of {allowed}")


def _contained(value: Mapping[str, object], where: str) -> Iterator[Fault]:
    for index, part in enumerate(_list(value.get("contained"))):
        if isinstance(part, dict) and "contained" in part:
            yield Fault(f"{where}.contained[{index}]", "dom-2", "contains again")


def _invariants(value: Mapping[str, object], kind: str, where: str) -> Iterator[Fault]:
    if kind in _QUANTITIES:
        yield from _quantity(value, where)
    elif kind == "Period":
        yield from _period(value, where)
    elif kind == "Extension":
        has_value = any(name.startswith("value") for name in value)
        if has_value == ("extension" in value):
            yield Fault(where, "ext-1", "either a value or extensions are due")
    elif kind == "Observation":
        yield from _observation(value, where)
    elif kind == "Appointment":
        yield from _appointment(value, where)
    elif kind == "Appointment.participant" and not ("type" in value or "actor" in value):
        yield Fault(where, "app-1", "type or actor is due")
    elif kind == "ServiceRequest" and "orderDetail" in value and "code" not in value:
        yield Fault(where, "prr-1", "orderDetail needs a code")


def _quantity(value: Mapping[str, object], where: str) -> Iterator[Fault]:
    code = value.get("code")
    if code is not None and "system" not in value:
        yield Fault(where, "qty-3", "a unit code needs its system")
    if value.get("system") == UCUM and isinstance(code, str) and code not in UNITS:
        yield Fault(f"{where}.code", "unit", f"{code!r} is no unit in use here")


def _period(value: Mapping[str, object], where: str) -> Iterator[Fault]:
    start, end = _moment(value.get("start")), _moment(value.get("end"))
    if start and end and start > end:
        yield Fault(where, "per-1", "starts after its end")


def _moment(text: object) -> datetime | None:
    """Comparable instant of a full dateTime; None for a partial or unreadable one."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _observation(value: Mapping[str, object], where: str) -> Iterator[Fault]:
    has_value = any(name.startswith("value") for name in value)
    if has_value and "dataAbsentReason" in value:
        yield Fault(where, "obs-6", "a value and a reason for its absence")
    own = set(_codings(value.get("code")))
    inner = {
        coding
        for part in _list(value.get("component"))
        if isinstance(part, dict)
        for coding in _codings(part.get("code"))
    }
    if has_value and own & inner:
        yield Fault(where, "obs-7", "a component repeats the code of the value")


def _codings(concept: object) -> Iterator[tuple[str, str]]:
    if isinstance(concept, dict):
        for coding in _list(concept.get("coding")):
            if isinstance(coding, dict):
                yield str(coding.get("system")), str(coding.get("code"))


def _appointment(value: Mapping[str, object], where: str) -> Iterator[Fault]:
    if ("start" in value) != ("end" in value):
        yield Fault(where, "app-2", "start and end come together")
    if "start" not in value and value.get("status") not in _START_END_FREE:
        yield Fault(where, "app-3", "start and end are due in this status")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _transaction(bundle: Mapping[str, object]) -> Iterator[Fault]:
    urls: set[str] = set()
    for index, entry in enumerate(_list(bundle.get("entry"))):
        where = f"Bundle.entry[{index}]"
        if not isinstance(entry, dict):
            continue
        if "request" not in entry:
            yield Fault(f"{where}.request", "bdl-3", "is required in a transaction")
        url = entry.get("fullUrl")
        if isinstance(url, str):
            if url in urls:
                yield Fault(f"{where}.fullUrl", "bdl-7", f"{url} is there twice")
            urls.add(url)
    yield from _dangling(bundle, "Bundle", urls)


def _dangling(value: object, where: str, urls: set[str]) -> Iterator[Fault]:
    """References by urn:uuid or urn:oid to an entry that the bundle does not have."""
    if isinstance(value, dict):
        target = value.get("reference")
        if isinstance(target, str) and target.startswith("urn:") and target not in urls:
            yield Fault(f"{where}.reference", "reference", f"{target} leads nowhere")
        for name, item in value.items():
            yield from _dangling(item, f"{where}.{name}", urls)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _dangling(item, f"{where}[{index}]", urls)
