"""I7: the bank stands at its set point when a train begins, and stays near it."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.limits import AMPLITUDE_STOP_PM, BANK_TOLERANCE_PM
from hw_sim.checkers.base import NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import Levels
from hw_sim.recorder import TruthRecorder

FIRST_AFTER_NS = 1 * NS_PER_S  # a pulse so long after the last begins something new
READING_PM = 5  # [P] the bank leaks a little between the last look and the pulse
OFF_MAX = 1  # the pulse that tells the controller


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    changes = truth.levels("target_mv")
    targets = Levels(changes)
    last_ns, off = -FIRST_AFTER_NS, 0
    for pulse in truth.pulses if changes else ():
        is_first = pulse.at_ns - last_ns >= FIRST_AFTER_NS
        last_ns = pulse.at_ns
        target_mv = targets.at(pulse.at_ns) or 0
        if not pulse.is_asked:
            continue  # I3
        differs_mv = abs(pulse.bank_mv - target_mv) * 1000
        if is_first and differs_mv > target_mv * (BANK_TOLERANCE_PM + READING_PM):
            yield Finding(pulse.at_ns, f"begun at {pulse.bank_mv} mV, set to {target_mv} mV")
        off = off + 1 if differs_mv > target_mv * AMPLITUDE_STOP_PM else 0
        if off > OFF_MAX:
            yield Finding(pulse.at_ns, f"goes on at {pulse.bank_mv} mV, set to {target_mv} mV")


CHECKER = Checker(
    id="I7",
    name="bank-at-set-point",
    rule="Nothing begins unless the bank stands at its set point, nor goes on when it is far off.",
    bound="2.5 % at the first pulse, 10 % and one pulse inside a train (firmware/wire/limits.py)",
    evidence="true voltage at each pulse, set point of the charger",
    judge=_judge,
)
