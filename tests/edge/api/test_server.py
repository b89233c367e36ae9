"""HTTP and WebSocket with a real server on the loopback: guard, headers, log-in, records.

Planted bugs these catch: comparing Host with Origin instead of with a list, a route without
headers, an open door for a missing Origin, a path that leaves the page's folder.
"""

from __future__ import annotations

import json

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from edge.api.server import create_app, make_runner
from edge.services.archive import Archive
from edge.services.journal import Journal
from tests.edge.api.fakes import (
    FixedClock,
)
from tests.edge.api.site import Site, raw

pytestmark = pytest.mark.control("browser-guard")

HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "Cache-Control",
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/assets/main-Ab12_-xy.js", 200),
        ("GET", "/health", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/secret.key", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/trace", 401),
        ("GET", "/api/sessions", 401),
        ("GET", "/api/sessions/x", 401),
        ("GET", "/ws", 426),
        ("GET", "/api/login", 405),
        ("POST", "/", 405),
        ("PUT", "/api/login", 405),
        ("DELETE", "/api/sessions/x", 405),
        ("OPTIONS", "/api/login", 405),
        ("TRACE", "/", 405),
        ("POST", "/api/logout", 204),
        ("POST", "/api/login", 415),
    ],
)
async def test_answer_of_every_route_carries_the_headers(
    site: Site, method: str, path: str, status: int
) -> None:
    found, headers, body = await site.request(method, path)

    assert found == status
    assert [name for name in HEADERS if name not in headers] == []
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "tms-edge"
    if status >= 400 and method != "HEAD":
        assert set(body) == {"code", "text", "where", "args"}
        assert body["text"]
    if path.startswith("/assets/"):
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    else:
        assert headers["Cache-Control"] == "no-store"


async def test_answer_of_the_upgrade_carries_the_headers(site: Site) -> None:
    async with site.connect() as ws:
        headers = ws._response.headers
        assert [name for name in HEADERS if name not in headers] == []


async def test_answer_after_a_bug_is_json_with_headers(site: Site) -> None:
    def fail() -> dict[str, object]:
        raise RuntimeError("planted secret")

    site.made.chair.health = fail  # type: ignore[method-assign]
    status, headers, body = await site.request("GET", "/health")
    assert (status, body["code"]) == (500, "internal")
    assert "planted" not in json.dumps(body)
    assert "Content-Security-Policy" in headers


OWN = "own"
GUARD = [
    # method, path, Host, Origin, Sec-Fetch-Site, status
    ("GET", "/health", OWN, None, None, 200),
    ("GET", "/health", OWN, OWN, "same-origin", 200),
    ("GET", "/health", OWN, None, "none", 200),
    ("GET", "/health", "evil.example", None, None, 421),
    ("GET", "/health", "evil.example", "http://evil.example", None, 421),
    ("GET", "/health", "127.0.0.1", None, None, 421),
    ("GET", "/health", "127.0.0.1:1", None, None, 421),
    ("GET", "/health", OWN, "http://evil.example", None, 403),
    ("GET", "/health", OWN, "null", None, 403),
    ("GET", "/health", OWN, None, "cross-site", 403),
    ("GET", "/health", OWN, None, "same-site", 403),
    ("POST", "/api/logout", OWN, OWN, None, 204),
    ("POST", "/api/logout", OWN, OWN, "same-origin", 204),
    ("POST", "/api/logout", OWN, None, None, 403),
    ("POST", "/api/logout", OWN, "", None, 403),
    ("POST", "/api/logout", OWN, "null", None, 403),
    ("POST", "/api/logout", OWN, "http://127.0.0.1:1", None, 403),
    ("POST", "/api/logout", OWN, "http://evil.example", None, 403),
    ("POST", "/api/logout", OWN, OWN, "cross-site", 403),
    ("POST", "/api/logout", OWN, OWN, "same-site", 403),
    ("POST", "/api/logout", OWN, OWN, "none", 403),
    ("POST", "/api/logout", "evil.example", "http://evil.example", None, 421),
]


@pytest.mark.parametrize(("method", "path", "host", "origin", "fetch_site", "status"), GUARD)
async def test_guard_by_host_and_origin(
    site: Site,
    method: str,
    path: str,
    host: str,
    origin: str | None,
    fetch_site: str | None,
    status: int,
) -> None:
    headers = {"Host": f"127.0.0.1:{site.port}" if host is OWN else host}
    if origin is not None:
        headers["Origin"] = site.origin if origin is OWN else origin
    if fetch_site is not None:
        headers["Sec-Fetch-Site"] = fetch_site

    found, _, body = await site.request(method, path, headers=headers)

    assert found == status
    if status in (403, 421):
        assert body["code"] == ("wrong_host" if status == 421 else "wrong_origin")
        assert body["where"] in ("Host", "Origin", "Sec-Fetch-Site")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_guard_refuses_the_upgrade_of_foreign_pages(
    site: Site, changes: dict[str, str | None], status: int
) -> None:
    headers = {"Origin": site.origin} | changes
    kept = {name: value for name, value in headers.items() if value is not None}
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await site.connect(headers=kept)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", b"400"),
        ("GET /health HTTP/1.0\r\n\r\n", b"421"),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", b"404"),
        ("GET /%2e%2e/secret.key HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", b"404"),
        ("GET //etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", b"404"),
        ("NONSENSE\r\n\r\n", b"400"),
    ],
)
async def test_request_written_by_hand_gets_a_clear_status(
    site: Site, request_text: str, status: bytes
) -> None:
    answer = await raw(site, request_text.format(host=f"127.0.0.1:{site.port}").encode())
    assert answer.split(b" ")[1] == status
    assert b"root:" not in answer
    assert b"never" not in answer


async def test_page_not_built_says_how(site: Site) -> None:
    app = create_app(
        site.made.hub,
        kiosk=site.made.kiosk,
        page={},
        archive=Archive(site.made.store),
        journal=Journal(site.made.store, FixedClock(), boot=1),
    )
    port = unused_port()
    runner = make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    headers = {"Host": "127.0.0.1:8080"}
    async with site.client.get(f"http://127.0.0.1:{port}/", headers=headers) as answer:
        text = await answer.text()
        assert answer.status == 503
        assert "npm run build" in text
    await runner.cleanup()
