"""The registry of faults, stops and rejections: how bad, who reacts how, does the dose count.

Numbers are the controller's (firmware/wire/codes.py); a contract test demands a row for each, an
alarm for each row and texts for each code. Sentences are in the text catalogue, not here. Whether a
fault is present is the controller's and the alarm rules' business. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from firmware.wire import codes
from firmware.wire.limits import (
    CHARGE_MS_MAX,
    GATE_LIFE_US,
    HEARTBEAT_MS_MAX,
    INPUT_STALE_US,
    IPI_US_MIN,
    LEFT_CHARGED_MS_MAX,
)


class Priority(Enum):
    """Alarm priority in the words of IEC 60601-1-8."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Severity(Enum):
    """What has to happen before treatment goes on."""

    STOP = "stop"  # cause gone, a person acknowledged
    COOL = "cool"  # and the coil is cool again
    SERVICE = "service"  # and a biomedical engineer has looked


class Reaction(Enum):
    """The safe reaction. All close the gate."""

    DISCHARGE = "discharge"  # pulses cancelled, bank bled
    HOLD = "hold"  # after the running train; bank kept


class Actor(Enum):
    """Who performs the reaction."""

    MCU = "mcu"
    EDGE = "edge"
    BOTH = "both"  # the wire or the controller first, the edge as well


class StopClass(Enum):
    """What a stop passes through on its way to the output (sources.md domain 2.8)."""

    E = "E"  # hardware opens the enable by itself; no software in the path
    F = "F"  # the controller, before the next pulse
    S = "S"  # the edge
    O = "O"  # noqa: E741 - a person; the reference's letter


# Worst time from the cause at the metal to no output, by class. E, S, O [P] of the same table. F is
# the least interval of two pulses (IPI_US_MIN): nothing is given after the cause was seen.
CLASS_MS: Mapping[StopClass, int] = {
    StopClass.E: 10,
    StopClass.F: IPI_US_MIN // 1000,
    StopClass.S: 100,
    StopClass.O: 100,
}
STALE_MS = INPUT_STALE_US // 1000 + 50  # [P] one period of the sensors to notice it
GATE_MS = GATE_LIFE_US // 1000  # the enable falls by itself when nobody feeds it
IDLE_MS = LEFT_CHARGED_MS_MAX + 50
STALE_PANEL_MS = 600  # [P] wires count as unread half a second after the last reading
SENSED_MS = 1_000  # [P] one bad sequence of a sensor's samples (same table)
FROZEN_MS = 31_000  # [P] half a minute without a change while stimulating
PAIR_MS = 601_000  # [P] the two sensors are compared after ten minutes of rest
OWN_HOT_MS = 1_500  # [P] median of five, four readings a second
OWN_SENSOR_MS = 40_000  # [P] two weak trains tell of the energy; open and short end in a second
BANK_MS = 300  # [P] three readings outside the band, and the recovery after a pulse goes first
RESULT_MS = 1_500  # [P] a train's result is missed half a second after its last pulse
DIFFER_MS = 700  # [P] two wires of one contact may differ while it bounces; read 4 times a second
HOST_MS = 300  # [P] life of the one-shot behind the edge's enable, and 50 ms
ENABLE_MS = 900  # [P] an enable may differ for 500 ms; its wires are read 4 times a second
TREND_MS = 60_000  # [P] a sum of what is too warm, over half a minute of treatment and its rounding
AHEAD_MS = 2_000  # [P] foreseen once a second, before the pulses that would be too much
PAGE_MS = 13_500  # [P] six missed beats, and at most ten seconds of a train


@dataclass(frozen=True)
class FaultRow:
    """One way to be stopped. value names the reading that explains it ('' when there is none)."""

    code: str  # key of the texts stop-<code>-...; the fault number or a word
    name: str  # alarm id, log word
    number: int  # 0 for the edge's own
    severity: Severity
    priority: Priority
    kind: str  # technical or patient
    reaction: Reaction
    by: Actor
    # True: pulses up to the stop were sensed and count. False: the count is open until reconciled.
    dose_counts: bool
    stop_class: StopClass
    within_ms: int  # from the cause at the metal to no output; longer where the cause takes time
    value: str = ""


def _fault(
    number: int,
    name: str,
    severity: Severity,
    priority: Priority,
    *,
    kind: str = "technical",
    by: Actor = Actor.MCU,
    dose_counts: bool = True,
    value: str = "",
    stop_class: StopClass = StopClass.F,
    within_ms: int | None = None,
) -> FaultRow:
    return FaultRow(
        code=str(number),
        name=name,
        number=number,
        severity=severity,
        priority=priority,
        kind=kind,
        reaction=Reaction.DISCHARGE,
        by=by,
        dose_counts=dose_counts,
        stop_class=stop_class,
        within_ms=CLASS_MS[stop_class] if within_ms is None else within_ms,
        value=value,
    )


