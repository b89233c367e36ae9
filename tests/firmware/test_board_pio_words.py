# The PIO programs assemble to their golden words under both interpreters, and the module is itself
# again afterwards. What the words do is tests/pio.
from firmware.board import pio_programs as pio

PATH = __file__.split("firmware/test_board_pio_words")[0] + "vectors/pio_words.txt"


def _golden() -> "list[list[str]]":
    with open(PATH) as file:  # noqa: PTH123
        return [line.split() for line in file if line[0] != "#"]


def test_words_are_the_golden_ones() -> None:
    programs = {"trig": pio.trig, "guard": pio.guard, "stamp": pio.stamp}
    assert len(_golden()) == len(programs)
    for name, _, wrap_target, wrap, _, shiftctrl, *words in _golden():
        program = programs[name]
        assert list(program[0]) == [int(word, 16) for word in words]
        assert program[3] == int(wrap) << 12 | int(wrap_target) << 7
        assert program[4] == int(shiftctrl, 16)


def test_module_has_its_own_names_again() -> None:
    assert pio.TRIG_CHAIN_FIXED == pio.TRIG_IDLE_CYCLES + pio.TRIG_RISE_CYCLES
    assert not hasattr(pio, "jmp")
