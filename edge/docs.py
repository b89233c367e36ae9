"""Writes the pages of docs/ that follow from tables in the code, so that they cannot be wrong.

`python -m edge.docs` rewrites them, `--check` fails when one is not current. A developer's tool: it
imports the tables of every floor and is imported by nobody.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from edge.cli import SHIPPED_PROTOCOLS, read_library
from edge.config_load import PIN_RANGE, RANGES, SECTIONS
from edge.domain import session_states
from edge.domain.faults import FAULT_ROWS, STOP_ROWS
from edge.domain.protocol import Protocol
from edge.plan_file import clock
from edge.services.texts import Texts
from firmware.core import transitions
from firmware.wire.codes import STATE_NAMES
from firmware.wire.commands import COMMANDS
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import REPORTS

FOLDER = Path(__file__).parents[1] / "docs"
NOTE = "<!-- Written by `make docs` from the code. Change the code, not this page. -->\n\n"


def states_page() -> str:
    """Both state machines as diagrams, with what each visit state means."""
    out = ["# States\n", "## The visit at the chair\n", "```mermaid\nstateDiagram-v2"]
    out += [f"  {a.source.value} --> {a.target.value}: {a.event.value}" for a in _visit_arrows()]
    out += [
        "```\n",
        "| state | what is true | what may be asked | what ends it |",
        "|---|---|---|---|",
    ]
    for state, note in session_states.NOTES.items():
        out.append(f"| {state.value} | {note.is_true} | {note.may_ask} | {note.ends} |")
    out += ["\n## The controller\n", "```mermaid\nstateDiagram-v2"]
    for number, row in enumerate(transitions.TABLE):
        for event, cell in enumerate(row):
            if cell < len(STATE_NAMES) and cell != number and event != transitions.EV_FAULT:
                name = transitions.EVENT_NAMES[event].lower()
                out.append(f"  {STATE_NAMES[number]} --> {STATE_NAMES[cell]}: {name}")
    out += ["```\n", "A fault leads from every state to FAULT; those arrows are left out."]
    return "\n".join(out) + "\n"


def _visit_arrows() -> list[session_states.Arrow]:
    return [a for a in session_states.describe() if a.source is not a.target]


def protocols_page() -> str:
    """The library as a table."""
    library = read_library(SHIPPED_PROTOCOLS)
    out = [
        "# Treatment protocols\n",
        (
            f"Library version {library.version}, signed. Numbers with their sources:"
            " `tms-edge protocols --show ID`.\n"
        ),
        (
            "| id | name | indication | status | side | coil | pulses | count x period µs |"
            " last pulse |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for p in library.all():
        out.append(
            f"| `{p.protocol_id}` | {p.name} | {p.indication} | {p.status.value} | {p.side.value} |"
            f" {', '.join(p.coil_types)} | {_timing(p)} |"
        )
    out.append("\n“By order” means that the literature leaves the timing to the prescriber;")
    out.append("such a protocol is listed and cannot be planned until an order fills it.")
    return "\n".join(out) + "\n"


def _timing(p: Protocol) -> str:
    if p.needs_order:
        return "by order | | "
    pulses = " + ".join(str(s.plan.pulses) for s in p.steps)
    levels = "; ".join(
        ", ".join(f"{lv.count} x {lv.period_us}" for lv in s.plan.levels) for s in p.steps
    )
    last = ", ".join(clock(s.plan.last_pulse_us) for s in p.steps)
    return f"{pulses} | {levels} | {last}"


def messages_page() -> str:
    """The serial protocol."""
    out = [
        "# Messages between the edge and the controller\n",
        (
            f"Protocol version `{PROTOCOL_VERSION:08x}`, computed from this table. A frame is"
            " COBS over type (1 byte), number (2), payload and CRC-32, ended by a zero byte."
            " Everything is little-endian.\n"
        ),
    ]
    for title, table in (("Commands", COMMANDS), ("Reports", REPORTS)):
        out += [f"## {title}\n", "| type | name | bytes | fields |", "|---|---|---|---|"]
        out += [_message_row(m) for m in table]
        out.append("")
    return "\n".join(out)


def _message_row(message: type[Message]) -> str:
    sizes = iter(message.SIZES)
    parts = [
        f"`{name}` {f'{next(sizes)}s' if code == 's' else code}"
        for name, code in zip(message.FIELDS, message.CODES, strict=True)
    ]
    return f"| 0x{message.TYPE:02x} | {message.__name__} | {message.size()} | {', '.join(parts)} |"


def faults_page() -> str:
    """Every stop, in the words of the screen."""
    texts = Texts.load("en")
    out = [
        "# Stops and faults\n",
        "What the screen, the record and the log say; `{value}` and `{limit}` are filled in.\n",
        "| code | name | priority | reaction | by | what happened | what to do |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in (*FAULT_ROWS, *STOP_ROWS):
        args = {"value": "{value}", "limit": "{limit}", "unit": "{unit}"}
        what, do = (texts.sentence(f"stop-{row.code}-{part}", args) for part in ("what", "do"))
        out.append(
            f"| {row.code} | {row.name} | {row.priority.value} | {row.reaction.value} |"
            f" {row.by.value} | {what} | {do} |"
        )
    return "\n".join(out) + "\n"


def configuration_page() -> str:
    """Every key of the configuration file."""
    out = [
        "# Configuration\n",
        (
            "One TOML file. Unknown keys are refused, nothing has a default, and all problems are"
            " reported at once. `tms-edge doctor --config FILE` checks it and what surrounds the"
            " unit. `make run` writes a complete example to `build/run/tms-edge.toml`.\n"
        ),
    ]
    for name, kind in SECTIONS:
        summary = (kind.__doc__ or "").strip().replace("\n    ", " ")
        out += [f"## `[{name}]`\n", summary.split("] ", 1)[-1], "", "| key | type | range |"]
        out.append("|---|---|---|")
        hints = get_type_hints(kind)
        out += [_key_row(name, f.name, hints[f.name]) for f in fields(kind)]
        out.append("")
    return "\n".join(out)


def _key_row(section: str, key: str, hint: object) -> str:
    path = f"{section}.{key}"
    if hint is int:
        low, high = RANGES.get(path, PIN_RANGE)
        return f"| `{key}` | whole number | {low} to {high} |"
    return f"| `{key}` | {'text' if hint is str else 'list of texts'} | |"


PAGES: dict[str, Callable[[], str]] = {
    "states.md": states_page,
    "protocols.md": protocols_page,
    "messages.md": messages_page,
    "faults.md": faults_page,
    "configuration.md": configuration_page,
}


def main(argv: list[str]) -> int:
    """Write the pages, or with --check name those that are not current."""
    stale = []
    for name, render in PAGES.items():
        path, text = FOLDER / name, NOTE + render()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in argv:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in argv:
        sys.stderr.write(f"not current: {', '.join(stale)}. Run: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
