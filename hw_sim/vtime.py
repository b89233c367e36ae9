"""An asyncio event loop in virtual time: one integer nanosecond counter, no waiting.

Time stands still while anything is ready to run and then jumps to the next timer; timers of the
same instant run in the order they were set. A wait that nothing can end raises instead of hanging,
and so do a loop that never lets time pass, executors and foreign threads: each of them would make
a run unrepeatable. A run may ask for a rougher scheduler: what is ready at once in a drawn order,
timers late on a grid. Owns the clock of a simulated run and knows nothing of what is simulated.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import random
import threading
from asyncio import base_events
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, Protocol, TypeVar

T = TypeVar("T")

NS_PER_S = 1_000_000_000
# Callbacks in one instant before the run is called a livelock; a whole visit needs under 1,000.
CALLBACKS_PER_INSTANT_MAX = 1_000_000
# Virtual time after which a run is called endless: a unit keeps scheduling for ever by itself, so a
# lost wait beside it would never be a deadlock. Above the 30 days of the longest planned run.
LIMIT_S = 40 * 86_400
# Cancelled timers that may stay in the queue before it is swept.
CANCELLED_TIMERS_MIN = 256


class VirtualDeadlockError(RuntimeError):
    """Something is awaited and nothing is scheduled that could end the wait."""


class VirtualLivelockError(RuntimeError):
    """Callbacks follow each other for ever without letting time pass."""


class VirtualTimeLimitError(RuntimeError):
    """The run went on beyond its limit of virtual time."""


class VirtualRunError(RuntimeError):
    """A callback or a forgotten task failed; the cause is chained."""


class Device(Protocol):
    """Something simulated with a queue of its own, which no scheduler makes late."""

    def next_ns(self) -> int | None:
        """When its first event is due; None while there is none."""

    def run_due(self) -> None:
        """Run what is due at the loop's present instant, and on for as long as jump() lets it."""


class _Handle(asyncio.Handle):
    """As the base class without debug mode: most of a run's objects are these."""

    __slots__ = ()

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: VirtualLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._context = contextvars.copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


class _TimerHandle(asyncio.TimerHandle):
    """The same for a timer."""

    __slots__ = ()

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: VirtualLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._context = contextvars.copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None
        self._when = when
        self._scheduled = False


