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
) -> FaultRow:
    reaction = Reaction.DISCHARGE
    return FaultRow(
        str(number), name, number, severity, priority, kind, reaction, by, dose_counts, value
    )


_HIGH, _MEDIUM, _LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
_STOP, _COOL, _SERVICE = Severity.STOP, Severity.COOL, Severity.SERVICE

# Priorities: [P] map of the reference. High: unintended pulse, contact temperature, patient stop,
# hardware trip. Medium: cooling, output out of band, supervisor lost, sensors.
FAULT_ROWS: tuple[FaultRow, ...] = (
    _fault(codes.F_ESTOP, "estop", _STOP, _HIGH, by=Actor.BOTH),
    _fault(codes.F_DOOR, "door", _STOP, _HIGH, by=Actor.BOTH),
    _fault(codes.F_COIL_ABSENT, "coil_absent", _STOP, _HIGH, by=Actor.BOTH),
    _fault(codes.F_PATIENT_STOP, "patient_stop", _STOP, _HIGH, kind="patient", by=Actor.BOTH),
    _fault(codes.F_COOLING, "cooling", _STOP, _MEDIUM),
    _fault(codes.F_INPUT_STALE, "input_stale", _SERVICE, _MEDIUM),
    _fault(codes.F_SURFACE_HOT, "surface_hot", _COOL, _HIGH, value="surface_c10"),
    _fault(codes.F_WINDING_HOT, "winding_hot", _COOL, _MEDIUM, value="winding_c10"),
    _fault(codes.F_SENSOR, "sensor", _SERVICE, _MEDIUM),
    _fault(codes.F_BANK_VOLTAGE, "bank_voltage", _STOP, _MEDIUM, value="bank_mv"),
    _fault(codes.F_CHARGE_TIMEOUT, "charge_timeout", _STOP, _MEDIUM),
    _fault(codes.F_PULSE_MISSING, "pulse_missing", _SERVICE, _MEDIUM),
    _fault(codes.F_PULSE_UNASKED, "pulse_unasked", _SERVICE, _HIGH),
    _fault(codes.F_AMPLITUDE, "amplitude", _SERVICE, _MEDIUM, value="amplitude_pm"),
    _fault(codes.F_COUNT, "count", _SERVICE, _MEDIUM, dose_counts=False),
    _fault(codes.F_LINK_LOST, "heartbeat_lost", _STOP, _MEDIUM),
    _fault(codes.F_ARMED_IDLE, "armed_idle", _STOP, _LOW),
    _fault(codes.F_LEDGER, "ledger", _SERVICE, _MEDIUM, dose_counts=False),
    _fault(codes.F_INTERNAL, "internal", _SERVICE, _HIGH, dose_counts=False),
    _fault(codes.F_SELF_TEST, "self_test", _SERVICE, _MEDIUM),
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
) -> FaultRow:
    return FaultRow(code, code, 0, severity, priority, kind, reaction, by, dose_counts)


# Stops that carry no controller number: people, and what the edge itself sees.
STOP_ROWS: tuple[FaultRow, ...] = (
    _stop("operator", _LOW),
    _stop("patient", _HIGH, kind="patient"),
    _stop("panel", _HIGH, by=Actor.BOTH),  # the edge's own wire saw an open loop
    _stop("disagree", _HIGH, severity=_SERVICE),  # the two views of an input differ
    _stop("link_lost", _MEDIUM, by=Actor.BOTH, dose_counts=False),
    _stop("mcu_reboot", _MEDIUM, severity=_SERVICE, by=Actor.BOTH, dose_counts=False),
    _stop("restored", _MEDIUM, by=Actor.BOTH, dose_counts=False),  # the edge itself was restarted
    _stop("page_silent", _MEDIUM, reaction=Reaction.HOLD),
    _stop("store_failed", _HIGH, severity=_SERVICE),
    _stop("edge_internal", _HIGH, severity=_SERVICE, by=Actor.BOTH, dose_counts=False),
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
