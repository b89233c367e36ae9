"""From the plain data of one protocol file to a checked Protocol, or all its problems at once.

Unknown keys are refused, nothing has a silent default, every number needs a named source, and what
is absent must be declared open. Envelope: firmware/wire/limits.py and the proposed validator of the
reference. Not here: trust (signature) and the choice of a protocol for a patient. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.domain import resume
from edge.domain.coils import COIL_NAMES
from edge.domain.field_reader import FieldReader
from edge.domain.prescription import MtBasis, Problem, Side
from edge.domain.protocol import PercentRange, Protocol, Source, Status, Step
from edge.domain.train_plan import Level, Plan, PlanError, plan_of
from firmware.wire.limits import IPI_US_MIN, SESSION_PULSES_MAX, TRAIN_PULSES_MAX

PERCENT_MT_MAX = 120  # [P] validator; above it only by the prescriber's override
SESSION_US_MAX = 3_600_000_000  # [P] validator: 60 min
GAP_S_MAX = 86_400
STEPS_MAX = 2
TAGS = ("V", "V2", "K", "C", "P")
ID_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*"
VERSION_PATTERN = r"\d{1,4}\.\d{1,4}\.\d{1,4}"

# Keys that may be left out, and must then be named in `open`.
OPEN_KEYS = ("steps", "percent_mt", "mt_basis", "sessions_per_day_max", "sessions_course")
# Keys that carry numbers or claims: each one present needs a source.
SOURCED_KEYS = (
    "status",
    "steps",
    "percent_mt",
    "sessions_per_day_max",
    "sessions_course",
    "gap_s_min",
    "age_years_min",
    "age_years_max",
    "pulses_known",
    "resume_gap_s_max",
)
KEYS = (
    "id",
    "version",
    "name",
    "indication",
    "status",
    "side",
    "site",
    "coil_types",
    *OPEN_KEYS,
    "gap_s_min",
    "age_years_min",
    "age_years_max",
    "pulses_known",
    "resume_gap_s_max",
    "open",
    "notes",
    "sources",
)
STEP_KEYS = ("name", "side", "site", "mt_basis", "percent_mt", "train_levels", "levels")


def parse_protocol(data: Mapping[str, object]) -> Protocol | list[Problem]:
    """The protocol, or every problem of its data with the path of the field."""
    reader = FieldReader(data, "", [])
    reader.refuse_unknown(KEYS)
    side = reader.choice("side", Side)
    site = reader.text("site", ID_PATTERN)
    mt_basis = reader.choice("mt_basis", MtBasis) if reader.has("mt_basis") else None
    percent = _percent(reader) if reader.has("percent_mt") else None
    protocol = Protocol(
        protocol_id=reader.text("id", ID_PATTERN),
        version=reader.text("version", VERSION_PATTERN),
        name=reader.text("name"),
        indication=reader.text("indication"),
        status=reader.choice("status", Status),
        side=side,
        site=site,
        coil_types=_coil_types(reader),
        mt_basis=mt_basis,
        percent=percent,
        gap_s_min=reader.integer("gap_s_min", 0, GAP_S_MAX),
        sessions_per_day_max=reader.optional_integer("sessions_per_day_max", 1, 20),
        sessions_course=reader.optional_integer("sessions_course", 1, 200),
        age_years_min=reader.optional_integer("age_years_min", 0, 120),
        age_years_max=reader.optional_integer("age_years_max", 0, 120),
        pulses_known=_pulses_known(reader),
        resume_gap_s_max=reader.optional_integer("resume_gap_s_max", 0, resume.GAP_S_MAX),
        steps=_steps(reader, side, site, mt_basis, percent),
        open=reader.texts("open"),
        sources=_sources(reader),
        notes=reader.texts("notes"),
    )
    _check_open(reader, protocol)
    _check_sources(reader, protocol)
    return reader.problems or protocol


def _percent(reader: FieldReader) -> PercentRange:
    table = reader.table("percent_mt")
    table.refuse_unknown(("min", "default", "max"))
    low = table.integer("min", 1, PERCENT_MT_MAX)
    high = table.integer("max", low, PERCENT_MT_MAX)
    return PercentRange(low, table.integer("default", low, high), high)


def _coil_types(reader: FieldReader) -> tuple[str, ...]:
    names = reader.texts("coil_types")
    for name in names:
        if name not in COIL_NAMES:
            reader.report("wrong_code", "coil_types", name, ", ".join(COIL_NAMES))
    if reader.has("coil_types") and not names:
        reader.report("missing", "coil_types")
    return names


def _pulses_known(reader: FieldReader) -> tuple[int, int] | None:
    if not reader.has("pulses_known"):
        return None
    if reader.has("steps"):
        reader.report("unknown_key", "pulses_known", limit="follows from steps")
    table = reader.table("pulses_known")
    table.refuse_unknown(("min", "max"))
    low = table.integer("min", 1, SESSION_PULSES_MAX)
    return low, table.integer("max", low, SESSION_PULSES_MAX)


def _steps(
    reader: FieldReader,
    side: Side,
    site: str,
    mt_basis: MtBasis | None,
    percent: PercentRange | None,
) -> tuple[Step, ...]:
    """Steps with what they inherit from the protocol; a step's own words win."""
    if not reader.has("steps"):
        return ()
    tables = reader.tables("steps")
    if not 1 <= len(tables) <= STEPS_MAX:
        reader.report("out_of_range", "steps", len(tables), f"1 to {STEPS_MAX}")
    steps = []
    for table in tables:
        table.refuse_unknown(STEP_KEYS)
        basis = table.choice("mt_basis", MtBasis) if table.has("mt_basis") else mt_basis
        if basis is None:
            table.report("missing", "mt_basis")
        plan = _plan(table)
        if plan is None or basis is None:
            continue
        steps.append(
            Step(
                name=table.text("name", ID_PATTERN),
                side=table.choice("side", Side) if table.has("side") else side,
                site=table.text("site", ID_PATTERN) if table.has("site") else site,
                mt_basis=basis,
                percent=_percent(table) if table.has("percent_mt") else percent,
                plan=plan,
            )
        )
    return tuple(steps)


