"""The commit that a campaign ran on, for its result."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str:
    """Short hash, with a + when files differ from it; empty outside a checkout."""
    folder = str(Path(__file__).parent)
    found = [_git(folder, "rev-parse", "--short", "HEAD"), _git(folder, "status", "--porcelain")]
    return found[0] + ("+" if found[1] else "")


def _git(folder: str, *words: str) -> str:
    command = ["git", "-C", folder, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()
