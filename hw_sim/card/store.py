"""The product's own store and change log on a simulated card."""

from __future__ import annotations

from edge.adapters.store.change_log import ChangeLog
from edge.adapters.store.sqlite_store import SqliteStore
from edge.adapters.store.two_copies import StoreFiles, open_both
from edge.services.tables import LAYOUT_VERSION, LOGGED_TABLES, TABLES
from hw_sim.card.card import Card, Mount
from hw_sim.card.log_folder import CardLogFolder
from hw_sim.card.vfs import CardVfs

DATABASE = "/store.db"
LOG_FOLDER = "/changes"


class CardStore(SqliteStore):
    """edge.ports.Store on a card. Kept with its file layer, which the engine knows by name only."""

    def __init__(self, mount: Mount) -> None:
        self._vfs = CardVfs(mount)
        super().__init__(
            DATABASE, None, tables=TABLES, layout_version=LAYOUT_VERSION, vfs=self._vfs.name
        )


def open_on(card: Card) -> SqliteStore:
    """As at a start of the service. Raises StoreError."""
    mount = card.mount()
    files = StoreFiles(open=lambda: CardStore(mount), set_aside=lambda: _set_aside(card))
    log = ChangeLog(CardLogFolder(mount, LOG_FOLDER), None, LAYOUT_VERSION)
    return open_both(files, log, LOGGED_TABLES)


def _set_aside(card: Card) -> str:
    number = 1
    while card.has(f"{DATABASE}.aside{number}"):
        number += 1
    for name in card.names(DATABASE):
        if ".aside" not in name:
            card.rename(name, f"{DATABASE}.aside{number}{name.removeprefix(DATABASE)}")
    return f"{DATABASE}.aside{number}"
