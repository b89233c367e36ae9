"""Numbers the pictures that screens are shown, and tells which of them are too old to act on.

rev grows whenever anything visible changed. A change is material when it alters what a tap means:
phase, patient, order and its problems, level, checks, stop, faults, active high alarms, session.
Telemetry, progress and countdowns are not. A command stands only on a picture that was sent after
the last material change. Pure: holds two numbers and the facts they were taken from.
"""

from __future__ import annotations

from edge.services.chair_state import ChairState, VisitState

Facts = tuple[object, ...]


class Revisions:
    """One per hub; refresh() before anything is sent or judged."""

    def __init__(self) -> None:
        self.rev = 0
        self.material_rev = 0
        self._seen: tuple[int, Facts] | None = None

    def refresh(self, state: ChairState) -> None:
        """Take note of what changed since the last call."""
        seen = (state.rev, material_facts(state))
        if self._seen is not None and seen == self._seen:
            return
        self.rev += 1
        if self._seen is None or seen[1] != self._seen[1]:
            self.material_rev = self.rev
        self._seen = seen

    def bump(self) -> None:
        """Something of a single view changed, such as who holds control."""
        self.rev += 1

    def is_stale(self, rev: int) -> bool:
        """Whether the picture of this number was sent before the last material change."""
        return rev < self.material_rev


def material_facts(state: ChairState) -> Facts:
    """Everything that alters what a tap means."""
    return (
        state.state,
        state.device.fault,
        state.device.faults,
        tuple(a.alarm_id for a in state.alarms if a.priority == "high" and a.is_active),
        None if state.visit is None else _visit_facts(state.visit),
    )


def _visit_facts(visit: VisitState) -> Facts:
    stop = visit.session.stop
    return (
        visit.appointment.appointment_id,
        visit.patient,
        visit.order,
        visit.threshold,
        visit.plan,
        visit.level_pct_mso,
        visit.problems,
        tuple((check.key, check.answer, check.state) for check in visit.checks),
        visit.session.session_id,
        None if stop is None else (stop.code, stop.at_utc_s, stop.is_cleared),
    )
