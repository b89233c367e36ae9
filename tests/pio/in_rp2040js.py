"""Second emulator: rp2040js in a node process that lives as long as the tests need it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

from tests.pio.jobs import Job, Trace

SCRIPT = Path(__file__).with_name("run_pio.mjs")
PACKAGE = SCRIPT.parents[1] / "node_modules" / "rp2040js"


def is_installed() -> bool:
    """Whether node and the package are there."""
    return shutil.which("node") is not None and PACKAGE.exists()


class Rp2040js:
    """`with Rp2040js() as run: traces = run(jobs)`."""

    def __enter__(self) -> Rp2040js:
        self._node = subprocess.Popen(
            ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.close()
        self._node.wait(timeout=10)
        self._node.stdout.close()

    def __call__(self, jobs: list[Job]) -> list[Trace]:
        """Run a batch."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps([_plain(job) for job in jobs]) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        assert line, "the emulator's process has ended"
        return [_trace(found["edges"], found["words"]) for found in json.loads(line)]


def _plain(job: Job) -> dict[str, object]:
    return {
        "words": job.program.words,
        "execctrl": job.program[3],
        "shiftctrl": job.program[4],
        "start": job.start,
        "registers": job.registers,
        "fast": job.is_fast,
        "cycles": job.cycles,
        "events": [(event.cycle, event.kind, event.value) for event in job.events],
    }


def _trace(edges: list[list[int]], words: list[list[int]]) -> Trace:
    return Trace(
        tuple((cycle, level) for cycle, level in edges),
        tuple((cycle, word) for cycle, word in words),
    )
