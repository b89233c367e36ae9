"""The serial line in memory: two directions, a byte rate, and seeded misbehaviour.

Bytes keep their order and take their time at 921,600 baud; a plan of chances loses, damages,
doubles, splits, holds back or delays chunks. The edge's end implements LinkOpener and ByteLink of
edge/ports.py; the controller's end is two callables. Knows no frames.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.ports import LinkLostError
from hw_sim.kernel import NS_PER_S, Kernel

BAUD = 921_600
BITS_PER_BYTE = 10  # start, eight, stop
CHUNK_MAX = 4096  # edge/ports.py
# Bytes that may wait for an edge that does not read: the kernel's tty buffer is of this order. More
# are lost, as there.
UNREAD_MAX = 65_536


@dataclass(frozen=True)
class LinkPlan:
    """Chances per chunk, 0 to 1, and delays. The default is a good cable."""

    delay_ns_min: int = 200_000  # [P] driver and USB-UART latency with low-latency setting
    delay_ns_max: int = 800_000
    lose: float = 0.0
    lose_byte: float = 0.0
    corrupt: float = 0.0
    double: float = 0.0
    split: float = 0.0
    hold: float = 0.0  # held back up to hold_ns, so that chunks merge
    hold_ns: int = 20_000_000


class Direction:
    """One way of the line."""

    def __init__(
        self, kernel: Kernel, chance: random.Random, deliver: Callable[[bytes], None]
    ) -> None:
        self.plan = LinkPlan()
        self.is_dead = False  # this direction silent, the other unaware
        # What becomes of each chunk that is sent.
        self.sieve: Callable[[bytes], bytes] | None = None
        self.bytes_sent = 0
        self._kernel = kernel
        self._chance = chance
        self._deliver = deliver
        self._line_free_ns = 0
        self._last_arrival_ns = 0
        self._generation = 0

    def send(self, data: bytes) -> None:
        """Put bytes on the line now."""
        if self.is_dead or not data:
            return
        self.bytes_sent += len(data)
        for piece in self._misbehave(data if self.sieve is None else self.sieve(data)):
            self._carry(piece)

    def inject(self, data: bytes) -> None:
        """Bytes that neither end has sent, now."""
        self._carry(data)

    def clear(self) -> None:
        """What is under way never arrives."""
        self._generation += 1

    def _carry(self, piece: bytes) -> None:
        now_ns, plan, chance = self._kernel.now_ns, self.plan, self._chance
        on_line_ns = len(piece) * BITS_PER_BYTE * NS_PER_S // BAUD
        self._line_free_ns = max(self._line_free_ns, now_ns) + on_line_ns
        delay_ns = chance.randint(plan.delay_ns_min, plan.delay_ns_max)
        if plan.hold and chance.random() < plan.hold:
            delay_ns += chance.randrange(plan.hold_ns)
        # A serial line never reorders.
        arrival_ns = max(self._line_free_ns + delay_ns, self._last_arrival_ns)
        self._last_arrival_ns = arrival_ns
        generation = self._generation
        self._kernel.at(arrival_ns, lambda: self._arrive(piece, generation))

    def _arrive(self, piece: bytes, generation: int) -> None:
        if generation == self._generation and not self.is_dead:
            self._deliver(piece)

    def _misbehave(self, data: bytes) -> list[bytes]:
        plan, chance = self.plan, self._chance
        if plan.lose and chance.random() < plan.lose:
            return []
        if plan.lose_byte and chance.random() < plan.lose_byte:
            at = chance.randrange(len(data))
            data = data[:at] + data[at + 1 :]
        if plan.corrupt and data and chance.random() < plan.corrupt:
            at = chance.randrange(len(data))
            damaged = data[at] ^ (1 << chance.randrange(8))
            data = data[:at] + bytes((damaged,)) + data[at + 1 :]
        pieces = [data] if data else []
        if plan.split and len(data) > 1 and chance.random() < plan.split:
            at = chance.randrange(1, len(data))
            pieces = [data[:at], data[at:]]
        if plan.double and chance.random() < plan.double:
            pieces = pieces + pieces
        return pieces


class SimLink:
    """The cable. plug the controller's input in with to_mcu; its output comes to from_mcu()."""

    def __init__(
        self, kernel: Kernel, chance: random.Random, to_mcu: Callable[[bytes], None]
    ) -> None:
        self.kernel = kernel
        self.down = Direction(kernel, chance, to_mcu)
        self.up = Direction(kernel, chance, self._to_edge)
        self.is_cut = False
        self.trouble = ""  # why the operating system does not open the device, '' when it does
        self.end: SimByteLink | None = None
        self.tap: Callable[[bytes], None] | None = None  # takes the edge's place: a pty

    def set_plan(self, plan: LinkPlan) -> None:
        """How both directions misbehave from now on."""
        self.down.plan = self.up.plan = plan

    def from_mcu(self, data: bytes) -> None:
        """The controller sends."""
        if not self.is_cut:
            self.up.send(data)

    def cut(self, *, is_silent: bool = False) -> None:
        """Unplug the device, or with is_silent let bytes vanish while the port stays open."""
        self.kernel.sync()
        self.down.clear()
        self.up.clear()
        if is_silent:
            self.down.is_dead = self.up.is_dead = True
            return
        self.is_cut = True
        if self.end is not None:
            self.end.lose("the serial device was unplugged")

    def restore(self) -> None:
        """Plug it in again; an edge that had it open must open it anew."""
        self.kernel.sync()
        self.is_cut = self.down.is_dead = self.up.is_dead = False

    def from_edge(self, data: bytes) -> None:
        """The edge sends."""
        if not self.is_cut:
            self.kernel.sync()
            self.down.send(data)

    async def open(self) -> SimByteLink:
        """LinkOpener: exclusive, and nothing old is read."""
        self.kernel.sync()
        if self.is_cut:
            raise LinkLostError("simulated serial device: not plugged in")
        if self.trouble:
            raise LinkLostError(f"simulated serial device: {self.trouble}")
        if self.end is not None:
            raise LinkLostError("simulated serial device: already open")
        self.up.clear()
        self.end = SimByteLink(self)
        return self.end

    def _to_edge(self, piece: bytes) -> None:
        if self.tap is not None:
            self.tap(piece)
        elif self.end is not None:
            self.end.arrive(piece)


class SimByteLink:
    """The edge's open end."""

    def __init__(self, link: SimLink) -> None:
        self._link = link
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._lost: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        """Next chunk; what arrived together comes together."""
        self._link.kernel.sync()
        while not self._unread:
            if self._lost is not None:
                raise LinkLostError(self._lost)
            assert self._waiter is None, "one reader at a time"
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = b"".join(self._unread)
        self._unread.clear()
        if len(data) > CHUNK_MAX:
            self._unread.append(data[CHUNK_MAX:])
            data = data[:CHUNK_MAX]
        self._unread_bytes -= len(data)
        return data

    def write(self, data: bytes) -> None:
        """Queue bytes towards the controller."""
        if self._lost is not None:
            raise LinkLostError(self._lost)
        self._link.from_edge(data)

    def close(self) -> None:
        """Give the device back."""
        self.lose("closed")

    def arrive(self, piece: bytes) -> None:
        """Bytes from the controller reached this end."""
        if self._unread_bytes + len(piece) > UNREAD_MAX:
            return
        self._unread.append(piece)
        self._unread_bytes += len(piece)
        self._wake()

    def lose(self, reason: str) -> None:
        """The device is gone for this end."""
        if self._lost is None:
            self._lost = reason
            self._unread.clear()
            self._unread_bytes = 0
            self._link.end = None
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
