# Requests for single pulses, in absolute microseconds, handed to the trig machine by DMA so that it
# makes each edge itself: exactly chained to the one before, or from rest. Knows when the machine is
# back at rest and refuses what would come near that moment: a pulse is never shifted. Owns machine
# 0, its queue and its results; not what they mean (pulses.py). Board clock; Python tasks only,
# never an interrupt: times and words above 2**30 allocate.
from array import array

import rp2
from firmware.board.pins import GP_CHAIN, GP_TRIGGER
from firmware.board.pio_programs import (
    CLOCK_HZ,
    TRIG_CANCEL,
    TRIG_CANCEL_CYCLES,
    TRIG_CHAIN_FIXED,
    TRIG_COMPLETE,
    TRIG_REFUSED,
    TRIG_RISE_CYCLES,
    TRIG_WIDTH_COUNT_MAX,
    TRIG_WIDTH_CYCLES,
    TRIG_WIDTH_FIXED,
    trig,
)
from firmware.board.words import WordRing, request
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import PULSE_CUT, PULSE_EMITTED, PULSE_REFUSED
from firmware.wire.limits import CANCEL_LEAD_US
from machine import Pin, disable_irq, enable_irq, mem32

if TYPE_CHECKING:
    from firmware.board.stamps import Clock

MACHINE = const(0)  # PIO0, alone there
CYCLES_PER_US = const(125)
# [P] The switch is held for the whole biphasic current, 296.3 us (sources.md domain 3.3); the
# external one-shot ends it at 500 us.
WIDTH_US = const(300)
QUEUE_PULSES = const(4)  # firmware/core/bounds.py; sources.md firmware 3.5: short batches
LEAD_US_MIN = const(100)  # [V] 89 us to set up a batch (sources.md firmware 3.5)
AHEAD_US_MAX = const(10500000)  # [P] the core hands over at most 10 s ahead
# [P] How near to the moment of rest nothing is decided: 50 us of error of a start from rest, and as
# much again for Python between reading the clock and the words being there.
REST_MARGIN_US = const(100)
# [P] A start from rest that took longer than this was interrupted; it is called back.
START_US_MAX = const(300)
RESULT_LOST_US = const(7000)  # [P] above the 5 ms after which the core counts it missing
LATENCY_US_MAX = const(100)  # [P] more than any chip needs: the measurement was disturbed
_MEASUREMENTS = const(5)
_WAIT_TURNS = const(100)  # looks at the clock, some 20 us each on the chip

CHAIN_US = const(9000)  # rise to the next pull of a request, to 56 ns
CANCEL_US = const(9001)  # a cancel, or the start, to the next pull, rounded up
# Both FIFOs are emptied by a change of FJOIN_RX: two writes to the XOR alias of SHIFTCTRL (machine
# 0 of PIO0; the same on both chips, sources.md board 6). Pulling words out would spoil the OSR, in
# which trig keeps what is left of its lock-out.
_SHIFTCTRL_XOR = const(0x502010D0)
_FJOIN_RX = const(0x80000000)


class Request:
    # pull_us: when the machine takes it out of the FIFO.

    def __init__(self, at_us: int, pull_us: int) -> None:
        self.at_us = at_us
        self.pull_us = pull_us
        self.delay = 0
        self.is_handed = False
        self.is_dropped = False


