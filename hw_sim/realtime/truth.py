"""The truth recorder as JSON, for tests that run the unit as a process of its own.

Times are true nanoseconds, which are those of CLOCK_MONOTONIC of this machine: another process can
compare its own time.monotonic_ns() with them. Reads only; bounded answers.
"""

from __future__ import annotations

from typing import Any, Final

from hw_sim.realtime.wiring import OUTPUT_PINS
from hw_sim.recorder import TruthRecorder

# A whole 3,000-pulse session with its wires fits.
ROWS_MAX: Final = 20_000
PLANT_WIRES: Final = ("gate", "bleed", "target_mv", "bank_mv", "contacts", "fan")
WIRES: Final = (*PLANT_WIRES, *OUTPUT_PINS)


def truth(recorder: TruthRecorder, now_ns: int, *, since_ns: int, rows: int) -> dict[str, Any]:
    """Everything since a moment, the newest rows kept. at_ns is when it happened."""
    rows = min(rows, ROWS_MAX)
    pulses = [pulse for pulse in recorder.pulses if pulse.at_ns >= since_ns]
    last_ns = recorder.pulses[-1].at_ns if recorder.pulses else None
    return {
        "now_ns": now_ns,
        "since_ns": since_ns,
        "pulses_since": len(pulses),
        "last_pulse_ns": last_ns,
        "last_pulse_age_ns": None if last_ns is None else now_ns - last_ns,
        "is_gate_on": _level(recorder, "gate") == 1,
        "is_bleeding": _level(recorder, "bleed") == 1,
        "dropped_entries": recorder.dropped,
        "pulses": [pulse._asdict() for pulse in pulses[-rows:]],
        "wires": {
            name: [
                {"at_ns": at_ns, "value": value}
                for at_ns, value in recorder.levels(name)[-rows:]
                if at_ns >= since_ns
            ]
            for name in WIRES
        },
        "marks": [mark._asdict() for mark in recorder.marks[-rows:] if mark.at_ns >= since_ns],
    }


def _level(recorder: TruthRecorder, name: str) -> int | None:
    return next((entry.value for entry in reversed(recorder.wires) if entry.name == name), None)
