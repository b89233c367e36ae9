# One PIO state machine of the stand-in chip: an interpreter of the real instruction words, cycle by
# cycle, that skips exactly over loops in which nothing but a count changes. Owns registers, FIFOs
# and the time of each instruction; not the pins' wiring (rig.py) nor the interface of the rp2
# module (rp2.py). Two emulators have to agree with it (tests/board). Both interpreters.
from firmware.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rig_nets import Net

SYNC_CYCLES = 2  # sources.md firmware 3.2: every input passes two flip-flops
FIFO_WORDS = 4
_FULL = 0xFFFFFFFF
_MIXED = 2  # a pin was seen at both levels within one turn
_NEVER = -1


class Unsupported(Exception):
    """An instruction or setting that no program of this board uses."""


def _reverse(value: int) -> int:
    result = 0
    for _ in range(32):
        result = result << 1 | value & 1
        value >>= 1
    return result


def _signed(value: int) -> int:
    value &= _FULL
    return value - (_FULL + 1) if value > _FULL // 2 else value


class Fifos:
    # Words on their way in, each with the cycle from which the machine can see it, and out.
    # refill(cycle) and drain(cycle) are what the DMA does when the machine has taken or given one.

    def __init__(self) -> None:
        self.tx: "list[tuple[int, int]]" = []
        self.rx: "list[int]" = []
        self.lost = 0  # results that found no room
        self.is_joined = False  # all eight places are for results: nothing can go in
        self.refill: "Callable[[int], None] | None" = None
        self.drain: "Callable[[int], None] | None" = None

    def clear(self) -> None:
        """Both empty."""
        self.tx = []
        self.rx = []

    def take(self, cycle: int) -> int:
        """The oldest word in; -1 when none can be seen yet."""
        if not self.tx or self.tx[0][0] > cycle:
            return -1
        word = self.tx.pop(0)[1]
        if self.refill is not None:
            self.refill(cycle)
        return word

    def give(self, cycle: int, word: int) -> bool:
        """One word out; False when there is no room."""
        if len(self.rx) >= FIFO_WORDS:
            return False
        self.rx.append(word)
        if self.drain is not None:
            self.drain(cycle)
        return True


class Loop:
    # What the last turn of the innermost loop did. Two equal turns in a row are a loop that a skip
    # may shorten: the same way, and the same step of every register.

    def __init__(self) -> None:
        self.head = _NEVER
        self.start: "tuple[int, ...]" = ()
        self.step: "tuple[int, ...]" = ()
        self.forget()

    def forget(self) -> None:
        """Whatever was known about a loop holds no longer."""
        self.head = _NEVER
        self.begin_turn()

    def begin_turn(self) -> None:
        """At the head again."""
        self.way = 0  # which instructions were run
        self.is_touched = False  # something happened that a repeat would not do the same way
        self.is_peeking = False  # looked whether a word is there
        self.is_comparing = False
        self.level = _NEVER  # of the jump pin, where it was looked at

    def see(self, level: int) -> None:
        """The jump pin was looked at."""
        if self.level == _NEVER:
            self.level = level
        elif self.level != level:
            self.level = _MIXED


