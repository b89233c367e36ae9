"""I13: a temperature that nobody can measure any more ends the output."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_MS, NS_PER_S, OPEN_END_NS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder

# From the fault to no output, by what a sensor says from then on (sources.md domain 2.8).
WITHIN_NS = {
    "open": 1_500 * NS_PER_MS,
    "short": 1_500 * NS_PER_MS,
    "frozen": 41 * NS_PER_S,
}


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    end_ns = OPEN_END_NS if facts.end_ns is None else facts.end_ns
    windows = gate_windows(truth)
    faults = [mark for mark in truth.marks if mark.text.startswith("sensor ")]
    for mark in faults:
        _, sensor, word = mark.text.split()
        within_ns = WITHIN_NS.get(word)
        if within_ns is None:
            continue
        again = (m.at_ns for m in faults if m.at_ns > mark.at_ns and f" {sensor} " in m.text)
        due_ns, until_ns = mark.at_ns + within_ns, min(next(again, OPEN_END_NS), end_ns)
        if due_ns >= until_ns:
            continue
        for on_ns, off_ns in windows:
            # A sensor that stands still is noticed while stimulating: the time begins there.
            from_ns = max(due_ns, on_ns + within_ns) if word == "frozen" else max(due_ns, on_ns)
            if from_ns < min(off_ns, until_ns):
                yield Finding(from_ns, f"output enabled, sensor {sensor} {word}")


CHECKER = Checker(
    id="I13",
    name="sensor-invalid-is-safe",
    rule="A sensor that is open, shorted or stands still ends the output, and none begins.",
    bound="1.5 s open or short; 41 s of stimulation for one that stands still (edge/domain/faults)",
    evidence="what was done to the sensors, the controller's enable",
    judge=_judge,
)
