# Times and thresholds of the core that are not limits of a treatment (those are in
# firmware/wire/limits.py). Written once, with their origin. [P] proposed, [V] verified source.
from firmware.compat import const

QUEUE_PULSES = const(4)  # requests waiting in the HAL; sources.md firmware 3.5: short batches
# [P] A request is handed over at most this long before its pulse, so that a cancel is never late.
QUEUE_AHEAD_US = const(200000)
# [P] Two requests always wait, however far apart, so that the trigger machine counts from one pulse
# to the next and never starts cold within a train. Its counter reaches 34 s at 125 MHz.
CHAIN_PULSES = const(2)
CHAIN_AHEAD_US = const(10000000)
# [P] The first pulse of a train is handed over this late, just after the last look at the bank.
FIRST_AHEAD_US = const(50000)
# [P] A bank found outside its tolerance is looked at again until this long before the first pulse.
LAST_LOOK_US = const(20000)
# [P] A biphasic pulse lasts 0.3 ms [C: REF-BI]; its result is looked for after this.
RESULT_LOOK_US = const(1000)
RESULT_GRACE_US = const(5000)  # [P] no result by then: the pulse was not sensed
PULSE_ERROR_US_MAX = const(1000)  # [P] sources.md domain 2.8: stop when an interval is off by 1 ms
SENSED_PM_MIN = const(3)  # [P] noise floor of the current sense; 1 percent output is 10
# [P] Half of what was asked is no pulse of this treatment any more.
MISSING_PM = const(500)

BANK_LOW_MV = const(90000)  # [P] 5 percent of 1800 V: the bank counts as empty
BANK_STRAY_MV = const(180000)  # [P] 10 percent: a bank that should be empty is not
BANK_SETTLE_US = const(500000)  # [V] one machine enforces 0.5 s after a train
BANK_BAD_SAMPLES = const(3)  # [P] one odd sample is noise
CHARGE_LOOK_US = const(10000)  # [P] bank is read this often while it moves
DISCHARGE_US_MAX = const(30000000)  # [P] bleed from full to low
# [P] The edge's enable at rest: on for less than a second before a Charge, and for 250 ms after.
HOST_STUCK_US = const(5000000)
SELF_TEST_US_MAX = const(30000000)  # [P] includes bleeding a bank left charged by a reset

GATE_CAUSE_US = const(5000)  # [P] an open input explains a dropped gate within this
CONFIRM_US_MAX = const(10000000)  # [P] age of an echo's token
HASH_SLICE_PULSES = const(100)  # about 2 ms on the chip, far below the gate's life
HASH_PAUSE_US = const(1000)  # serial and inputs get their turn between two slices
HEARTBEAT_MARGIN_US = const(25000)  # [P] line delay, so that 500 ms is met from the last byte sent
HEARTBEAT_MS_MIN = const(100)  # [P] five lost beats at 20 ms; less would only make nuisance stops
# [P] A driver that comes later than this was stalled: what is overdue is judged before new bytes.
OVERDUE_US = const(2000)
STATUS_GAP_US = const(20000)  # [P] a bouncing input makes at most 50 reports a second

# [P] sources.md domain 3.6: no sensor is read within 2 ms of a pulse, which lasts 0.3 ms itself.
QUIET_US = const(2300)
# [P] Reading this much early costs nothing and lets one wake do two things.
SENSORS_EARLY_US = const(6000)
SENSOR_SAMPLES = const(5)  # [P] sources.md domain 3.6: median of five
# [P] sources.md domain 3.6: 10 K/s. The steepest heating of this unit, 15 pulses a second at full
# output, is 3.5 K/s in the winding [C].
SENSOR_SLEW_C10_S = const(100)
SENSOR_SLEW_HOLD_US = const(10000000)  # [P] a loose contact is not believed for this long
SENSOR_FROZEN_US = const(30000000)  # [P] sources.md domain 3.6: no change while stimulating
# [P] Pauses between trains reach 26 s; a longer one is no stimulation.
STIMULATING_US = const(30000000)
# [C] Without coolant the face has its heat from the winding, the head (34 C) and the room: it gets
# 2 K warmer than the winding at most, 8 K from a cold store in a hot room. Ten minutes after the
# last pulse the two are within 2 K of each other whether cooled or not. [P] 10 K.
PAIR_C10 = const(100)
PAIR_REST_US = const(600000000)
# [C] Coolant that flows again after a failure takes the winding to 20 C in a minute, under a face
# at its limit of 41 C. [P] 25 K.
PAIR_COOLED_C10 = const(250)
# [P] A safety test trips on a limit this far below the reading: above its noise of 0.1 degrees.
PROVE_BELOW_C10 = const(10)
# [P] Noise moves a working sensor's reading several times a second; one that has stood still for
# this long is no sensor.
PROVE_STILL_US = const(10000000)
# [P] The board's watchdog bites after 8 s (firmware/main.py); fed again when it has not by then.
STARVE_US = const(10000000)
WINDING_CLEAR_C10 = const(30)  # [P] sources.md domain 2.8: clears 3 degrees below the limit
SURFACE_CLEAR_C10 = const(60)  # [P] sources.md domain 2.8: 41 degrees trips, 35 clears