class Machine:
    # memory: the 32 words of its block, shared. Starts at pc `origin`, stopped.

    def __init__(self, memory: "list[int]", cycle: int, sync_cycles: int = SYNC_CYCLES) -> None:
        self.memory = memory
        self.cycle = cycle  # of the next instruction
        self.sync_cycles = sync_cycles
        self.fifos = Fifos()
        self.is_active = False
        self.jmp_net: "Net | None" = None
        self.set_nets: "list[Net]" = []
        self.wrap_target = 0
        self.wrap = 31
        self.is_in_right = False
        self.is_out_right = False
        self.pc = 0
        self.x = self.y = self.isr = self.osr = 0
        self._isr_bits = 0
        self._osr_bits = 32
        self._next = 0
        self._is_stalled = False
        self._until = cycle
        self._loop = Loop()
        self._does = (
            self._jmp, self._wait, self._in, self._out, self._fifo, self._mov, self._irq, self._set,
        )  # fmt: skip

    # --- from outside -------------------------------------------------------------------------

    def restart(self, origin: int) -> None:
        """Shift counters and ISR cleared, next instruction is the one at origin."""
        self.pc = origin
        self.isr = 0
        self._isr_bits = 0
        self._osr_bits = 32
        self._loop.forget()

    def execute(self, word: int) -> None:
        """One instruction from the processor, in the place of the program's next one."""
        self._loop.forget()
        self._next = self.pc
        self._run(word)
        self.pc = self._next
        self.cycle += 1

    def advance(self, to_cycle: int) -> None:
        """Run every instruction that begins before this cycle."""
        self._until = to_cycle
        if not self.is_active:
            self.cycle = max(self.cycle, to_cycle)
        while self.cycle < to_cycle:
            here = self.pc
            word = self.memory[here]
            self._next = self.wrap_target if here == self.wrap else (here + 1) & 31
            self._run(word)
            if self._is_stalled:
                self._stall()
                continue
            self.pc = self._next
            self.cycle += 1 + (word >> 8 & 31)
            self._loop.way = (self._loop.way * 37 + here + 1) & 0xFFFFFF
            if self._next <= here:
                self._turn()

    def _run(self, word: int) -> None:
        self._is_stalled = False
        self._does[word >> 13](word)

    def _stall(self) -> None:
        # Wait until a word that is under way can be seen, or for good.
        self._loop.forget()
        tx = self.fifos.tx
        self.cycle = max(self.cycle + 1, min(tx[0][0], self._until) if tx else self._until)

    # --- skipping -----------------------------------------------------------------------------

    def _turn(self) -> None:
        """A jump back: when the last two turns were the same, take many at once."""
        loop = self._loop
        if loop.head == self.pc and not loop.is_touched:
            start = loop.start
            step = (
                self.cycle - start[0],
                _signed(self.x - start[1]),
                _signed(self.y - start[2]),
                _signed(self.isr - start[3]),
                _signed(self.osr - start[4]),
                loop.way,
            )
            if step == loop.step:
                self._skip(step)
            loop.step = step
        else:
            loop.step = ()
        loop.head = self.pc
        loop.start = (self.cycle, self.x, self.y, self.isr, self.osr)
        loop.begin_turn()

    def _skip(self, step: "tuple[int, ...]") -> None:
        turns = min(self._calm_turns(step[0]), _counting_turns(self.x, step[1]))
        turns = min(turns, _counting_turns(self.y, step[2]))
        if self._loop.is_comparing and step[1] != step[2]:
            return
        if turns > 0:
            self.cycle += turns * step[0]
            self.x = (self.x + turns * step[1]) & _FULL
            self.y = (self.y + turns * step[2]) & _FULL
            self.isr = (self.isr + turns * step[3]) & _FULL
            self.osr = (self.osr + turns * step[4]) & _FULL

    def _calm_turns(self, turn_cycles: int) -> int:
        # Turns that end before anything outside the machine changes.
        loop = self._loop
        turns = (self._until - self.cycle) // turn_cycles
        if loop.level == _MIXED:
            return 0
        if loop.level != _NEVER:
            net = self.jmp_net
            assert net is not None
            seen = self.cycle - self.sync_cycles
            if net.level_at(seen) != loop.level:
                return 0
            change = net.next_change(seen)
            if change >= 0:
                turns = min(turns, (change - seen) // turn_cycles)
        if loop.is_peeking and self.fifos.tx:
            turns = min(turns, (self.fifos.tx[0][0] - self.cycle) // turn_cycles)
        return turns

    # --- the eight instructions ---------------------------------------------------------------

    def _pin(self) -> int:
        assert self.jmp_net is not None, "no jump pin"
        level = self.jmp_net.level_at(self.cycle - self.sync_cycles)
        self._loop.see(level)
        return level

    def _jmp(self, word: int) -> None:
        condition = word >> 5 & 7
        if condition == 0:
            is_taken = True
        elif condition == 1:
            is_taken = self.x == 0
        elif condition == 2:
            is_taken = self.x != 0
            self.x = (self.x - 1) & _FULL
        elif condition == 3:
            is_taken = self.y == 0
        elif condition == 4:
            is_taken = self.y != 0
            self.y = (self.y - 1) & _FULL
        else:
            is_taken = self._is_other_condition(condition)
        if is_taken:
            self._next = word & 31

    def _is_other_condition(self, condition: int) -> bool:
        if condition == 5:
            self._loop.is_comparing = True
            return self.x != self.y
        if condition == 6:
            return bool(self._pin())
        self._loop.is_touched = True
        return self._osr_bits < 32

    def _wait(self, word: int) -> None:
        raise Unsupported("wait %x" % word)

    def _irq(self, word: int) -> None:
        raise Unsupported("irq %x" % word)

    def _source(self, index: int) -> int:
        if index == 1:
            return self.x
        if index == 2:
            return self.y
        if index == 3:
            return 0
        if index == 6:
            return self.isr
        if index == 7:
            return self.osr
        raise Unsupported("source")

    def _in(self, word: int) -> None:
        self._loop.is_touched = True
        bits = word & 31 or 32
        value = self._source(word >> 5 & 7) & ((1 << bits) - 1)
        if self.is_in_right:
            self.isr = (self.isr >> bits | value << (32 - bits)) & _FULL
        else:
            self.isr = (self.isr << bits | value) & _FULL
        self._isr_bits = min(32, self._isr_bits + bits)

    def _out(self, word: int) -> None:
        # May stand in a loop that is skipped: an OSR that each turn fills anew takes equal steps.
        bits = word & 31 or 32
        if self.is_out_right:
            value = self.osr & ((1 << bits) - 1)
            self.osr = self.osr >> bits
        else:
            value = self.osr >> (32 - bits)
            self.osr = self.osr << bits & _FULL
        self._osr_bits = min(32, self._osr_bits + bits)
        self._write(word >> 5 & 7, value)

    def _fifo(self, word: int) -> None:
        is_blocking = bool(word & 0x20)
        if word & 0x40:
            raise Unsupported("iffull, ifempty")
        if word & 0x80:
            self._pull(is_blocking)
        else:
            self._push(is_blocking)

    def _pull(self, is_blocking: bool) -> None:
        self._loop.is_peeking = True
        word = self.fifos.take(self.cycle)
        if word >= 0:
            self._loop.is_touched = True
        elif is_blocking:
            self._is_stalled = True
            return
        self.osr = word if word >= 0 else self.x
        self._osr_bits = 0

    def _push(self, is_blocking: bool) -> None:
        self._loop.is_touched = True
        if not self.fifos.give(self.cycle, self.isr):
            if is_blocking:
                self._is_stalled = True
                return
            self.fifos.lost += 1
        self.isr = 0
        self._isr_bits = 0

    def _mov(self, word: int) -> None:
        value = self._source(word & 7)
        how = word >> 3 & 3
        if how == 1:
            value ^= _FULL
        elif how == 2:
            self._loop.is_touched = True
            value = _reverse(value)
        self._write(word >> 5 & 7, value)

    def _write(self, target: int, value: int) -> None:
        if target == 1:
            self.x = value
        elif target == 2:
            self.y = value
        elif target == 6:
            self.isr = value
            self._isr_bits = 0
        elif target == 7:
            self.osr = value
            self._osr_bits = 0
        elif target != 3:
            raise Unsupported("target")

    def _set(self, word: int) -> None:
        target = word >> 5 & 7
        value = word & 31
        if target == 1:
            self.x = value
        elif target == 2:
            self.y = value
        elif target == 0:
            self._loop.is_touched = True
            self.drive_pins(self.cycle + 1, value)
        else:
            raise Unsupported("set")

    def drive_pins(self, cycle: int, value: int) -> None:
        """The set pins carry these bits from this cycle on."""
        for net in self.set_nets:
            net.drive(cycle, value & 1)
            value >>= 1


def _counting_turns(value: int, step: int) -> int:
    # Turns until a register that counts down comes near zero, where jumps may change.
    if step == 0:
        return _FULL
    return value // -step - 2 if step < 0 else 0