_HIGH, _MEDIUM, _LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
_STOP, _COOL, _SERVICE = Severity.STOP, Severity.COOL, Severity.SERVICE
_E, _F, _O = StopClass.E, StopClass.F, StopClass.O

# Priorities: [P] map of the reference. High: unintended pulse, contact temperature, patient stop,
# hardware trip. Medium: cooling, output out of band, supervisor lost, sensors.
FAULT_ROWS: tuple[FaultRow, ...] = (
    _fault(codes.F_ESTOP, "estop", _STOP, _HIGH, by=Actor.BOTH, stop_class=_E),
    _fault(codes.F_DOOR, "door", _STOP, _HIGH, by=Actor.BOTH, stop_class=_E),
    _fault(codes.F_COIL_ABSENT, "coil_absent", _STOP, _HIGH, by=Actor.BOTH),
    _fault(
        codes.F_PATIENT_STOP,
        "patient_stop",
        _STOP,
        _HIGH,
        kind="patient",
        by=Actor.BOTH,
        stop_class=_E,
    ),
    _fault(codes.F_COOLING, "cooling", _STOP, _MEDIUM),
    _fault(codes.F_INPUT_STALE, "input_stale", _SERVICE, _MEDIUM, within_ms=STALE_MS),
    # Class F although the table says E: the trip at 41 degrees is the controller's and lies below
    # the 43 degrees at which a cut-off without software would have to open.
    _fault(
        codes.F_SURFACE_HOT,
        "surface_hot",
        _COOL,
        _HIGH,
        value="surface_c10",
        within_ms=SENSED_MS,
    ),
    _fault(
        codes.F_WINDING_HOT,
        "winding_hot",
        _COOL,
        _MEDIUM,
        value="winding_c10",
        within_ms=SENSED_MS,
    ),
    _fault(codes.F_SENSOR, "sensor", _SERVICE, _MEDIUM, within_ms=SENSED_MS),
    _fault(
        codes.F_BANK_VOLTAGE,
        "bank_voltage",
        _STOP,
        _MEDIUM,
        value="bank_mv",
        within_ms=BANK_MS,
    ),
    _fault(codes.F_CHARGE_TIMEOUT, "charge_timeout", _STOP, _MEDIUM, within_ms=CHARGE_MS_MAX),
    _fault(codes.F_PULSE_MISSING, "pulse_missing", _SERVICE, _MEDIUM),
    _fault(codes.F_PULSE_UNASKED, "pulse_unasked", _SERVICE, _HIGH),
    _fault(codes.F_AMPLITUDE, "amplitude", _SERVICE, _MEDIUM, value="amplitude_pm"),
    _fault(codes.F_COUNT, "count", _SERVICE, _MEDIUM, dose_counts=False),
    _fault(codes.F_LINK_LOST, "heartbeat_lost", _STOP, _MEDIUM, within_ms=HEARTBEAT_MS_MAX),
    _fault(codes.F_LEFT_CHARGED, "left_charged", _STOP, _LOW, within_ms=IDLE_MS),
    _fault(codes.F_LEDGER, "ledger", _SERVICE, _MEDIUM, dose_counts=False),
    _fault(codes.F_INTERNAL, "internal", _SERVICE, _HIGH, dose_counts=False, within_ms=GATE_MS),
    _fault(codes.F_SELF_TEST, "self_test", _SERVICE, _MEDIUM),
    _fault(codes.F_HOST_ENABLE, "host_enable", _STOP, _MEDIUM, by=Actor.BOTH, within_ms=HOST_MS),
    _fault(codes.F_HOST_STUCK, "host_stuck", _SERVICE, _HIGH),
    _fault(codes.F_ENCLOSURE, "enclosure", _SERVICE, _HIGH, by=Actor.BOTH, stop_class=_E),
    _fault(codes.F_SENSOR_FROZEN, "sensor_frozen", _SERVICE, _MEDIUM, within_ms=FROZEN_MS),
    _fault(codes.F_SENSOR_SLEW, "sensor_slew", _SERVICE, _MEDIUM, within_ms=SENSED_MS),
    _fault(codes.F_SENSOR_PAIR, "sensor_pair", _SERVICE, _MEDIUM, within_ms=PAIR_MS),
)


def _stop(
    code: str,
    priority: Priority,
    *,
    severity: Severity = Severity.STOP,
    kind: str = "technical",
    reaction: Reaction = Reaction.DISCHARGE,
    by: Actor = Actor.EDGE,
    dose_counts: bool = True,
    value: str = "",
    stop_class: StopClass = StopClass.S,
    within_ms: int | None = None,
) -> FaultRow:
    return FaultRow(
        code=code,
        name=code,
        number=0,
        severity=severity,
        priority=priority,
        kind=kind,
        reaction=reaction,
        by=by,
        dose_counts=dose_counts,
        stop_class=stop_class,
        within_ms=CLASS_MS[stop_class] if within_ms is None else within_ms,
        value=value,
    )


