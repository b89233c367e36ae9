"""Command-line access to the certificates of the safety test: show one, verify one or all.

A certificate travels as JSON with its signed text and its signature, so that it can be checked
anywhere. The store has one connection: while the service runs, /health names the certificate that
holds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from edge.adapters.machine_boot import machine_boot
from edge.adapters.signing_key import is_signed_by, load_signer
from edge.adapters.store.sqlite_store import SqliteStore
from edge.adapters.system_clock import SystemClock
from edge.cli import DEFAULT_CONFIG, AsJson, ConfigPath, app, fail, out, print_json, read_config
from edge.config import Config
from edge.domain.certificate import Certificate, CertificateError, number_text, read_body
from edge.ports import KeyFileError, StoreError
from edge.services.audit import Audit
from edge.services.certificates import Certificates
from edge.store_file import open_store

certificate_app = typer.Typer(no_args_is_help=True, help="Certificates of the safety test.")
app.add_typer(certificate_app, name="certificate")


@certificate_app.command("show")
def show(
    number: Annotated[int, typer.Argument(help="Which one; the newest if absent.")] = 0,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
    to: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
) -> None:
    """One certificate with every try of every step."""
    found = _find(_all(read_config(config)), number)
    if to is not None:
        to.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        out.print(f"written: {to}")
    elif as_json:
        print_json(found)
    else:
        _print(_read(found))


@certificate_app.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="From `show --out`; all if absent.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Whether certificates are whole, in order, and signed by this unit."""
    parsed = read_config(config)
    if file is None:
        _verify_all(parsed)
        return
    found = _read_file(file)
    certificate = _read(found)
    signature = _hex(str(found.get("signature", "")))
    key = _hex(certificate.public_key)
    if not is_signed_by(key, str(found["body"]).encode(), signature):
        raise fail(f"{file}: the signature does not fit. Do not rely on this certificate.")
    if key != _signer_key(parsed):
        raise fail(f"{file}: whole, but signed by another unit than this one.")
    out.print(f"{number_text(certificate.number)}: whole, and signed by this unit.")


def _verify_all(config: Config) -> None:
    certificates, store = _open(config)
    try:
        wrong = certificates.verify()
        count = len(certificates.all())
    finally:
        store.close()
    if wrong:
        raise fail(f"{wrong[0].upper()}{wrong[1:]}. Do not rely on these certificates.")
    out.print(f"{count} certificates: whole, in order, and signed by this unit.")


def _all(config: Config) -> list[dict[str, Any]]:
    certificates, store = _open(config)
    try:
        rows = certificates.all()
    finally:
        store.close()
    return [{"body": body, "signature": signature} for body, signature in rows]


def _open(config: Config) -> tuple[Certificates, SqliteStore]:
    try:
        signer = load_signer(Path(config.safety.signing_key_path))
        store = open_store(config.store)
    except (StoreError, KeyFileError) as error:
        raise fail(
            f"{error}\nIf the service is running it holds the store: stop it first; its /health"
            " names the certificate that holds."
        ) from error
    clock = SystemClock()
    audit = Audit(store, clock, 0)
    valid_h = config.safety.safety_test_valid_h
    return Certificates(store, audit, signer, clock, valid_h, machine_boot()), store


def _signer_key(config: Config) -> bytes:
    try:
        return load_signer(Path(config.safety.signing_key_path)).public_key()
    except KeyFileError as error:
        raise fail(str(error)) from error


def _find(rows: list[dict[str, Any]], number: int) -> dict[str, Any]:
    if not rows:
        raise fail("No safety test has been made on this unit yet.")
    if number == 0:
        return rows[-1]
    if not 1 <= number <= len(rows):
        raise fail(f"No certificate {number_text(number)}; the newest is {len(rows)}.")
    return rows[number - 1]


def _read_file(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise fail(f"{file}: cannot be read: {error}") from error
    if not isinstance(found, dict) or "body" not in found:
        raise fail(f"{file}: not a certificate from `tms-edge certificate show --out`.")
    return found


def _read(found: dict[str, Any]) -> Certificate:
    try:
        return read_body(str(found["body"]))
    except CertificateError as error:
        raise fail(f"This is no certificate: {error}.") from error


def _hex(text: str) -> bytes:
    """Empty for what is no hexadecimal, which is no key and no signature."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _print(certificate: Certificate) -> None:
    word = "passed" if certificate.is_passed else "FAILED"
    out.print(f"{number_text(certificate.number)}  {word}  {certificate.variant}")
    out.print(f"unit {certificate.tested.unit_id}, tested by {certificate.who}")
    out.print(f"valid until {certificate.valid_until.isoformat(timespec='minutes')}")
    table = Table("step", "result", "time", "limit")
    for attempt in certificate.attempts:
        took = "" if attempt.took_us is None else f"{attempt.took_us / 1000:.1f} ms"
        limit = "" if attempt.limit_ms is None else f"{attempt.limit_ms} ms"
        result = attempt.failure or "passed"
        table.add_row(attempt.key, f"{result} {attempt.detail}".strip(), took, limit)
    out.print(table)
    for name, date in sorted(certificate.proofs.items()):
        out.print(f"{name} last seen to open: {date}")
