"""The processes that `hw_sim run` starts: one object each, log in a file, no orphans.

A child runs in a session of its own, so that Ctrl-C reaches only the parent and the order of
stopping is ours; the kernel ends it when the parent dies of anything else. Decides nothing about
restarts. Runs on the parent's loop.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

TAIL_LINES: Final = 12
TAIL_BYTES: Final = 16384
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class Child:
    """One program of the run."""

    def __init__(self, name: str, argv: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self._argv = list(argv)
        self._env = {**os.environ, **env}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        is_alive = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and is_alive else None

    async def start(self) -> None:
        """Start it, output appended to its log file."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def wait(self) -> int:
        """Until it ends by itself; its exit code, negative for a signal."""
        assert self._process is not None, "start() first"
        return await self._process.wait()

    async def stop(self, patience_s: float) -> None:
        """Ask, wait, then kill; harmless when it is not running."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience_s):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def tail(self) -> list[str]:
        """The last lines of its log."""
        with suppress(FileNotFoundError), self.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
        return []

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


def ending(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _die_with_parent() -> None:
    """In the child, before exec: SIGKILL when the parent goes away without a word."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
