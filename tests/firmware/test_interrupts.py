# Every interrupt handler of the board with the heap locked, as a hard interrupt finds it on the
# chip: one that allocates raises there, and is never called again (sources.md firmware 7.2). The
# lock is real MicroPython's; under CPython the handlers only run. Portable.
import rig
from firmware.board.inputs import SOURCES, Inputs
from firmware.board.uart import SerialLine
from firmware.compat import TYPE_CHECKING, ThreadSafeFlag
from tests.firmware.chip_bench import BoardClock, new_rig

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

try:
    from micropython import heap_lock, heap_unlock

    HAS_LOCK = True
except ImportError:
    HAS_LOCK = False

    def heap_lock() -> None:
        """CPython has no such lock."""

    def heap_unlock() -> None:
        """CPython has no such lock."""


def _allocates(handler: "Callable[[Any], None]", times: int) -> bool:
    heap_lock()
    try:
        for _ in range(times):
            handler(None)
        return False
    except MemoryError:
        return True
    finally:
        heap_unlock()


def test_input_handler_allocates_nothing_and_wakes() -> None:
    new_rig()
    flag = ThreadSafeFlag()
    inputs = Inputs(flag)
    assert not _allocates(inputs.on_edge, 50)
    assert inputs.edges == 50
    inputs.edges = (1 << 20) - 2  # over the wrap of its counter
    assert not _allocates(inputs.on_edge, 4)
    assert inputs.edges == 2


def test_line_handler_allocates_nothing() -> None:
    new_rig()
    line = SerialLine(BoardClock(), ThreadSafeFlag())
    assert not _allocates(line.on_idle, 50)


def test_handlers_are_the_ones_that_the_chip_calls() -> None:
    new_rig()
    woken: "list[int]" = []

    class Flag(ThreadSafeFlag):
        def set(self) -> None:
            woken.append(1)

    inputs = Inputs(Flag())
    rig.set_contact(SOURCES[0][0], False)
    assert (inputs.edges, len(woken)) == (1, 1)
    SerialLine(BoardClock(), Flag())
    rig.the().lines[0].feed(b"x")
    assert len(woken) == 2


class _Careless:
    # What a handler must not be: each of these allocates on the chip.

    def __init__(self) -> None:
        self.times: "list[int]" = []
        self.count = (1 << 30) - 2

    def appends(self, _pin: object) -> None:
        self.times = self.times + [1]

    def grows(self, _pin: object) -> None:
        self.count += 1

    def binds(self, _pin: object) -> None:
        self.bound = self.appends


def test_handler_that_allocates_is_caught() -> None:
    careless = _Careless()
    for handler in (careless.appends, careless.grows, careless.binds):
        assert _allocates(handler, 3) is HAS_LOCK
