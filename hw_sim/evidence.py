"""Collects what stands outside the product after a run, for the rules of hw_sim/checkers.

From a SimSystem: the coil's plan as the clinic's order has it, frames, pictures, the rows of the
store as they are read by an engine of their own, the clinic's shelf. Reads only. What a scenario
alone has seen (PINs, sizes, twins) it adds itself with dataclasses.replace.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.ports import Store, StoreError, Value
from hw_sim.checkers import Facts
from hw_sim.checkers.base import NS_PER_S, NS_PER_US
from hw_sim.checkers.facts import (
    Account,
    AuditEntry,
    CertificateEntry,
    JournalEntry,
    Json,
    OutboxEntry,
    SessionEntry,
)
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.sim_hal import SIM_LINK_KEY
from hw_sim.system import THRESHOLD_PCT, SimSystem

T = TypeVar("T")
KINDS = (
    "Appointment",
    "Device",
    "Observation",
    "Patient",
    "Practitioner",
    "Procedure",
    "ServiceRequest",
)
_Row = tuple[Value, ...]


def collect(system: SimSystem, *, stuck: str | None = None) -> Facts:
    """Everything there is to know. Call it on the loop, before or after the edge has ended.

    stuck: where a run whose faults were mended came to no end, '' when it did, None unjudged.
    """
    plan, limits = system.protocol.plan, system.config.limits
    rows = _Rows(system)
    order_pct = ordered_level_pct(system)
    return Facts(
        plan=plan,
        level_pct_max=limits.level_pct_max,
        level_pct_order=order_pct,
        ipi_us_min=limits.ipi_us_min,
        day_pulses_max=limits.day_pulses_max,
        surface_mc_max=limits.surface_c10_max * 100,
        frames=system.unit.line_log.frames(),
        link_key=SIM_LINK_KEY,
        pictures=tuple(system.pictures.pictures),
        screens_closed_ns=dict(system.pictures.closed_ns),
        journal=rows.of(_JOURNAL, _journal),
        audit=rows.of(_AUDIT, _audit),
        sessions=rows.of(_SESSIONS, _session),
        outbox=rows.of(_OUTBOX, _outbox),
        certificates=rows.of(_CERTIFICATES, _certificate),
        accounts=rows.of(_ACCOUNTS, lambda row: Account(str(row[0]), str(row[1]), str(row[2]))),
        clinic=shelf(system.clinic),
        requests=tuple(f"{method} {target}" for method, target in system.clinic.requests),
        personal=personal_words(system.clinic),
        stuck=stuck,
        end_ns=round(asyncio.get_running_loop().time() * NS_PER_S),
    )


def ordered_level_pct(system: SimSystem) -> int:
    """Level that the clinic's order comes to: threshold times percent, nearest, half up."""
    protocol = system.protocol
    percent = protocol.percent.default_pct if protocol.percent is not None else 100
    return (THRESHOLD_PCT * percent + 50) // 100


def shelf(clinic: ClinicServer) -> tuple[Json, ...]:
    """Every resource at the clinic."""
    return tuple(resource for kind in KINDS for resource in clinic.resources(kind))


def personal_words(clinic: ClinicServer) -> tuple[str, ...]:
    """What nobody may read in an address or a log: numbers, names and birth dates."""
    words = []
    for patient in clinic.resources("Patient"):
        words += [identifier["value"] for identifier in patient.get("identifier", [])]
        words += [name["family"] for name in patient.get("name", [])]
        words.append(patient["birthDate"])
    return tuple(words)


class _Rows:
    """The store of a system, opened for the occasion when the edge has let go of it."""

    def __init__(self, system: SimSystem) -> None:
        self._system = system

    def of(self, sql: str, read: Callable[[_Row], T]) -> tuple[T, ...] | None:
        """All rows of a table, None when the store cannot be read."""
        try:
            with self._system.reading() as store:
                return tuple(read(row) for row in _found(store, sql))
        except StoreError:
            return None


def _found(store: Store, sql: str) -> list[_Row]:
    return store.rows(sql)


_JOURNAL = "SELECT seq, session_id, boot, mono_us, utc, kind, body FROM journal ORDER BY seq"
_AUDIT = "SELECT seq, boot, mono_us, utc, who, action, detail FROM audit ORDER BY seq"
_SESSIONS = (
    "SELECT session_id, patient_id, facts, state, record FROM session ORDER BY opened_utc, rowid"
)
_OUTBOX = "SELECT seq, session_id, body, state FROM outbox ORDER BY seq"
_CERTIFICATES = "SELECT body, signature FROM certificate ORDER BY number"
_ACCOUNTS = "SELECT user_id, name, role FROM account ORDER BY user_id"


def _journal(row: _Row) -> JournalEntry:
    seq, session_id, boot, mono_us, utc, kind, body = row
    at_ns = _int(mono_us) * NS_PER_US
    return JournalEntry(
        _int(seq),
        str(session_id),
        _int(boot),
        at_ns,
        str(utc),
        str(kind),
        json.loads(str(body)),
    )


def _audit(row: _Row) -> AuditEntry:
    seq, boot, mono_us, utc, who, action, detail = row
    at_ns = _int(mono_us) * NS_PER_US
    return AuditEntry(
        _int(seq), _int(boot), at_ns, str(utc), str(who), str(action), json.loads(str(detail))
    )


def _session(row: _Row) -> SessionEntry:
    session_id, patient_id, facts, state, record = row
    signed = None if record is None else json.loads(str(record))
    return SessionEntry(
        str(session_id), str(patient_id), json.loads(str(facts)), str(state), signed
    )


def _outbox(row: _Row) -> OutboxEntry:
    seq, session_id, body, state = row
    assert isinstance(body, bytes)
    return OutboxEntry(_int(seq), str(session_id or ""), json.loads(body), str(state))


def _certificate(row: _Row) -> CertificateEntry:
    """Its signature is checked with the very library, not with the product's own words."""
    text, signature = str(row[0]), str(row[1])
    body = json.loads(text)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(body["public_key"]))
    try:
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return CertificateEntry(body, is_signed=False)
    return CertificateEntry(body, is_signed=True)


def _int(value: Value) -> int:
    assert isinstance(value, int)
    return value
