"""A plan for people and programs: read from the library or from a file, shown as JSON or a table.

Used by the command line. A file is TOML or JSON: either a protocol as in edge/protocols, or only
`levels = [[count, period_us], ...]` and `train_levels`. Errors are sentences naming file and field.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from edge.domain.protocol import Protocol
from edge.domain.protocol_parse import parse_protocol
from edge.domain.train_plan import Plan, PlanError, plan_of


class PlanFileError(Exception):
    """What is wrong, where, in a sentence."""


def plans_of(protocol: Protocol) -> list[tuple[str, Plan]]:
    """(step name, plan) of each step. Raises PlanFileError when the timing is left to the order."""
    if protocol.needs_order:
        known = ", ".join(protocol.open)
        raise PlanFileError(
            f"{protocol.protocol_id} cannot be planned: the literature leaves open: {known}. "
            "An order has to fill it."
        )
    return [(step.name, step.plan) for step in protocol.steps]


def read_plans(name: str, text: str) -> list[tuple[str, Plan]]:
    """Plans of a file's text. Raises PlanFileError."""
    data = _parse(name, text)
    if "levels" in data:
        return [("", _bare_plan(name, data))]
    parsed = parse_protocol(data)
    if isinstance(parsed, Protocol):
        return plans_of(parsed)
    lines = "\n".join(f"  {p.where}: {p.code} {p.value} {p.limit}".rstrip() for p in parsed)
    raise PlanFileError(f"{name} is not a protocol:\n{lines}")


def plan_json(plan: Plan) -> dict[str, Any]:
    """The machine's form. All times are whole microseconds."""
    d = plan.durations()
    return {
        "pulses": plan.pulses,
        "last_pulse_us": plan.last_pulse_us,
        "durations": {"A": d.a_us, "N": d.n_us, "P": d.p_us, "G": d.g_us},
        "levels": [[level.count, level.period_us] for level in plan.levels],
        "train_levels": plan.train_levels,
        "trains": plan.trains,
        "sha256": plan.sha256,
    }


def clock(us: int) -> str:
    """Microseconds as minutes:seconds.milliseconds."""
    return f"{us // 60_000_000}:{us % 60_000_000 // 1_000_000:02d}.{us % 1_000_000 // 1000:03d}"


def _parse(name: str, text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanFileError(f"{name} is neither TOML nor JSON: {error}") from error
    assert isinstance(data, dict)
    return data


def _bare_plan(name: str, data: Mapping[str, Any]) -> Plan:
    unknown = sorted(set(data) - {"levels", "train_levels"})
    if unknown:
        raise PlanFileError(f"{name}: unknown key {unknown[0]}; known: levels, train_levels")
    levels = data["levels"]
    if not isinstance(levels, list) or not all(_is_pair(level) for level in levels):
        raise PlanFileError(f"{name}: levels: a list of [count, period_us] whole numbers")
    train_levels = data.get("train_levels", len(levels))
    if not isinstance(train_levels, int) or isinstance(train_levels, bool):
        raise PlanFileError(f"{name}: train_levels: a whole number")
    try:
        return plan_of(*[(count, period) for count, period in levels], train_levels=train_levels)
    except PlanError as error:
        raise PlanFileError(f"{name}: {error}") from error


def _is_pair(level: object) -> bool:
    return (
        isinstance(level, list)
        and len(level) == 2
        and all(isinstance(n, int) and not isinstance(n, bool) for n in level)
    )
