"""The simulated unit's own order of events: a queue in true time, random streams, the MCU's clock.

The queue lives beside the asyncio loop and needs one timer of it. Every event runs with its nominal
time, whatever the moment the loop got round to it, so that physics and truth are the same in
virtual time and on a loaded machine in real time. Owns no physics.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import random
from collections.abc import Callable

from hw_sim.vtime import VirtualLoop

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
PPB = 1_000_000_000


class Event:
    """One thing to do at one nanosecond; cancel() makes it nothing."""

    __slots__ = ("action", "at_ns", "sequence")

    def __init__(self, at_ns: int, sequence: int, action: Callable[[], None]) -> None:
        self.at_ns = at_ns
        self.sequence = sequence
        self.action: Callable[[], None] | None = action

    def __lt__(self, other: Event) -> bool:
        return (self.at_ns, self.sequence) < (other.at_ns, other.sequence)

    def cancel(self) -> None:
        """Forget it; harmless when it has run already."""
        self.action = None


class Kernel:
    """Events in order of nominal time, then of scheduling. now_ns never goes back."""

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
        self.events_run = 0
        self._queue: list[tuple[int, int, Event]] = []
        self._sequence = 0
        self._is_running = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._virtual: VirtualLoop | None = None

    def at(self, at_ns: int, action: Callable[[], None]) -> Event:
        """Do this at a true time; a time already past means now, after what is due earlier."""
        at_ns = max(at_ns, self.now_ns)
        self._sequence += 1
        event = Event(at_ns, self._sequence, action)
        heapq.heappush(self._queue, (at_ns, self._sequence, event))
        if not self._is_running:
            self._arm_timer()
        return event

    def after(self, delay_ns: int, action: Callable[[], None]) -> Event:
        """Do this so much later than now."""
        return self.at(self.now_ns + delay_ns, action)

    def advance(self, to_ns: int) -> None:
        """Run everything due up to and including this time, then stand there."""
        if self._is_running:
            return  # an event reaches back in, by way of the edge's side: it already is at its time
        self._is_running = True
        try:
            self._run_until(to_ns)
        finally:
            self._is_running = False
        self.now_ns = max(self.now_ns, to_ns)
        self._arm_timer()

    def _run_until(self, to_ns: int) -> None:
        queue = self._queue
        while queue and queue[0][0] <= to_ns:
            at_ns, _, event = heapq.heappop(queue)
            if event.action is not None:
                self.now_ns = at_ns
                self.events_run += 1
                event.action()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let this loop's clock drive the queue from now on."""
        self._loop = loop
        self._virtual = loop if isinstance(loop, VirtualLoop) else None
        self.now_ns = max(self.now_ns, round(loop.time() * NS_PER_S))
        if self._virtual is not None:
            self._virtual.attach(self)
        self._arm_timer()

    def detach(self) -> None:
        """Stand still; the loop is not touched again."""
        if self._timer is not None:
            self._timer.cancel()
        if self._virtual is not None:
            self._virtual.detach(self)
        self._loop = self._timer = self._virtual = None

    def next_ns(self) -> int | None:
        """vtime.Device: when the first event is due."""
        queue = self._queue
        while queue and queue[0][2].action is None:
            heapq.heappop(queue)
        return queue[0][0] if queue else None

    def run_due(self) -> None:
        """vtime.Device: run what is due now, and go on while nobody else has anything to do."""
        loop, queue = self._virtual, self._queue
        assert loop is not None
        self._is_running = True
        try:
            self._run_until(loop.now_ns)
            while queue:
                at_ns, _, event = queue[0]
                if event.action is None:
                    heapq.heappop(queue)
                elif loop.jump(at_ns):
                    self._run_until(at_ns)
                else:
                    break
        finally:
            self._is_running = False
        self.now_ns = max(self.now_ns, loop.now_ns)

    def sync(self) -> None:
        """Catch up with the loop's clock; called at every door from the edge or a bench page."""
        if self._loop is not None:
            self.advance(round(self._loop.time() * NS_PER_S))

    def _arm_timer(self) -> None:
        """Keep one timer of a real loop at or before the first event; a virtual one asks."""
        if self._loop is None or self._virtual is not None:
            return
        queue = self._queue
        while queue and queue[0][2].action is None:
            heapq.heappop(queue)
        if not queue:
            return
        first_ns = queue[0][0]
        if self._timer is not None:
            if self._timer_ns <= first_ns:
                return
            self._timer.cancel()
        self._timer_ns = first_ns
        self._timer = self._loop.call_at(first_ns / NS_PER_S, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        # The loop's float may lie a fraction of a nanosecond before the event it was set for.
        assert self._loop is not None
        due_ns = max(self._timer_ns, round(self._loop.time() * NS_PER_S))
        self.advance(due_ns)


class Streams:
    """Independent random streams by name, all from one seed, the same in every process."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def get(self, name: str) -> random.Random:
        """The stream of this name; a new consumer never shifts the numbers of another."""
        stream = self._streams.get(name)
        if stream is None:
            digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
            stream = self._streams[name] = random.Random(int.from_bytes(digest, "big"))
        return stream


class McuClock:
    """True nanoseconds to the MCU's microseconds since boot, on its own crystal; integers only."""

    def __init__(self, drift_ppb: int, boot_ns: int = 0) -> None:
        if abs(drift_ppb) >= PPB // 100:
            raise ValueError(f"drift_ppb: {drift_ppb}, a crystal is within one per cent")
        self._rate = PPB + drift_ppb
        self.boot_ns = boot_ns

    def boot(self, now_ns: int) -> None:
        """The counter starts again from zero."""
        self.boot_ns = now_ns

    def drift(self, drift_ppb: int, now_ns: int) -> None:
        """The crystal runs at another rate from now on; the counter goes on from where it is."""
        counted = (now_ns - self.boot_ns) * self._rate
        self._rate = PPB + drift_ppb
        self.boot_ns = now_ns - counted // self._rate

    def mcu_us(self, true_ns: int) -> int:
        """What the counter shows."""
        return (true_ns - self.boot_ns) * self._rate // (PPB * NS_PER_US)

    def true_ns(self, mcu_us: int) -> int:
        """The first nanosecond at which the counter shows this."""
        return self.boot_ns + -(-mcu_us * NS_PER_US * PPB // self._rate)
