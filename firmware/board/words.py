# Words that a state machine gives out, taken away by DMA into a ring, so that none is lost while
# Python is busy. Owns the ring and how far it was read; knows no meaning of a word. The DMA needs
# the ring at a multiple of its size: the place is found in a buffer twice as long. Python tasks
# only, no interrupt: a word above 2**30 allocates.
from array import array

import rp2
from firmware.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from rp2 import StateMachine

WORDS = const(16)  # [P] a result or stamp each 9 ms at most: 144 ms of Python standing still
_RING_BYTES = const(64)
_RING_BITS = const(6)
# [C] Largest count that is a plain number on both chips: the RP2350 keeps four bits for a mode
# (sources.md board 6).
COUNT = const(0x0FFFFFFF)
_RENEW = const(0x08000000)
_MACHINES = const(4)  # in one block
_RX_REQUEST = const(4)  # transfer requests of a block: four to feed, four to empty
_BLOCK_REQUESTS = const(8)


def request(number: int, is_result: bool) -> int:
    """Transfer request of a machine (RP2040 and RP2350: DREQ_PIO0_TX0 is 0; sources.md board 6)."""
    base = number // _MACHINES * _BLOCK_REQUESTS + number % _MACHINES
    return base + _RX_REQUEST if is_result else base


class WordRing:
    # number: how many words came before the one taken last, since the start, lost ones included.

    def __init__(self, machine: "StateMachine", number: int) -> None:
        self._machine = machine
        self._words: "array[int]" = array("I", [0] * (2 * WORDS))
        self._dma = dma = rp2.DMA()
        dma.write = self._words
        address: int = dma.write
        self._first = (-address & (_RING_BYTES - 1)) // 4
        self._start = address + 4 * self._first
        self._ctrl = dma.pack_ctrl(
            size=2,
            inc_read=False,
            inc_write=True,
            ring_size=_RING_BITS,
            ring_sel=1,
            treq_sel=request(number, True),
        )
        self._before = 0  # words of earlier rounds of the counter
        self._taken = 0
        self.number = -1
        self.lost = 0
        self._begin()

    def _begin(self) -> None:
        self._dma.config(
            read=self._machine, write=self._start, count=COUNT, ctrl=self._ctrl, trigger=True
        )

    def take(self) -> int:
        """The oldest word not yet taken; -1 when there is none."""
        waiting = COUNT - self._dma.count - self._taken
        if waiting <= 0:
            if self._taken >= _RENEW:
                self._renew()
            return -1
        if waiting >= WORDS:  # the oldest place may be written while it is read
            self.lost += waiting - WORDS + 1
            self._taken += waiting - WORDS + 1
        word = self._words[self._first + self._taken % WORDS]
        self.number = self._before + self._taken
        self._taken += 1
        return word

    def _renew(self) -> None:
        """Start the counter over, long before it runs out; what comes then waits in the FIFO."""
        self._dma.active(0)
        arrived = COUNT - self._dma.count
        self.lost += arrived - self._taken  # came between the last look and the stop
        self._before += arrived
        self._taken = 0
        self._begin()
