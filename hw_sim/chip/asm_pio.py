# Stand-in for the assembler of MicroPython's rp2 module: the same decorator, names and 8-field
# program, for interpreters that have no PIO. Owns the encoding of instructions; runs nothing
# (pio_models.py does). Stricter than the chip's: too long, unknown and out of range are refused.
# Both interpreters, no clock. tests/pio holds its words against a second assembler.
from array import array

TYPE_CHECKING = False  # mypy takes it for true; MicroPython has no typing module

if TYPE_CHECKING:
    from collections.abc import Callable

    Name = int | Callable[..., object]

WORDS_MAX = 32  # instruction memory of one PIO block
DELAY_BITS = 5  # shared with side-set
BLOCK = 0x20
INVERT = 0x08
REVERSE = 0x10


class PIO:
    IN_LOW = 0
    IN_HIGH = 1
    OUT_LOW = 2
    OUT_HIGH = 3
    SHIFT_LEFT = 0
    SHIFT_RIGHT = 1
    JOIN_NONE = 0
    JOIN_TX = 1
    JOIN_RX = 2


class PIOASMError(Exception):
    pass


class Program(list):  # type: ignore[type-arg]  # subscripts of list fail on the chip
    # The chip's list of 8 (words, offsets in PIO0 and PIO1, execctrl, shiftctrl, pin states of out,
    # set and side-set); the attributes are ours.

    def __init__(
        self, fields: "list[object]", words: "list[int]", bounds: "tuple[int, int]"
    ) -> None:
        super().__init__(fields)
        self.words = words
        self.wrap_target, self.wrap = bounds
        self.labels: dict[str, int] = {}


class Instruction:
    # One word in the making: [n] adds a delay, .side(n) a side-set.

    def __init__(self, word: int, target: "str | None") -> None:
        self.word = word
        self.target = target
        self.delay = 0
        self.side_value = -1

    def __getitem__(self, cycles: int) -> "Instruction":
        self.delay = cycles
        return self

    def side(self, value: int) -> "Instruction":
        """Set the side-set pins with this instruction."""
        self.side_value = value
        return self


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise PIOASMError(what)


