"""Alarm conditions as predicates over the unit and the visit: what the operator must know of, now.

Every latched fault is a condition under its own name; the others are what the edge sees itself.
Showing, latching and sound are edge/domain/alarms.py; suppression never reaches this file. Ages
come in as seconds, None is unknown or not applicable. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.domain.alarms import AlarmCondition
from edge.domain.device_facts import UNFIT_LINKS, DeviceFacts, interlock_states
from edge.domain.enables import DIFFERENCES
from edge.domain.faults import FAULT_ROWS, Priority, fault_row
from edge.domain.session_states import OUTPUT_POSSIBLE, S

CLINIC_SILENT_S_MAX = 900.0  # [P] 15 min
DISK_USED_PCT_MAX = 90  # [P]
PAGE_SILENT_S_MAX = 3.0  # [P] six missed beats of the page
# [P] A line that comes and goes is one alarm and not one for each time that it goes.
LINK_STEADY_S = 2.0
BAD_FRAMES_PER_MIN_MAX = 10  # [P] a line that is disturbed but still carries
# [P] Warned before the run is lost: the host enable decays 250 ms after its last edge and is
# renewed each 40 ms, so that 100 ms late leave it 110 ms.
LOOP_LATE_MS_MAX = 100
# [P] A lost answer is asked for again six times in 360 ms; the seventh loss stops the session.
REPEATS_PER_MIN_MAX = 6
# Holds that no condition below shows while they last.
HOLDS_SHOWN = ("attend_released", "too_hot_ahead")
# Stops of the service's own that no condition below shows while they wait to be understood.
STOPS_SHOWN = ("store_failed", "edge_internal", "mcu_reboot", "unknown")


@dataclass(frozen=True)
class AlarmFacts:
    """What the rules look at."""

    device: DeviceFacts
    state: S
    link_lost_s: float | None  # since the last loss, while it is told of; None: none is
    uncertain_pulses: int
    clinic_silent_s: float | None  # since the last good answer; None: never asked
    quarantined: int  # records the clinic refused
    clock_is_trusted: bool
    disk_used_pct: int | None
    is_store_log_failed: bool  # changes are kept once only
    store_repaired: str  # what was done to the store at this start, '' nothing
    is_recorded: bool  # the black box goes on
    page_silent_s: float | None  # of the screen in control; None: nobody is logged in
    bad_frames_per_min: int
    sounder: str  # open, passed, failed: the last test of the sounder
    loop_late_ms: int  # worst of the last seconds
    repeats_per_min: int  # commands asked again, as their answer was lost
    stop_code: str  # of a stop that nobody has understood yet, '' none
    held_code: str  # why the session is on hold, '' when it is not
    expected: tuple[str, ...]  # what the running step of a safety test itself brings about


def alarm_conditions(facts: AlarmFacts) -> tuple[AlarmCondition, ...]:
    """Every condition that is true now, faults first."""
    found = [*_faults(facts)]
    for rule in RULES:
        found.extend(rule(facts))
    return tuple(condition for condition in found if condition.alarm_id not in facts.expected)


def _condition(
    alarm_id: str,
    priority: Priority,
    *,
    kind: str = "technical",
    is_latching: bool = False,
    **args: str | float,
) -> AlarmCondition:
    return AlarmCondition(alarm_id, priority, kind, is_latching, args)


def _faults(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The controller's latched faults; all of them stay until a person acknowledged."""
    for number in facts.device.faults:
        row = fault_row(number)
        name = row.name if row.number else "internal"
        readings = _readings(facts.device, row.value)
        yield _condition(name, row.priority, kind=row.kind, is_latching=True, **readings)


def _readings(device: DeviceFacts, name: str) -> dict[str, str | float]:
    """What was measured and its limit; nothing when the row names none, or nobody knows it."""
    value_c10, limit_c10 = {
        "surface_c10": (device.surface_c10, device.surface_c10_max),
        "winding_c10": (device.winding_c10, device.winding_c10_max),
    }.get(name, (None, 0))
    if value_c10 is None:
        return {}
    return {"value": value_c10 / 10, "limit": limit_c10 / 10, "unit": "°C"}


def _is_at_work(facts: AlarmFacts) -> bool:
    return facts.state in OUTPUT_POSSIBLE


