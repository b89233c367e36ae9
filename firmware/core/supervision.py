# Which faults are there now: pure looks at the unit's parts, no reaction (unit.py latches and
# closes the outputs). Split by what can change them: every poll, every reading of the sensors. Also
# tells whether the cause of a latched fault is gone.
from firmware.compat import TYPE_CHECKING
from firmware.core.bounds import BANK_BAD_SAMPLES, BANK_STRAY_MV
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    F_BANK_VOLTAGE,
    F_COIL_ABSENT,
    F_COOLING,
    F_DOOR,
    F_ENCLOSURE,
    F_ESTOP,
    F_HOST_ENABLE,
    F_HOST_STUCK,
    F_INPUT_STALE,
    F_INTERNAL,
    F_LEFT_CHARGED,
    F_LINK_LOST,
    F_NONE,
    F_PATIENT_STOP,
    F_SELF_TEST,
    F_SENSOR,
    F_SENSOR_FROZEN,
    F_SENSOR_PAIR,
    F_SENSOR_SLEW,
    F_SURFACE_HOT,
    F_WINDING_HOT,
    FAULT,
    HOLD,
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
    READY,
    STANDBY,
    TRAIN,
)

if TYPE_CHECKING:
    from firmware.core.unit import Unit

FAULT_OF_INPUT = (
    (IN_ESTOP, F_ESTOP),
    (IN_PATIENT, F_PATIENT_STOP),
    (IN_COIL, F_COIL_ABSENT),
    (IN_DOOR, F_DOOR),
    (IN_COOLING, F_COOLING),
    (IN_ENCLOSURE, F_ENCLOSURE),
    (IN_HOST, F_HOST_ENABLE),
)


def is_energised(state: int) -> bool:
    """The bank is charged on purpose: inputs, heat, bank and heartbeat are demanded."""
    return CHARGING <= state <= HOLD


def is_waiting(state: int) -> bool:
    """Charged, and no train is given."""
    return state in (READY, ARMED, HOLD)


def is_at_rest(state: int) -> bool:
    """Nobody may want output: the edge's enable has to be off."""
    return state in (STANDBY, DISCHARGING, FAULT)


def input_faults(unit: "Unit") -> "list[int]":
    """Faults of required inputs that are open or unknown."""
    found: "list[int]" = []
    unsafe = unit.inputs.unsafe(unit.settings.inputs_required)
    if unsafe:
        for bit, fault in FAULT_OF_INPUT:
            if unsafe & bit & unit.inputs.known:
                found.append(fault)
        if unsafe & ~unit.inputs.known:
            found.append(F_INPUT_STALE)
    return found


def timed_faults(unit: "Unit", now_us: int) -> "list[int]":
    """Faults that time alone brings about while energised."""
    found: "list[int]" = []
    if unit.beats.is_lost(now_us):
        found.append(F_LINK_LOST)
    if is_waiting(unit.machine.state) and unit.charged.is_idle(now_us):
        found.append(F_LEFT_CHARGED)
    return found


def watched_faults(unit: "Unit", now_us: int) -> "list[int]":
    """Faults that inputs and time bring about in the present state."""
    state = unit.machine.state
    found: "list[int]" = []
    if is_energised(state):
        found += input_faults(unit)
        found += timed_faults(unit, now_us)
    is_high = is_at_rest(state) and unit.inputs.closed & IN_HOST != 0
    if unit.host.is_stuck(now_us, is_high):
        found.append(F_HOST_STUCK)
    return found


def sensed_faults(unit: "Unit") -> "list[int]":
    """Faults that a reading of the sensors brings to light, in any state."""
    state = unit.machine.state
    found = _heat_faults(unit, state)
    if is_energised(state):
        if unit.power.bad_samples >= BANK_BAD_SAMPLES:
            found.append(F_BANK_VOLTAGE)
    elif state == STANDBY and unit.power.bank_mv > BANK_STRAY_MV:
        found.append(F_BANK_VOLTAGE)
    if not ARMED <= state <= TRAIN and unit.gate.is_on():
        found.append(F_INTERNAL)
    return found


def _heat_faults(unit: "Unit", state: int) -> "list[int]":
    found: "list[int]" = []
    heat = unit.heat
    if heat.is_surface_hot():
        found.append(F_SURFACE_HOT)
    if heat.is_winding_hot():
        found.append(F_WINDING_HOT)
    if is_energised(state):
        if not heat.is_known():
            found.append(F_SENSOR)
        elif heat.doubt() != F_NONE and not found:
            found.append(heat.doubt())
    elif state == STANDBY and heat.is_pair_odd and not found:
        found.append(F_SENSOR_PAIR)
    return found


def has_cause(unit: "Unit", fault: int, now_us: int) -> bool:
    """Whether what latched this fault is still there; what cannot be seen is left to the person."""
    if fault == F_HOST_ENABLE:
        return False  # at rest the edge's enable is off; the next Charge demands it anew
    if fault == F_HOST_STUCK:
        return unit.inputs.known & ~unit.inputs.closed & IN_HOST == 0
    for bit, input_fault in FAULT_OF_INPUT:
        if fault == input_fault:
            return unit.inputs.unsafe(bit) != 0
    if F_SURFACE_HOT <= fault <= F_SENSOR_PAIR:
        return _has_heat_cause(unit, fault)
    if fault == F_INPUT_STALE:
        return unit.settings.inputs_required & ~unit.inputs.known != 0
    if fault == F_BANK_VOLTAGE:
        return not unit.power.is_low()
    if fault == F_LINK_LOST:
        return unit.beats.is_lost(now_us)
    if fault == F_INTERNAL:
        return unit.gate.is_on()
    return fault == F_SELF_TEST and unit.hal.self_test() != 0


def _has_heat_cause(unit: "Unit", fault: int) -> bool:
    if fault == F_SURFACE_HOT:
        return not unit.heat.has_surface_cooled()
    if fault == F_WINDING_HOT:
        return not unit.heat.has_winding_cooled()
    if fault == F_SENSOR_FROZEN:
        return unit.heat.is_frozen()
    if fault == F_SENSOR_SLEW:
        return unit.heat.is_slewing()
    if fault == F_SENSOR_PAIR:
        return unit.heat.is_pair_odd
    return not unit.heat.is_known()
