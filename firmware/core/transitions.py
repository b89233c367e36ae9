# Device states against events, as one total table: the next state, IGNORE (accepted, nothing to do)
# or REJECT (refused with REJ_STATE). Pure data. firmware/core/machine.py applies it; the reasons
# why a command may still be refused in a state that allows it are in firmware/core/envelope.py.
from firmware.compat import const
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    FAULT,
    HOLD,
    READY,
    SELF_TEST,
    STANDBY,
    TRAIN,
)

# Events. Commands of the edge first, then what the device notices by itself.
EV_CONFIGURE = const(0)
EV_CHARGE = const(1)
EV_DISCHARGE = const(2)
EV_ARM = const(3)
EV_CONFIRM = const(4)
EV_FIRE = const(5)
EV_HOLD = const(6)
EV_STOP = const(7)
EV_CLEAR = const(8)
EV_UPDATE = const(9)  # any message about a firmware image
EV_PROVE = const(10)  # a part of the safety test
EV_STARTED = const(11)  # first poll after the constructor
EV_SELF_TEST_PASSED = const(12)
EV_CHARGED = const(13)  # bank within its tolerance
EV_BANK_LOW = const(14)
EV_TRAIN_DONE = const(15)  # last result of the train is in
EV_HELD = const(16)  # the running pulse is over after a Hold
EV_FAULT = const(17)
EV_CLEARED = const(18)  # last latched fault cleared

EVENT_NAMES = (
    "CONFIGURE",
    "CHARGE",
    "DISCHARGE",
    "ARM",
    "CONFIRM",
    "FIRE",
    "HOLD",
    "STOP",
    "CLEAR",
    "UPDATE",
    "PROVE",
    "STARTED",
    "SELF_TEST_PASSED",
    "CHARGED",
    "BANK_LOW",
    "TRAIN_DONE",
    "HELD",
    "FAULT",
    "CLEARED",
)

IGNORE = const(20)
REJECT = const(21)

TABLE = (
    # BOOT: outputs are being put into their safe position; nothing may be asked but identification.
    # Ends at the first poll.
    (
        IGNORE,  # CONFIGURE
        REJECT,  # CHARGE
        IGNORE,  # DISCHARGE: bleeding anyway
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        IGNORE,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        SELF_TEST,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # SELF_TEST: gate must read open, inputs must have been sampled, bank must be empty. Ends when
    # all three hold; the deadline latches a fault.
    (
        IGNORE,  # CONFIGURE
        REJECT,  # CHARGE
        IGNORE,  # DISCHARGE
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        IGNORE,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        STANDBY,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # STANDBY: bank empty and bleeding, charger open, gate closed. Waits for Charge without end.
    (
        IGNORE,  # CONFIGURE
        CHARGING,  # CHARGE
        IGNORE,  # DISCHARGE: is done
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        IGNORE,  # STOP: outputs are closed once more
        REJECT,  # CLEAR
        IGNORE,  # UPDATE: outputs are closed, flash may stop the chip
        IGNORE,  # PROVE: outputs are closed
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # CHARGING: the charger (or the bleed, when going down) moves the bank to its set point. Inputs,
    # heat and heartbeat are supervised from here to HOLD. Ends when within tolerance, or by
    # deadline.
    (
        REJECT,  # CONFIGURE: limits do not change under a charged bank
        REJECT,  # CHARGE
        DISCHARGING,  # DISCHARGE
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        DISCHARGING,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        READY,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # READY: bank regulated at its set point, gate closed. An Arm is judged, expanded and echoed
    # here; its token is the only way on.
    (
        REJECT,  # CONFIGURE
        CHARGING,  # CHARGE
        DISCHARGING,  # DISCHARGE
        IGNORE,  # ARM: stays, the echo follows
        ARMED,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        DISCHARGING,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # ARMED: gate enabled and fed, one token valid, no pulse queued. Ends with a train, a hold, or a
    # minute without a train.
    (
        REJECT,  # CONFIGURE
        REJECT,  # CHARGE
        DISCHARGING,  # DISCHARGE
        REJECT,  # ARM
        REJECT,  # CONFIRM
        TRAIN,  # FIRE
        HOLD,  # HOLD
        DISCHARGING,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # TRAIN: one train is accepted, queued or running. A Hold lets the running pulse end and is over
    # with HELD; everything else that ends it closes the gate at once.
    (
        REJECT,  # CONFIGURE
        REJECT,  # CHARGE
        DISCHARGING,  # DISCHARGE
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE: the envelope answers REJ_BUSY
        IGNORE,  # HOLD: noted, HELD follows
        DISCHARGING,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        ARMED,  # TRAIN_DONE
        HOLD,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # HOLD: gate closed, bank kept, plan forgotten. Going on needs Charge and a new Arm.
    (
        IGNORE,  # CONFIGURE: between trains, and only tighter
        CHARGING,  # CHARGE
        DISCHARGING,  # DISCHARGE
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        IGNORE,  # HOLD: is held
        DISCHARGING,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # DISCHARGING: gate closed, charger open, bleeding. Ends when the bank is low, or by deadline.
    (
        IGNORE,  # CONFIGURE
        REJECT,  # CHARGE
        IGNORE,  # DISCHARGE
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        IGNORE,  # STOP
        REJECT,  # CLEAR
        REJECT,  # UPDATE
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        STANDBY,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        FAULT,  # FAULT
        REJECT,  # CLEARED
    ),
    # FAULT: gate closed, charger open, bleeding; the first cause is kept, later ones are added.
    # Left only by a person's ClearFault after the cause is gone.
    (
        IGNORE,  # CONFIGURE
        REJECT,  # CHARGE
        REJECT,  # DISCHARGE: going on anyway
        REJECT,  # ARM
        REJECT,  # CONFIRM
        REJECT,  # FIRE
        REJECT,  # HOLD
        IGNORE,  # STOP
        IGNORE,  # CLEAR: CLEARED follows when nothing is left
        IGNORE,  # UPDATE: outputs are closed, flash may stop the chip
        REJECT,  # PROVE
        REJECT,  # STARTED
        REJECT,  # SELF_TEST_PASSED
        REJECT,  # CHARGED
        REJECT,  # BANK_LOW
        REJECT,  # TRAIN_DONE
        REJECT,  # HELD
        IGNORE,  # FAULT: added to the list
        DISCHARGING,  # CLEARED
    ),
)


def judge(state: int, event: int) -> int:
    """Next state, IGNORE or REJECT."""
    return TABLE[state][event]
