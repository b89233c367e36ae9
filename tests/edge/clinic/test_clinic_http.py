"""The real adapter against the real HTTP shell on loopback, in real time."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.adapters import clinic_http
from edge.adapters.clinic_http import ClinicHttpClient
from edge.ports import ClinicUnreachableError, WallTime
from edge.services.clinic_book import BookSettings, ClinicBook
from edge.services.clinic_sync import ClinicSync, SyncSettings
from hw_sim.clinic import seed
from hw_sim.clinic import server as shell
from hw_sim.clinic.fhir_server import ClinicServer
from tests.edge.clinic.bench import (
    LIMITS,
    UNIT,
    UNIT_SYSTEM,
    SeededEntropy,
    library,
    memory_store,
    record,
    session_id,
)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the test is the entry point


_TO_NOON = utc_now().replace(hour=11, minute=0) - utc_now()


def about_noon() -> datetime:
    """The clock as it runs, at another hour: at midnight half of the clinic's day is tomorrow."""
    return utc_now() + _TO_NOON


class NoonClock:
    def now(self) -> WallTime:
        return WallTime(about_noon(), is_trusted=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    """A server that speaks whatever bytes the test wants."""
    ended: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.get_running_loop().create_future())
        mine = ended[-1]
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            mine.set_result(None)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*ended)


def answering(head: str, body: bytes = b"") -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
        await writer.drain()

    return handle


async def test_a_day_comes_in_and_a_record_goes_out_over_http() -> None:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/fhir"
    server = ClinicServer(about_noon, base_url=base_url)
    server.load(seed.day(about_noon(), UNIT))
    runner = await shell.start(server, port)
    store = memory_store()
    book = ClinicBook(
        store,
        library(),
        LIMITS,
        NoonClock(),
        BookSettings("Europe/Berlin", 7, UNIT_SYSTEM, UNIT),
    )
    async with ClinicHttpClient(base_url, "") as client:
        sync = ClinicSync(
            store,
            client,
            NoonClock(),
            SeededEntropy(),
            book,
            SyncSettings(base_url, UNIT, UNIT_SYSTEM, "Europe/Berlin", 30),
        )
        arrived = asyncio.Event()
        sync.on_change(arrived.set)
        task = asyncio.create_task(sync.run())
        try:
            async with asyncio.timeout(20):
                while sync.clinic_state != "ok":
                    await arrived.wait()
                    arrived.clear()
                rows = book.today()
                assert len(rows) == 8
                facts = book.visit(rows[2].appointment_id)
                assert facts is not None
                assert facts.problems == ()
                with store.transaction():
                    sync.enqueue_session(
                        record(1, facts.patient, appointment_id=rows[2].appointment_id)
                    )
                while sync.session_state(session_id(1)) != "sent":
                    await arrived.wait()
                    arrived.clear()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await runner.cleanup()
    received = [r for r in server.resources("Procedure") if "tag" in r["meta"]]
    assert [r["identifier"][0]["value"] for r in received] == [session_id(1)]
    page = server.handle("GET", "/", {}, b"")[2].decode()
    assert "600 of 600" in page


async def test_client_against_a_closed_port_says_that_nothing_arrived() -> None:
    async with ClinicHttpClient(f"http://127.0.0.1:{free_port()}/fhir", "") as client:
        with pytest.raises(ClinicUnreachableError) as caught:
            await client.request("GET", "metadata", timeout_s=5.0)
    assert not caught.value.may_have_arrived


async def test_client_without_an_answer_says_that_it_may_have_arrived() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(silent) as url, ClinicHttpClient(url, "") as client:
        with pytest.raises(ClinicUnreachableError) as caught:
            await client.request("POST", "", body=b"{}", timeout_s=0.2)
    assert caught.value.may_have_arrived


