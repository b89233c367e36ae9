"""The visit at the chair as a world that can be searched: its table behind its gates.

The table is the real one. The gates are the real judges of the domain, asked with real values: the
checklist line by line, readiness of the unit, what is left of the dose. Beside it stands a book of
what truly happened. Nothing here has a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from edge.domain import checks, session_states
from edge.domain.device_facts import DeviceFacts, not_ready_reasons
from edge.domain.session_states import OUTPUT_POSSIBLE, E, S
from tests.edge.domain.builders import ALL_SAFE, OWN_SAFE, device, order
from tests.search.engine import RuleBrokenError

RULES: dict[str, str] = {
    "checks": "nothing is armed unless every line of the checklist is passed",
    "unit": "nothing is armed, started or resumed on a unit that is not ready",
    "confirmed": "a train is only asked for after the controller confirmed the plan",
    "settled": "nothing is resumed on a count that is not settled, or with nothing left",
    "stop": "stop, fault and a lost link end output from everywhere, and stop is never rejected",
    "reason": "after a stop a person acknowledges before anything goes on",
    "kept": "what was given is signed before the next visit",
    "assertion": "no judge of the domain fails",
}
UNITS: Mapping[str, DeviceFacts] = {
    "ready": device(),
    "silent": device(link="silent", is_heard=False),
    "faulty": device(fault=101, faults=(101,)),
    "door open": device(inputs={**ALL_SAFE, "door": False}, panel={**OWN_SAFE, "door": False}),
    "hot": device(surface_c10=400),
}
# The lines that are answered one by one here; the other questions are passed together.
_ASKED = ("identity", "earplugs")
_MACHINE_PASSED = dict.fromkeys(checks.MACHINE_KEYS, "ok")


@dataclass(frozen=True)
class Line:
    key: str
    state: str


@dataclass(frozen=True)
class Visit:
    """state is the table's; the rest is what truly is."""

    state: S = S.IDLE
    unit: str = "ready"
    answers: tuple[str, ...] = ("open", "open", "open")  # identity, ear plugs, all others
    is_confirmed: bool = False  # the controller confirmed the plan that is in force
    is_given: bool = False  # at least one pulse was given
    is_whole: bool = False  # nothing is left
    is_settled: bool = True  # the count is read and agreed
    is_reason_seen: bool = True  # the last stop was acknowledged


class SessionWorld:
    """One visit and its surroundings."""

    def __init__(self) -> None:
        self.visit = Visit()

    def save(self) -> Visit:
        return self.visit

    def restore(self, saved: Visit) -> None:
        self.visit = saved

    def key(self) -> Hashable:
        return self.visit

    def place(self) -> str:
        return self.visit.state.value

    def events(self) -> Iterable[str]:
        return (*(event.value for event in E), *_SURROUNDINGS)

    def do(self, event: str) -> int:
        if event in _SURROUNDINGS:
            self.visit = _SURROUNDINGS[event](self.visit)
            return 1
        before = self.visit
        asked = E(event)
        if _is_refused(before, asked):
            return 1
        cell = session_states.next_state(before.state, asked)
        after = cell if isinstance(cell, S) else before.state
        if cell is not session_states.REJECT:
            self.visit = _follow(replace(before, state=after), asked)
        _check(before, asked, cell, self.visit)
        return 1


def _is_refused(visit: Visit, event: E) -> bool:
    """The gates before the table, as the chair asks them."""
    if event in (E.ARM, E.START, E.RESUME) and not_ready_reasons(UNITS[visit.unit]):
        return True
    if event in (E.ARM, E.CHECKS_PASSED):
        return bool(checks.judge(lines_of(visit)))
    if event is E.RESUME:
        return not may_resume(visit)
    if event is E.ACKNOWLEDGE and visit.state is S.STOPPED:
        return not visit.is_settled or visit.unit in ("silent", "door open")
    return False


def may_resume(visit: Visit) -> bool:
    """The count is read and agreed, and something is left."""
    return visit.is_settled and not visit.is_whole