class Assembler:
    """Takes the calls of one program in order; finish() makes its words."""

    def __init__(self, sideset_pins: int) -> None:
        self.sideset_pins = sideset_pins
        self.instructions: list[Instruction] = []
        self.labels: dict[str, int] = {}
        self.first = 0
        self.last = -1

    def word(self, word: int, target: "str | None" = None) -> Instruction:
        """Any instruction by its number, with a label as its address."""
        made = Instruction(word, target)
        self.instructions.append(made)
        return made

    def label(self, name: str) -> None:
        """The next instruction's name."""
        _check(name not in self.labels, "label twice: " + name)
        self.labels[name] = len(self.instructions)

    def wrap_target(self) -> None:
        """After the last instruction the next one follows."""
        self.first = len(self.instructions)

    def wrap(self) -> None:
        """The instruction before this is the last one."""
        _check(len(self.instructions) > 0, "wrap before anything")
        self.last = len(self.instructions) - 1

    def nop(self) -> Instruction:
        """One cycle; y into y."""
        return self.mov(2, 2)

    def jmp(self, condition: "int | str", target: "str | None" = None) -> Instruction:
        """Go to a label, always or on a condition."""
        if isinstance(condition, str):
            return self.word(0, condition)
        _check(target is not None, "jump to nowhere")
        return self.word(condition << 5, target)

    def wait(self, polarity: int, source: "Name", index: int) -> Instruction:
        """Stall until a pin or a flag has this level; source gpio, pin or irq."""
        kind = {0: 0, 6: 1}.get(source, 2) if isinstance(source, int) else 2
        return self.word(0x2000 | polarity << 7 | kind << 5 | index)

    def in_(self, source: int, bits: int) -> Instruction:
        """Shift bits into the ISR."""
        _check(0 < bits <= 32, "number of bits")
        return self.word(0x4000 | source << 5 | bits & 31)

    def out(self, target: int, bits: int) -> Instruction:
        """Shift bits out of the OSR."""
        _check(0 < bits <= 32, "number of bits")
        return self.word(0x6000 | min(target, 7) << 5 | bits & 31)

    def push(self, mode: int = BLOCK, more: int = 0) -> Instruction:
        """ISR into the RX FIFO; blocks unless told otherwise."""
        return self.word(0x8000 | self._fifo_bits(mode | more))

    def pull(self, mode: int = BLOCK, more: int = 0) -> Instruction:
        """TX FIFO into the OSR; blocks unless told otherwise."""
        return self.word(0x8080 | self._fifo_bits(mode | more))

    def _fifo_bits(self, mode: int) -> int:
        # Bit 0 marks a word that says something about blocking; without it the default holds.
        return mode & 0x60 if mode & 1 else mode & 0x60 | BLOCK

    def mov(self, target: int, source: int) -> Instruction:
        """Copy a register."""
        return self.word(0xA000 | (4 if target == 8 else target) << 5 | source)

    def irq(self, mode: int, index: "int | None" = None) -> Instruction:
        """Raise, clear or wait for a flag."""
        return self.word(0xC000 | (mode if index is None else mode & 0x60 | index))

    def set(self, target: int, value: int) -> Instruction:
        """A small number into pins, x or y."""
        _check(0 <= value < 32, "value of set")
        return self.word(0xE000 | target << 5 | value)

    def names(self) -> "dict[str, Name]":
        """What a program may say."""
        return {
            "word": self.word, "label": self.label, "wrap_target": self.wrap_target,
            "wrap": self.wrap, "nop": self.nop, "jmp": self.jmp, "wait": self.wait,
            "in_": self.in_, "out": self.out, "push": self.push, "pull": self.pull,
            "mov": self.mov, "irq": self.irq, "set": self.set,
            "gpio": 0, "pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "status": 5,
            "isr": 6, "osr": 7, "exec": 8,
            "not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7,
            "noblock": 1, "block": BLOCK | 1, "iffull": 0x40, "ifempty": 0x40, "clear": 0x40,
            "invert": lambda source: source | INVERT, "reverse": lambda source: source | REVERSE,
            "rel": lambda index: index | 0x10,
        }  # fmt: skip

    def is_side_optional(self) -> bool:
        """Whether some instructions leave the side-set pins alone."""
        return self.sideset_pins > 0 and any(i.side_value < 0 for i in self.instructions)

    def _encode(self, instruction: Instruction, room: int) -> int:
        word = instruction.word
        if instruction.target is not None:
            _check(instruction.target in self.labels, "unknown label")
            word |= self.labels[instruction.target]
        _check(0 <= instruction.delay < 1 << room, "delay")
        word |= instruction.delay << 8
        if instruction.side_value >= 0:
            _check(instruction.side_value < 1 << self.sideset_pins, "side-set")
            word |= (self.is_side_optional() << 12) | instruction.side_value << (8 + room)
        return word

    def finish(self) -> "list[int]":
        """All words, addresses from 0."""
        _check(0 < len(self.instructions) <= WORDS_MAX, "length of the program")
        if self.last < 0:
            self.last = len(self.instructions) - 1
        room = DELAY_BITS - self.sideset_pins - self.is_side_optional()
        return [self._encode(instruction, room) for instruction in self.instructions]


def _pins(states: "int | tuple[int, ...] | None") -> int:
    if states is None:
        return 0
    return 1 if isinstance(states, int) else len(states)


def _say(program: "Callable[[], None]", names: "dict[str, Name]") -> None:
    # As on the chip: while the program speaks, its module's globals are the assembler's names only.
    world = program.__globals__
    kept = world.copy()
    world.clear()
    world.update(names)
    try:
        program()
    finally:
        world.clear()
        world.update(kept)


def asm_pio(
    out_init: "int | tuple[int, ...] | None" = None,
    set_init: "int | tuple[int, ...] | None" = None,
    sideset_init: "int | tuple[int, ...] | None" = None,
    side_pindir: bool = False,
    in_shiftdir: int = PIO.SHIFT_LEFT,
    out_shiftdir: int = PIO.SHIFT_LEFT,
    autopush: bool = False,
    autopull: bool = False,
    push_thresh: int = 32,
    pull_thresh: int = 32,
    fifo_join: int = PIO.JOIN_NONE,
) -> "Callable[[Callable[[], None]], Program]":
    """Decorator that turns a function of instruction calls into a program."""
    shiftctrl = (
        fifo_join << 30
        | (pull_thresh & 31) << 25
        | (push_thresh & 31) << 20
        | out_shiftdir << 19
        | in_shiftdir << 18
        | autopull << 17
        | autopush << 16
    )

    def decorate(function: "Callable[[], None]") -> Program:
        assembler = Assembler(_pins(sideset_init))
        _say(function, assembler.names())
        words = assembler.finish()
        execctrl = (
            side_pindir << 29
            | assembler.is_side_optional() << 30
            | assembler.last << 12
            | assembler.first << 7
        )
        fields = [array("H", words), -1, -1, execctrl, shiftctrl, out_init, set_init, sideset_init]
        program = Program(fields, words, (assembler.first, assembler.last))
        program.labels = assembler.labels
        return program

    return decorate
