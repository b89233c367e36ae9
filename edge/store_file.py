"""Opens the unit's store as its configuration names it, for the service and for the command line.

Apart from the entry point so that a command that only reads records need not load the service.
"""

from __future__ import annotations

from pathlib import Path

from edge.adapters.key_file import load_key
from edge.adapters.sqlite_store import SqliteStore
from edge.config import StoreConfig
from edge.services.tables import LAYOUT_VERSION, TABLES


def open_store(config: StoreConfig) -> SqliteStore:
    """The one connection. Raises StoreError in words."""
    path = Path(config.path)
    key = load_key(Path(config.key_path), may_create=not path.exists())
    return SqliteStore(str(path), key, tables=TABLES, layout_version=LAYOUT_VERSION)