class VirtualLoop(base_events.BaseEventLoop):
    """The loop; time() is seconds of the counter, now_ns the counter itself."""

    _ready: deque[Any]  # handles, by their private parts
    _stopping: bool

    def __init__(self, start_ns: int = 0, limit_s: float = LIMIT_S) -> None:
        super().__init__()
        self._limit_ns = start_ns + round(limit_s * NS_PER_S)
        self.now_ns = start_ns
        self._now_s = start_ns / NS_PER_S
        self._queue: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._sequence = 0
        self._cancelled_timers = 0
        self._run_in_instant = 0
        self._owner = threading.get_ident()
        self._failure: dict[str, Any] | None = None
        self.callbacks_run = 0
        self.order: random.Random | None = None  # draws the order of what is ready at once
        self._devices: list[tuple[Device, asyncio.Handle]] = []
        self.timer_grid_ns = 0  # timers fire at multiples of this, late; simulated devices do not

    def time(self) -> float:
        """Virtual seconds."""
        return self._now_s

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Run at this virtual time, after everything set earlier for the same nanosecond."""
        when_ns, grid_ns = round(when * NS_PER_S), self.timer_grid_ns
        if grid_ns:
            when_ns = -(-when_ns // grid_ns) * grid_ns
        handle = _TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._queue, (when_ns, self._sequence, handle))
        self._sequence += 1
        return handle

    def attach(self, device: Device) -> None:
        """Its events run at their own times, before what this loop has set for the same one."""
        self._devices.append((device, asyncio.Handle(device.run_due, (), self)))

    def jump(self, to_ns: int) -> bool:
        """Move time on within a device's turn, if nothing of this loop would have run before."""
        if self._ready or self._stopping or self._failure is not None:
            return False
        queue = self._queue
        while queue and queue[0][2].cancelled():
            heapq.heappop(queue)
            self._cancelled_timers -= 1
        if queue and queue[0][0] < to_ns:
            return False
        if to_ns > self.now_ns:
            self._set_time(to_ns)
        return True

    def detach(self, device: Device) -> None:
        """It stands still from now on."""
        self._devices = [each for each in self._devices if each[0] is not device]

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """Without the checks of the base class: there are no threads here, and no debug mode."""
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """A failure that no handler of the application takes ends the run."""
        if self._failure is None:
            self._failure = context

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Any,  # noqa: ARG002 - the signature is asyncio's
        func: Callable[..., object],
        *args: Any,  # noqa: ARG002
    ) -> NoReturn:
        """Refused: a thread's timing is not part of the seed."""
        raise RuntimeError(f"no executor in virtual time: {getattr(func, '__qualname__', func)}")

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """The loop's own thread only."""
        if threading.get_ident() != self._owner:
            raise RuntimeError("no threads in virtual time")
        return self.call_soon(callback, *args, context=context)

    def stall(self, ns: int) -> None:
        """Nothing of this loop runs for so long; what is overdue then comes in a burst, in order.

        Simulated devices with a queue of their own go on meanwhile: they run at nominal times.
        """
        self._set_time(self.now_ns + ns)

    def raise_failure(self) -> None:
        """Raise what default_exception_handler kept, once."""
        if self._failure is not None:
            context, self._failure = self._failure, None
            raise VirtualRunError(
                f"at {self._now_s:.9f} s: {context.get('message')}"
            ) from context.get("exception")

    def _timer_handle_cancelled(self, _handle: asyncio.TimerHandle) -> None:
        self._cancelled_timers += 1
        swept_at = max(CANCELLED_TIMERS_MIN, len(self._queue) // 2)
        if self._cancelled_timers > swept_at:
            self._queue = [entry for entry in self._queue if not entry[2].cancelled()]
            heapq.heapify(self._queue)
            self._cancelled_timers = 0

    def _run_once(self) -> None:
        """Run until somebody stops the loop: with no selector to ask there is no reason to return.

        The order is asyncio's: whatever is ready first, in the order it became ready, then timers.
        """
        ready = self._ready
        while True:
            if not ready and not self._stopping:
                self._advance()
                if self._failure is not None:
                    self.raise_failure()
            count = len(ready)
            self._run_in_instant += count
            if self._run_in_instant > CALLBACKS_PER_INSTANT_MAX:
                raise VirtualLivelockError(
                    f"time stands still at {self._now_s:.9f} s: {self._waits()}"
                )
            self.callbacks_run += count
            if self.order is not None and count > 1:
                self._permute(self.order)
            self._run_handles(count)
            if self._failure is not None:
                self.raise_failure()
            if self._stopping:
                return

    def _run_handles(self, count: int) -> None:
        """What Handle._run does, without a call for each: this is where a run spends its time."""
        ready = self._ready
        for _ in range(count):
            handle = ready.popleft()
            if handle._cancelled:  # noqa: SLF001
                continue
            try:
                handle._context.run(handle._callback, *handle._args)  # noqa: SLF001
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001
                self._tell(handle, error)

    def _tell(self, handle: Any, error: BaseException) -> None:
        """A callback has failed: the words of the base loop's own handles."""
        callback = handle._callback  # noqa: SLF001
        name = getattr(callback, "__qualname__", callback)
        self.call_exception_handler(
            {"message": f"Exception in callback {name}", "exception": error, "handle": handle}
        )

    def _permute(self, order: random.Random) -> None:
        """Any order of what is ready at once is one that some machine could have run it in."""
        batch = list(self._ready)
        order.shuffle(batch)
        self._ready.clear()
        self._ready.extend(batch)

    def _advance(self) -> None:
        """Let a device go on, or jump to the next timer and make that instant's timers ready."""
        queue, ready = self._queue, self._ready
        while queue and queue[0][2].cancelled():
            heapq.heappop(queue)
            self._cancelled_timers -= 1
        due_ns, device = self._next_device()
        if device is not None and (not queue or due_ns <= queue[0][0]):
            if due_ns > self.now_ns:
                self._set_time(due_ns)
            device._run()  # noqa: SLF001 - as any callback: its errors go the same way
            return
        if not queue:
            raise VirtualDeadlockError(
                f"nothing is scheduled at {self._now_s:.9f} s, but these wait: {self._waits()}"
            )
        when_ns = queue[0][0]
        if when_ns > self.now_ns:
            self._set_time(when_ns)
        while queue and queue[0][0] <= self.now_ns:
            handle = heapq.heappop(queue)[2]
            # A callback must not see a time before its own deadline, not even by the rounding to
            # whole nanoseconds: code that checks would set the same timer again for ever.
            if handle.when() > self._now_s:
                self._now_s = handle.when()
            ready.append(handle)

    def _next_device(self) -> tuple[int, asyncio.Handle | None]:
        """The device whose turn is next, and when."""
        found_ns, found = 0, None
        for device, handle in self._devices:
            due_ns = device.next_ns()
            if due_ns is not None and (found is None or due_ns < found_ns):
                found_ns, found = due_ns, handle
        return found_ns, found

    def _set_time(self, to_ns: int) -> None:
        if to_ns > self._limit_ns:
            raise VirtualTimeLimitError(f"still going at {self._now_s:.0f} s: {self._waits()}")
        self.now_ns = to_ns
        self._now_s = to_ns / NS_PER_S
        self._run_in_instant = 0

    def _waits(self) -> str:
        """The tasks that are not done, by name and coroutine."""
        tasks = [task for task in asyncio.all_tasks(self) if not task.done()]
        names = sorted(f"{t.get_name()} in {_name_of(t)}" for t in tasks)
        return ", ".join(names[:20]) or "no task"


def _name_of(task: asyncio.Task[Any]) -> str:
    return str(getattr(task.get_coro(), "__qualname__", "?"))


def run(main: Coroutine[Any, Any, T], *, start_ns: int = 0, limit_s: float = LIMIT_S) -> T:
    """Run a coroutine in a fresh virtual loop; any failure nobody handled is raised."""
    loop = VirtualLoop(start_ns, limit_s)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result = runner.run(main)
        loop.raise_failure()
    return result
