"""I6: true amplitude never above the ordered level, within the bank's tolerance."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.limits import BANK_TOLERANCE_PM
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    known = (facts.level_pct_max, facts.level_pct_order)
    level_pct = min((level for level in known if level is not None), default=None)
    if level_pct is None:
        return
    limit_pm = level_pct * (1000 + BANK_TOLERANCE_PM) / 100
    for pulse in truth.pulses:
        if pulse.amplitude_pm > limit_pm:
            yield Finding(
                pulse.at_ns, f"amplitude {pulse.amplitude_pm / 10} %, ordered {level_pct} %"
            )


CHECKER = Checker(
    id="I6",
    name="amplitude-bounded",
    rule="No pulse is stronger than the order, the coil, the device and the stored limit allow.",
    bound="2 % over the level (tolerance of the bank, firmware/wire/limits.py)",
    evidence="coil currents, the clinic's order worked out anew",
    judge=_judge,
    needs=("level_pct_max",),
)
