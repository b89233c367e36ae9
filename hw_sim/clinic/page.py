"""The page for people at the simulated clinic: today's appointments and the sessions received.

One self-contained page without scripts, drawn anew every few seconds. Everything shown comes from
the store and is escaped. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from edge.domain.fhir_codes import ACTIVITY, DELIVERED_DOSE, TMS
from hw_sim.clinic.shelf import Json, Shelf

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}
SESSIONS_SHOWN = 50
_STYLE = """
:root{color-scheme:light;font-family:Inter,system-ui,sans-serif;color:#1c2733;background:#f3f5f7}
body{max-width:1080px;margin:0 auto;padding:24px}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:28px 0 8px}
p{margin:4px 0 0;color:#56636f}
table{width:100%;border-collapse:collapse;background:#fff;border-radius:8px;overflow:hidden}
th,td{text-align:left;padding:9px 12px;border-bottom:1px solid #e6eaee;font-size:14px}
th{font-weight:600;color:#56636f;background:#fafbfc}
td.number{font-variant-numeric:tabular-nums}
.word{display:inline-block;padding:1px 9px;border-radius:10px;background:#e8edf2;font-size:13px}
.word.completed,.word.fulfilled{background:#dcefe2;color:#14522b}
.word.stopped,.word.not-done{background:#fbe8d3;color:#6b3a06}
.none{color:#56636f;font-style:italic}
"""


def render(shelf: Shelf, now: datetime) -> str:
    """The whole page."""
    sessions = sorted(
        shelf.of("Procedure"), key=lambda r: str(r["meta"]["lastUpdated"]), reverse=True
    )
    received = [r for r in sessions if r.get("meta", {}).get("tag")]
    parts = (
        _table(
            "Sessions received",
            ("Received (UTC)", "Patient", "Protocol", "Pulses", "Outcome", "Signed by"),
            [_session_row(shelf, r) for r in received[:SESSIONS_SHOWN]],
            "Nothing has arrived yet.",
        ),
        _table(
            "Appointments today",
            ("Time (UTC)", "Patient", "Protocol", "Status"),
            [_appointment_row(shelf, r) for r in _today(shelf, now)],
            "No appointments today.",
        ),
        _table(
            "Patients",
            ("Number", "Name", "Born"),
            [
                (_mrn(r), escape(_name(r)), escape(str(r.get("birthDate", ""))))
                for r in shelf.of("Patient")
            ],
            "No patients.",
        ),
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='refresh' content='3'><title>Simulated clinic</title>"
        f"<style>{_STYLE}</style></head><body><h1>Simulated clinic</h1>"
        f"<p>FHIR R4 at /fhir &middot; {now:%Y-%m-%d %H:%M:%S} UTC &middot; not a real clinic, "
        f"no real patients</p>{''.join(parts)}</body></html>"
    )


def _table(title: str, heads: Iterable[str], rows: list[tuple[str, ...]], if_empty: str) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not rows:
        body = f"<tr><td class='none' colspan='9'>{escape(if_empty)}</td></tr>"
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _session_row(shelf: Shelf, procedure: Json) -> tuple[str, ...]:
    doses = [
        r
        for r in shelf.of("Observation")
        if {"reference": f"Procedure/{procedure['id']}"} in r.get("partOf", [])
        and _codes(r.get("code")) == [DELIVERED_DOSE]
    ]
    counts = {
        code: component["valueQuantity"]["value"]
        for component in (doses[0]["component"] if doses else [])
        for code in _codes(component["code"])
    }
    given, due = counts.get("stim_count", "?"), counts.get("stim_count_prescribed", "?")
    status = str(procedure["status"])
    return (
        escape(procedure["meta"]["lastUpdated"][:19].replace("T", " ")),
        escape(_name(_target(shelf, procedure.get("subject")))),
        escape(_protocol(procedure)),
        f"{escape(str(given))} of {escape(str(due))}",
        _word(status),
        escape(str(procedure.get("recorder", {}).get("display", ""))),
    )


def _appointment_row(shelf: Shelf, appointment: Json) -> tuple[str, ...]:
    people = [
        p["actor"]
        for p in appointment["participant"]
        if str(p.get("actor", {}).get("reference", "")).startswith("Patient/")
    ]
    orders = appointment.get("basedOn", [])
    order = _target(shelf, orders[0]) if orders else {}
    return (
        escape(str(appointment.get("start", ""))[11:16]),
        escape(_name(_target(shelf, people[0])) if people else "?"),
        escape(_protocol(order)),
        _word(str(appointment["status"])),
    )


def _today(shelf: Shelf, now: datetime) -> list[Json]:
    today = [
        r for r in shelf.of("Appointment") if str(r.get("start", ""))[:10] == f"{now:%Y-%m-%d}"
    ]
    return sorted(today, key=lambda r: str(r["start"]))


def _target(shelf: Shelf, reference: Any) -> Json:
    kind, _, resource_id = str((reference or {}).get("reference", "")).partition("/")
    return shelf.get(kind, resource_id) or {}


def _name(person: Json) -> str:
    names = person.get("name") or [{}]
    return " ".join([*names[0].get("given", []), names[0].get("family", "?")])


def _mrn(person: Json) -> str:
    identifiers = person.get("identifier") or [{}]
    return escape(str(identifiers[0].get("value", "?")))


def _protocol(resource: Json) -> str:
    canonicals = resource.get("instantiatesCanonical") or ["?"]
    return str(canonicals[0]).removeprefix(ACTIVITY).replace("|", " ")


def _codes(concept: Any) -> list[str]:
    return [c["code"] for c in (concept or {}).get("coding", []) if c.get("system") == TMS]


def _word(status: str) -> str:
    return f"<span class='word {escape(status)}'>{escape(status)}</span>"
