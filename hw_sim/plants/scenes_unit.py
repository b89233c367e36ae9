"""Scenes that are no visit: one seed twice, days of idling, files nobody has signed, fault pairs.

Each runs by itself and tells what the rules say of it. None knows of any bug.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
from pathlib import Path

from edge.firmware_image import ImageError, pack_image, read_image
from edge.services.library import MANIFEST, LibraryError, ProtocolLibrary, read_library_files
from firmware.wire.protocol import PROTOCOL_VERSION
from hw_sim import vtime
from hw_sim.checkers import Facts, check
from hw_sim.checkers.facts import Applied, Size, Twin
from hw_sim.faults.bench import FaultBench, write_library
from hw_sim.faults.catalogue import FAULT_BY_ID
from hw_sim.faults.states import BY_NAME
from hw_sim.faults.trial import run_pair
from hw_sim.keys.sign_library import KEY_FILE
from hw_sim.plants.scenes_visit import visit
from hw_sim.plants.stage import Found, reach
from hw_sim.realtime.run_files import trusted_keys
from hw_sim.recorder import TruthRecorder
from hw_sim.session import quiet_logging

TWIN_SEED = 7
LOOKS = 7
LOOK_S = 40.0
# One of each seam, where most of the product has to work together to give the declared reaction.
PAIRS = (("G61b", "train"), ("G66a", "train"), ("S35a", "gap"), ("M44", "train"))


def twins() -> Found:
    """One seed, run twice from the start."""
    quiet_logging()
    first, second = _hash(TWIN_SEED), _hash(TWIN_SEED)
    return tuple(check(TruthRecorder(), Facts(twins=(Twin(TWIN_SEED, first, second),))))


def _hash(seed: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return vtime.run(_trace(seed, write_library(Path(folder))))


async def _trace(seed: int, library: Path) -> str:
    bench = await FaultBench.boot(seed, library)
    await visit(bench)
    await bench.leave()
    return bench.system.unit.recorder.trace_sha256()


def idle_days() -> Found:
    """A unit with a screen that nobody uses, measured again and again."""
    quiet_logging()
    with tempfile.TemporaryDirectory() as folder:
        sizes = vtime.run(_idle(write_library(Path(folder))))
    return tuple(check(TruthRecorder(), Facts(sizes=sizes)))


async def _idle(library: Path) -> tuple[Size, ...]:
    bench = await FaultBench.boot(1, library)
    await reach(bench, "idle")
    sizes: list[Size] = []
    for _ in range(LOOKS):
        await asyncio.sleep(LOOK_S)
        bench.system.pictures.pictures.clear()
        sizes += _sizes(bench)
    await bench.leave()
    return tuple(sizes)


def _sizes(bench: FaultBench) -> list[Size]:
    gc.collect()
    store = bench.system.app.adapters.store
    rows = sum(
        int(str(store.rows(f"SELECT count(*) FROM {table}")[0][0]))  # noqa: S608
        for table in ("journal", "audit", "outbox")
    )
    at_ns = bench.now_ns
    truth = bench.system.unit.recorder
    own = len(truth.wires) + len(truth.temperatures) + len(truth.marks)
    return [
        Size(at_ns, "objects", len(gc.get_objects()) - own),
        Size(at_ns, "tasks", len(asyncio.all_tasks())),
        Size(at_ns, "rows", rows),
    ]


def files() -> Found:
    """Protocols and firmware images, genuine, altered and signed by a stranger."""
    with tempfile.TemporaryDirectory() as folder:
        genuine = read_library_files(write_library(Path(folder)))
    altered = {
        name: data if name == MANIFEST else data.replace(b"[10, 100000]", b"[12, 100000]")
        for name, data in genuine.items()
    }
    unsigned = {name: data for name, data in genuine.items() if name != MANIFEST}
    keys = tuple(trusted_keys())
    key = KEY_FILE.read_text(encoding="ascii").strip()
    image = pack_image({"main.py": b"pass\n"}, key, "1.0.0", PROTOCOL_VERSION)
    applied = (
        Applied("the signed library", True, _loads(genuine, keys)),
        Applied("a library with a protocol altered", False, _loads(altered, keys)),
        Applied("a library without its manifest", False, _loads(unsigned, keys)),
        Applied("a library signed by a stranger", False, _loads(genuine, ("00" * 32,))),
        Applied("the signed firmware", True, _reads(image, keys)),
        Applied("a firmware altered", False, _reads(image.replace(b"pass", b"fail"), keys)),
        Applied("a firmware signed by a stranger", False, _reads(image, ("00" * 32,))),
    )
    return tuple(check(TruthRecorder(), Facts(applied=applied)))


def _loads(library: dict[str, bytes], keys: tuple[str, ...]) -> bool:
    try:
        ProtocolLibrary.load(library, keys)
    except LibraryError:
        return False
    return True


def _reads(image: bytes, keys: tuple[str, ...]) -> bool:
    try:
        read_image(image, keys)
    except ImageError:
        return False
    return True


def fault_pairs() -> Found:
    """A few pairs of the fault campaign, judged by its own rows."""
    quiet_logging()
    undeclared: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        library = write_library(Path(folder))
        for fault_id, state in PAIRS:
            undeclared += vtime.run(_pair(fault_id, state, library))
    return tuple(check(TruthRecorder(), Facts(undeclared=tuple(undeclared))))


async def _pair(fault_id: str, state: str, library: Path) -> list[str]:
    bench = await FaultBench.boot(1, library)
    situation = BY_NAME[state]
    await situation.reach(bench)
    result = await run_pair(bench, FAULT_BY_ID[fault_id], situation, 1)
    await bench.leave()
    return [f"{fault_id} in {state}: {problem}" for problem in result.problems]
