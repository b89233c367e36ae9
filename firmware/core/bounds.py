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

QUIET_US = const(2000)  # [P] sources.md domain 3.6: no sensor is read this near to a pulse
# [P] Reading this much early costs nothing and lets one wake do two things.
SENSORS_EARLY_US = const(6000)
SENSOR_SAMPLES = const(5)  # [P] sources.md domain 3.6: median of five
WINDING_CLEAR_C10 = const(30)  # [P] sources.md domain 2.8: clears 3 degrees below the limit
SURFACE_CLEAR_C10 = const(60)  # [P] sources.md domain 2.8: 41 degrees trips, 35 clears
