"""The HTTP side: page, log-in, WebSocket, trace, finished sessions, health.

Thin: the guard lets requests in, the hub does the work, the archive reads. Logged-in requests are
known by a cookie that no script can read. Runs on the service's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import structlog
from aiohttp import web

from edge.api import schema
from edge.api.bodies import HttpError, SessionDetail, SessionRow
from edge.api.console import ConsoleParts, add_console
from edge.api.doors import HubDoors
from edge.api.guard import Guard, add_headers, error_response, make_guard
from edge.api.intake import describe_error
from edge.api.page import Asset, answer_page
from edge.api.visit_view import c_from_c10, last_four
from edge.api.websocket import Screens
from edge.config import KioskConfig
from edge.domain.permissions import judge_permission
from edge.domain.verdict import Verdict, refused
from edge.ports import NoRecordings, Recordings
from edge.services.accounts import Account
from edge.services.archive import Archive, SessionEntry
from edge.services.journal import Journal

COOKIE = "tms_session"
BODY_BYTES_MAX = 16 * 1024  # a log-in takes 100 bytes
_STATUS = {
    "wrong_pin": 401,
    "not_logged_in": 401,
    "not_permitted": 403,
    "wrong_state": 409,
    "pin_locked": 429,
    "control_busy": 429,
    "store_failed": 503,
}
_log = structlog.get_logger()


@dataclass(frozen=True)
class Parts:
    """What the handlers work with."""

    hub: HubDoors
    assets: Mapping[str, Asset]
    archive: Archive
    journal: Journal
    screens: Screens
    is_https: bool


PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)


def create_app(
    hub: HubDoors,
    *,
    kiosk: KioskConfig,
    page: Mapping[str, Asset],
    archive: Archive,
    journal: Journal,
    recordings: Recordings | None = None,
) -> web.Application:
    """The application; page is what edge.api.page.read_page found at start."""
    guard = make_guard(Guard(kiosk.origins), hub.refusal_text)
    app = web.Application(middlewares=[guard], client_max_size=BODY_BYTES_MAX)
    is_https = all(origin.startswith("https://") for origin in kiosk.origins)
    app[PARTS] = Parts(hub, page, archive, journal, Screens(hub), is_https)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_close_screens)
    app.router.add_get("/ws", _open_screen, allow_head=False)
    app.router.add_post("/api/login", _login)
    app.router.add_post("/api/logout", _logout)
    app.router.add_get("/api/trace", _trace)
    app.router.add_get("/api/sessions", _sessions)
    app.router.add_get("/api/sessions/{session_id}", _session)
    app.router.add_get("/health", _health)
    add_console(app, ConsoleParts(hub, archive, recordings or NoRecordings(), COOKIE))
    app.router.add_get("/{path:(?!api/).*}", _page)
    return app


def make_runner(app: web.Application) -> web.AppRunner:
    """Runner with the settings of this service; the caller sets it up and starts a site."""
    return web.AppRunner(
        app, access_log=None, auto_decompress=False, handle_signals=False, shutdown_timeout=2.0
    )


async def _page(request: web.Request) -> web.StreamResponse:
    return answer_page(request.app[PARTS].assets, request.path)


async def _open_screen(request: web.Request) -> web.StreamResponse:
    token = request.cookies.get(COOKIE, "")
    return await request.app[PARTS].screens.serve(request, token)


async def _close_screens(app: web.Application) -> None:
    await app[PARTS].screens.close_all()


async def _login(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    if request.content_type != "application/json" or "Content-Encoding" in request.headers:
        error = HttpError("wrong_type", parts.hub.refusal_text("wrong_type"), "Content-Type", {})
        return error_response(415, error)
    try:
        body = msgspec.json.decode(await request.read(), type=schema.Login)
    except msgspec.ValidationError as complaint:
        fault = describe_error(complaint)
        return error_response(400, HttpError("malformed", fault.text, fault.where, {}))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return error_response(400, HttpError("malformed", "not JSON", "body", {}))
    old_token = request.cookies.get(COOKIE, "")
    done = await parts.hub.login(body.user_id, body.pin, old_token)
    if isinstance(done, Verdict):
        return _refusal(parts.hub, done)
    token, account = done
    response = _json(_operator(account))
    response.set_cookie(
        COOKIE, token, path="/", httponly=True, samesite="Strict", secure=parts.is_https
    )
    return response


async def _logout(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    verdict = parts.hub.logout(request.cookies.get(COOKIE, ""))
    if not verdict.is_accepted:
        return _refusal(parts.hub, verdict)
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def _trace(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    if parts.hub.operator(request.cookies.get(COOKIE, "")) is None:
        return _refusal(parts.hub, refused("not_logged_in"))
    now_s = asyncio.get_running_loop().time()
    points = [
        schema.TracePoint(round(now_s - at_s, 3), c_from_c10(surface), c_from_c10(winding))
        for at_s, surface, winding in parts.hub.chair.trace()
    ]
    return _json(points)


async def _sessions(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    _, verdict = _reader(request)
    if not verdict.is_accepted:
        return _refusal(parts.hub, verdict)
    return _json([session_row(entry) for entry in parts.archive.sessions()])


async def _session(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    account, verdict = _reader(request)
    if account is None or not verdict.is_accepted:
        return _refusal(parts.hub, verdict)
    session_id = request.match_info["session_id"]
    entry = parts.archive.session(session_id)
    if entry is None:
        raise web.HTTPNotFound
    parts.hub.note_read(account, session_id)
    read = parts.journal.raw_rows if entry.held else parts.journal.rows
    text = entry.record_text if entry.record is not None else None
    return _json(
        SessionDetail(
            session_id=session_id,
            state=entry.state,
            record=msgspec.Raw((text or "null").encode()),
            journal=msgspec.Raw(msgspec.json.encode(read(session_id))),
            held=entry.held,
            received=list(entry.received),
        )
    )


async def _health(request: web.Request) -> web.StreamResponse:
    return _json(request.app[PARTS].hub.chair.health())


def _reader(request: web.Request) -> tuple[Account | None, Verdict]:
    """Whoever may see a patient's name may read records."""
    account = request.app[PARTS].hub.operator(request.cookies.get(COOKIE, ""))
    return account, judge_permission(None if account is None else account.role, "reveal")


def session_row(entry: SessionEntry) -> SessionRow:
    """The line of a list."""
    record = entry.record
    return SessionRow(
        session_id=entry.session_id,
        opened=entry.opened_utc,
        closed=entry.closed_utc,
        state=entry.state,
        initials=entry.patient.initials,
        mrn_last4=last_four(entry.patient.mrn),
        outcome="held" if entry.held else "" if record is None else record.outcome,
        pulses_prescribed=entry.prescribed,
        pulses_measured=None if record is None else record.pulses_measured,
    )


def _operator(account: Account) -> dict[str, str]:
    return {"user_id": account.user_id, "name": account.name, "role": account.role}


def _refusal(hub: HubDoors, verdict: Verdict) -> web.Response:
    error = HttpError(verdict.code, hub.words(verdict), "", dict(verdict.args))
    response = error_response(_STATUS.get(verdict.code, 409), error)
    if "seconds" in verdict.args:
        response.headers["Retry-After"] = str(verdict.args["seconds"])
    return response


def _json(body: object) -> web.Response:
    return web.Response(body=schema.encode(body), content_type="application/json")