def _link_down(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The unit does not answer; with a patient under a live coil that is high."""
    device = facts.device
    if device.link in UNFIT_LINKS:
        yield _condition(device.link, Priority.MEDIUM)
    elif not device.is_live or not _is_steady(facts):
        yield _condition("link_down", Priority.HIGH if _is_at_work(facts) else Priority.MEDIUM)


def _is_steady(facts: AlarmFacts) -> bool:
    return facts.link_lost_s is None or facts.link_lost_s >= LINK_STEADY_S


def _inputs_disagree(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """One contact, two wires, two answers: one of them is broken or bridged."""
    names = [name for name, state in interlock_states(facts.device) if state == "disagree"]
    if names:
        yield _condition("inputs_disagree", Priority.HIGH, is_latching=True, input=names[0])


def _contact_chatter(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """A contact opens and closes by itself; it counts as open meanwhile."""
    for name in facts.device.chattering[:1]:
        yield _condition("contact_chatter", Priority.MEDIUM, is_latching=True, input=name)


def _contact_not_proved(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """Nobody has seen this contact open for too long: it may be bridged or tied down."""
    for name in facts.device.unproved[:1]:
        yield _condition("contact_not_proved", Priority.LOW, input=name)


def _held(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The unit holds the session by itself, and nothing else on the screen would say so."""
    if facts.held_code in HOLDS_SHOWN:
        row = fault_row(facts.held_code)
        yield _condition(row.name, row.priority, kind=row.kind)


def _enable_stuck(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """One of the two enables is not as it was asked to be: one barrier less."""
    if facts.device.enable_fault:
        alarm_id = DIFFERENCES[facts.device.enable_fault][0]
        priority = fault_row(alarm_id).priority
        yield _condition(alarm_id, priority, is_latching=True, wire=facts.device.enable_fault)


def _surface_warm(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """By the warmer of the two sensors at the contact face."""
    device = facts.device
    known = [c10 for c10 in (device.surface_c10, device.surface_own_c10) if c10 is not None]
    if known and max(known) >= device.surface_c10_warn:
        yield _condition(
            "surface_warm",
            Priority.LOW,
            value=max(known) / 10,
            limit=device.surface_c10_max / 10,
            unit="°C",
        )


def _cooling_trend(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """Heat stays in the coil although the flow is said to be there."""
    if facts.device.ahead.has_cooling_failed:
        yield _condition("cooling_trend", Priority.MEDIUM)


def _heat_ahead(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The run will be too warm before its end; or the face will be, although nothing follows."""
    ahead, limit_c10 = facts.device.ahead, facts.device.surface_c10_max
    if ahead.peak_c10 is None or ahead.peak_c10 <= limit_c10:
        return
    value, limit = ahead.peak_c10 / 10, limit_c10 / 10
    if ahead.is_off_head_due:
        yield _condition("coil_off_head", Priority.MEDIUM, value=value, limit=limit, unit="°C")
    elif _is_at_work(facts):
        yield _condition("heat_ahead", Priority.LOW, value=value, limit=limit, unit="°C")


def _surface_own(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The edge's own sensor at the contact face: too hot, or not to be believed."""
    device = facts.device
    if device.is_surface_own_hot:
        yield _condition(
            "surface_hot_own",
            Priority.HIGH,
            is_latching=True,
            limit=device.surface_c10_max / 10,
            unit="°C",
        )
    if device.surface_own_doubt not in ("", "starting"):
        yield _condition(
            "sensor_own", Priority.MEDIUM, is_latching=True, found=device.surface_own_doubt
        )


def _settings_mismatch(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.device.is_live and not facts.device.settings_match:
        yield _condition("settings_mismatch", Priority.MEDIUM)


def _self_test_failed(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.device.self_test == "failed":
        yield _condition("self_test_failed", Priority.MEDIUM)


def _uncertain_dose(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    is_open = facts.uncertain_pulses > 0 and not _is_at_work(facts)
    if facts.state is S.UNCERTAIN or is_open:
        yield _condition("uncertain_dose", Priority.MEDIUM, pulses=facts.uncertain_pulses)


def _page_silent(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    silent_s = facts.page_silent_s
    if _is_at_work(facts) and silent_s is not None and silent_s > PAGE_SILENT_S_MAX:
        yield _condition("page_silent", Priority.MEDIUM)


def _clinic_offline(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.clinic_silent_s is not None and facts.clinic_silent_s > CLINIC_SILENT_S_MAX:
        yield _condition("clinic_offline", Priority.LOW, minutes=int(facts.clinic_silent_s // 60))


def _record_refused(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.quarantined > 0:
        yield _condition("record_refused", Priority.LOW, records=facts.quarantined)


def _clock_untrusted(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if not facts.clock_is_trusted:
        yield _condition("clock_untrusted", Priority.LOW)


def _store_copies(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The record has two copies: one has failed, or one had to be made from the other."""
    if facts.is_store_log_failed:
        yield _condition("store_log_failed", Priority.MEDIUM)
    if facts.store_repaired:
        yield _condition("store_repaired", Priority.LOW, what=facts.store_repaired)


def _disk_full(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.disk_used_pct is not None and facts.disk_used_pct >= DISK_USED_PCT_MAX:
        yield _condition(
            "disk_full", Priority.LOW, value=facts.disk_used_pct, limit=DISK_USED_PCT_MAX, unit="%"
        )


def _recording_stopped(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if not facts.is_recorded:
        yield _condition("recording_stopped", Priority.LOW)


def _noisy_line(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.bad_frames_per_min > BAD_FRAMES_PER_MIN_MAX:
        yield _condition("noisy_line", Priority.LOW, frames=facts.bad_frames_per_min)


def _sounder_dead(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """An alarm that nobody would hear."""
    if facts.sounder == "failed":
        yield _condition("sounder_dead", Priority.MEDIUM)


def _risk_load(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The computer is so busy that the run may be stopped by its own guards."""
    if _is_at_work(facts) and facts.loop_late_ms > LOOP_LATE_MS_MAX:
        yield _condition(
            "risk_load",
            Priority.LOW,
            value=facts.loop_late_ms,
            limit=LOOP_LATE_MS_MAX,
            unit="ms",
        )


def _risk_link(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """So many answers are lost that the run may end for want of one."""
    if _is_at_work(facts) and facts.repeats_per_min > REPEATS_PER_MIN_MAX:
        yield _condition(
            "risk_link", Priority.LOW, value=facts.repeats_per_min, limit=REPEATS_PER_MIN_MAX
        )


def _stopped(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The service stopped by itself, and nothing else on the screen would say so."""
    if facts.stop_code in STOPS_SHOWN:
        row = fault_row(facts.stop_code)
        yield _condition(row.name, row.priority, kind=row.kind, is_latching=True)


Rule = Callable[[AlarmFacts], Iterator[AlarmCondition]]
RULES: tuple[Rule, ...] = (
    _link_down,
    _inputs_disagree,
    _contact_chatter,
    _contact_not_proved,
    _held,
    _enable_stuck,
    _settings_mismatch,
    _self_test_failed,
    _uncertain_dose,
    _page_silent,
    _cooling_trend,
    _heat_ahead,
    _surface_own,
    _surface_warm,
    _clinic_offline,
    _record_refused,
    _clock_untrusted,
    _disk_full,
    _store_copies,
    _recording_stopped,
    _noisy_line,
    _sounder_dead,
    _risk_load,
    _risk_link,
    _stopped,
)
RULE_ALARM_IDS: tuple[str, ...] = (
    "link_down",
    "version_mismatch",
    "key_refused",
    "inputs_disagree",
    "contact_chatter",
    "contact_not_proved",
    *HOLDS_SHOWN,
    "enable_stuck",
    "host_lost",
    "settings_mismatch",
    "self_test_failed",
    "uncertain_dose",
    "page_silent",
    "cooling_trend",
    "coil_off_head",
    "heat_ahead",
    "surface_hot_own",
    "sensor_own",
    "surface_warm",
    "clinic_offline",
    "record_refused",
    "clock_untrusted",
    "disk_full",
    "store_log_failed",
    "store_repaired",
    "recording_stopped",
    "noisy_line",
    "sounder_dead",
    "risk_load",
    "risk_link",
    *STOPS_SHOWN,
)
ALARM_IDS: tuple[str, ...] = tuple(row.name for row in FAULT_ROWS) + RULE_ALARM_IDS
