# Absolute hardware limits, the only place where they are written. Configuration may only tighten
# them: the edge checks, the MCU checks again. Integers, unit last. Tags: [V] verified source, [C]
# computed, [P] proposed design value, [K] general knowledge (never the only barrier against harm).
from firmware.compat import const

LEVEL_PCT_MAX = const(100)  # percent of maximum stimulator output
LEVEL_PCT_MIN = const(1)
# [P] 9 ms lies below the fastest listed protocol's interval (20 ms, theta burst) and above the
# 5 ms of research quadripulse, which this unit does not give.
IPI_US_MIN = const(9000)
TRAIN_PULSES_MAX = const(1800)  # [V] 1 Hz, 1800 pulses, one train
SESSION_PULSES_MAX = const(6000)  # [P] hard stop; 3000 is the longest cleared session
LEVELS_MAX = const(4)  # nesting of (count, period_us)
PERIOD_US_MAX = const(120000000)  # [P] two minutes onset to onset
SURFACE_C10_MAX = const(410)  # [P] design trip at the contact face, tenths of a degree
WINDING_C10_MAX = const(800)  # [P] insulation, far above normal use of a cooled coil
SENSOR_C10_MIN = const(-100)  # [P] plausible range of a working sensor
SENSOR_C10_MAX = const(1200)
HEARTBEAT_MS_MAX = const(500)  # [P], as a machine in the field that demands 0.5 s when armed [V]
LEFT_CHARGED_MS_MAX = const(60000)  # [V] same machine: disarms after 1 min without a pulse
BANK_TOLERANCE_PM = const(20)  # [P] 2 percent, per mille of the set point
AMPLITUDE_WARN_PM = const(50)  # [P] 5 percent
AMPLITUDE_STOP_PM = const(100)  # [P] 10 percent
START_LEAD_US_MIN = const(20000)  # nearer than this is late: refused whole
START_LEAD_US_MAX = const(60000000)
CHARGE_MS_MAX = const(5000)  # [P] from empty to set point
DEBOUNCE_CLOSE_US = const(20000)  # closing must be stable; opening acts at once
INPUT_STALE_US = const(100000)  # inputs must be sampled at least this often
ADC_PERIOD_US = const(50000)
GATE_FEED_US = const(25000)
GATE_LIFE_US = const(100000)  # guard drops by itself without a feed
V_FULL_MV = const(1800000)  # [C] REF-BI: 1800 V at 100 percent
# [P] An edge that is nearer than this cannot be called back any more; far above the queue's cost.
CANCEL_LEAD_US = const(200)
# [P] Flash writes stop the chip; 400 ms is the worst of one sector (sources.md firmware 7.1), a
# commit may need two.
FLASH_STALL_US_MAX = const(1000000)
IMAGE_BYTES_MAX = const(524288)  # [P] both slots and the ledger fit a 2 MB flash several times