async def test_client_whose_connection_breaks_says_that_it_may_have_arrived() -> None:
    async with (
        raw_server(answering("HTTP/1.1 200 OK\nContent-Length: 100\n", b"short")) as url,
        ClinicHttpClient(url, "") as client,
    ):
        with pytest.raises(ClinicUnreachableError) as caught:
            await client.request("POST", "", body=b"{}", timeout_s=5.0)
    assert caught.value.may_have_arrived


async def test_client_does_not_follow_a_redirect() -> None:
    head = "HTTP/1.1 307 Moved\nLocation: http://elsewhere.example/\nContent-Length: 0\n"
    async with raw_server(answering(head)) as url, ClinicHttpClient(url, "") as client:
        answer = await client.request("POST", "", body=b"{}", timeout_s=5.0)
    assert answer.status == 307


async def test_client_refuses_an_answer_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic_http, "BODY_BYTES_MAX", 1000)
    head = "HTTP/1.1 200 OK\nContent-Length: 2000\n"
    async with raw_server(answering(head, b" " * 2000)) as url, ClinicHttpClient(url, "") as client:
        with pytest.raises(ClinicUnreachableError, match="larger than 1000"):
            await client.request("GET", "Patient", timeout_s=5.0)


async def test_client_refuses_a_compressed_answer() -> None:
    head = "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 4\n"
    async with (
        raw_server(answering(head, b"\x1f\x8b00")) as url,
        ClinicHttpClient(url, "") as client,
    ):
        with pytest.raises(ClinicUnreachableError, match="compressed"):
            await client.request("GET", "Patient", timeout_s=5.0)


async def test_client_sends_the_path_byte_for_byte() -> None:
    seen: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n"))
        await answering("HTTP/1.1 200 OK\nContent-Length: 0\n")(reader, writer)

    path = "Device?identifier=https%3A%2F%2Fx%7CA%2BB&date=ge2026-11-23T00%3A00%3A00%2B01%3A00"
    async with raw_server(keep) as url, ClinicHttpClient(url, "") as client:
        await client.request("GET", path, timeout_s=5.0)
    assert seen == [f"GET /fhir/{path} HTTP/1.1\r\n".encode()]


async def test_client_ignores_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    async with (
        raw_server(answering("HTTP/1.1 204 No Content\n")) as url,
        ClinicHttpClient(url, "") as client,
    ):
        answer = await client.request("GET", "metadata", timeout_s=5.0)
    assert answer.status == 204


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")])
    now = utc_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, private


async def test_client_trusts_the_configured_authority_and_no_other(tmp_path: Path) -> None:
    cert, private = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, private)
    server = ClinicServer(utc_now)

    async def answer(request: web.Request) -> web.Response:
        status, headers, body = server.handle(request.method, request.raw_path, {}, b"")
        return web.Response(status=status, headers=headers, body=body)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    base_url = f"https://127.0.0.1:{port}/fhir"
    try:
        async with ClinicHttpClient(base_url, str(cert)) as client:
            assert (await client.request("GET", "metadata", timeout_s=5.0)).status == 200
        async with ClinicHttpClient(base_url, "") as client:
            with pytest.raises(ClinicUnreachableError, match="certificate") as caught:
                await client.request("GET", "metadata", timeout_s=5.0)
        assert not caught.value.may_have_arrived
    finally:
        await runner.cleanup()


@pytest.mark.process
async def test_clinic_process_serves_today_and_stops_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hw_sim", "clinic", "--dir", str(tmp_path), "--port", str(port))
    )
    try:
        async with ClinicHttpClient(f"http://127.0.0.1:{port}/fhir", "") as client:
            answer = None
            async with asyncio.timeout(30):
                while answer is None:
                    try:
                        answer = await client.request("GET", "Patient", timeout_s=5.0)
                    except ClinicUnreachableError:
                        await asyncio.sleep(0.1)
        assert answer.body.count(b'"resourceType": "Patient"') == 8
        process.terminate()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (tmp_path / "clinic.json").exists()
