"""Log-in and finished sessions over HTTP.

Planted bugs these catch: a cookie that scripts can read, a log-in that a form could send, a record
handed to an engineer, a read without an audit row.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from edge.api import schema
from edge.api.server import COOKIE
from edge.domain.record import SessionRecord
from edge.domain.session_states import S
from edge.services.journal import Journal
from edge.services.session_file import SessionFacts, SessionFile
from tests.edge.api.fakes import (
    CANARIES,
    DOCT,
    ENGI,
    MRN,
    NOON,
    PINS,
    TECH,
    FixedClock,
    visit,
)
from tests.edge.api.site import Site, snapshot_of


async def test_login_sets_a_cookie_no_script_can_read(site: Site) -> None:
    status, headers, body = await site.login(TECH)
    assert (status, body) == (200, {"user_id": TECH, "name": "Tess", "role": "technician"})
    cookie = headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert PINS[TECH] not in cookie
    async with site.connect() as ws:
        shown = await snapshot_of(ws)
        assert shown.me == schema.Operator(TECH, "Tess", "technician")
        assert shown.control == "here"


@pytest.mark.parametrize(
    ("data", "status", "code", "where"),
    [
        (b"{", 400, "malformed", "body"),
        (b"\xff", 400, "malformed", "body"),
        (b"[" * 10_000, 400, "malformed", "message"),
        (b'{"user_id":"tech"}', 400, "malformed", "pin"),
        (b'{"user_id":"tech","pin":"12"}', 400, "malformed", "pin"),
        (b'{"user_id":"tech","pin":"1111","role":"engineer"}', 400, "malformed", "role"),
        (b'{"user_id":7,"pin":"1111"}', 400, "malformed", "user_id"),
        (b'{"user_id":"tech","pin":"0000"}', 401, "wrong_pin", ""),
        (b'{"user_id":"nobody","pin":"1111"}', 401, "wrong_pin", ""),
        (b'{"user_id":"' + b"x" * 20_000 + b'","pin":"1111"}', 413, "too_large", ""),
    ],
)
async def test_login_with_bad_input_is_refused_in_words(
    site: Site, data: bytes, status: int, code: str, where: str
) -> None:
    headers = {"Origin": site.origin, "Content-Type": "application/json"}
    found, answer_headers, body = await site.request(
        "POST", "/api/login", data=data, headers=headers
    )
    assert (found, body["code"], body["where"]) == (status, code, where)
    assert "Set-Cookie" not in answer_headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_login_of_another_kind_is_refused(site: Site, headers: dict[str, str]) -> None:
    body = b'{"user_id":"tech","pin":"1111"}'
    status, _, answer = await site.request(
        "POST", "/api/login", data=body, headers={"Origin": site.origin} | headers
    )
    assert (status, answer["code"]) == (415, "wrong_type")


async def test_login_locked_says_for_how_long(site: Site) -> None:
    for _ in range(5):
        await site.request("POST", "/api/login", json={"user_id": TECH, "pin": "0000"})
    status, headers, body = await site.login(TECH)
    assert (status, body["code"], headers["Retry-After"]) == (429, "pin_locked", "60")


async def test_logout_locks_the_open_page(site: Site) -> None:
    await site.login(TECH)
    async with site.connect() as ws:
        assert (await snapshot_of(ws)).me is not None
        status, headers, _ = await site.request("POST", "/api/logout")
        assert status == 204
        assert 'tms_session=""' in headers["Set-Cookie"]
        assert (await snapshot_of(ws)).me is None


async def test_logout_in_treatment_is_refused(site: Site) -> None:
    await site.login(TECH)
    site.made.chair.change(state=S.TREATING)
    status, _, body = await site.request("POST", "/api/logout")
    assert (status, body["code"]) == (409, "wrong_state")


def kept_session(site: Site) -> None:
    open_visit = visit()
    plan, order, threshold = open_visit.plan, open_visit.order, open_visit.threshold
    assert plan is not None
    assert order is not None
    assert threshold is not None
    common: dict[str, Any] = {
        "session_id": "s-1", "coil_serial": "C1", "coil_type": "figure8",
        "software_version": "0.1.0", "firmware_version": "1", "settings_hash": "ab",
        "operator": "Tess", "patient": open_visit.patient, "order": order, "threshold": threshold,
        "level_pct_mso": 60, "unit_id": "SIM-0001", "plan_sha256": plan.sha256,
    }  # fmt: skip
    facts = SessionFacts(
        appointment=open_visit.appointment,
        levels=tuple((level.count, level.period_us) for level in plan.levels),
        train_levels=plan.train_levels,
        **common,
    )
    record = SessionRecord(
        appointment_id="apt-1", protocol_id="itbs-600", protocol_version="1.0.0", percent_mt=120,
        pulses_prescribed=600, pulses_commanded=600, pulses_measured=597, pulses_uncertain=0,
        trains=(), started_utc=NOON, ended_utc=NOON, duration_ms=1, peak_surface_c10=None,
        outcome="stopped", stop_reasons=("operator",), pauses=0, pain_0_10=2, notes=("calm",),
        checks={}, signed_by="Tess", signed_utc=NOON, **common,
    )  # fmt: skip
    store = site.made.store
    with store.transaction():
        SessionFile(store).open(facts, NOON)
        Journal(store, FixedClock(), boot=1).append("s-1", "started", {"who": "Tess"})
        SessionFile(store).sign(record)


async def test_sessions_are_listed_masked_and_read_whole_with_an_audit_row(site: Site) -> None:
    kept_session(site)
    await site.login(DOCT)

    status, _, rows = await site.request("GET", "/api/sessions")
    assert status == 200
    assert [(r["session_id"], r["initials"], r["mrn_last4"], r["outcome"]) for r in rows] == [
        ("s-1", "Q. Z.", MRN[-4:], "stopped")
    ]
    assert (rows[0]["pulses_measured"], rows[0]["pulses_prescribed"]) == (597, 600)
    assert MRN not in json.dumps(rows)

    status, _, detail = await site.request("GET", "/api/sessions/s-1")
    assert status == 200
    assert detail["record"]["patient"]["mrn"] == MRN
    assert detail["journal"][0]["body"] == {"who": "Tess"}
    assert ("Dora", "read_session") in site.made.audited()


async def test_sessions_are_closed_to_strangers_and_engineers(site: Site) -> None:
    kept_session(site)
    status, _, body = await site.request("GET", "/api/sessions/s-1")
    assert (status, body["code"]) == (401, "not_logged_in")
    await site.login(ENGI)
    for path in ("/api/sessions", "/api/sessions/s-1"):
        status, _, body = await site.request("GET", path)
        assert (status, body["code"]) == (403, "not_permitted")
        assert MRN not in json.dumps(body)


@pytest.mark.parametrize("name", ["none", "..%2f..", "%00", "'%20OR%201=1"])
async def test_session_unknown_is_not_found(site: Site, name: str) -> None:
    await site.login(TECH)
    status, _, body = await site.request("GET", f"/api/sessions/{name}")
    assert (status, body["code"]) == (404, "not_found")


async def test_sessions_without_a_store_say_so(site: Site) -> None:
    await site.login(TECH)
    site.made.store.close()
    status, _, body = await site.request("GET", "/api/sessions")
    assert (status, body["code"]) == (503, "store_failed")


async def test_trace_is_seconds_ago_and_degrees(site: Site) -> None:
    await site.login(ENGI)
    status, _, points = await site.request("GET", "/api/trace")
    assert (status, points) == (200, [[1.0, 31.2, None]])


def test_canaries_are_what_the_fakes_hold() -> None:
    assert date(1971, 3, 9).isoformat()[:4] in CANARIES
    assert datetime(2026, 11, 21, 11, tzinfo=UTC) == NOON