def lines_of(visit: Visit) -> list[Line]:
    identity, earplugs, others = visit.answers
    states = dict.fromkeys(checks.QUESTION_KEYS, others)
    states |= {"identity": identity, "earplugs": earplugs, **_MACHINE_PASSED}
    facts = UNITS[visit.unit]
    states |= checks.machine_states(facts, order(), [])
    return [Line(key, state) for key, state in states.items()]


def _follow(visit: Visit, event: E) -> Visit:
    """What the event means for what truly is."""
    if event is E.OPEN:
        return Visit(state=visit.state, unit=visit.unit)
    if event is E.ARM_DONE and visit.state in (S.ARMED, S.TREATING):
        return replace(visit, is_confirmed=True)
    if visit.state not in OUTPUT_POSSIBLE:
        visit = replace(visit, is_confirmed=False)
    if visit.state is S.STOPPED and event in (E.STOP, E.FAULT, E.RECONCILED):
        is_settled = visit.is_settled or event is E.RECONCILED
        return replace(visit, is_reason_seen=False, is_settled=is_settled)
    if visit.state is S.UNCERTAIN:
        return replace(visit, is_settled=False, is_reason_seen=False)
    if event is E.ACKNOWLEDGE:
        return replace(visit, is_reason_seen=True)
    if event is E.DOSE_COMPLETE and visit.state is S.WRAPUP:
        return replace(visit, is_whole=True)
    if event in (E.SIGN, E.LEAVE):
        return replace(visit, is_given=False, is_whole=False)
    return visit


def _answer(index: int, word: str, visit: Visit) -> Visit:
    if visit.state is not S.CHECKS:
        return visit
    answers = list(visit.answers)
    answers[index] = word
    return replace(visit, answers=tuple(answers))


def _unit(name: str, visit: Visit) -> Visit:
    return replace(visit, unit=name)


def _pulse(visit: Visit) -> Visit:
    return replace(visit, is_given=True) if visit.state is S.TREATING else visit


def _last_pulse(visit: Visit) -> Visit:
    is_treating = visit.state is S.TREATING
    return replace(visit, is_given=True, is_whole=True) if is_treating else visit


def _settle(visit: Visit) -> Visit:
    return replace(visit, is_settled=True)


def _surroundings() -> dict[str, Callable[[Visit], Visit]]:
    found: dict[str, Callable[[Visit], Visit]] = {
        "a pulse is given": _pulse,
        "the last pulse is given": _last_pulse,
        "the count is settled": _settle,
    }
    for name in UNITS:
        found[f"the unit is {name}"] = partial(_unit, name)
    for index, key in enumerate((*_ASKED, "others")):
        for word in ("open", "red", "ok"):
            found[f"{key} {word}"] = partial(_answer, index, word)
    return found


_SURROUNDINGS = _surroundings()


def _demand(is_true: bool, rule: str, what: str) -> None:
    if not is_true:
        assert rule in RULES
        raise RuleBrokenError(rule, what)


def _check(before: Visit, event: E, cell: object, after: Visit) -> None:
    """The rules, written from the brief and not from the table."""
    source, target = before.state, after.state
    if event in (E.STOP, E.FAULT, E.LINK_LOST):
        _demand(target not in OUTPUT_POSSIBLE, "stop", f"{event.value} in {source.value}")
        _demand(cell is not session_states.REJECT, "stop", f"rejected in {source.value}")
    is_new = target is not source
    if is_new and target is S.ARMING:
        passed = [line.state in ("ok", "released") for line in lines_of(before)]
        _demand(all(passed), "checks", f"armed from {source.value}")
    if is_new and target in (S.ARMING, S.RESUMING):
        _demand(before.unit == "ready", "unit", f"armed while {before.unit}")
    if is_new and target is S.TREATING:
        _demand(after.is_confirmed, "confirmed", f"from {source.value}")
        is_start = event is not E.START or before.unit == "ready"
        _demand(is_start, "unit", f"started while {before.unit}")
    if is_new and target is S.RESUMING:
        _demand(before.is_settled and not before.is_whole, "settled", f"from {source.value}")
    if is_new and target in OUTPUT_POSSIBLE:
        _demand(before.is_reason_seen, "reason", f"{event.value} from {source.value}")
    if target is S.IDLE:
        _demand(not before.is_given or source is S.RECORD, "kept", f"from {source.value}")
