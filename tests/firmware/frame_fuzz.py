"""Millions of random frames through the decoder: python -m tests.firmware.frame_fuzz --json FILE

Noise, damaged frames, frames cut short, frames beyond the bound and sound frames in one stream per
process, cut into random pieces. What must hold: no exception, no more bytes kept than the bound,
every sound frame found once and in order, nothing else found, memory flat, no single call slow. A
share of it runs in make test (test_hosted_frames.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import random
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import Progress

from firmware.wire.framing import FRAME_BYTES_MAX, PAYLOAD_BYTES_MAX, Decoder, encode

FRAMES = 10_000_000
BATCH = 20_000
Frame = tuple[int, int, bytes]


@dataclass
class Tally:
    """What one process saw."""

    frames: int = 0
    sound: int = 0
    found: int = 0
    bytes_fed: int = 0
    held_bytes_max: int = 0
    call_ms_max: float = 0.0
    mismatches: int = 0
    rss_growth_kib: int = 0


def stream(chance: random.Random, frames: int) -> tuple[bytes, list[Frame]]:
    """So many delimited chunks of every kind, and the sound frames among them."""
    parts: list[bytes] = []
    sound: list[Frame] = []
    for _ in range(frames):
        kind = chance.randrange(8)
        if kind < 3:
            parts.append(chance.randbytes(chance.randrange(1, 40)) + b"\0")
            continue
        frame: Frame = (
            chance.randrange(256),
            chance.randrange(65536),
            chance.randbytes(chance.randrange(PAYLOAD_BYTES_MAX + 1 if kind == 3 else 24)),
        )
        data = bytearray(encode(*frame))
        if kind < 5:
            sound.append(frame)
        elif kind == 5:
            data[chance.randrange(len(data) - 1)] ^= 1 << chance.randrange(8)
        elif kind == 6:
            data = data[chance.randrange(1, len(data)) :]
        else:
            data = bytearray(b"\xaa" * (FRAME_BYTES_MAX + chance.randrange(1, 400)) + b"\0")
        parts.append(b"\0" + bytes(data))
    return b"".join(parts), sound


def feed(decoder: Decoder, data: bytes, chance: random.Random, tally: Tally) -> list[Frame]:
    """The stream in pieces of every size."""
    found: list[Frame] = []
    position = 0
    while position < len(data):
        piece = data[position : position + chance.randrange(1, 700)]
        position += len(piece)
        began_ns = time.perf_counter_ns()
        found += decoder.feed(piece)
        tally.call_ms_max = max(tally.call_ms_max, (time.perf_counter_ns() - began_ns) / 1e6)
        tally.held_bytes_max = max(tally.held_bytes_max, len(decoder._held))
    tally.bytes_fed += len(data)
    return found


def batch(decoder: Decoder, chance: random.Random, frames: int, tally: Tally) -> None:
    """One batch; a frame found that was not sent, or missed, is a mismatch."""
    data, sound = stream(chance, frames)
    found = feed(decoder, data, chance, tally)
    tally.frames += frames
    tally.sound += len(sound)
    tally.found += len(found)
    # A cut frame may by chance of 2**-32 be sound again; none was ever seen.
    tally.mismatches += found != sound


def run(seed: int, frames: int, told: queue.Queue[int] | None = None) -> Tally:
    """One process's share."""
    chance = random.Random(seed)
    decoder = Decoder()
    tally = Tally()
    before_kib = 0
    while tally.frames < frames:
        batch(decoder, chance, min(BATCH, frames - tally.frames), tally)
        decoder.bad_frames = 0
        rss_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before_kib = before_kib or rss_kib
        tally.rss_growth_kib = rss_kib - before_kib
        if told is not None:
            told.put(BATCH)
    return tally


def _work(share: tuple[int, int, queue.Queue[int]]) -> Tally:
    return run(*share)


def main() -> int:
    """Exit code 0 when everything held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    share = -(-options.frames // options.processes)
    with multiprocessing.Manager() as manager, Progress() as progress:
        told: queue.Queue[int] = manager.Queue()
        bar = progress.add_task("random frames", total=options.frames)
        with multiprocessing.Pool(options.processes) as pool:
            shares = [(options.seed + n, share, told) for n in range(options.processes)]
            job = pool.map_async(_work, shares)
            while not job.ready():
                job.wait(0.5)
                while not told.empty():
                    progress.advance(bar, told.get())
            tallies = job.get()
    mismatches = sum(tally.mismatches for tally in tallies)
    held_bytes_max = max(tally.held_bytes_max for tally in tallies)
    result = {
        "frames": sum(tally.frames for tally in tallies),
        "mismatches": mismatches,
        "held_bytes_max": held_bytes_max,
        "processes": [asdict(tally) for tally in tallies],
    }
    text = json.dumps(result, indent=2)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")
    sys.stdout.write(text + "\n")
    return 0 if mismatches == 0 and held_bytes_max <= FRAME_BYTES_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