def _plan(table: FieldReader) -> Plan | None:
    """Plan of one step inside the unit's envelope; None after a problem."""
    pairs = table.raw("levels")
    train_levels = table.integer("train_levels", 1, 4)
    if pairs is None:
        return None
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        table.report("wrong_type", "levels", pairs, "[[count, period_us], ...]")
        return None
    try:
        plan = plan_of(*((pair[0], pair[1]) for pair in pairs), train_levels=train_levels)
    except PlanError as error:
        table.report("bad_levels", "levels", pairs, str(error))
        return None
    for text in envelope_faults(plan):
        table.report("bad_levels", "levels", pairs, text)
    return plan


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(item) is int for item in pair)


def envelope_faults(plan: Plan) -> list[str]:
    """What in this plan the unit can never give, in words; empty when it can."""
    faults = []
    interval_us = shortest_interval_us(plan.levels)
    if interval_us is not None and interval_us < IPI_US_MIN:
        faults.append(f"pulses {interval_us} µs apart, at least {IPI_US_MIN}")
    if plan.pulses_per_train > TRAIN_PULSES_MAX:
        faults.append(f"{plan.pulses_per_train} pulses in a train, at most {TRAIN_PULSES_MAX}")
    if plan.last_pulse_us > SESSION_US_MAX:
        faults.append(f"{plan.last_pulse_us} µs long, at most {SESSION_US_MAX}")
    return faults


def shortest_interval_us(levels: tuple[Level, ...]) -> int | None:
    """Shortest time between two neighbouring pulses; None for a single pulse."""
    shortest: int | None = None
    inner_span_us = 0
    for level in levels:
        if level.count > 1:
            gap_us = level.period_us - inner_span_us
            shortest = gap_us if shortest is None else min(shortest, gap_us)
        inner_span_us += (level.count - 1) * level.period_us
    return shortest


def _sources(reader: FieldReader) -> tuple[Source, ...]:
    sources = []
    for table in reader.tables("sources"):
        table.refuse_unknown(("field", "tag", "text"))
        source = Source(table.text("field"), table.text("tag"), table.text("text"))
        if source.field not in SOURCED_KEYS:
            table.report("wrong_code", "field", source.field, ", ".join(SOURCED_KEYS))
        if any(tag not in TAGS for tag in source.tag.split(",")):
            table.report("wrong_code", "tag", source.tag, ", ".join(TAGS))
        sources.append(source)
    return tuple(sources)


def _check_open(reader: FieldReader, protocol: Protocol) -> None:
    """What is absent is declared open, and nothing else is."""
    for key in OPEN_KEYS:
        if not reader.has(key) and key not in protocol.open:
            reader.report("missing", key, limit="or name it in open")
        if reader.has(key) and key in protocol.open:
            reader.report("unknown_key", "open", key, "the file gives this field")
    for key in protocol.open:
        if key not in OPEN_KEYS:
            reader.report("wrong_code", "open", key, ", ".join(OPEN_KEYS))


def _check_sources(reader: FieldReader, protocol: Protocol) -> None:
    named = [source.field for source in protocol.sources]
    for key in SOURCED_KEYS:
        is_zero_gap = key == "gap_s_min" and protocol.gap_s_min == 0
        if reader.has(key) and key not in named and not is_zero_gap:
            reader.report("no_source", key)
