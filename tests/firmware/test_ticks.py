# Wrapping ticks become continuous microseconds; every run starts 5 s before the wrap.
from firmware.wire.ticks import TICKS_PERIOD, Continuous
from tests.firmware.marks import control

pytestmark = control("continuous-time")

START = TICKS_PERIOD - 5000000


def test_ticks_across_the_wrap_go_on_without_a_step() -> None:
    # Catches: plain subtraction of raw ticks.
    clock = Continuous(START)
    for step in range(1, 1001):
        raw = (START + step * 10000) % TICKS_PERIOD
        assert clock.us(raw) == step * 10000


def test_ticks_over_several_periods_keep_counting() -> None:
    clock = Continuous(START)
    raw = START
    for step in range(1, 20):
        raw = (raw + TICKS_PERIOD // 2 - 1) % TICKS_PERIOD
        assert clock.us(raw) == step * (TICKS_PERIOD // 2 - 1)


def test_ticks_going_back_a_little_stand_still() -> None:
    clock = Continuous(START)
    assert clock.us(START + 100) == 100
    assert clock.us(START + 90) == 100
    assert clock.us(START + 101) == 101


def test_ticks_unchanged_pass_no_time() -> None:
    assert Continuous(0).us(0) == 0
