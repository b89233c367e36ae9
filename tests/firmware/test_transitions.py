# The table of states: total, with FAULT entered from everywhere and left by a person only, and no
# way to an enabled gate but Confirm.
from firmware.core.machine import Machine
from firmware.core.transitions import (
    EV_ARM,
    EV_CLEARED,
    EV_CONFIRM,
    EV_FAULT,
    EV_FIRE,
    EV_STARTED,
    EV_STOP,
    EV_TRAIN_DONE,
    EVENT_NAMES,
    IGNORE,
    REJECT,
    TABLE,
    judge,
)
from firmware.wire.codes import (
    ARMED,
    BOOT,
    CHARGING,
    DISCHARGING,
    F_DOOR,
    F_ESTOP,
    F_INTERNAL,
    F_NONE,
    FAULT,
    FAULTS,
    HOLD,
    READY,
    SELF_TEST,
    STANDBY,
    STATE_NAMES,
    TRAIN,
)
from tests.firmware.marks import control

pytestmark = control("safe-boot")


def test_table_is_the_full_product_of_states_and_events() -> None:
    count = 0
    for row in TABLE:
        for cell in row:
            assert 0 <= cell < len(STATE_NAMES) or cell in (IGNORE, REJECT)
            count += 1
    print(f"transitions: {count} cells")  # noqa: T201
    assert count == len(STATE_NAMES) * len(EVENT_NAMES) == 190


# What leads where, from the description of the states; and what is accepted without a move.
MOVES = {
    ("BOOT", "STARTED"): SELF_TEST,
    ("SELF_TEST", "SELF_TEST_PASSED"): STANDBY,
    ("STANDBY", "CHARGE"): CHARGING,
    ("CHARGING", "CHARGED"): READY,
    ("READY", "CHARGE"): CHARGING,
    ("READY", "CONFIRM"): ARMED,
    ("ARMED", "FIRE"): TRAIN,
    ("ARMED", "HOLD"): HOLD,
    ("TRAIN", "TRAIN_DONE"): ARMED,
    ("TRAIN", "HELD"): HOLD,
    ("HOLD", "CHARGE"): CHARGING,
    ("DISCHARGING", "BANK_LOW"): STANDBY,
    ("FAULT", "CLEARED"): DISCHARGING,
}
ACCEPTED = {
    "BOOT": ("CONFIGURE", "DISCHARGE", "STOP"),
    "SELF_TEST": ("CONFIGURE", "DISCHARGE", "STOP"),
    "STANDBY": ("CONFIGURE", "DISCHARGE", "STOP", "UPDATE", "PROVE"),
    "CHARGING": (),
    "READY": ("ARM",),
    "ARMED": (),
    "TRAIN": ("HOLD",),
    "HOLD": ("CONFIGURE", "HOLD"),
    "DISCHARGING": ("CONFIGURE", "DISCHARGE", "STOP"),
    "FAULT": ("CONFIGURE", "STOP", "CLEAR", "UPDATE", "FAULT"),
}
CHARGED = ("CHARGING", "READY", "ARMED", "TRAIN", "HOLD")


def _expected(state: str, event: str) -> int:
    if event == "FAULT" and state != "FAULT":
        return FAULT
    if event in ("STOP", "DISCHARGE") and state in CHARGED:
        return DISCHARGING
    if event in ACCEPTED[state]:
        return IGNORE
    return MOVES.get((state, event), REJECT)


def test_table_holds_what_the_states_promise_in_every_cell() -> None:
    # Catches: any cell changed by a slip of the hand.
    for state in range(len(STATE_NAMES)):
        for event in range(len(EVENT_NAMES)):
            names = STATE_NAMES[state], EVENT_NAMES[event]
            assert judge(state, event) == _expected(names[0], names[1]), names


def test_fault_is_entered_from_every_state_and_stop_never_refused() -> None:
    for state in range(len(STATE_NAMES)):
        assert judge(state, EV_FAULT) == (IGNORE if state == FAULT else FAULT)
        assert judge(state, EV_STOP) != REJECT


def test_fault_is_left_by_clearing_only() -> None:
    ways = [e for e in range(len(EVENT_NAMES)) if judge(FAULT, e) not in (IGNORE, REJECT)]
    assert ways == [EV_CLEARED]


def test_gate_states_are_reached_by_confirm_and_fire_only() -> None:
    # Catches: a short cut into ARMED or TRAIN.
    ways = []
    for state in range(len(STATE_NAMES)):
        for event in range(len(EVENT_NAMES)):
            if judge(state, event) in (ARMED, TRAIN):
                ways.append((state, event))
    assert ways == [(READY, EV_CONFIRM), (ARMED, EV_FIRE), (TRAIN, EV_TRAIN_DONE)]


def test_stop_from_charged_states_discharges() -> None:
    for state in (CHARGING, READY, ARMED, TRAIN, HOLD):
        assert judge(state, EV_STOP) == DISCHARGING


def test_machine_keeps_the_first_fault_first_and_adds_later_ones() -> None:
    machine = Machine()
    assert machine.state == BOOT
    assert (machine.first_fault(), machine.fault_bits()) == (F_NONE, 0)
    assert machine.latch(F_DOOR)
    assert machine.fault_bits() == 1 << FAULTS.index(F_DOOR)
    assert not machine.latch(F_ESTOP)
    assert not machine.latch(F_DOOR)
    assert machine.faults == [F_DOOR, F_ESTOP]
    assert machine.first_fault() == F_DOOR
    assert machine.fault_bits() == 1 << FAULTS.index(F_DOOR) | 1 << FAULTS.index(F_ESTOP)


def test_machine_leaves_fault_when_the_last_one_is_cleared() -> None:
    machine = Machine()
    machine.latch(F_DOOR)
    machine.latch(F_ESTOP)
    assert not machine.clear(F_DOOR)
    assert machine.state == FAULT
    assert machine.clear(F_ESTOP)
    assert machine.state == DISCHARGING
    machine.latch(F_INTERNAL)
    assert machine.clear(F_NONE)
    assert (machine.state, machine.faults) == (DISCHARGING, [])


def test_machine_asserts_on_a_refused_event() -> None:
    machine = Machine()
    assert machine.apply(EV_STARTED)
    assert machine.state == SELF_TEST
    assert not machine.allows(EV_ARM)
    told = ""
    try:
        machine.apply(EV_ARM)
    except AssertionError as error:
        told = str(error)
    assert told == "event %d in state %d" % (EV_ARM, SELF_TEST)
    assert machine.state == SELF_TEST
