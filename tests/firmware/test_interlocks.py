# Inputs: unknown at the start, opening at once, closing after it was stable, stale by a deadline.
from firmware.core.interlocks import Interlocks
from firmware.wire.codes import IN_COIL, IN_DOOR, IN_ESTOP, INPUT_BITS, INPUTS_ALL
from firmware.wire.limits import DEBOUNCE_CLOSE_US, INPUT_STALE_US
from tests.firmware.chance import Chance, sized
from tests.firmware.marks import control

pytestmark = control("interlocks-mcu")


def _stable() -> Interlocks:
    inputs = Interlocks()
    inputs.sample(0, INPUTS_ALL)
    inputs.work(DEBOUNCE_CLOSE_US)
    return inputs


def test_inputs_never_sampled_are_unknown_and_unsafe() -> None:
    # Catches: a starting value that is the good case.
    inputs = Interlocks()
    inputs.work(0)
    assert inputs.unsafe(INPUTS_ALL) == INPUTS_ALL
    assert (inputs.closed, inputs.known) == (0, 0)
    assert inputs.next_wake_us() == -1


def test_inputs_closing_count_only_when_stable() -> None:
    inputs = Interlocks()
    inputs.sample(1000, INPUTS_ALL)
    assert inputs.next_wake_us() == 1000 + DEBOUNCE_CLOSE_US
    inputs.work(1000 + DEBOUNCE_CLOSE_US - 1)
    assert inputs.unsafe(INPUTS_ALL) == INPUTS_ALL
    inputs.work(1000 + DEBOUNCE_CLOSE_US)
    assert inputs.unsafe(INPUTS_ALL) == 0


def test_inputs_opening_count_at_once() -> None:
    # Catches: debouncing the opening edge.
    inputs = _stable()
    inputs.sample(DEBOUNCE_CLOSE_US + 1, INPUTS_ALL & ~IN_DOOR)
    assert inputs.unsafe(INPUTS_ALL) == IN_DOOR
    assert inputs.known & IN_DOOR
    assert inputs.unsafe(INPUTS_ALL & ~IN_DOOR) == 0


def test_inputs_bouncing_restart_the_wait() -> None:
    inputs = _stable()
    now_us = DEBOUNCE_CLOSE_US
    for _ in range(10):
        now_us += DEBOUNCE_CLOSE_US - 1
        inputs.sample(now_us, INPUTS_ALL & ~IN_COIL)
        now_us += 1
        inputs.sample(now_us, INPUTS_ALL)
        inputs.work(now_us + DEBOUNCE_CLOSE_US - 1)
        assert inputs.unsafe(INPUTS_ALL) == IN_COIL
    inputs.work(now_us + DEBOUNCE_CLOSE_US)
    assert inputs.unsafe(INPUTS_ALL) == 0


def test_inputs_closing_one_after_the_other_wake_for_the_first() -> None:
    inputs = Interlocks()
    inputs.sample(0, IN_DOOR)
    inputs.sample(5000, IN_DOOR | IN_ESTOP)
    assert inputs.next_wake_us() == DEBOUNCE_CLOSE_US
    inputs.work(DEBOUNCE_CLOSE_US)
    assert inputs.closed == IN_DOOR
    assert inputs.next_wake_us() == 5000 + DEBOUNCE_CLOSE_US
    inputs.work(5000 + DEBOUNCE_CLOSE_US)
    assert inputs.closed == IN_DOOR | IN_ESTOP


def test_inputs_not_sampled_in_time_become_unknown_and_start_over() -> None:
    # Catches: a permission without an age.
    inputs = _stable()
    assert inputs.next_wake_us() == INPUT_STALE_US + 1
    inputs.work(INPUT_STALE_US)
    assert inputs.unsafe(INPUTS_ALL) == 0
    inputs.work(INPUT_STALE_US + 1)
    assert (inputs.closed, inputs.known) == (0, 0)
    assert inputs.next_wake_us() == -1
    inputs.sample(INPUT_STALE_US + 2, INPUTS_ALL)
    inputs.work(INPUT_STALE_US + 3)
    assert inputs.unsafe(INPUTS_ALL) == INPUTS_ALL


def test_inputs_read_open_are_known_at_once_and_read_closed_only_when_stable() -> None:
    # Catches: an input that never read open taken for one that is known to be open.
    inputs = Interlocks()
    inputs.sample(0, INPUTS_ALL & ~IN_DOOR)
    assert (inputs.closed, inputs.known) == (0, IN_DOOR)
    inputs.work(DEBOUNCE_CLOSE_US)
    assert (inputs.closed, inputs.known) == (INPUTS_ALL & ~IN_DOOR, INPUTS_ALL)
    inputs = Interlocks()
    inputs.sample(0, 0)
    assert (inputs.closed, inputs.known) == (0, INPUTS_ALL)


def test_inputs_forgiven_a_stall_get_stale_that_much_later() -> None:
    for sampled_us in (0, 5000):
        inputs = Interlocks()
        inputs.sample(sampled_us, 0)
        inputs.forgive(1000)
        assert inputs.next_wake_us() == sampled_us + 1000 + INPUT_STALE_US + 1
    inputs = Interlocks()
    inputs.forgive(1000)
    assert inputs.next_wake_us() == -1


def test_inputs_bits_beyond_the_fitted_ones_are_ignored() -> None:
    inputs = Interlocks()
    inputs.sample(0, 0xFFFF)
    inputs.work(DEBOUNCE_CLOSE_US)
    assert inputs.closed == INPUTS_ALL


def test_inputs_random_walk_is_never_safe_while_open_or_too_young() -> None:
    # The rule restated without the implementation: safe only if read closed without a break for
    # the debounce time, and read at all within the stale time.
    chance = Chance(5)
    inputs = Interlocks()
    now_us = 0
    count = len(INPUT_BITS)
    closed_since = [-1] * count
    sampled_us = -1
    for _ in range(sized(20000, 500)):
        now_us += chance.below(30000)
        if sampled_us >= 0 and now_us - sampled_us > INPUT_STALE_US:
            closed_since = [-1] * count
            sampled_us = -1
        inputs.work(now_us)
        if chance.below(3):
            mask = chance.below(128) | chance.below(128)
            sampled_us = now_us
            inputs.sample(now_us, mask)
            for index in range(count):
                if not mask >> index & 1:
                    closed_since[index] = -1
                elif closed_since[index] < 0:
                    closed_since[index] = now_us
            inputs.work(now_us)
        for index in range(count):
            since_us = closed_since[index]
            is_safe = since_us >= 0 and now_us - since_us >= DEBOUNCE_CLOSE_US
            assert (inputs.unsafe(1 << index) == 0) == is_safe
