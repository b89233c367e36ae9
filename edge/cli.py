"""The command line `tms-edge`: serve the unit, look at plans, protocols and sessions, and check.

An entry point: it may open files and print. Every failure is a sentence and exit status 1; a wrong
use is exit status 2. Machine-readable output is JSON on standard output with --json.
"""

from __future__ import annotations

import asyncio
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edge.config import Config
from edge.config_load import ConfigError, load_config
from edge.domain.protocol import Protocol
from edge.domain.train_plan import Plan
from edge.plan_file import PlanFileError, clock, plan_json, plans_of, read_plans
from edge.ports import KeyFileError, StoreError
from edge.services.library import LibraryError, ProtocolLibrary, read_library_files
from edge.version import SOFTWARE_VERSION

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
accounts_app = typer.Typer(no_args_is_help=True, help="People who may log in.")
app.add_typer(accounts_app, name="accounts")
out = Console()
err = Console(stderr=True)

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="TMS_EDGE_CONFIG", help="The unit's TOML file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
DEFAULT_CONFIG = Path("/etc/tms-edge/tms-edge.toml")
# They add their commands when they are imported.
COMMAND_MODULES = (
    "edge.cli_records",
    "edge.cli_certificate",
    "edge.cli_store",
    "edge.cli_firmware",
    "edge.doctor",
)
SHIPPED_PROTOCOLS = Path(__file__).parent / "protocols"


def fail(text: str) -> typer.Exit:
    """Say what is wrong; the caller raises the result."""
    err.print(text, style="red", markup=False, highlight=False)
    return typer.Exit(1)


def print_json(data: object) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(data, indent=2, sort_keys=False, ensure_ascii=False))


