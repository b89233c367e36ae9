# Stand-in for MicroPython's rp2 module on the rig: PIO, state machines and DMA channels with the
# names and return values of the rp2 port, as far as firmware/board uses them. The machines run the
# real words (pio_models.py); the assembler is asm_pio.py. Stricter than the chip: what would hang,
# write foreign memory or pace on the wrong request raises. Both interpreters.
import clock
import rig
from asm_pio import PIO, PIOASMError, Program, asm_pio
from firmware.board.pins import GP_ENABLE, GP_TRIGGER
from firmware.compat import TYPE_CHECKING
from pio_chip import MACHINES, Chip, chip, mem32, sync
from pio_models import FIFO_WORDS, Machine, Unsupported

if TYPE_CHECKING:
    from typing import Any

    from machine import Pin

__all__ = ("DMA", "PIO", "PIOASMError", "Program", "StateMachine", "asm_pio", "chip", "mem32")

DMA_CHANNELS = 12  # RP2040; the RP2350 has 16
PERMANENT = 0x3F  # transfer request that is always there
# Field, lowest bit, bits of a channel's control word on the RP2040; the RP2350 has more of them.
FIELDS = (
    ("enable", 0, 1),
    ("high_pri", 1, 1),
    ("size", 2, 2),
    ("inc_read", 4, 1),
    ("inc_write", 5, 1),
    ("ring_size", 6, 4),
    ("ring_sel", 10, 1),
    ("chain_to", 11, 4),
    ("treq_sel", 15, 6),
    ("irq_quiet", 21, 1),
)


def _gp(pin: "int | Pin") -> int:
    return pin if isinstance(pin, int) else pin.gp


class StateMachine:
    # 0 to 3 in PIO0, 4 to 7 in PIO1.

    def __init__(
        self, number: int, prog: "Program | None" = None, freq: int = -1, **how: "Any"
    ) -> None:
        if not 0 <= number < MACHINES:
            raise ValueError("invalid StateMachine")
        self.id = number
        self._chip = chip()
        self._machine = self._chip.machines[number]
        if prog is not None:
            self.init(prog, freq, **how)

    def init(
        self,
        prog: Program,
        freq: int = -1,
        set_base: "int | Pin | None" = None,
        jmp_pin: "int | Pin | None" = None,
    ) -> None:
        """Stop, load the program if it is not there, and set everything for its first word."""
        state = sync()
        if state is not self._chip:
            raise ValueError("made before a reset")
        if freq not in (-1, state.rig.freq_hz):
            raise Unsupported("clock divider")
        if prog[3] >> 30 & 1 or prog[7] is not None or prog[4] >> 16 & 3 or prog[4] >> 30:
            raise Unsupported("side-set, autopush, autopull or joined FIFOs")
        block = self.id // 4
        offset = state.load(prog, block)
        machine = Machine(state.memory[block], clock.now_cycles())
        state.machines[self.id] = self._machine = machine
        state.origins[self.id] = offset
        machine.wrap_target = (prog[3] >> 7 & 31) + offset
        machine.wrap = (prog[3] >> 12 & 31) + offset
        machine.is_in_right = bool(prog[4] >> 18 & 1)
        machine.is_out_right = bool(prog[4] >> 19 & 1)
        machine.fifos.refill = self._refill
        machine.fifos.drain = self._drain
        machine.restart(offset)
        if jmp_pin is not None:
            machine.jmp_net = rig.net(_gp(jmp_pin))
        if set_base is not None:
            machine.set_nets = [rig.net(_gp(set_base))]
            machine.drive_pins(clock.now_cycles(), prog[6] & 1)
        rank = rig.RANK_STAMP
        if set_base is not None:
            rank = {GP_ENABLE: rig.RANK_GUARD, GP_TRIGGER: rig.RANK_TRIG}[_gp(set_base)]
        if not state.attached[self.id]:
            rig.attach(rank, _Runner(state, self.id))
            state.attached[self.id] = True

    def active(self, on: "bool | int | None" = None) -> bool:
        """Start or stop; a stopped machine leaves its pins as they are."""
        sync()
        if on is not None:
            self._machine.is_active = bool(on)
        return self._machine.is_active

    def restart(self) -> None:
        """From the program's first word, as after init."""
        sync()
        self._machine.restart(self._chip.origins[self.id])
        self._machine.cycle += 1

    def exec(self, instruction: int) -> None:
        """One instruction at once. A string would be assembled on the chip: 3.9 ms."""
        if not isinstance(instruction, int):
            raise TypeError("an instruction word")
        sync()
        self._machine.execute(instruction)

    def put(self, value: int) -> None:
        """One word in; the chip hangs here while there is no room."""
        sync()
        fifos = self._machine.fifos
        if len(fifos.tx) >= FIFO_WORDS or fifos.is_joined:
            raise RuntimeError("put into a full FIFO never returns")
        fifos.tx.append((clock.now_cycles(), value & 0xFFFFFFFF))

    def get(self) -> int:
        """One word out; the chip hangs here while there is none."""
        sync()
        if not self._machine.fifos.rx:
            raise RuntimeError("get from an empty FIFO never returns")
        return self._machine.fifos.rx.pop(0)

    def tx_fifo(self) -> int:
        """Words that wait to be taken by the machine."""
        sync()
        return len(self._machine.fifos.tx)

    def rx_fifo(self) -> int:
        """Words that wait to be read."""
        sync()
        return len(self._machine.fifos.rx)

    def _refill(self, cycle: int) -> None:
        for channel in self._chip.channels:
            if channel.is_busy and channel.sink is not None and channel.sink.id == self.id:
                channel.move_in(cycle, self._chip.machines[self.id])

    def _drain(self, _cycle: int) -> None:
        for channel in self._chip.channels:
            if channel.is_busy and channel.source is not None and channel.source.id == self.id:
                channel.move_out(self._chip.machines[self.id])


