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
from edge.domain.faults import FAULT_ROWS, Priority, fault_row
from edge.domain.session_states import OUTPUT_POSSIBLE, S

CLINIC_SILENT_S_MAX = 900.0  # [P] 15 min
DISK_USED_PCT_MAX = 90  # [P]
PAGE_SILENT_S_MAX = 3.0  # [P] six missed beats of the page
BAD_FRAMES_PER_MIN_MAX = 10  # [P] a line that is disturbed but still carries


@dataclass(frozen=True)
class AlarmFacts:
    """What the rules look at."""

    device: DeviceFacts
    state: S
    uncertain_pulses: int
    clinic_silent_s: float | None  # since the last good answer; None: never asked
    quarantined: int  # records the clinic refused
    clock_is_trusted: bool
    disk_used_pct: int | None
    page_silent_s: float | None  # of the screen in control; None: nobody is logged in
    bad_frames_per_min: int


def alarm_conditions(facts: AlarmFacts) -> tuple[AlarmCondition, ...]:
    """Every condition that is true now, faults first."""
    found = [*_faults(facts)]
    for rule in RULES:
        found.extend(rule(facts))
    return tuple(found)


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
        yield _condition(name, row.priority, kind=row.kind, is_latching=True)


def _is_at_work(facts: AlarmFacts) -> bool:
    return facts.state in OUTPUT_POSSIBLE


def _link_down(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """The unit does not answer; with a patient under a live coil that is high."""
    device = facts.device
    if device.link in UNFIT_LINKS:
        yield _condition(device.link, Priority.MEDIUM)
    elif not device.is_live:
        yield _condition("link_down", Priority.HIGH if _is_at_work(facts) else Priority.MEDIUM)


def _inputs_disagree(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    """One contact, two wires, two answers: one of them is broken or bridged."""
    names = [name for name, state in interlock_states(facts.device) if state == "disagree"]
    if names:
        yield _condition("inputs_disagree", Priority.HIGH, is_latching=True, input=names[0])


def _surface_warm(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    device = facts.device
    if device.surface_c10 is not None and device.surface_c10 >= device.surface_c10_warn:
        yield _condition(
            "surface_warm",
            Priority.LOW,
            value=device.surface_c10 / 10,
            limit=device.surface_c10_max / 10,
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


def _disk_full(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.disk_used_pct is not None and facts.disk_used_pct >= DISK_USED_PCT_MAX:
        yield _condition("disk_full", Priority.LOW, value=facts.disk_used_pct)


def _noisy_line(facts: AlarmFacts) -> Iterator[AlarmCondition]:
    if facts.bad_frames_per_min > BAD_FRAMES_PER_MIN_MAX:
        yield _condition("noisy_line", Priority.LOW, frames=facts.bad_frames_per_min)


Rule = Callable[[AlarmFacts], Iterator[AlarmCondition]]
RULES: tuple[Rule, ...] = (
    _link_down,
    _inputs_disagree,
    _settings_mismatch,
    _self_test_failed,
    _uncertain_dose,
    _page_silent,
    _surface_warm,
    _clinic_offline,
    _record_refused,
    _clock_untrusted,
    _disk_full,
    _noisy_line,
)
RULE_ALARM_IDS: tuple[str, ...] = (
    "link_down",
    "version_mismatch",
    "key_refused",
    "inputs_disagree",
    "settings_mismatch",
    "self_test_failed",
    "uncertain_dose",
    "page_silent",
    "surface_warm",
    "clinic_offline",
    "record_refused",
    "clock_untrusted",
    "disk_full",
    "noisy_line",
)
ALARM_IDS: tuple[str, ...] = tuple(row.name for row in FAULT_ROWS) + RULE_ALARM_IDS
