"""Opens the unit's store and its change log as the configuration names them.

For the service and for the command line; apart from the entry point so that a command that only
reads records need not load the service. Decides nothing: what to do with a damaged copy is
edge/domain/store_repair.py's.
"""

from __future__ import annotations

from pathlib import Path

from edge.adapters.key_file import load_key
from edge.adapters.store.change_log import ChangeLog
from edge.adapters.store.log_folder import DiskLogFolder
from edge.adapters.store.sqlite_store import MEMORY, SqliteStore
from edge.adapters.store.two_copies import StoreFiles, open_both
from edge.config import StoreConfig
from edge.services.tables import LAYOUT_VERSION, LOGGED_TABLES, TABLES


def open_store(config: StoreConfig) -> SqliteStore:
    """The one connection, with its log. Raises StoreError in words."""
    return open_both(*both_copies(config), LOGGED_TABLES)


def both_copies(config: StoreConfig) -> tuple[StoreFiles, ChangeLog]:
    """The way to the store and its log, nothing opened yet. Raises StoreError in words."""
    path = Path(config.path)
    folder = DiskLogFolder(Path(config.log_path))
    key = load_key(Path(config.key_path), may_create=not path.exists() and not folder.names())

    def connect(name: str, own_key: bytes | None) -> SqliteStore:
        return SqliteStore(name, own_key, tables=TABLES, layout_version=LAYOUT_VERSION)

    files = StoreFiles(
        open=lambda: connect(str(path), key),
        set_aside=lambda: _set_aside(path),
        open_scratch=lambda: connect(MEMORY, None),
    )
    return files, ChangeLog(folder, key, LAYOUT_VERSION)


def _set_aside(path: Path) -> str:
    """Keep the database under another name, with what belongs to it; returns that name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.aside{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside.name
