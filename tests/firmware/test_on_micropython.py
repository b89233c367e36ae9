"""Every portable test file of this folder under real MicroPython, and the same bytes from both.

Needs node and the package pinned in tests/package-lock.json (npm ci in tests/). A missing package
fails with a sentence: a skipped gate is no gate.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.firmware import test_sessions

HERE = Path(__file__).parent
TESTS = HERE.parent
PACKAGE = TESTS / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
HOSTED = ("test_hosted_", "test_on_micropython")  # need CPython or the edge

pytestmark = [pytest.mark.micropython, pytest.mark.timeout(300)]


def portable_modules() -> list[str]:
    """Names of the test modules meant for both interpreters."""
    names = sorted(path.stem for path in HERE.glob("test_*.py"))
    return [f"tests.firmware.{name}" for name in names if not name.startswith(HOSTED)]


def _run(modules: list[str]) -> list[str]:
    assert PACKAGE.is_dir(), f"MicroPython is not installed: run 'npm ci' in {TESTS}"
    command = ["node", str(TESTS / "run_on_micropython.mjs"), *modules]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    lines = done.stdout.splitlines()
    assert lines, f"no output; the loader said: {done.stderr[-2000:]}"
    assert done.returncode == 0, "\n".join(lines[-20:])
    return lines


def test_portable_tests_pass_on_micropython_and_transcripts_are_the_same_bytes() -> None:
    modules = portable_modules()
    assert len(modules) >= 10
    lines = _run(modules)
    failed = [line for line in lines if line.startswith("FAIL")]
    assert failed == [], "\n".join(lines)
    passed = [line for line in lines if line.startswith("PASS")]
    assert lines[-1] == f"DONE {len(passed)} passed 0 failed"
    for name in modules:
        assert [line for line in passed if line.startswith(f"PASS {name}.")], f"{name} ran nothing"

    told = dict(line.split()[1:] for line in lines if line.startswith("TRANSCRIPT"))
    assert told == {run.__name__: str(run()) for run in test_sessions.TRANSCRIPTS}


def test_planted_failure_is_reported(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no module named"):
        _run(["tests.firmware.test_that_does_not_exist"])
