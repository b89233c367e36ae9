"""The service console's side of HTTP: recorded sessions, one of them as plots, and its export.

For the biomedical engineer alone, and every look inside is audited before it is answered. Thin: the
guard has let the request in, the recordings are read by an adapter. Runs on the service's loop.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import structlog
from aiohttp import web

from edge.api import schema
from edge.api.bodies import HttpError, RecordedSession, RecordedSessions
from edge.api.doors import HubDoors
from edge.api.guard import error_response
from edge.domain.permissions import may_open_console
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import RecordingError, Recordings
from edge.services.accounts import Account
from edge.services.archive import Archive

_log = structlog.get_logger()


@dataclass(frozen=True)
class ConsoleParts:
    """What the handlers work with."""

    hub: HubDoors
    archive: Archive
    recordings: Recordings
    cookie: str


CONSOLE: web.AppKey[ConsoleParts] = web.AppKey("console", ConsoleParts)


def add_console(app: web.Application, parts: ConsoleParts) -> None:
    """Its routes."""
    app[CONSOLE] = parts
    app.router.add_get("/api/console/sessions", _list)
    app.router.add_get("/api/console/sessions/{name}", _track)
    app.router.add_get("/api/console/sessions/{name}/export", _export)


async def _list(request: web.Request) -> web.StreamResponse:
    parts = request.app[CONSOLE]
    _, verdict = _engineer(request)
    if not verdict.is_accepted:
        return _refusal(parts, verdict)
    try:
        entries = await parts.recordings.tracks()
    except RecordingError as error:
        return _unreadable(parts, error)
    rows = []
    for entry in entries:
        kept = parts.archive.session(entry.session_id)
        record = None if kept is None else kept.record
        rows.append(
            RecordedSession(
                name=entry.name,
                session_id=entry.session_id,
                recording=entry.recording,
                has_recording=entry.has_recording,
                header=msgspec.Raw(entry.header.encode()),
                state="" if kept is None else kept.state,
                outcome="" if record is None else record.outcome,
                measured=None if record is None else record.pulses_measured,
                stops=() if record is None else record.stop_reasons,
            )
        )
    return _json(schema.encode(RecordedSessions(rows, parts.recordings.why_stopped())))


async def _track(request: web.Request) -> web.StreamResponse:
    parts = request.app[CONSOLE]
    account, verdict = _engineer(request)
    if account is None or not verdict.is_accepted:
        return _refusal(parts, verdict)
    try:
        found = await parts.recordings.track(request.match_info["name"])
    except RecordingError as error:
        return _unreadable(parts, error)
    if found is None:
        raise web.HTTPNotFound
    parts.hub.note_read(account, request.match_info["name"], "read_recording")
    return _json(found)


async def _export(request: web.Request) -> web.StreamResponse:
    parts = request.app[CONSOLE]
    account, verdict = _engineer(request)
    if account is None or not verdict.is_accepted:
        return _refusal(parts, verdict)
    try:
        export = await parts.recordings.export(request.match_info["name"])
    except RecordingError as error:
        return _unreadable(parts, error)
    if export is None:
        raise web.HTTPNotFound
    try:
        parts.hub.note_read(account, request.match_info["name"], "export_recording")
        response = web.StreamResponse(
            headers={"Content-Disposition": f'attachment; filename="{export.name}"'}
        )
        response.content_type = "application/octet-stream"
        await response.prepare(request)
        while data := await export.read():
            await response.write(data)
    finally:
        export.close()
    return response


def _engineer(request: web.Request) -> tuple[Account | None, Verdict]:
    parts = request.app[CONSOLE]
    account = parts.hub.operator(request.cookies.get(parts.cookie, ""))
    if account is None:
        return None, refused("not_logged_in")
    if not may_open_console(account.role):
        return account, refused("not_permitted", kind="console", role=account.role)
    return account, ACCEPTED


def _refusal(parts: ConsoleParts, verdict: Verdict) -> web.Response:
    status = 401 if verdict.code == "not_logged_in" else 403
    error = HttpError(verdict.code, parts.hub.words(verdict), "", dict(verdict.args))
    return error_response(status, error)


def _unreadable(parts: ConsoleParts, error: RecordingError) -> web.Response:
    _log.error("a recording cannot be read", why=str(error))
    text = parts.hub.refusal_text("store_failed")
    return error_response(503, HttpError("store_failed", f"{text} {error}", "", {}))


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
