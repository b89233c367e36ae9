"""The loop that follows a tape: runs what the recorded loop ran, in its order, at its times.

Owns the comparison: each read must be asked for, each out must be done, in the step in which the
recording has it, and with the same content. The first difference is kept with its place and ends
the replay; what the product does with the confusion afterwards means nothing. No clock but the
tape's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from edge.blackbox.channels import Ch
from edge.blackbox.gate import Codec, unpack
from edge.blackbox.tape import EventHash, Out, Read, Step, digest_of, lateness_ns
from edge.ports import StoreError

T = TypeVar("T")
RUN_OUT_MAX = 100_000  # callbacks to end the product in; it takes some hundred


@dataclass(frozen=True)
class Difference:
    """Where the replay first did something else; recorded and replayed are for people."""

    at_s: float  # the product's clock
    input: int  # inputs played so far
    event: int  # events compared so far
    what: str
    recorded: str
    replayed: str


class ReplayStopped(BaseException):
    """Ends what the product is doing; not an error that it may catch."""


class _Timer(asyncio.TimerHandle):
    __slots__ = ("number",)
    number: int
    _scheduled: bool
    _callback: Callable[..., object]


class ReplayingLoop(asyncio.BaseEventLoop):
    """edge.blackbox.gate.Gate on a tape."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._queue: deque[asyncio.Handle] = deque()
        self._timers: dict[int, _Timer] = {}
        self._timers_set = 0
        self._asks = 0
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._caught: list[asyncio.Handle] | None = None
        self._last: dict[int, bytes] = {}
        self._skipped: dict[int, int] = {}
        self._reads: deque[Read] = deque()
        self._answered: deque[tuple[int, bytes]] = deque()
        self._outs: deque[Out] = deque()
        self._is_last = True  # of a step that stands for several callbacks
        self.hash = EventHash()
        self.inputs = 0
        self.difference: Difference | None = None
        self.heard: Callable[[float, Ch, str, bytes], None] | None = None
        self._is_over = False

    # The loop

    @property
    def is_inside(self) -> bool:
        return True

    def time(self) -> float:
        return self._now_s

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        (self._queue if self._caught is None else self._caught).append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self._timers_set += 1
        handle = _Timer(when, callback, args, self, context)
        handle.number = self._timers_set
        handle._scheduled = True  # so that the loop hears of its end
        self._timers[handle.number] = handle
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        assert isinstance(handle, _Timer)
        self._timers.pop(handle.number, None)

    def call_soon_threadsafe(self, *_args: object, **_named: object) -> NoReturn:
        raise RuntimeError("no threads in a replay")

    # The gate

    def read(self, channel: Ch, live: Callable[[], T], codec: Codec[T]) -> T:
        """What the tape says."""
        del live
        if self._is_over:
            return self._read_after(channel, codec)
        due, skipped = self._next_read(channel), self._skipped.get(channel, 0)
        if due is not None and due.skipped == skipped:
            self._reads.remove(due)
            self._last[channel] = due.payload
            self._skipped[channel] = 0
            self.inputs += 1
        elif channel in self._last:
            self._skipped[channel] = skipped + 1
        else:
            self.part(f"read of {channel.name}", "no such read here", "asked for it")
        return unpack(self._last[channel], codec)

    def _next_read(self, channel: Ch) -> Read | None:
        if not self._is_last:
            return None
        return next((each for each in self._reads if each.channel is channel), None)

    async def ask(
        self, channel: Ch, live: Callable[[], Coroutine[Any, Any, T]], codec: Codec[T]
    ) -> T:
        """Waits for the tape."""
        del channel, live
        self._asks += 1
        number = self._asks
        if self._is_last and self._answered and self._answered[0][0] == number:
            self.inputs += 1
            return unpack(self._answered.popleft()[1], codec)
        waiting: asyncio.Future[bytes] = self.create_future()
        self._asked[number] = waiting
        try:
            payload = await waiting
        finally:
            del self._asked[number]
        return unpack(payload, codec)

    def out(self, channel: Ch, label: str, body: bytes) -> None:
        """Compared with the next one on the tape."""
        if self._is_over:
            return
        if self.difference is not None:
            raise ReplayStopped
        digest = digest_of(label, body)
        due = self._outs.popleft() if self._is_last and self._outs else None
        mine = Out(channel, label, body, digest)
        if due is None:
            self.part(channel.name, "nothing more in this step", words_of(mine))
        elif (due.channel, due.label) != (channel, label) or not digest.startswith(
            due.digest[: len(digest)]
        ):
            self.part(f"{due.channel.name} {due.label}", words_of(due), words_of(mine))
        self.hash.add(self._now_s, channel, digest)
        if self.heard is not None:
            self.heard(self._now_s, channel, label, body)

    def outside(self, live: Callable[[], T]) -> T:
        """There is no outer world here, but for those who keep the account of this replay."""
        return live()

    def door(self, channel: Ch, payload: bytes, act: Callable[[], T]) -> NoReturn:
        raise AssertionError(
            f"{channel.name} {payload!r}: in a replay the tape alone calls in, not {act!r}"
        )

    # The tape

    def play(self, step: Step, door: Callable[[Ch, bytes], None]) -> None:
        """One step. A difference is kept in .difference."""
        self._now_s = step.now_s
        self._reads, self._outs = deque(step.reads), deque(step.outs)
        self._answered = deque(step.answered)
        self._is_last = True
        asyncio._set_running_loop(self)
        try:
            self._run(step, door)
            if self.difference is None:
                self._check_nothing_is_left()
        except ReplayStopped:
            pass
        finally:
            asyncio._set_running_loop(None)

    def run_out(self) -> None:
        """After the tape: end the product's tasks in order, which nobody compares any more."""
        self._is_over = True
        self.set_exception_handler(lambda _loop, _context: None)
        asyncio._set_running_loop(self)
        try:
            for task in asyncio.all_tasks(self):
                task.cancel()
            for _ in range(RUN_OUT_MAX):
                if not self._queue and not self._take_timer():
                    break
                if self._queue:
                    handle = self._queue.popleft()
                    if not handle.cancelled():
                        handle._run()
                if not asyncio.all_tasks(self):
                    break
        finally:
            asyncio._set_running_loop(None)
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.close()

    def _take_timer(self) -> bool:
        if not self._timers:
            return False
        first = min(self._timers.values(), key=lambda each: (each.when(), each.number))
        del self._timers[first.number]
        self._now_s = max(self._now_s, first.when())
        self._queue.append(first)
        return True

    def _read_after(self, channel: Ch, codec: Codec[T]) -> T:
        if channel not in self._last:
            raise StoreError("the tape is over")
        return unpack(self._last[channel], codec)

    def _run(self, step: Step, door: Callable[[Ch, bytes], None]) -> None:
        if step.kind == "soon":
            self._is_last = False
            for left in range(step.number - 1, -1, -1):
                self._is_last = left == 0
                self._run_soon()
        elif step.kind == "timer":
            handle = self._timers.pop(self._timers_set - step.number, None)
            if handle is None:
                self.part("timer", "a timer ran", "it is not set")
            elif (late_ns := lateness_ns(self._now_s, handle.when())) != step.late_ns:
                self.part(
                    f"timer for {_name_of(handle._callback)}",
                    f"was set for {self._now_s - step.late_ns / 1e9:.9f} s",
                    f"is set for {self._now_s - late_ns / 1e9:.9f} s",
                )
            else:
                handle._run()
        elif step.kind == "answer":
            self._answer(step)
        else:
            assert step.channel is not None
            self.inputs += 1
            door(step.channel, step.payload)

    def _run_soon(self) -> None:
        while self._queue:
            handle = self._queue.popleft()
            if not handle.cancelled():
                handle._run()
                return
        self.part("callback", "one more ran", "none waits")

    def _answer(self, step: Step) -> None:
        waiting = self._asked.get(step.number)
        if waiting is None or waiting.done():
            self.part("answer", f"ask {step.number} was answered", "nobody asked")
            return
        self.inputs += 1
        caught: list[asyncio.Handle] = []
        self._caught = caught
        waiting.set_result(step.payload)
        self._caught = None
        for handle in caught:
            handle._run()

    def _check_nothing_is_left(self) -> None:
        if self._outs:
            self.part(self._outs[0].channel.name, words_of(self._outs[0]), "nothing")
        if self._reads:
            self.part(f"read of {self._reads[0].channel.name}", "was asked for", "nothing")
        if self._answered:
            self.part("answer", f"ask {self._answered[0][0]} was answered at once", "nothing")

    def part(self, what: str, recorded: str, replayed: str) -> None:
        """Keep the first difference and leave. Raises ReplayStopped."""
        if self.difference is None:
            self.difference = Difference(
                self._now_s, self.inputs, self.hash.events, what, recorded, replayed
            )
        raise ReplayStopped


def _name_of(callback: Callable[..., object]) -> str:
    return str(getattr(callback, "__qualname__", callback))


def words_of(out: Out) -> str:
    """One line for a person."""
    if out.body is None:
        return f"{out.channel.name} {out.label}: digest {out.digest.hex()}"
    text = out.body.hex() if len(out.body) <= 60 else f"{out.body[:400]!r}"
    return f"{out.channel.name} {out.label}: {text or '-'} ({out.digest[:8].hex()})"
