"""The store with an ear for its failures, also for those that whoever wrote goes on without.

A row of the audit or of the alarms that cannot be written is missed by nobody at once, but the next
one may be a train's: whoever listens hears of every error in the same turn of the loop. Owns no
reaction and no table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edge.ports import Store, StoreError, Value


class WatchedStore:
    """edge.ports.Store around another."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listener: Callable[[StoreError], None] | None = None

    def on_error(self, listener: Callable[[StoreError], None]) -> None:
        """Called soon after each error; the caller of the store has it as well."""
        self._listener = listener

    def rows(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        try:
            return self._store.rows(sql, args)
        except StoreError as error:
            self._tell(error)
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            with self._store.transaction():
                yield
        except StoreError as error:
            self._tell(error)
            raise

    def checkpoint(self) -> None:
        try:
            self._store.checkpoint()
        except StoreError as error:
            self._tell(error)
            raise

    def log_failure(self) -> str:
        return self._store.log_failure()

    def repaired(self) -> str:
        return self._store.repaired()

    def close(self) -> None:
        self._store.close()

    def _tell(self, error: StoreError) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener, error)
