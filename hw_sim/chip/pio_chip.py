# Both PIO blocks and the memory of the stand-in chip: instruction memory and who lies where in it,
# the eight machines, the addresses of buffers, the few registers that the board writes itself.
# Belongs to one rig; a new rig or a reset begins with empty machines. Not the interface (rp2.py),
# not what an instruction does (pio_models.py). Both interpreters.
import clock
import rig
from firmware.compat import TYPE_CHECKING
from pio_models import Machine, Unsupported

if TYPE_CHECKING:
    from array import array

    from asm_pio import Program
    from rp2 import DMA

MACHINES = 8
BLOCK_WORDS = 32
RAM = 0x20004030
ALIGNED = 64  # no buffer lies on such a multiple by chance; the chip's allocator gives 16
PIO_BASE = (0x50200000, 0x50300000)
SHIFTCTRL = 0xD0  # of machine 0; the next ones 0x18 further
MACHINE_BYTES = 0x18
XOR_ALIAS = 0x1000
FJOIN_RX = 0x80000000


class Chip:
    # Everything of this module that a reset of the chip sets back.

    def __init__(self) -> None:
        self.rig = rig.the()
        self.resets = self.rig.resets
        now = clock.now_cycles()
        self.memory = [[0] * BLOCK_WORDS, [0] * BLOCK_WORDS]
        self.used = [[False] * BLOCK_WORDS, [False] * BLOCK_WORDS]
        self.loaded: "list[tuple[Program, int]]" = []
        self.machines = [Machine(self.memory[n // 4], now) for n in range(MACHINES)]
        self.origins = [0] * MACHINES
        self.attached = [False] * MACHINES
        self.channels: "list[DMA]" = []
        self.buffers: "list[tuple[int, array[int]]]" = []
        self.free = RAM
        self.dma_cycles = 0  # from a free place in a FIFO to the word in it

    def load(self, program: "Program", block: int) -> int:
        """Offset of the program in this block's memory, put there when it is not; top first."""
        if program[1 + block] >= 0:
            return int(program[1 + block])
        words = program[0]
        used = self.used[block]
        for offset in range(BLOCK_WORDS - len(words), -1, -1):
            if not any(used[offset : offset + len(words)]):
                for index in range(len(words)):
                    word = words[index]
                    used[offset + index] = True
                    # Only a jump holds an address.
                    self.memory[block][offset + index] = word + offset if word < 0x2000 else word
                program[1 + block] = offset
                self.loaded.append((program, block))
                return offset
        raise OSError(12)

    def address(self, buffer: "array[int]") -> int:
        """Where a buffer lies."""
        for start, known in self.buffers:
            if known is buffer:
                return start
        start = self.free if self.free % ALIGNED else self.free + 0x10
        self.buffers.append((start, buffer))
        self.free = start + 4 * len(buffer) + 0x10
        return start

    def place(self, address: int) -> "tuple[array[int], int]":
        """The buffer and index behind an address."""
        for start, buffer in self.buffers:
            if start <= address < start + 4 * len(buffer) and not (address - start) % 4:
                return buffer, (address - start) // 4
        raise MemoryError("a DMA channel runs into foreign memory")


_chips: "list[Chip]" = []


def chip() -> Chip:
    """State of the chip in use; a new rig or a reset begins with empty machines."""
    if _chips and _chips[0].rig is rig.the() and _chips[0].resets == rig.the().resets:
        return _chips[0]
    if _chips:
        for program, block in _chips.pop().loaded:
            program[1 + block] = -1
    _chips.append(Chip())
    return _chips[0]


def sync() -> Chip:
    """Everything up to now, and a little later: the processor has made an access."""
    clock.spend()
    state = chip()
    rig.sync()
    return state


class Registers:
    # machine.mem32, as far as the board writes it: a change of FJOIN_RX empties both FIFOs, and
    # while it is set nothing can be put in.

    def __setitem__(self, address: int, value: int) -> None:
        state = sync()
        for block in range(2):
            place = address - PIO_BASE[block] - XOR_ALIAS - SHIFTCTRL
            if place % MACHINE_BYTES == 0 and 0 <= place < 4 * MACHINE_BYTES:
                if value != FJOIN_RX:
                    raise Unsupported("shift control")
                fifos = state.machines[block * 4 + place // MACHINE_BYTES].fifos
                fifos.clear()
                fifos.is_joined = not fifos.is_joined
                return
        raise Unsupported("register")


mem32 = Registers()
