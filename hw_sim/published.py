"""`python -m hw_sim publish`: docs/reliability.md out of what the campaigns have written.

Each campaign leaves its figures with its commit as JSON in build/; one that was not run says so.
Writes words around figures and computes none but the rule of three. An entry point.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw_sim.explore.plan import FAULT_MODEL

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Campaign:
    """One row. told: what ran, in words; bad: how many violations."""

    name: str
    file: str
    command: str
    told: Callable[[Figures], str]
    bad: Callable[[Figures], int]


def _explored(f: Figures) -> str:
    people = len(f["people"])
    numbers, elsewhere = len(f["reached"]["numbers"]), f["elsewhere"]
    return (
        f"{f['sessions']:,} whole sessions with {f['strikes']:,} faults, {people} kinds of people,"
        f" {f['sim_hours']:.1f} simulated hours, {f['pulses']:,} pulses;"
        f" {numbers} numbers of the catalogue struck, {len(elsewhere)} are shown elsewhere;"
        f" {f['twice']} played twice with equal hashes; {f['speed_x_per_core']:.0f} x real time"
    )


def _crashed(f: Figures) -> str:
    points = sum(sum(v["points"].values()) for v in f["visits"].values())
    steps = sum(v["steps"] for v in f["visits"].values())
    share = "every point" if f["every"] == 1 else f"every {f['every']}th point"
    return (
        f"{len(f['visits'])} visits of {steps:,} loop steps, {points:,} points at which their"
        f" surroundings could tell; {share} tried: {f['cuts']:,} cuts,"
        f" {f['same_card']:,} left out as their card was the same"
    )


def _durable(f: Figures) -> str:
    good = [row for row in f["rows"] if row["is_good"]]
    poor = [row for row in f["rows"] if not row["is_good"]]
    return (
        f"{sum(row['images'] for row in good):,} cards after a power cut or a failure at every"
        f" operation; {len(poor)} bad settings beside them lost rows in"
        f" {sum(row['lost'] + row['corrupt'] for row in poor):,} of"
        f" {sum(row['images'] for row in poor):,}"
    )


def _cut(f: Figures) -> str:
    words = ", ".join(f"{count} {word}" for word, count in f["words"].items())
    return f"iTBS 600 cut at each pulse by {len(f['means'])} means: {f['cuts']} cuts, {words}"


def _killed(f: Figures) -> str:
    return (
        f"{f['kills']} kills of the real process in {f['sessions']} real-time sessions:"
        f" {f['exact']} exact, {f['uncertain']} uncertain"
    )


def _replayed(f: Figures) -> str:
    s = f["summary"]
    return (
        f"{s['days']} days, {s['sessions']} sessions, {s['recordings']} recordings,"
        f" {s['events']:,} events: {s['same']} with the same hash"
    )


def _planted(f: Figures) -> str:
    return (
        f"{f['plants']} bugs planted, each found by its invariant; {f['hidden_alone']} alone and"
        f" {f['hidden_pairs']} pairs hidden behind another defence"
    )


def _struck(f: Figures) -> str:
    return (
        f"{f['faults']} faults of {f['catalogue_numbers']} numbers in {f['states']} states:"
        f" {f['pairs']:,} pairs"
    )


CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign(
        "Hostile sessions",
        "explore.json",
        "make explore SECONDS=300",
        _explored,
        lambda f: len(f["bad_seeds"]) + len(f["parted"]),
    ),
    Campaign(
        "Faults by state", "faults.json", "make faults", _struck, lambda f: len(f["undeclared"])
    ),
    Campaign("Crash points", "crash.json", "make crash", _crashed, lambda f: len(f["bad"])),
    Campaign(
        "Durability",
        "durability.json",
        "make durability",
        _durable,
        lambda f: sum(not row["is_as_promised"] for row in f["rows"]),
    ),
    Campaign("Every pulse", "cuts.json", "make cuts", _cut, lambda f: len(f["violations"])),
    Campaign("Real kills", "kills.json", "make kills", _killed, lambda f: len(f["problems"])),
    Campaign(
        "Replay", "month.json", "make month", _replayed, lambda f: len(f["summary"]["problems"])
    ),
    Campaign(
        "Planted bugs",
        "plants.json",
        "make plants",
        _planted,
        lambda f: len(f["problems"]) + len(f["uncovered"]),
    ),
)
_HEAD = f"""\
<!-- Written by python -m hw_sim publish. -->
# What was simulated, and what was found

Fault model version {FAULT_MODEL}. Each row is one campaign, with the command that runs it again,
the commit it ran on (a + means that files differed from it) and what it found. The figures are of
one machine with two cores; a campaign that is missing here was not run for this page.

| Campaign | Command | Commit | What ran | Violations |
|---|---|---|---|---|
"""
_TAIL = """
## How to read it

A violation is an invariant of [the 46](invariants.md) broken on the plant's own record, a dose
that differs between coil, record and clinic, a record lost, or two runs of one seed that part. A
plan that fails is shrunk, printed with the command that replays it, and kept as a regression once
it is mended ([how to explore](exploring.md)). Faults are those of [the
campaign](fault_campaign.md) and what the explorer adds to them; the crash points are every effect
of the service on the world and every operation of its card, since between two of them a killed
process leaves the same world behind.

## What is not modelled

- electromagnetic coupling, solder, connectors and cables beyond open, short, noisy and stuck
- the patient, beyond a hand that twitches and a button that is pressed
- the browser's drawing and the touch controller (tests with a real Chromium are apart, in real
  time)
- the kernel, the file system and the firmware of an SD card, beyond sectors kept, lost, garbled
  or falsely synced
- TLS, the serial driver and the GPIO driver, which have tests of their own over real sockets and
  ptys
- people who want to do harm and have the unit's keys

Nothing here says anything about a real unit or about clinical safety.
"""


def page(folder: Path) -> str:
    """The whole text, from the results in this folder."""
    rows = [_row(campaign, folder / campaign.file) for campaign in CAMPAIGNS]
    table = "".join(f"{row}\n" for row in rows)
    return _HEAD + table + _rule_of_three(folder) + _never_reached(folder) + _TAIL


def _row(campaign: Campaign, path: Path) -> str:
    if not path.exists():
        return f"| {campaign.name} | `{campaign.command}` | | not run for this page | |"
    figures = json.loads(path.read_text())
    return (
        f"| {campaign.name} | `{campaign.command}` | {figures.get('commit', '')} |"
        f" {campaign.told(figures)} | {campaign.bad(figures)} |"
    )


def _rule_of_three(folder: Path) -> str:
    path = folder / "explore.json"
    if not path.exists():
        return ""
    figures = json.loads(path.read_text())
    sessions = figures["sessions"]
    if figures["bad_seeds"] or not sessions:
        return ""
    return (
        f"\nBy the rule of three, {sessions:,} sessions without a violation bound the chance of\n"
        f"one in a simulated session of this model below {3 / sessions:.1e} (95 %).\n"
    )


def _never_reached(folder: Path) -> str:
    """Red, not grey: what the hostile sessions of this page have not come to."""
    path = folder / "explore.json"
    if not path.exists():
        return ""
    figures = json.loads(path.read_text())
    lines = [
        f"- {what}: {', '.join(names)}\n"
        for what, names in figures["never_reached"].items()
        if names and what != "kinds"
    ]
    return "\n## Never reached in those sessions\n\n" + ("".join(lines) or "- nothing\n")


def publish(folder: Path) -> int:
    """Write the page; returns the exit status."""
    PAGE.write_text(page(folder), encoding="utf-8")
    return 0
