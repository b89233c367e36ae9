"""Command-line access to what the unit keeps: sessions, their export, and the people who log in.

The store has one connection. When the service holds it, sessions and export ask the service over
its own address instead (with --user and a PIN); accounts need the service to be stopped.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import typer
from rich.table import Table

from edge.adapters.pin_hash import InlinePins
from edge.adapters.store.sqlite_store import SqliteStore
from edge.adapters.system_clock import SystemClock
from edge.api.server import session_row
from edge.cli import DEFAULT_CONFIG, AsJson, ConfigPath, accounts_app, app, fail, out, print_json
from edge.cli import read_config as _read_config
from edge.config import Config
from edge.ports import StoreError
from edge.services.accounts import AccountError, Accounts
from edge.services.archive import Archive
from edge.services.journal import Journal
from edge.store_file import open_store

User = Annotated[str, typer.Option("--user", help="Log-in name, to ask the running service.")]


@app.command()
def sessions(config: ConfigPath = DEFAULT_CONFIG, user: User = "", as_json: AsJson = False) -> None:
    """Sessions of this unit, newest first."""
    parsed = _read_config(config)
    lines = _fetch(parsed, user, "/api/sessions") if user else _local_sessions(parsed)
    if as_json:
        print_json(lines)
        return
    table = Table()
    for name, _ in _COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == "session")
    for line in lines:
        table.add_row(*("" if line[key] is None else str(line[key]) for _, key in _COLUMNS))
    out.print(table)
    if not lines:
        out.print("No session has been opened on this unit yet.")


_COLUMNS = (
    ("session", "session_id"),
    ("opened", "opened"),
    ("patient", "initials"),
    ("delivered", "pulses_measured"),
    ("prescribed", "pulses_prescribed"),
    ("state", "state"),
    ("outcome", "outcome"),
)


@app.command()
def export(
    session_id: Annotated[str, typer.Argument(help="Identity from `tms-edge sessions`.")],
    config: ConfigPath = DEFAULT_CONFIG,
    user: User = "",
    to: Annotated[
        Path | None, typer.Option("--out", help="File; standard output if absent.")
    ] = None,
) -> None:
    """One session with its whole journal, as JSON."""
    parsed = _read_config(config)
    path = f"/api/sessions/{session_id}"
    data = _fetch(parsed, user, path) if user else _local_session(parsed, session_id)
    if to is None:
        print_json(data)
        return
    to.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    out.print(f"written: {to}")


def _open(config: Config) -> SqliteStore:
    try:
        return open_store(config.store)
    except StoreError as error:
        raise fail(
            f"{error}\nIf the service is running it holds the store: add --user NAME to ask it, "
            "or stop it first."
        ) from error


def _local_sessions(config: Config) -> list[dict[str, Any]]:
    store = _open(config)
    try:
        return [msgspec.to_builtins(session_row(entry)) for entry in Archive(store).sessions()]
    finally:
        store.close()


def _local_session(config: Config, session_id: str) -> dict[str, Any]:
    store = _open(config)
    try:
        found = Archive(store).session(session_id)
        if found is None:
            raise fail(f"No session {session_id!r}. `tms-edge sessions` lists them.")
        journal = Journal(store, SystemClock(), 0)
        return {
            "session_id": found.session_id,
            "state": found.state,
            "record": None if found.held else json.loads(found.record_text or "null"),
            "journal": journal.raw_rows(session_id)
            if found.held
            else msgspec.to_builtins(journal.rows(session_id)),
            "held": found.held,
            "received": list(found.received),
            "journal_chain": journal.verify() or "whole",
        }
    finally:
        store.close()


def read_pin(prompt: str) -> str:
    """PIN from the environment (TMS_PIN) or asked for without echo."""
    return os.environ.get("TMS_PIN") or str(typer.prompt(prompt, hide_input=True))


def _fetch(config: Config, user: str, path: str) -> Any:
    pin = read_pin(f"PIN of {user}")
    try:
        return asyncio.run(_ask(config, user, pin, path))
    except aiohttp.ClientError as error:
        address = config.kiosk.origins[0]
        raise fail(f"The service does not answer at {address}: {error}. Is it running?") from error


async def _ask(config: Config, user: str, pin: str, path: str) -> Any:
    origin = config.kiosk.origins[0]
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        origin, cookie_jar=jar, headers={"Origin": origin}, timeout=aiohttp.ClientTimeout(total=20)
    ) as http:
        async with http.post("/api/login", json={"user_id": user, "pin": pin}) as answer:
            if answer.status != 200:
                raise fail(f"Log-in refused: {(await answer.json()).get('text', answer.status)}")
        try:
            async with http.get(path) as answer:
                body = await answer.json()
                if answer.status != 200:
                    raise fail(str(body.get("text", answer.status)))
                return body
        finally:
            async with http.post("/api/logout"):
                pass


@accounts_app.command("add")
def add_account(
    user_id: Annotated[str, typer.Argument(help="Log-in name: letters, digits, dashes.")],
    name: Annotated[str, typer.Option(help="Name as shown.")],
    role: Annotated[str, typer.Option(help="technician, engineer or clinician.")],
    config: ConfigPath = DEFAULT_CONFIG,
    pin_stdin: Annotated[bool, typer.Option(help="Read the PIN from standard input.")] = False,
    if_missing: Annotated[bool, typer.Option(help="Leave an existing account alone.")] = False,
) -> None:
    """Add a person. The PIN (4 to 12 digits) is asked for, read from TMS_PIN or standard input."""
    parsed = _read_config(config)
    pin = sys.stdin.readline().strip() if pin_stdin else read_pin(f"PIN for {user_id}")
    store = _open(parsed)
    accounts = Accounts(store, InlinePins())
    try:
        if if_missing and any(p.user_id == user_id for p in accounts.list_operators()):
            out.print(f"already there: {user_id}")
            return
        asyncio.run(accounts.add(user_id, name, role, pin))
    except AccountError as error:
        raise fail(str(error)) from error
    finally:
        store.close()
    out.print(f"added: {user_id} ({role})")


@accounts_app.command("list")
def list_accounts(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """People who may log in."""
    store = _open(_read_config(config))
    try:
        people = msgspec.to_builtins(Accounts(store, InlinePins()).list_operators())
    finally:
        store.close()
    if as_json:
        print_json(people)
        return
    table = Table("user", "name", "role")
    for person in people:
        table.add_row(person["user_id"], person["name"], person["role"])
    out.print(table)
