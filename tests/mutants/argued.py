"""The list of mutants that change nothing: tests/mutants/argued.toml, each with its reason.

An entry names the module, the function and the changed lines, old and new. An entry that fits no
mutant, or a mutant that the tests kill, is stale and fails the run. Reads one file, no clock.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("argued.toml")
Key = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Argument:
    """Why no test can tell this mutant from the code."""

    key: Key
    reason: str


def load(path: Path = FILE) -> dict[Key, Argument]:
    """Every argument by what names its mutant; ValueError for a double or one without reason."""
    found: dict[Key, Argument] = {}
    for module, rows in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for row in rows:
            names = {"function", "old", "new", "nth", "why"}
            if set(row) - names or names - set(row) - {"nth"}:
                raise ValueError(f"{path.name}: {module}: {row} has other fields than {names}")
            key = (module, row["function"], row["old"], row["new"], row.get("nth", 1))
            if key in found or not row["why"].strip():
                raise ValueError(f"{path.name}: {key} is there twice or without a reason")
            found[key] = Argument(key, row["why"])
    return found
