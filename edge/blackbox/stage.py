"""Puts a product on the stage: builds it inside the recorded loop, runs it there, ends it.

The entry points use this; the same acts in the same order play a tape back. Owns no file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from edge.api.hub import Hub
from edge.blackbox.channels import Ch
from edge.blackbox.doors import TapedHub, pass_on
from edge.blackbox.gate import Gate
from edge.blackbox.ports_device import (
    TapedClock,
    TapedDisk,
    TapedEntropy,
    TapedHostEnable,
    TapedIndicators,
    TapedInit,
    TapedOpener,
    TapedPanel,
    TapedThermometer,
)
from edge.blackbox.ports_records import TapedClinic, TapedPins, TapedSigner, TapedStore, TapedTracks
from edge.blackbox.recording import RecordingLoop
from edge.ports import Adapters, PinHasher

T = TypeVar("T")


def tape_adapters(gate: Gate, live: Adapters) -> Adapters:
    """The same ports, with everything that crosses them on the tape."""
    return Adapters(
        link=TapedOpener(gate, live.link),
        panel=TapedPanel(gate, live.panel),
        indicators=TapedIndicators(gate, live.indicators),
        host_enable=TapedHostEnable(gate, live.host_enable),
        thermometer=TapedThermometer(gate, live.thermometer),
        store=TapedStore(gate, live.store),
        wall_clock=TapedClock(gate, live.wall_clock),
        entropy=TapedEntropy(gate, live.entropy),
        clinic=TapedClinic(gate, live.clinic),
        service_manager=TapedInit(gate, live.service_manager),
        disk=TapedDisk(gate, live.disk),
        signer=TapedSigner(gate, live.signer),
        machine_boot=live.machine_boot,
        tracks=TapedTracks(gate, live.tracks),
        recordings=live.recordings,
    )


class RecordedStage:
    """One start of the service, from its building to its end."""

    def __init__(self, loop: RecordingLoop) -> None:
        self._loop = loop
        self._task: asyncio.Task[None] | None = None

    def adapters(self, live: Adapters) -> Adapters:
        """For edge.app.build_app."""
        return tape_adapters(self._loop, live)

    def pins(self, live: PinHasher) -> PinHasher:
        """For edge.app.build_app."""
        return TapedPins(self._loop, live)

    def doors(self, hub: Hub) -> TapedHub:
        """For edge.app.build_app."""
        return TapedHub(self._loop, hub)

    def build(self, make: Callable[[], T]) -> T:
        """Make the product inside."""
        return self._loop.door(Ch.BUILD, b"", make)

    def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Future[None]:
        """Run it; the future belongs to the real loop and ends as the product does."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(task: asyncio.Task[None]) -> None:
            self._loop.outside(lambda: pass_on(task, ended))

        self._task = self._loop.door(Ch.RUN, b"", lambda: begin(work, done))
        asyncio.get_running_loop().set_exception_handler(self._note_failure)
        return ended

    def cancel(self) -> None:
        """Ask it to end."""
        task = self._task
        if task is not None and not task.done():
            self._loop.door(Ch.CANCEL, b"", task.cancel)

    def finish(self, reason: str = "stopped") -> None:
        """It has ended."""
        self._loop.finish(reason)

    def _note_failure(self, real: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback of an adapter failed: the product ends by it as by one of its own."""
        error = context.get("exception")
        if "handle" not in context or not isinstance(error, Exception):
            real.default_exception_handler(context)
            return
        self._loop.door(Ch.FAILURE, repr(error).encode(), lambda: fail(self._loop, error))


class PlainStage:
    """The same without a recording."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def adapters(self, live: Adapters) -> Adapters:
        return live

    def pins(self, live: PinHasher) -> PinHasher:
        return live

    def doors(self, hub: Hub) -> Hub:
        return hub

    def build(self, make: Callable[[], T]) -> T:
        return make()

    def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Future[None]:
        self._task = asyncio.get_running_loop().create_task(work(), name="edge")
        return self._task

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def finish(self, reason: str = "stopped") -> None:
        del reason


Stage = RecordedStage | PlainStage


def fail(loop: asyncio.AbstractEventLoop, error: Exception) -> None:
    """A failure that has no task to die in."""
    loop.call_exception_handler(
        {"message": "a callback failed", "exception": error, "handle": None}
    )


def begin(
    work: Callable[[], Coroutine[Any, Any, None]], done: Callable[[asyncio.Task[None]], None]
) -> asyncio.Task[None]:
    """The product's one task, on the loop that runs."""
    task = asyncio.get_running_loop().create_task(work(), name="edge")
    task.add_done_callback(done)
    return task
