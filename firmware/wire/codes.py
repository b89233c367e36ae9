# Numbers both sides of the serial line agree on: device states, events, rejections, faults,
# input bits and pulse results. Written once, here. Owns no behaviour. Runs on the MCU and on
# the Pi, so it uses the MicroPython subset only. Texts, severities and cures belong to
# edge/domain/faults.py; a contract test demands a row there for every number here.
from firmware.compat import const

# Device states. The table of moves is firmware/core/transitions.py.
BOOT = const(0)
SELF_TEST = const(1)
STANDBY = const(2)  # bank empty, charger open, gate closed
CHARGING = const(3)
READY = const(4)  # bank at its set point; an Arm may be judged
ARMED = const(5)  # confirmed: gate enabled, one token valid
TRAIN = const(6)  # pulses of one train are queued or running
HOLD = const(7)  # paused: gate closed, bank kept
DISCHARGING = const(8)
FAULT = const(9)  # latched; gate closed, bank bled

STATE_NAMES = (
    "BOOT",
    "SELF_TEST",
    "STANDBY",
    "CHARGING",
    "READY",
    "ARMED",
    "TRAIN",
    "HOLD",
    "DISCHARGING",
    "FAULT",
)

# Input bits. 1 means the safe, energised level (loop closed, door shut, coil plugged in).
# A stuck or cut wire reads 0, which is the stopping level.
IN_ESTOP = const(1)  # emergency stop loop closed
IN_DOOR = const(2)  # door of the room shut
IN_COIL = const(4)  # coil connector seated
IN_PATIENT = const(8)  # patient stop button not pressed
IN_COOLING = const(16)  # fan or flow running
IN_HOST = const(32)  # the edge's own enable: output of the one-shot that its square wave holds
IN_ENCLOSURE = const(64)  # cover of the power stage shut
INPUT_BITS = (IN_ESTOP, IN_DOOR, IN_COIL, IN_PATIENT, IN_COOLING, IN_HOST, IN_ENCLOSURE)
INPUT_NAMES = ("estop", "door", "coil", "patient", "cooling", "host", "enclosure")
INPUTS_ALL = const(127)

# Answer codes. 0 is acceptance; everything else is a rejection, never an exception.
OK = const(0)
REJ_STATE = const(1)  # not in this state
REJ_VERSION = const(2)  # protocol versions differ: identification only
REJ_RANGE = const(3)  # a field is outside its range
REJ_LIMIT = const(4)  # outside the limits stored in the MCU
REJ_LOOSER = const(5)  # a limit may only be tightened
REJ_NOT_CONFIGURED = const(6)
REJ_INTERLOCK = const(7)  # an input is open, unknown or stale
REJ_TOKEN = const(8)  # token unknown, used or expired
REJ_LATE = const(9)  # start time is too near or past: refused whole
REJ_TOO_FAR = const(10)  # start time is too far ahead
REJ_BUSY = const(11)  # a train is queued or running
REJ_TOTAL = const(12)  # would pass the session's prescribed pulses
REJ_LEDGER = const(13)  # edge and MCU disagree about pulses already delivered
REJ_FAULT = const(14)  # a fault is latched
REJ_HOT = const(15)  # temperature too high or unknown
REJ_CAUSE = const(16)  # fault's cause is still there
REJ_UNKNOWN = const(17)  # no such message
REJ_LENGTH = const(18)  # payload length does not fit the message
REJ_INTERVAL = const(19)  # pulses closer than the minimum interval
REJ_MAC = const(20)  # the seal is not of this key, this Hello and these bytes
REJ_EPOCH = const(21)  # sealed for another boot of the MCU
REJ_SEQUENCE = const(22)  # an old number, or a number used before with other bytes
REJ_KEY = const(23)  # no link key is stored: nothing that raises risk is obeyed
REJ_TIMING = const(24)  # this controller cannot time so short an interval
REJ_IMAGE = const(25)  # firmware image: wrong name, order, size or hash
REJ_UPDATING = const(26)  # a firmware image is being received
REJ_STORE = const(27)  # the flash did not take it

REJECTION_NAMES = (
    "ok",
    "state",
    "version",
    "range",
    "limit",
    "looser",
    "not_configured",
    "interlock",
    "token",
    "late",
    "too_far",
    "busy",
    "total",
    "ledger",
    "fault",
    "hot",
    "cause",
    "unknown",
    "length",
    "interval",
    "mac",
    "epoch",
    "sequence",
    "no_key",
    "timing",
    "image",
    "updating",
    "store",
)

