# The enable on the stand-in chip: armed once, fed, latched off by everything else.
import rig
import rp2
from firmware.board.guard import Guard, loops
from firmware.board.pins import GP_CHAIN, GP_DOOR, GP_ENABLE, GP_ESTOP
from firmware.board.pio_programs import ARM_WORD, GUARD_LIFE_MAX
from tests.firmware.chip_bench import new_rig, pass_us
from tests.firmware.marks import control

pytestmark = control("pulse-guard")

LIFE_US = 100000
US = 125
LOOP_OPEN_CYCLES_MAX = 8  # six, and two of the synchroniser


def made() -> Guard:
    new_rig()
    return Guard()


def fed_for(guard: Guard, us: int) -> bool:
    for _ in range(us // 25000):
        pass_us(25000)
        guard.feed(LIFE_US)
    return guard.is_on()


def test_enable_is_off_until_armed_and_then_on_at_once() -> None:
    guard = made()
    assert not guard.is_on()
    guard.feed(LIFE_US)
    pass_us(1000)
    assert not guard.is_on()
    guard.arm(LIFE_US)
    assert guard.is_on()
    assert rig.net(GP_ENABLE).rises() == rig.net(GP_CHAIN).rises()


def test_enable_lives_while_it_is_fed_and_its_life_long_after() -> None:
    guard = made()
    guard.arm(LIFE_US)
    assert fed_for(guard, 1000000)
    pass_us(LIFE_US - 10)
    assert guard.is_on()
    pass_us(20)
    assert not guard.is_on()
    assert not fed_for(guard, 200000)  # feeding alone never re-enables
    guard.arm(LIFE_US)
    assert guard.is_on()


def test_drop_is_at_once_and_latched() -> None:
    guard = made()
    guard.arm(LIFE_US)
    pass_us(1000)
    guard.drop()
    assert not guard.is_on()
    assert not fed_for(guard, 100000)


def test_drop_wins_over_an_arm_word_still_on_its_way() -> None:
    guard = made()
    state = rp2.chip()
    state.machines[4].fifos.tx.append((rig.now_cycles() + 300, ARM_WORD | loops(LIFE_US)))
    guard.drop()
    pass_us(1000)
    assert not guard.is_on()


def test_loop_that_opens_drops_within_eight_cycles_and_stays_off() -> None:
    for contact in (GP_ESTOP, GP_DOOR):
        guard = made()
        guard.arm(LIFE_US)
        pass_us(1000)
        opened = rig.now_cycles()
        rig.set_contact(contact, False)
        pass_us(10)
        rig.set_contact(contact, True)
        fall = rig.net(GP_ENABLE).changes[-1]
        assert fall[1] == 0
        assert fall[0] - opened <= LOOP_OPEN_CYCLES_MAX
        assert not fed_for(guard, 100000)


def test_arm_with_an_open_loop_does_nothing() -> None:
    guard = made()
    rig.set_contact(GP_ESTOP, False)
    guard.arm(LIFE_US)
    assert not guard.is_on()
    rig.set_contact(GP_ESTOP, True)
    assert not fed_for(guard, 100000)


def test_host_that_takes_its_enable_away_shows_in_the_chain() -> None:
    guard = made()
    guard.arm(LIFE_US)
    rig.set_host_enable(False)
    pass_us(1)
    assert not guard.is_on()
    assert rig.net(GP_ENABLE).level_at(rig.now_cycles())  # the guard itself is on


def test_lives_are_bounded_and_never_an_arm_word() -> None:
    assert loops(0) == 0
    assert loops(-5) == 0
    assert loops(1) == 31
    assert loops(LIFE_US) == 3125000
    assert loops(10000000) == GUARD_LIFE_MAX < ARM_WORD
    guard = made()
    guard.arm(0)
    pass_us(10)
    assert not guard.is_on()
    guard.arm(10000000)
    pass_us(130000)
    assert guard.is_on()
    pass_us(10000)  # 134 ms is the longest that a word can hold
    assert not guard.is_on()
    guard.arm(LIFE_US)
    guard.feed(0)
    pass_us(1)
    assert not guard.is_on()


def test_machine_that_stands_still_hangs_nobody() -> None:
    # Catches: put() waits for ever for room in a FIFO that nobody empties.
    guard = made()
    guard._machine.active(0)
    for _ in range(10):
        guard.feed(LIFE_US)
        guard.arm(LIFE_US)
    guard.drop()
    assert not guard.is_on()


def test_jump_needs_the_address_where_the_program_lies() -> None:
    # Planted: a jump to the bare entry runs into another program's words.
    guard = made()
    assert guard._off > 0
    guard.arm(LIFE_US)
    guard._off = 0
    guard.drop()
    pass_us(1)
    assert rig.net(GP_ENABLE).level_at(rig.now_cycles())
