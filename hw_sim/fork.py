"""Goes on with one virtual run in several ways: each in a child process, from the same moment.

The loop must be at rest between two runs of its runner, and nothing of the run may live in a file
or a socket: a child sees its own copy of memory and of nothing else. It answers in JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

SECONDS_MAX = 120  # [P] of one child in real time; a healthy one takes about one second


class ForkError(RuntimeError):
    """The child failed; the text is its traceback, or that it died."""


def fork_run(
    runner: asyncio.Runner,
    work: Callable[[], Coroutine[Any, Any, object]],
    *,
    seconds_max: int = SECONDS_MAX,
) -> Any:
    """What work() returns on a copy of this process. Raises ForkError."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(runner, work, writing, seconds_max)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if not data:
        raise ForkError(f"the child died, or took longer than {seconds_max} s")
    is_done, answer = json.loads(data)
    if not is_done:
        raise ForkError(str(answer))
    return answer


def _answer(
    runner: asyncio.Runner,
    work: Callable[[], Coroutine[Any, Any, object]],
    writing: int,
    seconds_max: int,
) -> None:
    """Never returns: what the parent will clean up is not the child's."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds_max)
    try:
        answer: list[object] = [True, runner.run(work())]
        data = json.dumps(answer).encode()
    except BaseException:  # noqa: BLE001  whatever it was is the answer
        data = json.dumps([False, traceback.format_exc(limit=-4)]).encode()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(data)
    os._exit(0)
