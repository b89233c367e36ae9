# The three PIO programs: trig makes each trigger edge, guard holds the enable, stamp times what
# came back. Owns their words and the cycle counts that follow from them; not the machines, pins
# or queues (trigger.py, guard.py, stamps.py). One cycle is 8 ns: CLOCK_HZ on both chips, divider
# 1. The chip's input synchroniser adds 2 cycles to every input, nothing else does. On the chip the
# names inside the programs hide this module's own, so they hold literals; tests/pio proves every
# constant below against the words in two emulators (sources.md firmware 3.2, 3.3).
import rp2

CLOCK_HZ = 125_000_000

# trig: words in are delay, then width (low 16 bits); one word out per request.
TRIG_RISE_CYCLES = 8  # pull of the delay word, cold, to the rise: delay + 8
TRIG_WIDTH_CYCLES = 2  # high for 2 * width + 3
TRIG_WIDTH_FIXED = 3
TRIG_WIDTH_COUNT_MAX = 65535  # [C] 131,073 cycles, 1.05 ms: no word can hold the pin longer
TRIG_RESULT_FIXED = 7  # the result is pushed 2 * width + 7 after the rise, whatever it is
# [C] IPI_US_MIN in cycles. Rise to rise is delay + this, whatever the widths and the results; a
# refused request counts from the cycle in which it would have risen.
TRIG_CHAIN_FIXED = 1_125_000
LOCK_OUT_CYCLES = TRIG_CHAIN_FIXED
TRIG_IDLE_CYCLES = TRIG_CHAIN_FIXED - TRIG_RISE_CYCLES  # rise to the next pull of a delay word
TRIG_COMPLETE = 1
TRIG_CUT = 2  # the chain opened in the pulse; low at once
TRIG_REFUSED = 0xFFFFFFFF  # the chain was open in the cycle before the edge: no edge
# Entry, relative to the load offset, for a jump from outside: low, the whole lock-out, idle, no
# result. Init and restart begin there too, so that no start can come nearer than the lock-out.
TRIG_CANCEL = 0
TRIG_CANCEL_CYCLES = 1_125_019  # the jump to the next pull of a delay word

# guard: the arm word carries the first life; later words are lives, in loops of 4 cycles.
ARM_WORD = 21 << 22  # put ARM_WORD | life; fits a small integer
GUARD_LOOP_CYCLES = 4
GUARD_LIFE_MAX = (1 << 22) - 1  # [C] 134 ms: no word can make a longer one
GUARD_RISE_CYCLES = 10  # pull of the arm word to the enable
GUARD_LIFE_FIXED = 4  # low again 4 * life + 4 after the pull of the last word
GUARD_OFF = 0  # entry: off, and latched

# stamp: one word out per rise, the ticks counted since the start (modulo 2**32).
STAMP_TICK_CYCLES = 2
STAMP_RISE_TICKS = 2  # not counted at each rise: the k-th stamp (from 0) stands for n + 2 * k ticks
STAMP_START_CYCLES = 2  # sampled in cycle 2 + 2 * (n + 2 * k) of the machine
STAMP_START = 0  # entry: count from zero


@rp2.asm_pio(
    set_init=rp2.PIO.OUT_LOW, in_shiftdir=rp2.PIO.SHIFT_LEFT, out_shiftdir=rp2.PIO.SHIFT_RIGHT
)
def trig() -> None:
    """One pulse per request: delay, last look at the chain, edge, lock-out."""
    label("cancel")
    set(pins, 0)
    mov(osr, invert(null))[31]  # longer than any way from a rise to the lock-out
    out(y, 19)
    wrap_target()
    label("spend")
    jmp(y_dec, "spend")[1]  # 2**19 turns less those that the pulse has had
    set(y, 27)[31]
    mov(isr, y)[31]
    in_(y, 8)[2]
    mov(y, isr)  # 27 * 256 + 27
    label("lock")
    jmp(y_dec, "lock")[10]  # the rest of 9 ms, to the cycle
    pull(block)  # idle: the delay
    mov(x, osr)
    pull(block)  # the width
    out(y, 16)
    mov(osr, invert(y))
    out(isr, 19)  # kept where no pull reaches it
    label("delay")
    jmp(x_dec, "delay")  # x ends as TRIG_REFUSED
    jmp(pin, "fire")  # the last look, in the cycle before the edge
    jmp("rest")[2]
    label("fire")
    set(pins, 1)
    label("hold")
    jmp(y_dec, "high")
    set(x, 1)  # TRIG_COMPLETE
    set(pins, 0)
    jmp("report")
    label("high")
    jmp(pin, "hold")  # every second cycle while high
    set(pins, 0)
    set(x, 2)  # TRIG_CUT
    label("rest")
    jmp(y_dec, "rest")[1]  # as long as the pulse would have been
    label("report")
    mov(y, isr)
    mov(isr, x)
    push(noblock)
    wrap()


@rp2.asm_pio(
    set_init=rp2.PIO.OUT_LOW, in_shiftdir=rp2.PIO.SHIFT_LEFT, out_shiftdir=rp2.PIO.SHIFT_RIGHT
)
def guard() -> None:
    """Enable while armed, fed and with the loop closed; whatever ends it, it stays off."""
    wrap_target()
    label("off")
    set(pins, 0)
    pull(block)
    mov(isr, osr)
    out(null, 22)
    out(x, 10)
    set(y, 21)  # ARM_WORD >> 22
    jmp(x_not_y, "off")  # a feed, and feeding alone never arms
    mov(osr, isr)
    out(x, 22)
    jmp(not_x, "off")
    jmp(pin, "on")
    jmp("off")
    label("fed")
    pull(noblock)  # a newer life, else x itself
    out(x, 22)
    jmp(x_dec, "look")
    jmp("off")
    label("on")
    set(pins, 1)
    label("look")
    jmp(pin, "fed")  # every fourth cycle
    wrap()


@rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_LEFT, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def stamp() -> None:
    """Count for ever, and tell the count at each rise of the pin."""
    mov(x, invert(null))
    jmp("high")  # a pin that is high at the start has not risen
    label("rise")
    mov(isr, invert(x))
    push(noblock)
    nop()
    label("high")
    jmp(x_dec, "still")
    label("still")
    jmp(pin, "high")
    wrap_target()
    label("low")
    jmp(pin, "rise")
    jmp(x_dec, "low")
    wrap()  # x went round: on, and no stamp
