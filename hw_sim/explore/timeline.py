"""One story of a run in columns: plant, line, controller, edge, screen and clinic.

Merges the plant's own record with the notes of the run. Keeps the last lines before the first
violation for people, and hashes what had happened by each second, to find where two runs part.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from hw_sim.explore.notes import CLINIC, EDGE, PLAN, SCREEN
from hw_sim.explore.system import ExploreSystem
from hw_sim.kernel import NS_PER_S
from hw_sim.plant.host_enable import HOST_EDGE_WIRE
from hw_sim.wire_watch import RX_BEAT

LINES_MAX = 200
COLUMNS = ("truth", "wire", "controller", PLAN, EDGE, SCREEN, CLINIC)
WIDTHS = (34, 14, 18, 24, 30, 24, 0)
# Each second has dozens of these and no story needs them.
DULL = (RX_BEAT, HOST_EDGE_WIRE, "bank_mv", "face_reading")
# One mending marks each wire and sensor it might have touched.
_MENDED = re.compile(
    r"(wire|edges|host|gate|door|patient) .*mended|(door|patient) mended|sensor .* none"
)
_AT = re.compile(r" at ([0-9.]+) s")

Entry = tuple[int, str, str]


def entries(system: ExploreSystem, *, is_whole: bool = False) -> list[Entry]:
    """(time, column, text) of everything, oldest first."""
    found = [*_of_truth(system, is_whole=is_whole)]
    found += [(note.at_ns, note.column, note.text) for note in system.notes.entries]
    return sorted(found, key=lambda entry: entry[0])


def _of_truth(system: ExploreSystem, *, is_whole: bool) -> Iterator[Entry]:
    truth = system.unit.recorder
    for number, pulse in enumerate(truth.pulses, start=1):
        asked = "" if pulse.is_asked else " UNASKED"
        cut = "" if pulse.is_complete else " CUT"
        level = pulse.amplitude_pm / 10
        yield pulse.at_ns, "truth", f"pulse {number} {level:.1f} % {pulse.mcu_us} us{asked}{cut}"
    for wire in truth.wires:
        if wire.name.startswith("rx_"):
            if is_whole or wire.name not in DULL:
                yield wire.at_ns, "wire", f"{wire.name[3:]} {wire.value}"
        elif is_whole or wire.name not in DULL:
            yield wire.at_ns, "truth", f"{wire.name} = {wire.value}"
    for mark in truth.marks:
        if not is_whole and _MENDED.fullmatch(mark.text):
            continue
        column = "controller" if mark.text.startswith("mcu ") else "truth"
        yield mark.at_ns, column, mark.text


def merged(system: ExploreSystem, violations: list[str]) -> list[str]:
    """The last lines before the first violation that names its moment, else of the run."""
    moments = [match.group(1) for text in violations if (match := _AT.search(text))]
    until_ns = round(float(moments[0]) * NS_PER_S) if moments else 1 << 63
    rows = [entry for entry in entries(system) if entry[0] <= until_ns][-LINES_MAX:]
    return [_header(), *(_line(entry) for entry in rows)]


def _header() -> str:
    names = "".join(name.ljust(width + 1) for name, width in zip(COLUMNS, WIDTHS, strict=True))
    return f"{'s':>14} {names}".rstrip()


def _line(entry: Entry) -> str:
    at_ns, column, text = entry
    place = COLUMNS.index(column)
    indent = sum(WIDTHS[:place]) + place
    return f"{at_ns / NS_PER_S:14.6f} {' ' * indent}{text}"


def second_hashes(system: ExploreSystem) -> list[str]:
    """Hash of all that had happened by the end of each second."""
    digest = hashlib.sha256()
    found: list[str] = []
    for at_ns, column, text in entries(system, is_whole=True):
        while len(found) < at_ns // NS_PER_S:
            found.append(digest.hexdigest()[:16])
        digest.update(f"{at_ns} {column} {text}".encode())
    return [*found, digest.hexdigest()[:16]]


def first_difference(left: list[str], right: list[str]) -> int | None:
    """The first second whose hashes differ; None when they never do."""
    for second, (mine, theirs) in enumerate(zip(left, right, strict=False)):
        if mine != theirs:
            return second
    return None if len(left) == len(right) else min(len(left), len(right))
