"""Serves the built page from memory: no request touches the file system.

read_page() is for entry points, once at start. Files whose name carries a hash of their content may
be cached for ever; everything else never. When the page has not been built, the start address says
how to build it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aiohttp import web

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".md": "text/plain",
    ".webmanifest": "application/manifest+json",
}
_TEXTS = (".html", ".js", ".css", ".json", ".svg", ".txt", ".md", ".webmanifest")
_HASHED = re.compile(r"^assets/.+-[A-Za-z0-9_-]{8,}\.\w+$")  # Vite's names
_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tms-edge</title>
<h1>The page has not been built</h1>
<p>The service runs. Build its page, then start the service again:</p>
<pre>cd kiosk
npm ci
npm run build</pre>
</html>
"""


FILES_MAX = 500
BYTES_MAX = 32 * 1024 * 1024  # [P] far above the page; guards against a wrong folder


@dataclass(frozen=True)
class Asset:
    """One file, ready to be sent."""

    body: bytes
    content_type: str
    charset: str | None
    cache: str


def read_page(page_dir: Path) -> dict[str, Asset]:
    """Every file of the built page by request path; empty when it has not been built.

    Links and hidden files are left out. Raises OSError for a folder that cannot be the page.
    """
    if not (page_dir / "index.html").is_file():
        return {}
    found: dict[str, bytes] = {}
    size = 0
    for path in sorted(page_dir.rglob("*")):
        name = path.relative_to(page_dir)
        is_hidden = any(part.startswith(".") for part in name.parts)
        if is_hidden or path.is_symlink() or not path.is_file():
            continue
        found[name.as_posix()] = path.read_bytes()
        size += len(found[name.as_posix()])
        if len(found) > FILES_MAX or size > BYTES_MAX:
            raise OSError(f"{page_dir}: too large to be the page")
    return assets_of(found)


def assets_of(files: Mapping[str, bytes]) -> dict[str, Asset]:
    """By request path; files of a kind that the page does not use are left out."""
    found = {f"/{name}": asset for name, body in files.items() if (asset := _asset(name, body))}
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    if "/service.html" in found:
        found["/service"] = found["/service.html"]
    return found


def answer_page(assets: Mapping[str, Asset], path: str) -> web.Response:
    """The file of this path. Raises HTTPNotFound."""
    asset = assets.get(path)
    if asset is None and path == "/":
        return web.Response(status=503, text=_NOT_BUILT, content_type="text/html")
    if asset is None:
        raise web.HTTPNotFound
    return web.Response(
        body=asset.body,
        content_type=asset.content_type,
        charset=asset.charset,
        headers={"Cache-Control": asset.cache},
    )


def _asset(name: str, body: bytes) -> Asset | None:
    suffix = PurePosixPath(name).suffix
    if suffix not in _TYPES:
        return None
    charset = "utf-8" if suffix in _TEXTS else None
    return Asset(body, _TYPES[suffix], charset, _FOREVER if _HASHED.match(name) else "no-store")
