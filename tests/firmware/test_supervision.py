# Which faults are there, over the whole domain of each rule: every state, every set of inputs,
# every fault, against rules written here in words. A stand-in holds the parts as plain values.
from firmware.compat import TYPE_CHECKING
from firmware.core import supervision
from firmware.core.bounds import BANK_BAD_SAMPLES, BANK_STRAY_MV
from firmware.wire.codes import (
    ARMED,
    BOOT,
    CHARGING,
    DISCHARGING,
    F_AMPLITUDE,
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
    F_LEDGER,
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
    FAULTS,
    HOLD,
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
    INPUT_BITS,
    INPUTS_ALL,
    READY,
    SELF_TEST,
    STANDBY,
    STATE_NAMES,
    TRAIN,
)
from tests.firmware.marks import control

if TYPE_CHECKING:
    from typing import Any

pytestmark = [control("interlocks-mcu"), control("heartbeat"), control("bank-supervision")]

NOW = 1000000
STATES = range(len(STATE_NAMES))
ENERGISED = (CHARGING, READY, ARMED, TRAIN, HOLD)
AT_REST = (STANDBY, DISCHARGING, FAULT)
WITH_GATE = (ARMED, TRAIN)
YES_NO = (False, True)
NAMED = (
    (IN_ESTOP, F_ESTOP),
    (IN_PATIENT, F_PATIENT_STOP),
    (IN_COIL, F_COIL_ABSENT),
    (IN_DOOR, F_DOOR),
    (IN_COOLING, F_COOLING),
    (IN_ENCLOSURE, F_ENCLOSURE),
    (IN_HOST, F_HOST_ENABLE),
)


class Parts:
    # One object plays every part of a unit: each attribute is that part's answer. Asked for a part
    # it gives itself, so that unit.heat.is_known() is known().

    def __init__(self, state: int) -> None:
        self.machine = self.inputs = self.settings = self.beats = self.charged = self
        self.host = self.power = self.gate = self.heat = self.hal = self
        self.state = state
        self.closed = self.known = self.inputs_required = INPUTS_ALL
        self.asked_us: "list[int]" = []
        self.lost = self.idle = self.stuck = self.on = self.hot = self.glowing = False
        self.sensed = True
        self.is_pair_odd = self.frozen = self.slewing = False
        self.cooled = self.winding_cooled = self.low = True
        self.doubted = F_NONE
        self.bad_samples = self.bank_mv = self.wrong = 0
        self.high = False

    def unsafe(self, required: int) -> int:
        return required & ~(self.closed & self.known)

    def is_lost(self, now_us: int) -> bool:
        self.asked_us.append(now_us)
        return self.lost

    def is_idle(self, now_us: int) -> bool:
        self.asked_us.append(now_us)
        return self.idle

    def is_stuck(self, now_us: int, is_high: bool) -> bool:
        self.asked_us.append(now_us)
        self.high = is_high
        return self.stuck

    def is_on(self) -> bool:
        return self.on

    def is_surface_hot(self) -> bool:
        return self.hot

    def is_winding_hot(self) -> bool:
        return self.glowing

    def is_known(self) -> bool:
        return self.sensed

    def doubt(self) -> int:
        return self.doubted

    def is_frozen(self) -> bool:
        return self.frozen

    def is_slewing(self) -> bool:
        return self.slewing

    def has_surface_cooled(self) -> bool:
        return self.cooled

    def has_winding_cooled(self) -> bool:
        return self.winding_cooled

    def is_low(self) -> bool:
        return self.low

    def self_test(self) -> int:
        return self.wrong


def _parts(state: int, **over: "Any") -> "Any":
    parts = Parts(state)
    for name in over:
        setattr(parts, name, over[name])
    return parts


def test_states_are_energised_or_at_rest_or_just_started() -> None:
    for state in STATES:
        assert supervision.is_energised(state) == (state in ENERGISED)
        assert supervision.is_at_rest(state) == (state in AT_REST)
    assert [s for s in STATES if s not in ENERGISED + AT_REST] == [BOOT, SELF_TEST]


def test_inputs_over_every_level_of_every_one_give_their_own_faults() -> None:
    # Each input open, closed or unknown, alone and all others likewise; required or not.
    for bit, fault in NAMED:
        for others in (0, INPUTS_ALL & ~bit):
            for closed in (others, others | bit):
                for known in (INPUTS_ALL, INPUTS_ALL & ~bit, bit, 0):
                    for required in (bit, INPUTS_ALL & ~bit, 0):
                        parts = _parts(READY, closed=closed, known=known, inputs_required=required)
                        expected = [f for b, f in NAMED if required & b & ~closed and known & b]
                        if required & ~known:
                            expected.append(F_INPUT_STALE)
                        assert supervision.input_faults(parts) == expected, (bit, fault)
    assert len(NAMED) == len(INPUT_BITS)


def test_watched_faults_in_every_state() -> None:
    for state in STATES:
        for lost in YES_NO:
            for idle in YES_NO:
                for stuck in YES_NO:
                    parts = _parts(
                        state, lost=lost, idle=idle, stuck=stuck, closed=INPUTS_ALL & ~IN_DOOR
                    )
                    expected = []
                    if state in ENERGISED:
                        expected.append(F_DOOR)
                        if lost:
                            expected.append(F_LINK_LOST)
                        if idle and state in (READY, ARMED, HOLD):
                            expected.append(F_LEFT_CHARGED)
                    if stuck:
                        expected.append(F_HOST_STUCK)
                    assert supervision.watched_faults(parts, NOW) == expected
                    assert set(parts.asked_us) == {NOW}


