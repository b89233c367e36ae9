# What MicroPython has and CPython lacks, for firmware/compat.py: wrapping ticks, sleep_ms,
# wait_for_ms and ThreadSafeFlag. Never shipped to a board. Ticks follow the running event loop, so
# they are virtual when the loop is; they start 5 s before the wrap so that every run crosses it.
import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_MASK = (1 << 30) - 1
_START_US = (1 << 30) - 5000000

T = TypeVar("T")


def const(value: int) -> int:
    """Return value unchanged; MicroPython folds it into the code."""
    return value


def _loop_us() -> int:
    return round(asyncio.get_running_loop().time() * 1000000)


def ticks_us() -> int:
    """Wrapping microseconds of the running loop."""
    return (_loop_us() + _START_US) & _MASK


def ticks_ms() -> int:
    """Wrapping milliseconds of the running loop."""
    return (_loop_us() // 1000 + _START_US) & _MASK


def ticks_add(ticks: int, delta: int) -> int:
    """ticks moved by delta, wrapped."""
    return (ticks + delta) & _MASK


def ticks_diff(later: int, earlier: int) -> int:
    """Signed difference, right up to half the period."""
    return ((later - earlier + (1 << 29)) & _MASK) - (1 << 29)


def running_loop() -> asyncio.AbstractEventLoop:
    """The loop that runs the caller."""
    return asyncio.get_running_loop()


async def sleep_ms(duration_ms: int) -> None:
    """Let others run for this long."""
    await asyncio.sleep(max(0, duration_ms) / 1000)


async def wait_for_ms(awaitable: Awaitable[T], duration_ms: int) -> T:
    """Await with a bound; asyncio.TimeoutError past it."""
    return await asyncio.wait_for(awaitable, max(0, duration_ms) / 1000)


class ThreadSafeFlag:
    """One waiter; clears itself; set() is allowed from an interrupt or another thread."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Wake the waiter, now or at its next wait."""
        self._is_set = True
        waiter = self._waiter
        if waiter is not None:
            waiter.get_loop().call_soon_threadsafe(_finish, waiter)

    def clear(self) -> None:
        """Forget a set() that nobody waited for."""
        self._is_set = False

    async def wait(self) -> None:
        """Return once set, and clear."""
        while not self._is_set:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._is_set = False


def _finish(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
