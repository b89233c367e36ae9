"""Judges one run by every rule that its evidence lets be judged.

The only file of the explorer that knows the checkers. What a kind of fault breaks by itself (a
switch that closes alone, a clinic that forgets) is no violation of a run in which it struck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.api.schema import Snapshot
from edge.services.audit import Audit
from edge.services.journal import Journal
from hw_sim.checkers import OFF_NS_MAX, Facts, check
from hw_sim.evidence import collect
from hw_sim.explore.kinds import KIND_BY_ID
from hw_sim.explore.notes import SCREEN
from hw_sim.explore.system import STOP_SENT, ExploreBench, ExploreSystem

# Seams whose faults leave the way of STOP whole: contacts and sensors, the clinic, people.
STOP_PASSES = ("G", "N", "K")
OUTPUT_PHASES = ("armed", "treating")


def judge(bench: ExploreBench, struck: Sequence[str], stuck: str | None) -> list[str]:
    """Every violation, in words that begin with the invariant's id. stuck: as evidence.collect."""
    system = bench.system
    found = [*bench.found, *system.losses, *_deaths(system, struck), *_chains(system)]
    facts = facts_of(system, struck, stuck)
    untold = _untold(facts)
    found += [str(each) for each in check(system.unit.recorder, facts)]
    allowed = {invariant for fault in struck for invariant in KIND_BY_ID[fault].breaks}
    kept = [text for text in found if text.partition(":")[0].split(" ")[0] not in allowed]
    return [*kept, *untold]


def facts_of(system: ExploreSystem, struck: Sequence[str], stuck: str | None) -> Facts:
    """All the evidence, and what only the plan knows."""
    heard_ns = max((KIND_BY_ID[fault].heard_ns for fault in struck), default=OFF_NS_MAX)
    return replace(
        collect(system, stuck=stuck),
        core_stop_ns_max=heard_ns,
        screen_stops_ns=_screen_stops(system, struck),
    )


def _screen_stops(system: ExploreSystem, struck: Sequence[str]) -> tuple[int, ...]:
    """When STOP was touched; not judged where a fault lies on its way from page to controller."""
    if any(fault[0] not in STOP_PASSES for fault in struck):
        return ()
    notes = system.notes.entries
    return tuple(n.at_ns for n in notes if n.column == SCREEN and n.text == STOP_SENT)


def _deaths(system: ExploreSystem, struck: Sequence[str]) -> list[str]:
    """The service may end only of what was planted to end it."""
    words = [word for fault in struck for word in KIND_BY_ID[fault].kills]
    return [
        f"P16: the service died: {death}"
        for death in system.deaths
        if not any(word.lower() in death.lower() for word in words)
    ]


def _chains(system: ExploreSystem) -> list[str]:
    """I24: journal and audit are whole."""
    with system.reading() as store:
        journal, audit = Journal(store, system.clock, 0), Audit(store, system.clock, 0)
        chains = (journal.verify(), audit.verify())
    return [f"I24: {broken}" for broken in chains if broken is not None]


def _untold(facts: Facts) -> list[str]:
    """I23: a session that gave pulses and is not in the record is told of before anything goes on.

    Whatever struck: a card can be lost, but not in silence.
    """
    kept = {session.session_id for session in facts.sessions or ()}
    pictures = facts.pictures or ()
    treated: dict[str, int] = {}  # session, and place of its last picture
    for place, picture in enumerate(pictures):
        visit = picture.shown.visit
        if visit is not None and visit.session.delivered:
            treated[visit.session.session_id] = place
    found = []
    for session_id, last in treated.items():
        if session_id in kept:
            continue
        after = [picture.shown for picture in pictures[last + 1 :]]
        told = next((n for n, shown in enumerate(after) if _tells(shown, session_id)), None)
        if told is None:
            found.append(f"I23: session {session_id} is not in the record, and nobody was told")
        elif any(shown.phase in OUTPUT_PHASES for shown in after[:told]):
            found.append(f"I23: before session {session_id} was told of, the next was treated")
    return found


def _tells(shown: Snapshot, session_id: str) -> bool:
    return any(held.session == session_id[:8] for held in shown.device.held)
