"""The state diagram of firmware/README.md is the table, and its promises about files hold."""

from __future__ import annotations

from pathlib import Path

from firmware.core.transitions import EVENT_NAMES, IGNORE, REJECT, TABLE
from firmware.wire.codes import FAULT, STATE_NAMES

FIRMWARE = Path(__file__).parents[2] / "firmware"
LINES_MAX = 400


def diagram() -> str:
    """The table as a Mermaid state diagram; the way into FAULT is drawn once."""
    lines = ["stateDiagram-v2", "    [*] --> BOOT"]
    for state, row in enumerate(TABLE):
        ways: dict[int, list[str]] = {}
        for event, following in enumerate(row):
            if following not in (IGNORE, REJECT, FAULT):
                ways.setdefault(following, []).append(EVENT_NAMES[event])
        for following, events in ways.items():
            names = ", ".join(events)
            lines.append(f"    {STATE_NAMES[state]} --> {STATE_NAMES[following]}: {names}")
    lines.append("    note left of FAULT: entered from every state")
    return "\n".join(lines)


def test_readme_diagram_is_the_table() -> None:
    text = (FIRMWARE / "README.md").read_text()
    assert f"```mermaid\n{diagram()}\n```" in text, "put this into it:\n" + diagram()


def test_readme_names_every_file_of_wire_core_and_board() -> None:
    text = (FIRMWARE / "README.md").read_text()
    for folder in ("wire", "core", "board"):
        for path in sorted((FIRMWARE / folder).glob("*.py")):
            if path.name != "__init__.py":
                assert f"`{folder}/{path.name}`" in text, path.name


def test_files_stay_readable_in_one_sitting() -> None:
    for path in FIRMWARE.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= LINES_MAX, path.name
