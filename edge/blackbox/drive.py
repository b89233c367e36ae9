"""Runs one coroutine of the outer world on the running loop without a task of its own.

Whoever asked for it is a task already; a second one would come a callback later and so change the
order of things. What the coroutine awaits are futures of the loop on which it was begun; code that
needs a task to run in (such as asyncio.timeout) makes one itself. Decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Drive(Generic[T]):
    """From the first step on; make it on the loop that the coroutine belongs to."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._pending: asyncio.Future[Any] | None = None
        self._then: Callable[[], None] | None = None
        self._value: T | None = None
        self._error: BaseException | None = None
        self.is_done = False
        self._step(None)

    def then(self, callback: Callable[[], None]) -> None:
        """Call this when it is done, within the callback that ends it."""
        self._then = callback

    def result(self) -> T:
        """What it returned. Raises what it raised."""
        assert self.is_done
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]

    def cancel(self) -> None:
        """Nobody waits any more: let it clean up."""
        self._then = None
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.remove_done_callback(self._wake)
            pending.cancel()
        if not self.is_done:
            self._step(asyncio.CancelledError())

    def _step(self, error: BaseException | None) -> None:
        try:
            found = self._work.send(None) if error is None else self._work.throw(error)
        except StopIteration as stop:
            self._value = stop.value
            self.is_done = True
        except BaseException as failure:  # noqa: BLE001 - kept for whoever asked
            self._error = failure
            self.is_done = True
        else:
            self._wait_for(found)
            return
        if self._then is not None:
            self._then()

    def _wait_for(self, found: Any) -> None:
        if found is None:  # a bare yield: asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            found = loop.create_future()
            loop.call_soon(_free, found)
        else:
            assert found._asyncio_future_blocking, "only futures can be awaited here"
            found._asyncio_future_blocking = False
        self._pending = found
        found.add_done_callback(self._wake)

    def _wake(self, found: asyncio.Future[Any]) -> None:
        self._pending = None
        # As a task does: the coroutine takes the future's result, or error, from the future itself.
        try:
            found.result()
        except BaseException as error:  # noqa: BLE001 - thrown where it is awaited
            self._step(error)
        else:
            self._step(None)


def _free(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