def test_enable_of_the_edge_counts_as_high_at_rest_only() -> None:
    for state in STATES:
        for closed in (0, IN_HOST, INPUTS_ALL & ~IN_HOST, INPUTS_ALL):
            parts = _parts(state, closed=closed)
            supervision.watched_faults(parts, NOW)
            assert parts.high is (state in AT_REST and closed & IN_HOST != 0)


def test_sensed_faults_of_the_bank_and_the_gate_in_every_state() -> None:
    for state in STATES:
        for bad_samples in (BANK_BAD_SAMPLES - 1, BANK_BAD_SAMPLES, BANK_BAD_SAMPLES + 1):
            for bank_mv in (BANK_STRAY_MV, BANK_STRAY_MV + 1):
                for on in YES_NO:
                    parts = _parts(state, bad_samples=bad_samples, bank_mv=bank_mv, on=on)
                    is_bad = state in ENERGISED and bad_samples >= BANK_BAD_SAMPLES
                    is_stray = state == STANDBY and bank_mv > BANK_STRAY_MV
                    expected = [F_BANK_VOLTAGE] if is_bad or is_stray else []
                    if on and state not in WITH_GATE:
                        expected.append(F_INTERNAL)
                    assert supervision.sensed_faults(parts) == expected


def _heat_faults(parts: "Any") -> "list[int]":
    expected = [F_SURFACE_HOT] if parts.hot else []
    expected += [F_WINDING_HOT] if parts.glowing else []
    if parts.state in ENERGISED and not parts.sensed:
        return expected + [F_SENSOR]
    if expected:
        return expected
    if parts.state in ENERGISED:
        return [parts.doubted] if parts.doubted != F_NONE else []
    return [F_SENSOR_PAIR] if parts.state == STANDBY and parts.is_pair_odd else []


def test_sensed_faults_of_heat_in_every_state() -> None:
    for state in STATES:
        for hot in YES_NO:
            for glowing in YES_NO:
                for sensed in YES_NO:
                    for doubted in (F_NONE, F_SENSOR_SLEW):
                        for odd in YES_NO:
                            parts = _parts(
                                state,
                                hot=hot,
                                glowing=glowing,
                                sensed=sensed,
                                doubted=doubted,
                                is_pair_odd=odd,
                            )
                            assert supervision.sensed_faults(parts) == _heat_faults(parts)


def _cause(fault: int, **over: "Any") -> bool:
    found = supervision.has_cause(_parts(FAULT, **over), fault, NOW)
    assert type(found) is bool
    return found


# What alone keeps each fault from being cleared; every other fault is left to the person.
CAUSES: "tuple[tuple[int, dict[str, Any]], ...]" = (
    (F_SURFACE_HOT, {"cooled": False}),
    (F_WINDING_HOT, {"winding_cooled": False}),
    (F_SENSOR, {"sensed": False}),
    (F_SENSOR_FROZEN, {"frozen": True}),
    (F_SENSOR_SLEW, {"slewing": True}),
    (F_SENSOR_PAIR, {"is_pair_odd": True}),
    (F_BANK_VOLTAGE, {"low": False}),
    (F_LINK_LOST, {"lost": True}),
    (F_INTERNAL, {"on": True}),
    (F_SELF_TEST, {"wrong": 4}),
)


def test_causes_keep_their_own_fault_and_no_other() -> None:
    # Catches: a fault cleared while what brought it about is still there.
    for cause, over in CAUSES:
        for fault in FAULTS:
            if fault not in (F_HOST_STUCK, F_INPUT_STALE):
                assert _cause(fault, closed=INPUTS_ALL, **over) == (fault == cause), (fault, cause)


def test_causes_of_inputs_are_open_or_unknown_levels() -> None:
    for bit, fault in NAMED:
        if fault == F_HOST_ENABLE:
            assert not _cause(fault, closed=0, known=0)
            continue
        assert not _cause(fault, closed=bit, known=bit)
        assert _cause(fault, closed=INPUTS_ALL & ~bit)
        assert _cause(fault, known=INPUTS_ALL & ~bit)
    for required in (0, IN_DOOR, INPUTS_ALL):
        for known in (0, IN_DOOR, INPUTS_ALL & ~IN_DOOR, INPUTS_ALL):
            is_stale = required & ~known != 0
            assert _cause(F_INPUT_STALE, inputs_required=required, known=known) == is_stale


def test_cause_of_a_stuck_enable_is_gone_only_when_it_is_seen_off() -> None:
    for known in (0, IN_HOST, INPUTS_ALL & ~IN_HOST, INPUTS_ALL):
        for closed in (0, IN_HOST, INPUTS_ALL & ~IN_HOST, INPUTS_ALL):
            is_seen_off = bool(known & IN_HOST) and not closed & IN_HOST
            assert _cause(F_HOST_STUCK, known=known, closed=closed) != is_seen_off


def test_causes_are_asked_at_the_present_time() -> None:
    parts = _parts(FAULT, lost=True)
    assert supervision.has_cause(parts, F_LINK_LOST, NOW)
    assert parts.asked_us == [NOW]


def test_faults_without_a_visible_cause_are_left_to_the_person() -> None:
    bad = {"lost": True, "on": True, "wrong": 1, "low": False, "closed": 0, "known": 0}
    for fault in (F_LEFT_CHARGED, F_AMPLITUDE, F_LEDGER):
        assert not _cause(fault, **bad)
    assert TRAIN in ENERGISED
