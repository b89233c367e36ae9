"""From a seed to a plan: first which kinds are possible at all, then what strikes when.

Each question has its own random stream, so that a new one shifts no other. The swarm draws whole
seams on and off and kinds within them, so that rare neighbours meet. Does not run anything.
"""

from __future__ import annotations

import random
from dataclasses import replace

from edge.domain.session_states import S
from hw_sim.clinic.quirks import NAMES as QUIRKS
from hw_sim.explore.numbers import SEAMS, WAYS, kinds_of
from hw_sim.explore.people import PEOPLE
from hw_sim.explore.plan import COMPLETE, EARLY, PULSE, FaultPlan, Strike
from hw_sim.kernel import Streams

# Most visits are short real ones; a long one now and then.
PROTOCOLS = {"ctbs-300": 78, "itbs-600": 16, "1hz-right-360": 3, "10hz-1500": 3}
PERSONS = {"technician": 40, "impatient": 20, "careless": 20, "cheating": 20}
SEAM_SHARE = 0.4
KIND_SHARE = 0.35
STRIKES_MIN, STRIKES_MAX = 2, 6
# Where a strike waits for. States that every visit passes come first, output possible is likeliest.
MOMENTS = {
    S.IDLE.value: 2,
    S.PATIENT.value: 2,
    S.CHECKS.value: 3,
    S.READY.value: 4,
    S.ARMING.value: 6,
    S.ARMED.value: 6,
    S.TREATING.value: 14,
    S.PAUSED.value: 5,
    S.RESUMING.value: 4,
    S.STOPPED.value: 5,
    S.UNCERTAIN.value: 3,
    S.WRAPUP.value: 4,
    S.RECORD.value: 3,
}
PULSE_SHARE = 0.35  # of strikes wait for a pulse instead
PULSES = {"ctbs-300": 300, "itbs-600": 600, "1hz-right-360": 360, "10hz-1500": 1500}
DELAY_MS = (0, 0, 0, 5, 50, 300, 1_500, 6_000)
HOLD_MS = (0, 300, 2_000, 5_000, 12_000)
# Quirks that any server may have without breaking the product's promise of exactly once.
QUIRK_SHARE = 0.3
HARMLESS = tuple(
    name
    for name in QUIRKS
    if name not in ("races_on_conditions", "body_bytes_max", "batch_like_transaction")
)
QUIRK_VALUES = {"entry_limit": 8, "conflict_status_after_commit": 409}
EARLY_SHARE = 0.25
CHAOS_S = (60, 90, 120)


def draw_plan(seed: int, *, fault: str = "") -> FaultPlan:
    """The plan of a seed; with fault (a number or an id) that one strikes first."""
    streams = Streams(seed)
    visit = streams.get("visit")
    protocol = _weighted(visit, PROTOCOLS)
    plan = FaultPlan(
        seed=seed,
        protocol=protocol,
        person=_weighted(streams.get("person"), PERSONS),
        ends=EARLY if visit.random() < EARLY_SHARE else COMPLETE,
        has_attend=visit.random() < 0.5,
        quirks=_quirks(streams.get("quirks")),
        enabled=_swarm(streams.get("swarm")),
        chaos_s=visit.choice(CHAOS_S),
    )
    assert plan.person in PEOPLE
    dice = streams.get("strikes")
    strikes = tuple(
        _strike(dice, dice.choice(plan.enabled), protocol)
        for _ in range(dice.randint(STRIKES_MIN, STRIKES_MAX))
    )
    if fault:
        strikes = _forced(streams.get("forced"), fault, protocol, strikes)
    return replace(plan, strikes=strikes)


def _forced(
    dice: random.Random, fault: str, protocol: str, strikes: tuple[Strike, ...]
) -> tuple[Strike, ...]:
    ids = kinds_of(fault)
    assert ids, f"no kind of fault: {fault}"
    return (_strike(dice, dice.choice(ids), protocol), *strikes[1:])


def _swarm(dice: random.Random) -> tuple[str, ...]:
    """Ids that may strike in this run, at least one."""
    seams = [letter for letter, _, _ in SEAMS if dice.random() < SEAM_SHARE]
    seams = seams or [dice.choice(SEAMS)[0]]
    numbers = [number for number in WAYS if number[0] in seams]
    drawn = [number for number in numbers if dice.random() < KIND_SHARE]
    return tuple(dice.choice(WAYS[number]) for number in drawn or [dice.choice(numbers)])


def _strike(dice: random.Random, kind: str, protocol: str) -> Strike:
    moment = _weighted(dice, MOMENTS)
    if dice.random() < PULSE_SHARE:
        moment = f"{PULSE}{dice.randrange(1, PULSES[protocol] * 2 // 3)}"
    return Strike(kind, moment, dice.choice(DELAY_MS), dice.choice(HOLD_MS))


def _quirks(dice: random.Random) -> str:
    if dice.random() >= QUIRK_SHARE:
        return ""
    names = [name for name in HARMLESS if dice.random() < 0.25]
    return ",".join(
        f"{name}={QUIRK_VALUES[name]}" if name in QUIRK_VALUES else name for name in names
    )


def _weighted(dice: random.Random, weights: dict[str, int]) -> str:
    return dice.choices(tuple(weights), weights=tuple(weights.values()))[0]
