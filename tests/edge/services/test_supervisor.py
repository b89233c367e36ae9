"""One task dying ends all of them, loudly; a cancel ends them quietly."""

from __future__ import annotations

import asyncio

import pytest

from edge.services.session_task import SessionTask
from edge.services.supervisor import TaskDiedError, callback_failures, supervise
from hw_sim import vtime

pytestmark = pytest.mark.control("service-supervision")


def test_supervisor_stops_all_and_tells_when_one_dies() -> None:
    told: list[str] = []
    ended: list[str] = []

    async def works() -> None:
        try:
            await asyncio.sleep(1000.0)
        finally:
            ended.append("works")

    async def dies() -> None:
        await asyncio.sleep(1.0)
        raise ValueError("planted")

    async def main() -> None:
        await supervise(
            {"works": works, "dies": dies}, on_failure=lambda name, error: told.append(name)
        )

    with pytest.raises(TaskDiedError, match="dies"):
        vtime.run(main())
    assert told == ["dies"]
    assert ended == ["works"]


def test_supervisor_takes_a_task_that_returns_for_dead() -> None:
    async def returns() -> None:
        await asyncio.sleep(1.0)

    async def main() -> None:
        await supervise({"returns": returns}, on_failure=lambda name, error: None)

    with pytest.raises(TaskDiedError, match="returned"):
        vtime.run(main())


def test_supervisor_takes_a_task_that_somebody_else_cancelled_for_dead() -> None:
    """asyncio is silent about it: what it worked for would stand still."""
    told: list[str] = []

    async def works() -> None:
        await asyncio.sleep(1000.0)

    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1000.0)

    async def main() -> None:
        await supervise(
            {"works": works, "gone": cancels_itself},
            on_failure=lambda name, error: told.append(f"{name} {error}"),
        )

    with pytest.raises(TaskDiedError, match="gone"):
        vtime.run(main())
    assert told == ["gone task gone was cancelled"]


def test_session_work_that_was_replaced_is_no_failure_and_that_was_cancelled_is_one() -> None:
    async def main() -> None:
        session = SessionTask()
        watched = asyncio.ensure_future(session.run())
        await asyncio.sleep(0.0)
        session.begin(asyncio.sleep(1000.0))
        session.begin(asyncio.sleep(1000.0))
        await asyncio.sleep(1.0)
        assert not watched.done()
        works = [
            t for t in asyncio.all_tasks() if getattr(t.get_coro(), "__qualname__", "") == "sleep"
        ]
        works[0].cancel()
        await watched

    with pytest.raises(TaskDiedError, match="the session's work was cancelled"):
        vtime.run(main())


def test_supervisor_cancelled_ends_its_tasks_without_a_failure() -> None:
    told: list[str] = []

    async def works() -> None:
        await asyncio.sleep(1000.0)

    async def main() -> None:
        task = asyncio.ensure_future(
            supervise({"works": works}, on_failure=lambda name, error: told.append(name))
        )
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    vtime.run(main())
    assert told == []


def test_supervisor_ends_all_when_a_callback_of_the_loop_fails() -> None:
    """The planted bug: an error in a callback, which asyncio would only log."""
    ended: list[float] = []

    def fails() -> None:
        raise ValueError("planted")

    async def works() -> None:
        try:
            asyncio.get_running_loop().call_later(1.0, fails)
            await asyncio.sleep(1000.0)
        finally:
            ended.append(asyncio.get_running_loop().time())

    async def main() -> None:
        tasks = {"works": works, "callbacks": callback_failures}
        await supervise(tasks, on_failure=lambda name, error: None)

    with pytest.raises(TaskDiedError, match="callbacks died: ValueError"):
        vtime.run(main())
    assert ended == [1.0]


def test_callback_watch_leaves_other_troubles_to_the_loop() -> None:
    """Such as a result that nobody fetched: in virtual time it ends the run."""

    async def main() -> None:
        watching = asyncio.ensure_future(callback_failures())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_exception_handler({"message": "planted"})
        await asyncio.sleep(1.0)
        watching.cancel()

    with pytest.raises(vtime.VirtualRunError, match="planted"):
        vtime.run(main())