class Trigger:
    # At most QUEUE_PULSES requests whose results were not taken, oldest first.

    def __init__(self, clock: "Clock") -> None:
        assert CLOCK_HZ == CYCLES_PER_US * 1000000
        assert TRIG_CHAIN_FIXED == CHAIN_US * CYCLES_PER_US
        assert TRIG_CANCEL_CYCLES <= CANCEL_US * CYCLES_PER_US
        self._clock = clock
        self._machine = rp2.StateMachine(
            MACHINE,
            trig,
            set_base=Pin(GP_TRIGGER),
            jmp_pin=Pin(GP_CHAIN, Pin.IN, Pin.PULL_DOWN),
        )
        self._cancel = trig[1] + TRIG_CANCEL  # a jump's word is its address in PIO0
        self._results = WordRing(self._machine, MACHINE)
        self._words: "array[int]" = array("I", [0] * (2 * QUEUE_PULSES))
        self._dma = rp2.DMA()
        self._ctrl = self._dma.pack_ctrl(
            size=2, inc_read=True, inc_write=False, treq_sel=request(MACHINE, False)
        )
        self._requests: "list[Request]" = []
        self._last_us = 0  # the pulse that the next one is counted from, or what stands for one
        self.strays = 0  # results of no request
        self.missing = 0  # requests without a result
        self.latency_us = 0  # from reading the clock to the words being in the FIFO
        self.set_width(WIDTH_US)
        self.latency_us = self._measure_latency_us()
        self._machine.active(1)
        self._begin_lock_out(clock.us())

    # --- requests -----------------------------------------------------------------------------

    def set_width(self, width_us: int) -> None:
        """Length of the pulses that are handed over from now on."""
        count = (width_us * CYCLES_PER_US - TRIG_WIDTH_FIXED) // TRIG_WIDTH_CYCLES
        self._width = min(TRIG_WIDTH_COUNT_MAX, max(0, count))

    def queue(self, at_us: int) -> bool:
        """Ask for one pulse; False when it cannot be given at exactly this time."""
        now_us = self._clock.us()
        self._hand_over()
        if len(self._requests) >= QUEUE_PULSES:
            return False
        if not LEAD_US_MIN <= at_us - now_us <= AHEAD_US_MAX:
            return False
        if at_us - self._last_us < CHAIN_US:
            return False  # inside the lock-out, or out of order
        rest_us = self._last_us + CHAIN_US  # the machine is back at rest, or will be
        if now_us >= rest_us + REST_MARGIN_US:
            return self._start(at_us)
        if now_us > rest_us - REST_MARGIN_US:
            return False  # it cannot be known which of the two it would be
        chained = Request(at_us, rest_us)
        chained.delay = (at_us - self._last_us) * CYCLES_PER_US - TRIG_CHAIN_FIXED
        self._requests.append(chained)
        self._last_us = at_us
        if self._hand_over():
            return True
        if chained in self._requests:
            self._requests.remove(chained)  # refused here and now, not by a result
        return False

    def _start(self, at_us: int) -> bool:
        """From rest: the delay is counted from now."""
        began = Request(at_us, 0)
        began.is_handed = True
        self._load(0, 0)
        us, words, start = self._clock.us, self._words, self._dma.active
        fixed_us = at_us - self.latency_us
        state = disable_irq()
        now_us = us()
        words[0] = max(0, (fixed_us - now_us) * CYCLES_PER_US - TRIG_RISE_CYCLES)
        start(1)
        enable_irq(state)
        began.pull_us = now_us
        self._requests.append(began)
        self._last_us = at_us
        if us() - now_us > START_US_MAX + self.latency_us:
            self.cancel()
            return False
        return True

    def _load(self, index: int, delay: int) -> None:
        """Put one request's words in place, and tell the DMA how many there are."""
        self._words[2 * index] = delay
        self._words[2 * index + 1] = self._width
        self._dma.config(
            read=self._words, write=self._machine, count=2 * index + 2, ctrl=self._ctrl
        )

    def _hand_over(self) -> bool:
        """Give the DMA what waits behind its last batch; False when it is too late for that."""
        waiting = [entry for entry in self._requests if not entry.is_handed]
        if not waiting or self._dma.active():
            return True
        for index in range(len(waiting)):
            self._load(index, waiting[index].delay)
        state = disable_irq()
        now_us = self._clock.us()
        is_late = now_us > waiting[0].pull_us - REST_MARGIN_US
        if not is_late:
            self._dma.active(1)
        enable_irq(state)
        for entry in waiting:
            entry.is_handed = True
            entry.is_dropped = is_late
        if is_late:
            self._last_us = waiting[0].pull_us - CHAIN_US
        elif self._clock.us() - now_us > START_US_MAX:
            self.cancel()  # interrupted: the machine may have come to rest in between
        return waiting[-1] in self._requests and not is_late

    def next_us(self) -> int:
        """Time of the oldest request without a result; -1 when there is none."""
        return self._requests[0].at_us if self._requests else -1

    def has_request_near(self, at_us: int, within_us: int) -> bool:
        """Whether a request without a result was for about this time."""
        for entry in self._requests:
            if abs(entry.at_us - at_us) <= within_us:
                return True
        return False

    # --- results ------------------------------------------------------------------------------

    def take(self) -> "tuple[int, int] | None":
        """(time asked for, PULSE_*) of the oldest finished request."""
        self._hand_over()
        requests = self._requests
        while True:
            if requests and requests[0].is_dropped:
                return requests.pop(0).at_us, PULSE_REFUSED
            word = self._results.take()
            if word < 0:
                break
            if requests:
                return requests.pop(0).at_us, _meaning(word)
            self.strays += 1
        while requests and self._clock.us() > requests[0].at_us + RESULT_LOST_US:
            requests.pop(0)  # its result must never be given to the next one
            self.missing += 1
        return None

    # --- calling back -------------------------------------------------------------------------

    def cancel(self) -> int:
        """Forget what is neither running nor about to; how many are left to give a result."""
        requests = self._requests
        kept = self._count_near(self._clock.us())
        if kept == len(requests):
            return kept
        if kept:
            self._wait_for_pull(requests[kept - 1].pull_us)
        state = disable_irq()
        now_us = self._clock.us()
        kept = self._count_near(now_us)
        if kept and now_us < requests[kept - 1].pull_us:
            kept -= 1  # still in the FIFO: it goes with the others
        self._dma.active(0)
        mem32[_SHIFTCTRL_XOR] = _FJOIN_RX
        mem32[_SHIFTCTRL_XOR] = _FJOIN_RX
        if kept < len(requests):
            self._recall(requests[kept], now_us)
        enable_irq(state)
        self._requests = requests[:kept]
        return kept

    def _recall(self, first: Request, now_us: int) -> None:
        """Stop the first forgotten request, unless the machine has certainly not taken it yet."""
        if first.pull_us > now_us + REST_MARGIN_US:
            self._last_us = first.pull_us - CHAIN_US  # the lock-out that runs is the same as before
            return
        # It is in its delay, and the pulse before it is over since 9 ms.
        now_us = self._clock.us()
        self._machine.exec(self._cancel)
        self._begin_lock_out(now_us)

    def _count_near(self, now_us: int) -> int:
        # Oldest requests that may not be touched any more, or are finished.
        kept = 0
        for entry in self._requests:
            if entry.at_us > now_us + CANCEL_LEAD_US:
                break
            kept += 1
        return kept

    def _wait_for_pull(self, pull_us: int) -> None:
        """Let a moment pass in which nobody can tell where a request is."""
        for _ in range(_WAIT_TURNS):
            if not -REST_MARGIN_US < self._clock.us() - pull_us < REST_MARGIN_US:
                return

    def _begin_lock_out(self, now_us: int) -> None:
        """The machine comes to rest later; requests are counted from there as from a pulse."""
        self._last_us = now_us + self.latency_us + CANCEL_US - CHAIN_US

    def _measure_latency_us(self) -> int:
        """What a start from rest takes from the clock to the DMA, by the same to no effect."""
        best_us = LATENCY_US_MAX
        us, words, start = self._clock.us, self._words, self._dma.active
        for _ in range(_MEASUREMENTS):
            state = disable_irq()
            now_us = us()
            words[0] = max(0, (us() - now_us) * CYCLES_PER_US - TRIG_RISE_CYCLES)
            start()
            spent_us = us() - now_us
            enable_irq(state)
            best_us = min(best_us, spent_us)
        # The clock was read twice more than in a start, which costs about half of it.
        return best_us // 2


def _meaning(word: int) -> int:
    # A word that is none of the three counts as cut: something came out, and not what was asked.
    if word == TRIG_COMPLETE:
        return PULSE_EMITTED
    return PULSE_REFUSED if word == TRIG_REFUSED else PULSE_CUT
