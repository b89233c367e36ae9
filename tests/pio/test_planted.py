"""Bugs planted in the programs' source: the check named beside each must find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.pio import guard_checks as guard
from tests.pio import trig_checks as trig
from tests.pio.jobs import Runner
from tests.pio.programs import Programs, load

Check = Callable[[Programs, Runner], object]


@dataclass(frozen=True)
class Bug:
    what: str
    old: str
    new: str
    check: Check


def itbs(p: Programs, run: Runner) -> int:
    """A hundred pulses of theta burst."""
    return trig.check_plan(p, run, "iTBS", 100)


LOOK = """    label("delay")
    jmp(x_dec, "delay")  # x ends as TRIG_REFUSED
    jmp(pin, "fire")  # the last look, in the cycle before the edge
    jmp("rest")[2]
"""
EARLY = """    jmp(pin, "delay")
    jmp("rest")[2]
    label("delay")
    jmp(x_dec, "delay")
"""
BUGS = (
    Bug("look before the delay", LOOK, EARLY, trig.check_every_phase),
    Bug("look one cycle early", 'jmp(pin, "fire")', 'jmp(pin, "fire")[1]', trig.check_every_phase),
    Bug("no look while high", 'jmp(pin, "hold")', 'jmp("hold")', trig.check_every_phase),
    Bug("looks every 8 cycles", 'jmp(y_dec, "high")', 'jmp(y_dec, "high")[6]',
        trig.check_every_phase),
    Bug("edge before the look", 'jmp(pin, "fire")', 'set(pins, 1)\n    jmp(pin, "fire")',
        trig.check_every_phase),
    Bug("no lock-out", 'jmp(y_dec, "lock")[10]', "nop()", trig.check_interval),
    Bug("lock-out of data", "out(isr, 19)", "out(isr, 16)", trig.check_interval),
    Bug("lock-out a cycle short", "set(y, 27)[31]", "set(y, 27)[30]", trig.check_interval),
    Bug("lock-out a cycle long", "set(y, 27)[31]", "set(y, 28)[31]", itbs),
    Bug("width not absorbed", "mov(osr, invert(y))", "mov(osr, invert(null))", itbs),
    Bug("width absorbed at the wrong rate", 'jmp(y_dec, "spend")[1]', 'jmp(y_dec, "spend")', itbs),
    Bug("width unbounded", "out(y, 16)", "mov(y, osr)", trig.check_width_bound),
    Bug("cut frees the machine early", 'jmp(y_dec, "rest")[1]', "nop()",
        trig.check_random_requests),
    Bug("refusal in another rhythm", 'jmp("rest")[2]', 'jmp("rest")[1]',
        trig.check_random_requests),
    Bug("refusal without a word", 'jmp("rest")[2]', 'jmp("cancel")', trig.check_random_requests),
    Bug("cut called complete", "set(x, 2)", "set(x, 1)", trig.check_random_requests),
    Bug("cut stays high", 'set(pins, 0)\n    set(x, 2)', 'set(x, 2)', trig.check_every_phase),
    Bug("cancel without lock-out", "mov(osr, invert(null))[31]", "mov(osr, null)",
        trig.check_cancel),
    Bug("cancel leaves the pin high", '    set(pins, 0)\n    mov(osr, invert(null))',
        '    mov(osr, invert(null))', trig.check_cancel),
    Bug("cancel a little short", "mov(osr, invert(null))[31]", "mov(osr, invert(null))",
        trig.check_cancel),
    Bug("lock-out kept where a pull reaches it", "    mov(y, isr)\n    mov(isr, x)",
        "    mov(y, osr)\n    mov(isr, x)", trig.check_forced_pulls),
    Bug("no latch", "    pull(block)\n    mov(isr, osr)",
        '    jmp(pin, "on")\n    pull(block)\n    mov(isr, osr)', guard.check_loop),
    Bug("feed arms", 'jmp(x_not_y, "off")', "nop()", guard.check_arming),
    Bug("one bit of the key unread", "out(x, 10)", "out(x, 9)", guard.check_arming),
    Bug("arms with no life", 'jmp(not_x, "off")', "nop()", guard.check_arming),
    Bug("arms with an open loop", 'jmp(pin, "on")', 'jmp("on")', guard.check_arming),
    Bug("loop not looked at", 'jmp(pin, "fed")', 'jmp("fed")', guard.check_loop),
    Bug("loop looked at every 7 cycles", 'jmp(x_dec, "look")', 'jmp(x_dec, "look")[3]',
        guard.check_loop),
    Bug("life without end", 'jmp(x_dec, "look")', 'jmp("look")', guard.check_life),
    Bug("life unbounded", 'out(x, 22)\n    jmp(x_dec', 'out(x, 31)\n    jmp(x_dec',
        guard.check_life),
    Bug("feeding not needed", "pull(noblock)", "mov(osr, isr)", guard.check_life),
    Bug("stamp of a pin that was high", 'jmp("high")', 'jmp("low")', guard.check_stamps),
    Bug("rise costs an odd cycle", "    nop()\n", "", guard.check_stamps),
    Bug("counter stands at a rise", "nop()", "nop()[2]", guard.check_stamps),
    Bug("stamps the level", 'jmp(pin, "high")', 'jmp(pin, "rise")', guard.check_stamps),
    Bug("stamp at the wrap", '    jmp(x_dec, "low")\n', '    jmp(x_dec, "low")\n    jmp("rise")\n',
        guard.check_stamp_wrap),
)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_planted_bug_is_found(bug: Bug, js: Runner) -> None:
    planted = load(old=bug.old, new=bug.new)
    with pytest.raises(AssertionError):
        bug.check(planted, js)


def test_planted_bug_that_is_none_is_refused() -> None:
    with pytest.raises(AssertionError, match="not exactly once"):
        load(old="no such text", new="")
