"""The folder of the change log on a simulated card: edge.ports.LogFolder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.ports import StoreError
from hw_sim.card.card import CardError, Mount


class CardLogFolder:
    """Files whose names begin with this folder's."""

    def __init__(self, mount: Mount, folder: str) -> None:
        self._mount = mount
        self._folder = folder.rstrip("/") + "/"

    def names(self) -> list[str]:
        """Files there, sorted."""
        with self._errors():
            return [n.removeprefix(self._folder) for n in self._mount.card.names(self._folder)]

    def read(self, name: str) -> bytes:
        with self._errors():
            return self._mount.card.read(self._folder + name)

    def append(self, name: str, data: bytes) -> None:
        """Safe on return, or a StoreError."""
        with self._errors():
            card, path = self._mount.card, self._folder + name
            card.make(path)
            card.write(path, card.size(path), data)
            card.sync(path)

    def truncate(self, name: str, size: int) -> None:
        with self._errors():
            self._mount.card.cut(self._folder + name, size)
            self._mount.card.sync(self._folder + name)

    def rename(self, name: str, new_name: str) -> None:
        with self._errors():
            self._mount.card.rename(self._folder + name, self._folder + new_name)

    def close(self) -> None: ...

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except CardError as error:
            raise StoreError(f"change log: {error}") from error
