"""Lines that tests want people to read: printed at the end of every pytest run.

Counts of searches, lists of planted bugs that were caught. tests/conftest.py prints them.
"""

from __future__ import annotations

LINES: list[str] = []


def tell(line: str) -> None:
    """Print this line at the end of the run, once."""
    if line not in LINES:
        LINES.append(line)