# Faults. Category by number range: 1xx interlocks, 2xx heat, 3xx power and pulse, 4xx link and
# time, 5xx internal. A latched fault clears only when its cause is gone and a person acknowledged.
F_NONE = const(0)
F_ESTOP = const(101)
F_DOOR = const(102)
F_COIL_ABSENT = const(103)
F_PATIENT_STOP = const(104)
F_COOLING = const(105)
F_INPUT_STALE = const(106)
F_HOST_ENABLE = const(107)  # the edge's enable is not there while energised
F_HOST_STUCK = const(108)  # it is there while nothing is energised, and stays
F_ENCLOSURE = const(109)
F_SURFACE_HOT = const(201)
F_WINDING_HOT = const(202)
F_SENSOR = const(203)  # no sensible value
F_SENSOR_FROZEN = const(204)
F_SENSOR_SLEW = const(205)
F_SENSOR_PAIR = const(206)
F_BANK_VOLTAGE = const(301)
F_CHARGE_TIMEOUT = const(302)
F_PULSE_MISSING = const(303)
F_PULSE_UNASKED = const(304)
F_AMPLITUDE = const(305)
F_COUNT = const(306)
F_LINK_LOST = const(401)
F_LEFT_CHARGED = const(402)
F_LEDGER = const(501)
F_INTERNAL = const(502)
F_SELF_TEST = const(503)

FAULTS = (
    F_ESTOP,
    F_DOOR,
    F_COIL_ABSENT,
    F_PATIENT_STOP,
    F_COOLING,
    F_INPUT_STALE,
    F_SURFACE_HOT,
    F_WINDING_HOT,
    F_SENSOR,
    F_BANK_VOLTAGE,
    F_CHARGE_TIMEOUT,
    F_PULSE_MISSING,
    F_PULSE_UNASKED,
    F_AMPLITUDE,
    F_COUNT,
    F_LINK_LOST,
    F_LEFT_CHARGED,
    F_LEDGER,
    F_INTERNAL,
    F_SELF_TEST,
    F_HOST_ENABLE,
    F_HOST_STUCK,
    F_ENCLOSURE,
    F_SENSOR_FROZEN,
    F_SENSOR_SLEW,
    F_SENSOR_PAIR,
)

# What the board's own test at boot found wrong (Identity.self_test), one bit each; 0 is good.
SELF_TEST_CLOCK = const(1)  # the chip does not run at the frequency that all cycle counts assume
SELF_TEST_PIO = const(2)  # a pulse request was answered at another time than the programs give
SELF_TEST_ENABLE = const(4)  # enable or chain is not low while nothing is armed
SELF_TEST_TRIGGER = const(8)  # trigger not low, or a refused request left its pin high
SELF_TEST_SENSORS = const(16)  # an analogue channel reads what no working circuit gives
SELF_TEST_LEDGER = const(32)  # the stored count cannot be read or written
SELF_TEST_KEY = const(64)  # no link key
SELF_TEST_DMA = const(128)  # buffer memory or result path does not give back what was put in
SELF_TEST_BLEED = const(256)  # the bank does not fall while the bleed is closed
SELF_TEST_NAMES = (
    "clock",
    "pio",
    "enable",
    "trigger",
    "sensors",
    "ledger",
    "key",
    "dma",
    "bleed",
)

# Where the running firmware came from (Identity.slot).
SLOT_NONE = const(0)  # a plain folder, or no flash at all
SLOT_A = const(1)
SLOT_B = const(2)

# Result of one pulse request.
PULSE_EMITTED = const(1)  # complete, and the coil current was sensed
PULSE_CUT = const(2)  # began, cut short by the gate
PULSE_REFUSED = const(3)  # gate was closed in the cycle before the edge: no pulse

# How a train ended (TrainResult.ended).
ENDED_COMPLETE = const(0)
ENDED_HOLD = const(1)
ENDED_STOP = const(2)
ENDED_FAULT = const(3)

# What timed the pulses (Identity.timing_class).
TIMING_SIMULATED = const(0)
TIMING_PIO = const(1)
TIMING_RT_PROCESS = const(2)
TIMING_BEST_EFFORT = const(3)

# Why the MCU started (Identity.reset_cause).
RESET_POWER = const(1)
RESET_WATCHDOG = const(3)

# A sensor reading that carries no value.
SENSOR_NONE = const(-32768)
