"""Keeps the service's tasks running together, and stops everything when one of them dies.

The only place that catches every exception: it logs, hands the failure to on_failure (which stops
the controller) and raises, so that the process ends and the init system starts it anew. Runs on the
loop; owns no clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]


class TaskDiedError(RuntimeError):
    """A task that must run for ever ended."""


async def supervise(
    tasks: Mapping[str, Work], *, on_failure: Callable[[str, BaseException], None]
) -> None:
    """Run all until cancelled; when one ends, cancel the rest in reverse order and raise."""
    running = [asyncio.ensure_future(_guarded(name, work)) for name, work in tasks.items()]
    names = list(tasks)
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for name, task in zip(names, running, strict=True):
            if task.done():
                error = death_of(task, name)
                log.critical("a task died", task=name, error=repr(error), exc_info=error)
                on_failure(name, error)
                raise TaskDiedError(f"task {name} died: {error!r}") from error
    finally:
        for task in reversed(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def death_of(task: asyncio.Task[None] | asyncio.Future[None], name: str) -> BaseException:
    """Why a task that must run for ever has ended; a cancel that nobody asked for is a death."""
    if task.cancelled():
        return TaskDiedError(f"task {name} was cancelled")
    return task.exception() or TaskDiedError(f"task {name} ended")


async def callback_failures() -> None:
    """Until a callback of the loop fails, which has no task to die in; then raises its error."""
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[None] = loop.create_future()

    def note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if "handle" not in context or not isinstance(error, Exception):
            loop.default_exception_handler(context)
        elif not failed.done():
            failed.set_exception(error)

    before = loop.get_exception_handler()
    loop.set_exception_handler(note)
    try:
        await failed
    finally:
        loop.set_exception_handler(before)


async def _guarded(name: str, work: Work) -> None:
    await work()
    raise TaskDiedError(f"task {name} returned")
