"""The product's own store and change log on a simulated card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import apsw

from edge.adapters.store.change_log import ChangeLog
from edge.adapters.store.sqlite_store import SqliteStore
from edge.adapters.store.two_copies import StoreFiles, open_both
from edge.services.tables import LAYOUT_VERSION, LOGGED_TABLES, TABLES
from hw_sim.card.card import Card, Mount
from hw_sim.card.log_folder import CardLogFolder
from hw_sim.card.vfs import CardVfs

DATABASE = "/store.db"
LOG_FOLDER = "/changes"
_CIPHERS = "multipleciphers-"  # the engine's layer that seals pages, above another one


class OtherProcess:
    """Somebody else with the key who opens our database."""

    def __init__(self, card: Card, key: bytes) -> None:
        self._vfs = CardVfs(card.mount())
        self._db = apsw.Connection(DATABASE, vfs=_CIPHERS + self._vfs.name)
        self._db.pragma("key", f"raw:{key.hex()}")
        self._db.pragma("locking_mode", "EXCLUSIVE")

    def begin(self) -> bool:
        """Whether it may write."""
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except apsw.BusyError:
            return False
        return True

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()


class Sections(Protocol):
    """Told around every stretch of operations, outside the engine's own calls."""

    def begin(self, what: str) -> None: ...

    def end(self) -> None: ...


class CardStore(SqliteStore):
    """edge.ports.Store on a card. Kept with its file layer, which the engine knows by name only."""

    def __init__(self, mount: Mount, key: bytes | None = None) -> None:
        self._vfs = CardVfs(mount)
        self.acknowledged = 0  # the last change whose transaction has returned
        self.sections: Sections | None = None
        super().__init__(
            DATABASE,
            key,
            tables=TABLES,
            layout_version=LAYOUT_VERSION,
            vfs=self._vfs.name if key is None else _CIPHERS + self._vfs.name,
        )

    def __del__(self) -> None:
        """The engine still needs the file layer while it closes, and does not keep it."""
        with suppress(AttributeError):  # never came to have a connection
            self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As the product's, and notes what was acknowledged."""
        with self._section("transaction"), super().transaction():
            yield
        if self._log is not None:
            self.acknowledged = self._log.last_change

    def checkpoint(self) -> None:
        with self._section("checkpoint"):
            super().checkpoint()

    @contextmanager
    def _section(self, what: str) -> Iterator[None]:
        if self.sections is None:
            yield
            return
        self.sections.begin(what)
        try:
            yield
        finally:
            self.sections.end()


def open_on(card: Card, key: bytes | None = None) -> CardStore:
    """As at a start of the service. Raises StoreError.

    key: sealed as on a unit, where each page that was changed by anybody else is found.
    """
    store = open_both(*both_copies(card, key), LOGGED_TABLES)
    assert isinstance(store, CardStore)
    return store


def both_copies(card: Card, key: bytes | None = None) -> tuple[StoreFiles, ChangeLog]:
    """The way to the store and its log, as edge/store_file.py has it on a real disk."""
    mount = card.mount()
    files = StoreFiles(
        open=lambda: CardStore(mount, key),
        set_aside=lambda: _set_aside(card),
        open_scratch=lambda: CardStore(Card(card.rng).mount()),
    )
    return files, ChangeLog(CardLogFolder(mount, LOG_FOLDER), key, LAYOUT_VERSION)


def _set_aside(card: Card) -> str:
    number = 1
    while card.has(f"{DATABASE}.aside{number}"):
        number += 1
    for name in card.names(DATABASE):
        if ".aside" not in name:
            card.rename(name, f"{DATABASE}.aside{number}{name.removeprefix(DATABASE)}")
    return f"{DATABASE}.aside{number}"
