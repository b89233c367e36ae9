"""Reads a ServiceRequest into an Order, or into a list of everything wrong with it.

What the unit needs stands in coded fields: the protocol in instantiatesCanonical with its version,
percent of threshold, basis, coil type and longest gap in our extension, the site in bodySite, the
number of sessions in quantityQuantity. Free text (note, orderDetail.text) is never read. Whether
the order may be given is judged later by edge/domain/order_rules.py. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.domain.fhir_codes import (
    ACTIVITY,
    MT_BASIS_CODES,
    PARAMETERS,
    PERCENT_MT,
    SIDE_SUFFIXES,
    TMS,
)
from edge.domain.fhir_read import Node, open_resource, version_of
from edge.domain.prescription import MtBasis, Order, Problem, Side
from edge.domain.resume import GAP_S_MAX

INTENTS = ("order", "original-order", "instance-order")
# [P] sources.md domain 1.6: at most 120, 130 only by the prescriber's override; more is no dose.
PERCENT_MT_MAX = 130
SESSIONS_MAX = 100  # [P] twice the longest course of sources.md domain 1.4 (50 sessions)
SESSION_UNITS = ("{session}", "session", "sessions")
RESUME_GAP = "resume-gap-max"
MINUTES = ("min", "minutes", "minute")
PARTS = ("percent-mt", "mt-basis", "coil-type", RESUME_GAP)
BASES = {code: MtBasis(word) for word, code in MT_BASIS_CODES.items()}
# Sites whose name does not carry a side.
SIDES = {
    "dlpfc": Side.BILATERAL,
    "dmpfc": Side.MIDLINE,
    "occiput": Side.MIDLINE,
    "lateral-pfc-insula": Side.BILATERAL,
}


@dataclass(frozen=True)
class _Parameters:
    """Our extension. resume_gap_s_max: None when the physician did not say."""

    percent: int | None
    basis: MtBasis | None
    coil_type: str
    resume_gap_s_max: int | None


NO_PARAMETERS = _Parameters(None, None, "", None)


@dataclass(frozen=True)
class ReadOrder:
    """order is None when there are problems. not_before_utc: start of the ordered period."""

    order: Order | None
    problems: tuple[Problem, ...]
    not_before_utc: datetime | None = None


def read_order(
    body: bytes,
    order_id: str,
    *,
    patient_id: str,
    sessions_done: int,
    name_of: Callable[[str], str],
) -> ReadOrder:
    """name_of turns 'Practitioner/id' into a name for display, or ''."""
    root = open_resource(body, "ServiceRequest", order_id)
    if root.problems and not root.value:
        return ReadOrder(None, tuple(root.problems))
    _judge_frame(root, patient_id)
    protocol_id, protocol_version = _protocol(root)
    asked = _parameters(root)
    site, side = _site(root)
    total = _sessions(root)
    authored_node = root.need("authoredOn")
    authored = authored_node.moment() if authored_node is not None else None
    not_before, valid_until = _period(root)
    diagnosis, prescriber = _diagnosis(root), _prescriber(root, name_of)
    if (
        root.problems
        or asked.percent is None
        or asked.basis is None
        or side is None
        or total is None
        or authored is None
    ):
        return ReadOrder(None, tuple(root.problems), not_before)
    order = Order(
        order_id=order_id,
        order_version=version_of(root),
        patient_id=patient_id,
        protocol_id=protocol_id,
        protocol_version=protocol_version,
        side=side,
        site=site,
        percent_mt=asked.percent,
        mt_basis=asked.basis,
        coil_type=asked.coil_type,
        sessions_total=total,
        sessions_done=sessions_done,
        diagnosis=diagnosis,
        prescriber=prescriber,
        authored_utc=authored,
        valid_until_utc=valid_until,
        resume_gap_s_max=asked.resume_gap_s_max,
    )
    return ReadOrder(order, (), not_before)


def _judge_frame(root: Node, patient_id: str) -> None:
    """Status, intent, prohibition and patient."""
    status, intent = root.need("status"), root.need("intent")
    if status is not None and status.value != "active":
        status.report("wrong_status", status.value, "active")
    if intent is not None and intent.value not in INTENTS:
        intent.report("wrong_intent", intent.value, ", ".join(INTENTS))
    prohibited = root.find("doNotPerform")
    if prohibited is not None and prohibited.value is not False:
        prohibited.report("not_performed", str(prohibited.value).lower(), "false")
    subject = root.need("subject")
    found = subject.target("Patient") if subject is not None else None
    if subject is not None and found is not None and found != patient_id:
        subject.report("wrong_patient", f"Patient/{found}", f"Patient/{patient_id}")


def _protocol(root: Node) -> tuple[str, str]:
    canonical = root.only("instantiatesCanonical")
    text = canonical.text() if canonical is not None else None
    if canonical is None or text is None:
        return "", ""
    url, bar, version = text.partition("|")
    name = url.removeprefix(ACTIVITY)
    if not url.startswith(ACTIVITY) or not name:
        canonical.report("wrong_code", text, ACTIVITY + "…")
    elif not bar or not version:
        canonical.report("missing", text, "|version")
    return name, version


def _parameters(root: Node) -> _Parameters:
    ours = [
        extension
        for extension in root.each("extension")
        if isinstance(extension.value, Mapping) and extension.value.get("url") == PARAMETERS
    ]
    if len(ours) != 1:
        code = "ambiguous" if ours else "missing"
        root.problems.append(Problem(code, f"{root.where}.extension", str(len(ours)), PARAMETERS))
        return NO_PARAMETERS
    parts = _parts(ours[0])
    percent = _part(ours[0], parts, "percent-mt", "valueQuantity")
    basis = _part(ours[0], parts, "mt-basis", "valueCode")
    coil = _part(ours[0], parts, "coil-type", "valueCode")
    gap = parts[RESUME_GAP].need("valueQuantity") if RESUME_GAP in parts else None
    gap_min = gap.amount(MINUTES[0], MINUTES, 0, GAP_S_MAX // 60) if gap is not None else None
    basis_code = basis.code(tuple(BASES)) if basis is not None else None
    return _Parameters(
        percent=percent.percentage(PERCENT_MT, 1, PERCENT_MT_MAX) if percent is not None else None,
        basis=BASES[basis_code] if basis_code is not None else None,
        coil_type=(coil.text() or "") if coil is not None else "",
        resume_gap_s_max=None if gap_min is None else 60 * gap_min,
    )


def _parts(owner: Node) -> dict[str, Node]:
    """Parts of our extension by name; none may come twice."""
    parts: dict[str, Node] = {}
    for part in owner.each("extension"):
        url = part.need("url")
        name = url.code(PARTS) if url is not None else None
        if name in parts:
            part.report("ambiguous", name, "1")
        elif name is not None:
            parts[name] = part
    return parts


def _part(owner: Node, parts: Mapping[str, Node], name: str, member: str) -> Node | None:
    if name in parts:
        return parts[name].need(member)
    owner.problems.append(Problem("missing", f"{owner.where}.extension", "", name))
    return None


def _site(root: Node) -> tuple[str, Side | None]:
    concept = root.only("bodySite")
    own = concept.own_code(TMS) if concept is not None else None
    site = own.text() if own is not None else None
    if own is None or site is None:
        return "", None
    suffix = site.rpartition("-")[2]
    side = SIDES.get(site) or (Side(suffix) if suffix in SIDE_SUFFIXES else None)
    if side is None:
        own.report("wrong_code", site, ", ".join([*SIDES, *(f"…-{s}" for s in SIDE_SUFFIXES)]))
    return site, side


def _sessions(root: Node) -> int | None:
    quantity = root.need("quantityQuantity")
    if quantity is None:
        return None
    unit = quantity.find("code") or quantity.need("unit")
    if unit is not None and unit.value not in SESSION_UNITS:
        unit.report("wrong_unit", unit.value, SESSION_UNITS[0])
    value = quantity.need("value")
    return value.whole(1, SESSIONS_MAX) if value is not None else None


def _period(root: Node) -> tuple[datetime | None, datetime | None]:
    period = root.find("occurrencePeriod")
    if period is None:
        return None, None
    start, end = period.find("start"), period.find("end")
    return (
        start.moment() if start is not None else None,
        end.moment() if end is not None else None,
    )


def _diagnosis(root: Node) -> str:
    """Text of the first reason, else its first code."""
    reasons = root.each("reasonCode")
    if not reasons:
        root.problems.append(Problem("missing", f"{root.where}.reasonCode"))
        return ""
    shown = reasons[0].find("text")
    if shown is not None:
        return shown.text() or ""
    for coding in reasons[0].each("coding"):
        code = coding.need("code")
        return (code.text() or "") if code is not None else ""
    reasons[0].report("missing", "", "text or coding")
    return ""


def _prescriber(root: Node, name_of: Callable[[str], str]) -> str:
    requester = root.need("requester")
    if requester is None:
        return ""
    shown, reference = requester.find("display"), requester.find("reference")
    known = name_of(str(reference.value)) if reference is not None else ""
    if known:
        return known
    if shown is not None:
        return shown.text() or ""
    if reference is not None:
        return reference.text() or ""
    requester.report("missing", "", "reference or display")
    return ""
