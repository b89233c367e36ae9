"""The loop that the product runs on while it is recorded: every callback goes on the tape.

A face of the real loop, which keeps doing the work: each callback of the product takes the place in
the real loop's queue that it would have had anyway, so that recording changes no order. What runs
here is the product's and nobody else's, which makes a recording repeatable: the order of its own
callbacks, its clock, and what crossed its border say everything. A recording that cannot go on
gives up with a reason and the product runs on. No file, no thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, NoReturn, Protocol, TypeVar

import structlog

from edge.blackbox.channels import Ch
from edge.blackbox.drive import Drive
from edge.blackbox.gate import Codec, pack_error
from edge.blackbox.tape import TapeWriter

log = structlog.get_logger(__name__)
T = TypeVar("T")
_Call = tuple[Callable[..., object], tuple[Any, ...], Context | None]

CHUNK_BYTES = 16 * 1024  # handed over at this size,
CHUNK_S = 1.0  # [P] or after this long: what a power cut may take


class Sink(Protocol):
    """Where the tape goes: edge.adapters.box_file in production."""

    def put(self, chunk: bytes) -> str:
        """Keep this; never blocks. '' or why the recording cannot go on."""

    def close(self, chunk: bytes) -> None:
        """The last one."""


class _Timer(asyncio.TimerHandle):
    """A timer of the product, and the one of the real loop that stands for it."""

    __slots__ = ("real",)
    real: asyncio.TimerHandle

    def cancel(self) -> None:
        self.real.cancel()
        super().cancel()


class RecordingLoop(asyncio.BaseEventLoop):
    """edge.blackbox.gate.Gate, and the running loop of everything that the product does."""

    def __init__(self, real: asyncio.AbstractEventLoop, sink: Sink, grain_s: float = 0.0) -> None:
        """grain_s: the product's clock may lag so much; each of its moves costs a few bytes."""
        super().__init__()
        self._real = real
        self._sink = sink
        self._grain_s = grain_s
        self._tape: TapeWriter | None = TapeWriter()
        self._now_s = real.time()
        self._given_at = self._now_s
        self._is_inside = False
        self._depth = 0
        self._caught: list[_Call] | None = None
        self._timers = 0
        self._asks = 0
        self._last: dict[int, bytes] = {}
        self._skipped: dict[int, int] = {}
        self.gave_up = ""

    # The loop

    @property
    def is_inside(self) -> bool:
        return self._is_inside

    def time(self) -> float:
        """The same throughout a callback."""
        return self._now_s if self._is_inside else self._real.time()

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        if self._caught is not None:
            self._caught.append((callback, args, context))
            return asyncio.Handle(callback, args, self, context)
        if not self._is_inside:
            self.give_up("something called the product past its doors")
        return self._real.call_soon(self._run_soon, callback, args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self._timers += 1
        handle = _Timer(when, callback, args, self, context)
        handle.real = self._real.call_at(
            when, self._run_timer, self._timers, when, callback, args, context=context
        )
        return handle

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_soon_threadsafe(self, *_args: object, **_named: object) -> NoReturn:
        raise RuntimeError("the product has one thread; adapters use the loop they were made on")

    def run_in_executor(self, *_args: object) -> NoReturn:
        raise RuntimeError("the product has one thread; adapters use the loop they were made on")

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """What the product does not take is the real loop's."""
        self._real.default_exception_handler(context)

    # The gate

    def read(self, channel: Ch, live: Callable[[], T], codec: Codec[T]) -> T:
        """Taken from the world; on the tape only when it is new."""
        try:
            value = self.outside(live)
        except Exception as error:
            self._note_read(channel, pack_error(error))
            raise
        self._note_read(channel, codec.pack(value))
        return value

    async def ask(
        self, channel: Ch, live: Callable[[], Coroutine[Any, Any, T]], codec: Codec[T]
    ) -> T:
        """The live coroutine runs on the real loop, in the very callbacks it would have had."""
        self._asks += 1
        number = self._asks
        drive: Drive[T] = self.outside(lambda: Drive(live()))
        if drive.is_done:
            if self._tape is not None:
                self._tape.now(channel, number, _answer_of(drive, codec))
            return drive.result()
        waiting: asyncio.Future[None] = self.create_future()
        drive.then(lambda: self._deliver(channel, number, waiting, _answer_of(drive, codec)))
        try:
            await waiting
        except asyncio.CancelledError:
            self.outside(drive.cancel)
            raise
        return drive.result()

    def out(self, channel: Ch, label: str, body: bytes) -> None:
        """Noted before it is done."""
        if self._tape is not None:
            self._tape.out(channel, label, body)

    def outside(self, live: Callable[[], T]) -> T:
        """With the real loop running, as the adapters expect it."""
        was, self._is_inside = self._is_inside, False
        asyncio._set_running_loop(self._real)
        try:
            return live()
        finally:
            self._is_inside = was
            asyncio._set_running_loop(self if was else self._real)

    def door(self, channel: Ch, payload: bytes, act: Callable[[], T]) -> T:
        """From a callback or a task of the real loop."""
        if self._depth:
            self.give_up("the product was called from within what it did to the world")
        task = asyncio.current_task(self._real)
        if task is not None:  # newer versions of asyncio allow one running task in a thread
            asyncio.tasks._leave_task(self._real, task)
        try:
            with self._step(0.0):
                if self._tape is not None:
                    self._tape.door(channel, payload)
                return act()
        finally:
            if task is not None:
                asyncio.tasks._enter_task(self._real, task)

    # Its life

    def give_up(self, reason: str) -> None:
        """No more recording; the product notices nothing."""
        if self._tape is None:
            return
        log.error("the black box stopped", why=reason)
        tape, self._tape = self._tape, None
        self.gave_up = reason
        self._sink.close(tape.end(reason))

    def finish(self, reason: str) -> None:
        """The service ends: everything is on the tape."""
        if self._tape is not None:
            tape, self._tape = self._tape, None
            self._sink.close(tape.end(reason))
        if not self.is_closed():
            self.close()

    def hand_over(self) -> None:
        """Give what has gathered to the sink now; between two callbacks only."""
        tape = self._tape
        if tape is None or self._is_inside:
            return
        self._given_at = self._real.time()
        if why := self._sink.put(tape.take()):
            self.give_up(why)

    @property
    def event_hash(self) -> str:
        """Over everything put out so far; '' when the recording was given up."""
        return "" if self._tape is None else self._tape.hash.digest().hex()

    # Steps

    @contextmanager
    def _step(self, not_before_s: float) -> Iterator[None]:
        self._begin(not_before_s)
        try:
            yield
        finally:
            self._finish()

    def _begin(self, not_before_s: float) -> None:
        now_s = self._real.time()
        if now_s - self._now_s >= self._grain_s or self._now_s < not_before_s:
            self._now_s = now_s
        tape = self._tape
        if tape is not None:
            if len(tape) >= CHUNK_BYTES or now_s - self._given_at >= CHUNK_S:
                self.hand_over()
            tape.time(self._now_s)
        self._depth += 1
        self._is_inside = True
        asyncio._set_running_loop(self)

    def _finish(self) -> None:
        self._depth -= 1
        self._is_inside = False
        asyncio._set_running_loop(self._real)

    def _run_soon(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._begin(0.0)
        if self._tape is not None:
            self._tape.soon()
        try:
            self._call(callback, args)
        finally:
            self._finish()

    def _run_timer(
        self, number: int, when: float, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self._begin(when)
        if self._tape is not None:
            self._tape.timer(self._timers - number, when)
        try:
            self._call(callback, args)
        finally:
            self._finish()

    def _deliver(
        self, channel: Ch, number: int, waiting: asyncio.Future[None], payload: bytes
    ) -> None:
        """In a callback of the real loop: the one who asked goes on within it."""
        if waiting.done():
            return
        with self._step(0.0):
            if self._tape is not None:
                self._tape.answer(channel, number, payload)
            caught: list[_Call] = []
            self._caught = caught
            try:
                waiting.set_result(None)
            finally:
                self._caught = None
            for callback, args, context in caught:
                if context is None:
                    self._call(callback, args)
                else:
                    self._call(context.run, (callback, *args))

    def _call(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            callback(*args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio's own handles do
            self.call_exception_handler(
                {
                    "message": f"Exception in callback {callback!r}",
                    "exception": error,
                    "handle": None,
                }
            )

    def _note_read(self, channel: Ch, payload: bytes) -> None:
        tape = self._tape
        if tape is None:
            return
        if self._last.get(channel) == payload:
            self._skipped[channel] = self._skipped.get(channel, 0) + 1
            return
        self._last[channel] = payload
        tape.read(channel, self._skipped.get(channel, 0), payload)
        self._skipped[channel] = 0


def _answer_of(drive: Drive[T], codec: Codec[T]) -> bytes:
    """What came, as bytes; an error that is none of the outer world's goes on as such."""
    try:
        return codec.pack(drive.result())
    except BaseException as error:  # noqa: BLE001 - recorded, and raised where it was asked for
        return pack_error(error)