# Stops that carry no controller number: people, and what the edge itself sees.
STOP_ROWS: tuple[FaultRow, ...] = (
    _stop("operator", _LOW, stop_class=_O),
    _stop("patient", _HIGH, kind="patient", stop_class=_O),
    _stop("panel", _HIGH, within_ms=STALE_PANEL_MS),  # the edge cannot read its own wires
    # The two views of an input differ.
    _stop("disagree", _HIGH, severity=_SERVICE, within_ms=DIFFER_MS),
    _stop(
        "link_lost",
        _MEDIUM,
        by=Actor.BOTH,
        dose_counts=False,
        stop_class=_F,
        within_ms=HEARTBEAT_MS_MAX,
    ),
    _stop(
        "mcu_reboot",
        _MEDIUM,
        severity=_SERVICE,
        by=Actor.BOTH,
        dose_counts=False,
        stop_class=_E,
        within_ms=GATE_MS,
    ),
    # The edge's own sensor at the contact face: at the limit; not to be believed.
    _stop(
        "surface_hot_own",
        _HIGH,
        severity=_COOL,
        value="surface_own_c10",
        within_ms=OWN_HOT_MS,
    ),
    _stop("sensor_own", _MEDIUM, severity=_SERVICE, within_ms=OWN_SENSOR_MS),
    # The edge's own enable fell although its edges were made.
    _stop("host_lost", _MEDIUM, within_ms=ENABLE_MS),
    # An enable is on that nobody asked for, or its read-back is dead.
    _stop("enable_stuck", _HIGH, severity=_SERVICE, within_ms=ENABLE_MS),
    # The edge itself was restarted.
    _stop(
        "restored",
        _MEDIUM,
        by=Actor.BOTH,
        dose_counts=False,
        stop_class=_F,
        within_ms=HEARTBEAT_MS_MAX,
    ),
    _stop("page_silent", _MEDIUM, reaction=Reaction.HOLD, within_ms=PAGE_MS),
    # The winding does not cool as it should although the flow is said to be there.
    _stop(
        "cooling_trend", _MEDIUM, reaction=Reaction.HOLD, value="winding_c10", within_ms=TREND_MS
    ),
    # The next pulses would bring the contact face over its limit.
    _stop("too_hot_ahead", _LOW, reaction=Reaction.HOLD, value="surface_c10", within_ms=AHEAD_MS),
    # Foot or hand switch released; a person's act, so it is to be quick.
    _stop("attend_released", _LOW, reaction=Reaction.HOLD, stop_class=_O),
    _stop("store_failed", _HIGH, severity=_SERVICE),
    _stop(
        "edge_internal",
        _HIGH,
        severity=_SERVICE,
        by=Actor.BOTH,
        dose_counts=False,
        within_ms=RESULT_MS,
    ),
    _stop("unknown", _HIGH, severity=_SERVICE, dose_counts=False),  # a number without a row
)

_BY_CODE: Mapping[str, FaultRow] = {row.code: row for row in FAULT_ROWS + STOP_ROWS}
STOP_CODES: tuple[str, ...] = tuple(_BY_CODE)


def fault_row(code: str | int) -> FaultRow:
    """The row of a stop code or fault number; the row "unknown" for anything else."""
    return _BY_CODE.get(str(code), _BY_CODE["unknown"])


def rejection_name(code: int) -> str:
    """Word of a controller's answer code (text rejection-<name>); "unlisted" without one."""
    if 0 <= code < len(codes.REJECTION_NAMES):
        return codes.REJECTION_NAMES[code]
    return "unlisted"


@dataclass(frozen=True)
class RejectionRow:
    """What a refusal of the controller means. is_bug: the edge should never have asked."""

    number: int
    name: str
    is_bug: bool


# A rejection is no fault: the device is as it was. The ones that a correct edge never provokes are
# logged as errors, the others happen in normal use.
_BUGS = (
    codes.REJ_RANGE,
    codes.REJ_LIMIT,
    codes.REJ_LOOSER,
    codes.REJ_TOKEN,
    codes.REJ_TOTAL,
    codes.REJ_UNKNOWN,
    codes.REJ_LENGTH,
    codes.REJ_INTERVAL,
    codes.REJ_TIMING,
)
REJECTION_ROWS: tuple[RejectionRow, ...] = tuple(
    RejectionRow(number, name, number in _BUGS)
    for number, name in enumerate(codes.REJECTION_NAMES)
    if number != codes.OK
)
