"""Last results of the tests, from the file that pytest writes with --junitxml.

Tests are keyed as in markers.py. A test counts with the worst of its cases. No clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

NOT_RUN = "not run"
_ORDER = (NOT_RUN, "passed", "skipped", "failed")  # the later word wins


def read_results(path: Path) -> dict[str, str]:
    """path::name to passed, skipped or failed; our own tool wrote the file."""
    found: dict[str, str] = {}
    for case in ET.parse(path).getroot().iter("testcase"):
        place = case.get("classname", "").replace(".", "/") + ".py"
        name = case.get("name", "").split("[")[0]
        tags = {child.tag for child in case}
        word = "passed"
        if tags & {"failure", "error"}:
            word = "failed"
        elif "skipped" in tags:
            word = "skipped"
        key = f"{place}::{name}"
        found[key] = worst([found.get(key, NOT_RUN), word])
    return found


def worst(words: Iterable[str]) -> str:
    """The word that matters; not run when there is none."""
    return max(words, key=_ORDER.index, default=NOT_RUN)


def result_of(test: str, results: Mapping[str, str]) -> str:
    """Of one test, or of every test of a file."""
    if "::" in test:
        return results.get(test, NOT_RUN)
    return worst(word for name, word in results.items() if name.startswith(f"{test}::"))
