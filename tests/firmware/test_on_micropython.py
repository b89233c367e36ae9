"""Every portable test file of this folder under real MicroPython, and the same bytes from both.

Needs node and the package pinned in tests/package-lock.json (npm ci in tests/). A missing package
fails with a sentence: a skipped gate is no gate.
"""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hw_sim import vtime
from tests.firmware import scenarios, test_scenarios, test_sessions

HERE = Path(__file__).parent
TESTS = HERE.parent
BUILD = TESTS.parent / "build"
PACKAGE = TESTS / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
PROCESSES = 2
HOSTED = ("test_hosted_", "test_search_", "test_on_micropython")  # need CPython or the edge

WAITING = ["tests.firmware.test_scenarios", "tests.firmware.test_tasks"]

pytestmark = [pytest.mark.micropython, pytest.mark.timeout(600)]


def portable_modules() -> list[str]:
    """Names of the test modules meant for both interpreters."""
    names = sorted(path.stem for path in HERE.glob("test_*.py"))
    return [f"tests.firmware.{name}" for name in names if not name.startswith(HOSTED)]


def _run_one(module: str) -> list[str]:
    return _run([module])


def _run(modules: list[str]) -> list[str]:
    assert PACKAGE.is_dir(), f"MicroPython is not installed: run 'npm ci' in {TESTS}"
    command = ["node", str(TESTS / "run_on_micropython.mjs"), *modules]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    lines = done.stdout.splitlines()
    assert lines, f"no output; the loader said: {done.stderr[-2000:]}"
    assert done.returncode == 0, "\n".join(lines[-20:])
    return lines


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What the runner printed about everything."""
    modules = portable_modules()
    assert len(modules) >= 10
    # An interpreter for each: with a heap that has grown, every collection is slow.
    with ThreadPoolExecutor(PROCESSES) as pool:
        return [line for lines in pool.map(_run_one, modules) for line in lines]


def test_portable_tests_pass_on_micropython(lines: list[str]) -> None:
    failed = [line for line in lines if line.startswith("FAIL")]
    assert failed == [], "\n".join(line for line in lines if not line.startswith("LOG"))
    passed = [line for line in lines if line.startswith("PASS")]
    done = [line.split() for line in lines if line.startswith("DONE")]
    assert sum(int(words[1]) for words in done) == len(passed)
    assert len(done) == len(portable_modules())
    for name in portable_modules():
        assert [line for line in passed if line.startswith(f"PASS {name}.")], f"{name} ran nothing"


def test_transcripts_of_sessions_are_the_same_bytes(lines: list[str]) -> None:
    told = dict(line.split()[1:] for line in lines if line.startswith("TRANSCRIPT"))
    assert told == {run.__name__: str(run()) for run in test_sessions.TRANSCRIPTS}


def first_difference(ours: list[str], theirs: list[str]) -> str:
    """Where two logs part; empty when they do not."""
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if one != other:
            return f"line {number}\n  CPython      {one}\n  MicroPython  {other}"
    if len(ours) != len(theirs):
        return f"{len(ours)} lines under CPython, {len(theirs)} under MicroPython"
    return ""


def test_logs_of_every_scenario_are_the_same_line_by_line(lines: list[str]) -> None:
    theirs = [line for line in lines if line.startswith("LOG ")]
    names = test_scenarios.LOGS
    ours = [f"LOG {name} {line}" for name in names for line in vtime.run(scenarios.log_of(name))]
    BUILD.mkdir(exist_ok=True)
    (BUILD / "scenarios_cpython.log").write_text("\n".join(ours) + "\n")
    (BUILD / "scenarios_micropython.log").write_text("\n".join(theirs) + "\n")
    assert len(names) >= 30
    assert first_difference(ours, theirs) == ""


def test_difference_planted_in_a_log_is_shown() -> None:
    log = vtime.run(scenarios.log_of("normal.stop_while_armed"))
    later = [line.replace("drop_gate", "drop_gate late") for line in log]
    assert first_difference(log, log) == ""
    assert "drop_gate late" in first_difference(log, later)
    assert "lines under" in first_difference(log, log[:-1])


def test_planted_failure_is_reported(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no module named"):
        _run(["tests.firmware.test_that_does_not_exist"])
