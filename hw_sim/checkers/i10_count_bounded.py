"""I10: never a pulse more than prescribed, nor than the patient's day or the hard total allow."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.limits import SESSION_PULSES_MAX
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    prescribed = facts.plan.pulses if facts.plan is not None else facts.prescribed
    limit = SESSION_PULSES_MAX if prescribed is None else min(prescribed, SESSION_PULSES_MAX)
    if facts.day_pulses_max is not None:
        limit = min(limit, facts.day_pulses_max)
    for pulse in truth.pulses[limit:]:
        yield Finding(pulse.at_ns, f"pulse beyond the {limit} prescribed")


CHECKER = Checker(
    id="I10",
    name="count-bounded",
    rule="A session, and a patient's day, never get a pulse more than prescribed and allowed.",
    bound="order, limit of a day, 6000 (firmware/wire/limits.py)",
    evidence="coil currents over restarts of both sides",
    judge=_judge,
)
