"""HTTP to the clinic's FHIR server through aiohttp.

One session, one connection, no redirects (nothing may carry our requests elsewhere), no proxy from
the environment, no compressed answers, bodies up to a bound. Certificates of the clinic's own CA
when one is configured. Decides nothing: any complete answer is returned, anything else raised.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType

import aiohttp
import yarl

from edge.ports import ClinicAnswer, ClinicUnreachableError

BODY_BYTES_MAX = 4 * 1024 * 1024  # [P] a page of 50 resources has about 100 kB
CONNECT_S = 10.0  # [P]


class ClinicHttpClient:
    """edge.ports.ClinicHttp. Build it on the running loop; close() it."""

    def __init__(self, base_url: str, ca_path: str) -> None:
        self._base_url = base_url.rstrip("/")
        context: ssl.SSLContext | bool = True
        if ca_path:
            # Only the clinic's CA: the system's own are not trusted besides it.
            context = ssl.create_default_context(cafile=ca_path)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        """path is relative to the base and escaped. Raises ClinicUnreachableError."""
        # In a task of its own: aiohttp's time limits need one, whoever asks.
        work = self._request(method, path, body, dict(headers or {}), timeout_s)
        return await asyncio.get_running_loop().create_task(work)

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def __aenter__(self) -> ClinicHttpClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _request(
        self, method: str, path: str, body: bytes, headers: dict[str, str], timeout_s: float
    ) -> ClinicAnswer:
        url = f"{self._base_url}/{path}" if path else self._base_url
        limits = aiohttp.ClientTimeout(
            total=timeout_s, sock_connect=min(CONNECT_S, timeout_s), connect=timeout_s
        )
        sent = {"accept-encoding": "identity", **headers}
        try:
            async with self._session.request(
                method,
                _as_is(url),
                data=body or None,
                headers=sent,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                return await _read(response)
        except aiohttp.ClientConnectorError as error:
            raise ClinicUnreachableError(str(error), may_have_arrived=False) from error
        except aiohttp.ConnectionTimeoutError as error:
            reason = f"{self._base_url} did not accept a connection"
            raise ClinicUnreachableError(reason, may_have_arrived=False) from error
        except TimeoutError as error:
            reason = f"no answer within {timeout_s:.0f} s"
            raise ClinicUnreachableError(reason, may_have_arrived=True) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise ClinicUnreachableError(reason, may_have_arrived=True) from error


def _as_is(url: str) -> yarl.URL:
    """The address byte for byte: escaping is the caller's, a second one would change queries."""
    return yarl.URL(url, encoded=True)


async def _read(response: aiohttp.ClientResponse) -> ClinicAnswer:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ClinicUnreachableError("compressed answer, not asked for", may_have_arrived=True)
    body = bytearray()
    async for part in response.content.iter_chunked(65_536):
        body += part
        if len(body) > BODY_BYTES_MAX:
            reason = f"answer larger than {BODY_BYTES_MAX} bytes"
            raise ClinicUnreachableError(reason, may_have_arrived=True)
    names = {name.lower(): value for name, value in response.headers.items()}
    return ClinicAnswer(response.status, names, bytes(body))
