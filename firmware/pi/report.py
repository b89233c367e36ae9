"""What the process tells people of its timing: one JSON file, written only while nothing is armed.

Class, what the system granted, lateness of probes and of pulses, late pulses refused, how far
apart the inputs were sampled while armed. People and the bench read it; nothing decides by it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from firmware.pi.timing import Timing
from firmware.wire.codes import TIMING_RT_PROCESS

NAME = "timing.json"


def describe(timing: Timing) -> dict[str, Any]:
    """Class, grants, lateness and the bound that follows from it."""
    grants = timing.grants
    is_real_time = grants.timing_class == TIMING_RT_PROCESS
    return {
        "timing_class": "rt_process" if is_real_time else "best_effort",
        "in_words": grants.sentence,
        "fifo_priority": grants.fifo_priority,
        "is_memory_locked": grants.is_memory_locked,
        "cpu": grants.cpu,
        "refusals": list(grants.refusals),
        "ipi_us_min": timing.ipi_us_min,
        "worst_us": timing.worst_us,
        "probes": timing.probes.summary(),
        "pulses": timing.pulses.summary(),
    }


def table(timing: Timing) -> str:
    """The same for a person at a terminal."""
    found = timing.probes.summary()
    rows = [
        ("class", describe(timing)["timing_class"]),
        ("probes", str(found["count"])),
        ("p50", f"{found['p50_us']} us"),
        ("p99", f"{found['p99_us']} us"),
        ("p99.9", f"{found['p999_us']} us"),
        ("worst", f"{found['worst_us']} us"),
        ("shortest interval", f"{timing.ipi_us_min} us"),
    ]
    lines = [f"{name:<18} {value:>12}" for name, value in rows]
    return "\n".join([*lines, timing.grants.sentence])


def write(folder: Path, facts: dict[str, Any]) -> None:
    """Replace the file; a full disk costs the report, not the unit."""
    part = folder / f"{NAME}.part"
    with suppress(OSError):
        part.write_text(json.dumps(facts, indent=1) + "\n")
        os.replace(part, folder / NAME)
