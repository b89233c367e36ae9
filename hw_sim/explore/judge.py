"""Judges one run: the plant's record, the clinic's shelf, the service's own chains.

The only file of the explorer that knows the checkers. What a kind of fault breaks by itself (a
switch that closes alone, a clinic that forgets) is no violation of a run in which it struck.
"""

from __future__ import annotations

from collections.abc import Sequence

from hw_sim.checkers import OFF_NS_MAX, Facts, check
from hw_sim.explore.kinds import KIND_BY_ID
from hw_sim.explore.notes import SCREEN
from hw_sim.explore.system import STOP_SENT, ExploreBench, ExploreSystem
from hw_sim.session import doses_of, plan_of_system

# Seams whose faults leave the way of STOP whole: contacts and sensors, the clinic, people.
STOP_PASSES = ("G", "N", "K")


def judge(bench: ExploreBench, struck: Sequence[str]) -> list[str]:
    """Every violation, in words that begin with the invariant's id."""
    system = bench.system
    found = [*bench.found, *_checked(system, struck), *_deaths(system, struck)]
    found += [*_counts(system), *_chains(system), *_clinic(system)]
    allowed = {invariant for fault in struck for invariant in KIND_BY_ID[fault].breaks}
    return [text for text in found if text.partition(":")[0].split(" ")[0] not in allowed]


def facts_of(system: ExploreSystem, struck: Sequence[str]) -> Facts:
    """What the record itself cannot know."""
    limits = system.config.limits
    heard_ns = max((KIND_BY_ID[fault].heard_ns for fault in struck), default=OFF_NS_MAX)
    return Facts(
        plan=plan_of_system(system),
        level_pct_max=limits.level_pct_max,
        ipi_us_min=limits.ipi_us_min,
        core_stop_ns_max=heard_ns,
        screen_stops_ns=_screen_stops(system, struck),
    )


def _screen_stops(system: ExploreSystem, struck: Sequence[str]) -> tuple[int, ...]:
    """When STOP was touched; not judged where a fault lies on its way from page to controller."""
    if any(fault[0] not in STOP_PASSES for fault in struck):
        return ()
    notes = system.notes.entries
    return tuple(n.at_ns for n in notes if n.column == SCREEN and n.text == STOP_SENT)


def _checked(system: ExploreSystem, struck: Sequence[str]) -> list[str]:
    return [str(each) for each in check(system.unit.recorder, facts_of(system, struck))]


def _deaths(system: ExploreSystem, struck: Sequence[str]) -> list[str]:
    """The service may end only of what was planted to end it."""
    words = [word for fault in struck for word in KIND_BY_ID[fault].kills]
    return [
        f"P16: the service died: {death}"
        for death in system.deaths
        if not any(word.lower() in death.lower() for word in words)
    ]


def _counts(system: ExploreSystem) -> list[str]:
    """I19 and I10: what is booked against what the coil gave."""
    given = len(system.unit.recorder.pulses)
    doses = doses_of(system.clinic)
    unsettled = sum(doses_of(system.clinic, "stim_count_uncertain"))
    if doses and not doses[0] <= given <= doses[0] + unsettled:
        return [
            f"I19: the clinic has {doses[0]} pulses and {unsettled} open, the coil gave {given}"
        ]
    return []


def _clinic(system: ExploreSystem) -> list[str]:
    """I21: one session at the clinic for each record that was signed."""
    assert system.store is not None
    signed = len(system.store.rows("SELECT 1 FROM session WHERE record IS NOT NULL"))
    refused = len(system.store.rows("SELECT 1 FROM outbox WHERE state = 'quarantined'"))
    sessions = len(system.clinic.resources("Procedure"))
    if signed - refused <= sessions <= signed:
        return []
    return [f"I21: {signed} records signed, {refused} refused, the clinic has {sessions} sessions"]


def _chains(system: ExploreSystem) -> list[str]:
    """I24: journal and audit are whole."""
    chains = (system.app.journal.verify(), system.app.audit.verify())
    return [f"I24: {broken}" for broken in chains if broken is not None]