class _Runner:
    # Lets the rig advance whichever machine has this number now.

    def __init__(self, state: Chip, number: int) -> None:
        self._state = state
        self._number = number

    def advance(self, to_cycle: int) -> None:
        """Up to this cycle."""
        self._state.machines[self._number].advance(to_cycle)


class DMA:
    # Memory to a machine, or a machine to memory, in words. Reads and writes as the registers do.

    def __init__(self) -> None:
        state = chip()
        if len(state.channels) >= DMA_CHANNELS:
            raise OSError(16)
        self.channel = len(state.channels)
        self._chip = state
        state.channels.append(self)
        self.source: "StateMachine | None" = None
        self.sink: "StateMachine | None" = None
        self.is_busy = False
        self._read = 0
        self._write = 0
        self._left = 0
        self._reload = 0
        self.ctrl = 0

    def pack_ctrl(self, **fields: int) -> int:
        """A control word: by default words, both addresses counting up, unpaced, enabled."""
        value = 1 | 2 << 2 | 1 << 4 | 1 << 5 | self.channel << 11 | PERMANENT << 15 | 1 << 21
        for name, low, bits in FIELDS:
            if name in fields:
                field = int(fields.pop(name))
                if not 0 <= field < 1 << bits:
                    raise ValueError("bad field value")
                value = value & ~(((1 << bits) - 1) << low) | field << low
        if fields:
            raise TypeError("unknown field")
        return value

    def _field(self, name: str) -> int:
        for known, low, bits in FIELDS:
            if known == name:
                return self.ctrl >> low & ((1 << bits) - 1)
        raise ValueError(name)

    def config(self, **how: "Any") -> None:
        """Set registers; trigger=True starts."""
        sync()
        if "read" in how:
            self._set_read(how["read"])
        if "write" in how:
            self._set_write(how["write"])
        if "count" in how:
            self._reload = how["count"]
        if "ctrl" in how:
            self.ctrl = how["ctrl"]
        if how.get("trigger"):
            self._start()

    def _set_read(self, place: "Any") -> None:
        self.source = place if isinstance(place, StateMachine) else None
        if self.source is None:
            self._read = place if isinstance(place, int) else self._chip.address(place)

    def _set_write(self, place: "Any") -> None:
        self.sink = place if isinstance(place, StateMachine) else None
        if self.sink is None:
            self._write = place if isinstance(place, int) else self._chip.address(place)

    @property
    def read(self) -> int:
        """Address that is read next."""
        sync()
        return self._read

    @read.setter
    def read(self, place: "Any") -> None:
        self._set_read(place)

    @property
    def write(self) -> int:
        """Address that is written next."""
        sync()
        return self._write

    @write.setter
    def write(self, place: "Any") -> None:
        self._set_write(place)

    @property
    def count(self) -> int:
        """Transfers still to come."""
        sync()
        return self._left

    @count.setter
    def count(self, transfers: int) -> None:
        self._reload = transfers

    def active(self, on: "bool | int | None" = None) -> bool:
        """Start with what is configured, or abort."""
        sync()
        if on:
            self._start()
        elif on is not None:
            self.is_busy = False
        return self.is_busy

    def close(self) -> None:
        """Give the channel back."""
        self.is_busy = False

    def _start(self) -> None:
        self._left = self._reload
        self.is_busy = self._left > 0 and bool(self._field("enable"))
        self._check_pace()
        now = clock.now_cycles()
        if self.sink is not None:
            self.move_in(now, self._chip.machines[self.sink.id])
        elif self.source is not None:
            self.move_out(self._chip.machines[self.source.id])

    def _check_pace(self) -> None:
        end = self.sink or self.source
        if end is None:
            raise Unsupported("memory to memory")
        request = end.id // 4 * 8 + end.id % 4 + (0 if self.sink is not None else 4)
        if self._field("treq_sel") != request or self._field("size") != 2:
            raise ValueError("paced by another machine, or not in words")

    def move_in(self, cycle: int, machine: Machine) -> None:
        """Fill the FIFO as far as there is room."""
        tx = machine.fifos.tx
        while self.is_busy and len(tx) < FIFO_WORDS and not machine.fifos.is_joined:
            buffer, index = self._chip.place(self._read)
            tx.append((cycle + self._chip.dma_cycles, buffer[index]))
            self._read = self._next_address(self._read, "inc_read", 0)
            self._count_down()

    def move_out(self, machine: Machine) -> None:
        """Empty the FIFO into memory."""
        rx = machine.fifos.rx
        while self.is_busy and rx:
            buffer, index = self._chip.place(self._write)
            buffer[index] = rx.pop(0)
            self._write = self._next_address(self._write, "inc_write", 1)
            self._count_down()

    def _next_address(self, address: int, increments: str, ring_sel: int) -> int:
        if not self._field(increments):
            return address
        ring = self._field("ring_size")
        if not ring or self._field("ring_sel") != ring_sel:
            return address + 4
        mask = (1 << ring) - 1
        return address & ~mask | (address + 4) & mask

    def _count_down(self) -> None:
        self._left -= 1
        if not self._left:
            self.is_busy = False
