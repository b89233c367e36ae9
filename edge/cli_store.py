"""The command `tms-edge store`: look at both copies of the record, and say which one is right.

With the service stopped. Nothing is ever deleted: a copy that is given up is kept aside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from enum import Enum
from typing import Annotated, TypeVar

import typer

from edge.adapters.store import care
from edge.cli import DEFAULT_CONFIG, AsJson, ConfigPath, app, fail, out, print_json, read_config
from edge.ports import StoreError
from edge.services.tables import LOGGED_TABLES
from edge.store_file import both_copies

T = TypeVar("T")
store_app = typer.Typer(no_args_is_help=True, help="Both copies of the record.")
app.add_typer(store_app, name="store")


class Copy(Enum):
    """Which copy is right."""

    STORE = "store"
    LOG = "log"


@store_app.command()
def check(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every page of the store, every change of its log, and whether the two agree."""
    files, log = _try(lambda: both_copies(read_config(config).store))
    found = _try(lambda: care.look(files, log, LOGGED_TABLES))
    if as_json:
        print_json({**asdict(found), "is_good": found.is_good})
    else:
        out.print(f"store       {found.store}, change {found.store_change}", markup=False)
        out.print(f"change log  {found.log}, change {found.log_change}", markup=False)
        words = f"differ in {', '.join(found.differing)}" if found.differing else "agree"
        out.print(f"they {words}" if found.is_good or found.differing else "not compared")
    if not found.is_good:
        raise typer.Exit(1)


@store_app.command()
def repair(
    keep: Annotated[Copy, typer.Option(help="The copy that is right.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make the other copy anew from the one that is right; the old one is kept aside."""
    files, log = _try(lambda: both_copies(read_config(config).store))
    if keep is Copy.STORE:
        _try(lambda: care.keep_store(files, log, LOGGED_TABLES))
        out.print("The change log was written anew from the store; the old one is kept aside.")
        return
    last, aside = _try(lambda: care.keep_log(files, log, LOGGED_TABLES))
    out.print(f"The store was made from its log up to change {last}; the old one is {aside}.")


def _try(work: Callable[[], T]) -> T:
    try:
        return work()
    except StoreError as error:
        raise fail(f"{error}\nIf the service is running it holds the store: stop it.") from error
