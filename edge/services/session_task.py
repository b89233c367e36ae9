"""The one task that works for the session, and the way its bugs reach the supervisor.

Beginning new work cancels the old, unless the old work asks for it itself. Work that somebody
else has cancelled is a death like any other: a session must not stand still in silence. Runs on
the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from edge.services.supervisor import TaskDiedError


class SessionTask:
    """Kept, cancelled and watched."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._failure: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Until work fails; then raises its error."""
        self._failure = asyncio.get_running_loop().create_future()
        try:
            await self._failure
        finally:
            self.cancel()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this from now on."""
        self.cancel()
        self._task = asyncio.ensure_future(work)
        self._task.add_done_callback(self._done)

    def cancel(self) -> None:
        """Leave the work where it is."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            error = task.exception()
        else:
            error = (
                TaskDiedError("the session's work was cancelled") if task is self._task else None
            )
        if error is not None and self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)