def read_config(path: Path) -> Config:
    """The configuration, or exit 1 with every problem and its path."""
    try:
        return load_config(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise fail(
            f"Cannot read {path}: {error.strerror}. Name the file with --config, "
            "or see docs/configuration.md for an example."
        ) from error
    except ConfigError as error:
        lines = "\n".join(f"  {p.path}: {p.text}" for p in error.problems)
        raise fail(f"{path} cannot be used. Nothing was started.\n{lines}") from error


def read_library(folder: Path) -> ProtocolLibrary:
    """The library of a folder, trusted by its own key: for looking, not for treating."""
    try:
        files = read_library_files(folder)
        key = json.loads(files["library.json"])["public_key"]
        return ProtocolLibrary.load(files, [key])
    except (LibraryError, OSError, KeyError, ValueError) as error:
        raise fail(f"The protocol library in {folder} cannot be read: {error}") from error


@app.command()
def serve(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Run the service of this unit until stopped."""
    from edge import __main__ as entry

    parsed = read_config(config)
    entry.set_up_logging()
    try:
        asyncio.run(entry.serve(parsed))
    except (StoreError, LibraryError, KeyFileError, OSError) as error:
        raise fail(f"The service could not start: {error}") from error


@app.command()
def plan(
    name: Annotated[str, typer.Argument(help="A protocol of the library, or a file.")],
    library: Annotated[Path, typer.Option(help="Folder of the library.")] = SHIPPED_PROTOCOLS,
    as_json: AsJson = False,
) -> None:
    """Pulses, durations and hash of a protocol, or of levels in a file."""
    try:
        plans = _plans(name, library)
    except PlanFileError as error:
        raise fail(str(error)) from error
    if as_json:
        documents = [plan_json(p) | ({"step": step} if len(plans) > 1 else {}) for step, p in plans]
        print_json(documents[0] if len(documents) == 1 else {"steps": documents})
        return
    for step, one in plans:
        out.print(_plan_table(name if not step else f"{name}: {step}", one))


def _plans(name: str, library: Path) -> list[tuple[str, Plan]]:
    path = Path(name)
    if path.suffix in (".toml", ".json") or os.sep in name:
        try:
            return read_plans(name, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise PlanFileError(f"Cannot read {name}: {error}") from error
    protocol = read_library(library).get(name)
    if protocol is None:
        raise PlanFileError(
            f"No protocol {name!r} in the library. `tms-edge protocols` lists them; "
            "a file is named with .toml or .json."
        )
    return plans_of(protocol)


def _plan_table(title: str, one: Plan) -> Table:
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_row("pulses", f"{one.pulses} in {one.trains} x {one.pulses_per_train}")
    table.add_row("levels", "  ".join(f"{lv.count} x {lv.period_us} µs" for lv in one.levels))
    table.add_row("last pulse", f"{one.last_pulse_us} µs")
    d = one.durations()
    for code, us, words in (
        ("A", d.a_us, "full cycles, trailing pause counted"),
        ("N", d.n_us, "no trailing pause"),
        ("P", d.p_us, "first to last pulse"),
        ("G", d.g_us, "pause counted from last to first pulse"),
    ):
        table.add_row(f"duration {code}", f"{clock(us)}  {words}")
    table.add_row("sha256", one.sha256)
    return table


@app.command()
def protocols(
    library: Annotated[Path, typer.Option(help="Folder of the library.")] = SHIPPED_PROTOCOLS,
    show: Annotated[str, typer.Option(help="One protocol, with the source of each number.")] = "",
    as_json: AsJson = False,
) -> None:
    """The signed protocol library."""
    loaded = read_library(library)
    if show:
        one = loaded.get(show)
        if one is None:
            raise fail(f"No protocol {show!r}. `tms-edge protocols` lists them.")
        _show_protocol(one, as_json)
        return
    if as_json:
        print_json([_protocol_json(p) for p in loaded.all()])
        return
    table = Table("id", "name", "indication", "coil", "pulses", "length", "status")
    for p in loaded.all():
        pulses, length = _size(p)
        coils = ", ".join(p.coil_types)
        table.add_row(p.protocol_id, p.name, p.indication, coils, pulses, length, p.status.value)
    out.print(table)


def _size(protocol: Protocol) -> tuple[str, str]:
    if protocol.needs_order:
        return "by order", ""
    total = sum(step.plan.pulses for step in protocol.steps)
    return str(total), clock(sum(step.plan.durations().p_us for step in protocol.steps))


def _protocol_json(protocol: Protocol) -> dict[str, Any]:
    return {
        "id": protocol.protocol_id,
        "version": protocol.version,
        "name": protocol.name,
        "indication": protocol.indication,
        "status": protocol.status.value,
        "side": protocol.side.value,
        "site": protocol.site,
        "coil_types": list(protocol.coil_types),
        "mt_basis": protocol.mt_basis.value if protocol.mt_basis else None,
        "open": list(protocol.open),
        "steps": [{"name": s.name} | plan_json(s.plan) for s in protocol.steps],
        "sources": [{"field": s.field, "tag": s.tag, "text": s.text} for s in protocol.sources],
        "notes": list(protocol.notes),
    }


def _show_protocol(protocol: Protocol, as_json: bool) -> None:
    if as_json:
        print_json(_protocol_json(protocol))
        return
    for step in protocol.steps:
        out.print(_plan_table(f"{protocol.name} {protocol.version} {step.name}", step.plan))
    table = Table("field", "tag", "source", title="Sources", title_justify="left")
    for source in protocol.sources:
        table.add_row(source.field, source.tag, source.text)
    out.print(table)
    for text in protocol.open:
        out.print(f"left to the order: {text}")
    for text in protocol.notes:
        out.print(text)


@app.command()
def version(as_json: AsJson = False) -> None:
    """Versions of the service, the wire protocol and the library."""
    from firmware.wire.protocol import PROTOCOL_VERSION

    library = read_library(SHIPPED_PROTOCOLS)
    facts = {
        "tms-edge": SOFTWARE_VERSION,
        "wire": f"{PROTOCOL_VERSION:08x}",
        "library": library.version,
    }
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        out.print(f"{key} {value}")


def main() -> None:
    """Entry point of the `tms-edge` command."""
    for name in COMMAND_MODULES:
        import_module(name)
    app()
