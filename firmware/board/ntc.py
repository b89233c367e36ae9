# Counts of the ADC to tenths of a degree for the two temperature sensors: pure integer table, no
# hardware, so that the core's process on a Pi uses it too. Outside the table, which is what an open
# or a short circuit gives, there is no value. Owns no smoothing and no limit (firmware/core does).
from firmware.wire.codes import SENSOR_NONE

# Sensor to ground, pull-up to the converter's own reference, so that supply and reference cancel.
# [P] TDK B57861S0103A039, 10 kohm, 350 mm of wire, pull-up 10 kohm 0.1 %. With its 1 % of
# resistance and 1 % of B a reading at the contact face's limit is 0.4 degrees off at most [C].
STEP_C10 = 50
FIRST_C10 = -100
# [C] 65535 R / (R + 10 kohm) every 5 degrees from -10 C to 120 C, with R of the maker's table 8016
# [V] (sources.md board 1); a test computes it again. Lines between are within 0.1 degree of the
# curve.
COUNTS = (
    55504,
    53009,
    50169,
    47017,
    43617,
    40045,
    36395,
    32768,
    29242,
    25891,
    22777,
    19926,
    17358,
    15069,
    13057,
    11298,
    9770,
    8454,
    7323,
    6345,
    5509,
    4790,
    4173,
    3643,
    3187,
    2794,
    2456,
)


def c10(counts: int) -> int:
    """Tenths of a degree; SENSOR_NONE outside the electrical range of a working sensor."""
    last = len(COUNTS) - 1
    if counts > COUNTS[0] or counts < COUNTS[last]:
        return SENSOR_NONE
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if COUNTS[middle] >= counts:
            low = middle
        else:
            high = middle
    span = COUNTS[low] - COUNTS[high]
    return FIRST_C10 + low * STEP_C10 + ((COUNTS[low] - counts) * STEP_C10 + span // 2) // span
