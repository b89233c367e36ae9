"""The programs' words: two assemblers and the golden file agree; the constants fit the words."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import adafruit_pioasm
import pytest

from asm_pio import PIOASMError, asm_pio
from firmware.board.pins import CLOCK_HZ
from firmware.wire.limits import GATE_LIFE_US, IPI_US_MIN
from tests.pio import pioasm_text
from tests.pio.programs import NAMES, Programs, load

GOLDEN = Path(__file__).parents[1] / "vectors" / "pio_words.txt"
BLOCK_WORDS = 32  # instruction memory of one PIO block


def golden_line(p: Programs, name: str) -> str:
    """Name, wrap, shift register bits and words, as the golden file has them."""
    program = getattr(p, name)
    head = f"{name} wrap {program.wrap_target} {program.wrap} shiftctrl {program[4]:08x}"
    return " ".join([head, *(f"{word:04x}" for word in program.words)])


@pytest.mark.parametrize("name", NAMES)
def test_two_assemblers_make_the_same_words(name: str) -> None:
    ours = getattr(load(), name)
    theirs = adafruit_pioasm.Program(getattr(load(pioasm_text), name))
    assert list(theirs.assembled) == ours.words == list(ours[0])
    assert theirs.pio_kwargs["wrap_target"] == ours.wrap_target
    assert theirs.pio_kwargs["wrap"] == ours.wrap


def test_words_are_the_golden_ones() -> None:
    lines = [line for line in GOLDEN.read_text().splitlines() if not line.startswith("#")]
    p = load()
    assert lines == [golden_line(p, name) for name in NAMES]


def test_programs_fit_their_blocks() -> None:
    p = load()
    assert len(p.trig.words) <= BLOCK_WORDS
    assert len(p.guard.words) + len(p.stamp.words) <= BLOCK_WORDS  # both stamps share one copy


def test_constants_agree_with_the_limits() -> None:
    p = load()
    assert p.TRIG_CHAIN_FIXED == p.LOCK_OUT_CYCLES == IPI_US_MIN * (p.CLOCK_HZ // 1_000_000)
    assert p.CLOCK_HZ == CLOCK_HZ
    assert p.TRIG_CANCEL_CYCLES > p.TRIG_IDLE_CYCLES
    assert p.GUARD_LOOP_CYCLES * p.GUARD_LIFE_MAX > GATE_LIFE_US * (p.CLOCK_HZ // 1_000_000)
    assert p.ARM_WORD & p.GUARD_LIFE_MAX == 0
    assert p.ARM_WORD | p.GUARD_LIFE_MAX < 1 << 30  # a small integer on the chip
    safe = (p.TRIG_CANCEL, p.GUARD_OFF, p.STAMP_START)
    assert safe == (p.trig.labels["cancel"], p.guard.labels["off"], 0)  # where init begins


def test_module_is_itself_again_after_the_programs() -> None:
    p = load()
    assert p.CLOCK_HZ == 125_000_000
    assert not hasattr(p, "jmp")
    assert "rp2" not in sys.modules or sys.modules["rp2"].__name__ == "rp2"


def test_golden_words_would_notice_any_flipped_bit() -> None:
    p = load()
    line = golden_line(p, "trig")
    for index, bit in ((0, 0), (10, 8), (29, 15)):
        p.trig.words[index] ^= 1 << bit
        assert golden_line(p, "trig") != line
        p.trig.words[index] ^= 1 << bit
    assert all(one != other for one, other in pairwise(golden_line(p, name) for name in NAMES))


ILL = (
    "jmp('nowhere')",
    "label('a')\n    label('a')\n    nop()",
    "set(x, 32)",
    "out(x, 33)",
    "in_(x, 0)",
    "nop()[32]",
    "wrap()",
    "pass",
    "jmp(x_dec, None)",
    "\n    ".join(["nop()"] * 33),
)


@pytest.mark.parametrize("body", ILL)
def test_ill_program_is_refused(body: str) -> None:
    world: dict[str, object] = {}
    exec(f"def ill():\n    {body}\n", world)
    with pytest.raises(PIOASMError):
        asm_pio()(world["ill"])  # type: ignore[arg-type]


def test_side_set_and_delay_share_their_bits() -> None:
    world: dict[str, object] = {}
    exec("def one():\n    nop().side(1)[7]\n    nop()\n", world)
    program = asm_pio(sideset_init=(0,))(world["one"])  # type: ignore[arg-type]
    assert program.words == [0xA042 | 1 << 12 | 1 << 11 | 7 << 8, 0xA042]
    assert program[3] & 1 << 30
