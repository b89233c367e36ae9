# The one file that knows which Python runs it: names that MicroPython has and CPython lacks, and
# the other way round. Firmware files take const, sha256, ticks and the asyncio additions from here
# and from nowhere else. Decides nothing.
from hashlib import sha256

TYPE_CHECKING = False  # mypy takes it for true; MicroPython has no typing module

if TYPE_CHECKING:
    from firmware.shim_cpython import (
        ThreadSafeFlag,
        const,
        running_loop,
        sleep_ms,
        ticks_add,
        ticks_diff,
        ticks_ms,
        ticks_us,
        wait_for_ms,
    )
else:
    try:
        import asyncio
        from asyncio import get_event_loop as running_loop  # noqa: TID251
        from asyncio import sleep_ms, wait_for_ms
        from time import ticks_add, ticks_diff, ticks_ms, ticks_us

        from micropython import const

        try:
            from asyncio import ThreadSafeFlag
        except ImportError:  # the WebAssembly build has no interrupts and therefore no such flag

            class ThreadSafeFlag(asyncio.Event):
                async def wait(self) -> None:
                    """Return once set, and clear."""
                    await super().wait()
                    self.clear()

    except ImportError:
        from firmware.shim_cpython import (
            ThreadSafeFlag,
            const,
            running_loop,
            sleep_ms,
            ticks_add,
            ticks_diff,
            ticks_ms,
            ticks_us,
            wait_for_ms,
        )

__all__ = (
    "TYPE_CHECKING",
    "ThreadSafeFlag",
    "const",
    "running_loop",
    "sha256",
    "sleep_ms",
    "ticks_add",
    "ticks_diff",
    "ticks_ms",
    "ticks_us",
    "wait_for_ms",
)
