"""How fast the whole-system simulation and the service's hot paths are on this machine.

Prints ratios (times real time, times the rate that a session needs); absolute times are context.
Each line is the best of a few rounds in this process, the least disturbed figure. Real time, and an
entry point: it may read the performance counter.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edge.domain.train_plan import plan_of
from firmware.wire.commands import Heartbeat
from firmware.wire.framing import Decoder, encode
from hw_sim import vtime
from hw_sim.session import play, quiet_logging
from hw_sim.system import SystemOptions

PROTOCOLS = ("itbs-600", "10hz-1500", "1hz-right-360")
ROUNDS = 3
LOOPS = 2_000
FRAMES_PER_S = 20  # ten heartbeats and ten reports


def session_speeds() -> list[dict[str, Any]]:
    """Whole sessions in virtual time: simulated seconds per second of one core."""
    rows = []
    for protocol in PROTOCOLS:
        began_s = time.process_time()
        result = vtime.run(play(SystemOptions(seed=7, protocol=protocol)))
        cpu_s = time.process_time() - began_s
        row = {"protocol": protocol, "pulses": result.pulses, "sim_s": round(result.sim_s, 1)}
        rows.append(row | {"cpu_s": round(cpu_s, 2), "speed_x": round(result.sim_s / cpu_s, 1)})
    return rows


def best_us(work: Callable[[], object]) -> float:
    """Least time of one call over a few rounds, microseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for _ in range(LOOPS):
            work()
        best = min(best, (time.perf_counter() - began_s) / LOOPS)
    return best * 1e6


def frame_round_trip() -> None:
    """A heartbeat out and in again."""
    frame = encode(Heartbeat.TYPE, 7, Heartbeat(beat=9).pack())
    assert Decoder().feed(frame)


def compile_plan() -> None:
    """iTBS 600 to its hash."""
    assert plan_of((3, 20_000), (10, 200_000), (20, 10_000_000), train_levels=2).sha256


def bench(json_path: Path | None) -> int:
    """Run, print, and write the JSON file."""
    quiet_logging()
    sessions = session_speeds()
    frame_us = best_us(frame_round_trip)
    document = {
        "machine": f"{platform.machine()} Python {platform.python_version()}",
        "sessions": sessions,
        "frame_us": round(frame_us, 1),
        "frame_headroom_x": round(1e6 / FRAMES_PER_S / frame_us),
        "plan_us": round(best_us(compile_plan), 1),
    }
    table = Table("protocol", "pulses", "simulated s", "CPU s", "x real time")
    for row in sessions:
        table.add_row(*(str(value) for value in row.values()))
    console = Console()
    console.print(table)
    console.print(
        f"frame there and back {frame_us:.1f} µs: {document['frame_headroom_x']} x the rate in use"
    )
    console.print(f"plan of iTBS 600 with its hash {document['plan_us']} µs")
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(document, indent=2) + "\n")
    return 0
