"""Who may talk to the service over HTTP at all, and the headers every answer carries.

Fixed lists for Host and Origin stop rebinding and foreign pages; a comparison of one with the other
would not. Pure judgement plus one aiohttp middleware that applies it and turns every error into
JSON with words. Knows no account; that is the handlers'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edge.api.bodies import HttpError
from edge.api.schema import encode
from edge.ports import StoreError

_log = structlog.get_logger()

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()",
    "Referrer-Policy": "no-referrer",
    "Server": "tms-edge",
}
_READING = ("GET", "HEAD")
# Codes of refusal-<...> by status; anything else that aiohttp refuses is a malformed request.
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 426: "wrong_type"}
# A bug has no row in the catalogue of refusals.
_BUG = "The service failed here; its log says why."
Say = Callable[[str], str]  # code of a refusal to its sentence


@dataclass(frozen=True)
class Knock:
    """What a request says about where it comes from; headers as lists, since they may repeat."""

    method: str
    hosts: Sequence[str]
    origins: Sequence[str]
    fetch_site: str
    fetch_mode: str
    is_upgrade: bool


@dataclass(frozen=True)
class Refusal:
    """Status, code and the header to blame."""

    status: int
    code: str
    where: str


class Guard:
    """The fixed lists."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = tuple(origin.lower() for origin in origins)
        self._hosts = tuple(urlsplit(origin).netloc for origin in self._origins)

    def judge(self, knock: Knock) -> Refusal | None:
        """None when let in."""
        if len(knock.hosts) != 1 or knock.hosts[0].lower() not in self._hosts:
            return Refusal(421, "wrong_host", "Host")
        changes = knock.method not in _READING or knock.is_upgrade
        is_foreign = any(origin.lower() not in self._origins for origin in knock.origins)
        if is_foreign or len(knock.origins) > 1 or (changes and not knock.origins):
            return Refusal(403, "wrong_origin", "Origin")
        if not _is_near(knock, changes=changes):
            return Refusal(403, "wrong_origin", "Sec-Fetch-Site")
        return None


def _is_near(knock: Knock, *, changes: bool) -> bool:
    """Own pages always; a typed address or a neighbour's link only to look at the page."""
    if knock.fetch_site in ("", "same-origin"):
        return True
    if changes:
        return False
    is_link = knock.fetch_site == "same-site" and knock.fetch_mode == "navigate"
    return knock.fetch_site == "none" or is_link


def error_response(status: int, error: HttpError) -> web.Response:
    """An error as JSON."""
    return web.Response(status=status, body=encode(error), content_type="application/json")


def make_guard(guard: Guard, refusal_text: Say) -> Middleware:
    """The middleware; its second parameter must be named handler."""

    @web.middleware
    async def guard_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = guard.judge(_knock_of(request))
        if refusal is not None:
            code, where = refusal.code, refusal.where
            _log.warning("request refused", code=code, where=where, path=request.path)
            return error_response(refusal.status, HttpError(code, refusal_text(code), where, {}))
        return await _answer(request, handler, refusal_text)

    return guard_middleware


async def _answer(request: web.Request, handler: Handler, refusal_text: Say) -> web.StreamResponse:
    """The handler's answer; whatever goes wrong in it as JSON."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = _CODES.get(error.status, "malformed")
        response = error_response(error.status, HttpError(code, refusal_text(code), "", {}))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except StoreError as error:
        _log.error("request failed in the store", path=request.path, error=str(error))
        return error_response(503, HttpError("store_failed", refusal_text("store_failed"), "", {}))
    except Exception as error:  # noqa: BLE001 - a bug in a page request must not end a treatment
        _log.critical("request failed", path=request.path, exc_info=error)
        return error_response(500, HttpError("internal", _BUG, "", {}))


def _knock_of(request: web.Request) -> Knock:
    headers = request.headers
    return Knock(
        method=request.method,
        hosts=headers.getall("Host", []),
        origins=headers.getall("Origin", []),
        fetch_site=headers.get("Sec-Fetch-Site", ""),
        fetch_mode=headers.get("Sec-Fetch-Mode", ""),
        is_upgrade="upgrade" in headers.get("Connection", "").lower() or "Upgrade" in headers,
    )


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """on_response_prepare: also for errors and for the WebSocket's 101."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
