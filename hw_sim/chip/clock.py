# The one clock of the stand-in chip, in cycles of 125 MHz: follows the interpreter's ticks (virtual
# or real), or stands still and is moved by a test. Never runs back. The processor's own accesses
# cost cycles (spend); while the ticks stand still the clock runs ahead of them by that much.
# Imported as the top-level module `clock`, by both interpreters.
from firmware.compat import TYPE_CHECKING, ticks_us
from firmware.wire.ticks import Continuous

if TYPE_CHECKING:
    from typing import Any

CYCLES_PER_US = 125
# [P] What one access of Python to a machine costs: far less than on the chip (5 us and more,
# sources.md firmware 7.1), just enough for a machine to follow within the same statement.
ACCESS_CYCLES = 32

# Cycle shown last; continuous ticks, None when moved by hand; cycles at their zero; cost.
_state: "list[Any]" = [0, None, 0, ACCESS_CYCLES]


def set_manual(cycles: int = 0) -> None:
    """Stand still at this cycle until moved."""
    _state[0] = cycles
    _state[1] = None
    _state[3] = ACCESS_CYCLES


def use_ticks() -> None:
    """Follow the interpreter's ticks from the present value on."""
    _state[1] = Continuous(ticks_us())
    _state[2] = _state[0]
    _state[3] = ACCESS_CYCLES


def now_cycles() -> int:
    """Cycles since the clock began."""
    ticks = _state[1]
    if ticks is not None:
        _state[0] = max(_state[0], _state[2] + ticks.us(ticks_us()) * CYCLES_PER_US)
    return int(_state[0])


def advance_cycles(cycles: int) -> None:
    """Move a clock that stands still."""
    _state[0] += cycles


def advance_us(us: int) -> None:
    """The same in microseconds."""
    advance_cycles(us * CYCLES_PER_US)


def set_cost(cycles: int) -> None:
    """What each access costs from now on."""
    _state[3] = cycles


def spend() -> None:
    """The processor has made one access."""
    now_cycles()
    _state[0] += _state[3]
