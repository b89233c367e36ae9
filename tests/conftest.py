"""What concerns every test: the lines that tests want people to read come last."""

from __future__ import annotations

from typing import Any

from tests.support.told import LINES


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Counts of the exhaustive searches, and the planted bugs they caught."""
    if LINES:
        terminalreporter.section("searched")
        for line in LINES:
            terminalreporter.write_line(line)
