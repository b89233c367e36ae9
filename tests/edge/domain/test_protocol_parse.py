"""Reading a protocol file: every fault of the data is named with its place, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from edge.domain.prescription import MtBasis, Side
from edge.domain.protocol import PercentRange, Protocol, Status
from edge.domain.protocol_parse import envelope_faults, parse_protocol
from edge.domain.train_plan import plan_of
from tests.edge.domain.builders import itbs_data

STEP = {"name": "a", "train_levels": 1, "levels": [[40, 100_000], [2, 30_000_000]]}
PERCENT = {"min": 80, "default": 120, "max": 120}
SOURCE = {"field": "steps", "tag": "V", "text": "a paper"}


def problems_of(data: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, where) of each problem; the data must have some."""
    result = parse_protocol(data)
    assert isinstance(result, list), result
    return [(problem.code, problem.where) for problem in result]


def test_parse_of_whole_data_gives_the_protocol() -> None:
    protocol = parse_protocol(itbs_data())

    assert isinstance(protocol, Protocol)
    assert protocol.protocol_id == "itbs-600"
    assert protocol.status is Status.CLEARED
    assert protocol.side is Side.LEFT
    assert protocol.percent == PercentRange(80, 120, 120)
    assert protocol.plan is not None
    assert protocol.plan.last_pulse_us == 191_840_000
    assert protocol.steps[0].site == "dlpfc-left"
    assert not protocol.needs_order


def test_parse_of_two_steps_keeps_their_own_side_site_and_basis() -> None:
    own = {
        "side": "right",
        "site": "dlpfc-right",
        "mt_basis": "amt",
        "percent_mt": {"min": 80, "default": 80, "max": 80},
    }
    data = itbs_data(side="bilateral", site="dlpfc", steps=[STEP | own, STEP | {"side": "left"}])

    protocol = parse_protocol(data)

    assert isinstance(protocol, Protocol)
    first, second = protocol.steps
    assert (first.side, first.site, first.mt_basis) == (Side.RIGHT, "dlpfc-right", MtBasis.AMT)
    assert first.percent == PercentRange(80, 80, 80)
    assert (second.side, second.site, second.mt_basis) == (Side.LEFT, "dlpfc", MtBasis.RMT)
    assert protocol.plan is None


def test_parse_of_open_steps_gives_a_protocol_that_needs_an_order() -> None:
    sources = [
        {"field": field, "tag": "V,K", "text": "a paper"}
        for field in ("status", "percent_mt", "pulses_known", "age_years_min", "gap_s_min")
    ]
    data = itbs_data(
        steps=None,
        sessions_course=None,
        sessions_per_day_max=None,
        gap_s_min=3000,
        age_years_min=12,
        pulses_known={"min": 100, "max": 200},
        open=["steps", "sessions_course", "sessions_per_day_max"],
        sources=sources,
    )

    protocol = parse_protocol(data)

    assert isinstance(protocol, Protocol)
    assert protocol.needs_order
    assert protocol.plan is None
    assert protocol.pulses_known == (100, 200)
    assert protocol.age_years_min == 12


def test_parse_of_a_fixed_output_protocol_has_no_basis() -> None:
    open_keys = ["steps", "percent_mt", "mt_basis"]
    data = itbs_data(steps=None, percent_mt=None, mt_basis=None, open=open_keys)

    protocol = parse_protocol(data)

    assert isinstance(protocol, Protocol)
    assert protocol.mt_basis is None
    assert protocol.percent is None


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"colour": "blue"}, "unknown_key", "colour"),
        ({"id": None}, "missing", "id"),
        ({"id": 7}, "wrong_type", "id"),
        ({"id": "iTBS 600"}, "bad_id", "id"),
        ({"version": "1"}, "bad_id", "version"),
        ({"name": ""}, "bad_id", "name"),
        ({"status": "approved"}, "wrong_code", "status"),
        ({"side": None}, "missing", "side"),
        ({"coil_types": ["figure9"]}, "wrong_code", "coil_types"),
        ({"coil_types": []}, "missing", "coil_types"),
        ({"coil_types": None}, "missing", "coil_types"),
        ({"coil_types": "figure8"}, "wrong_type", "coil_types"),
        ({"mt_basis": "rest"}, "wrong_code", "mt_basis"),
        ({"percent_mt": 120}, "wrong_type", "percent_mt"),
        ({"percent_mt": {"min": 80, "max": 120}}, "missing", "percent_mt.default"),
        ({"percent_mt": PERCENT | {"max": 130}}, "out_of_range", "percent_mt.max"),
        ({"percent_mt": PERCENT | {"default": 70}}, "out_of_range", "percent_mt.default"),
        ({"percent_mt": PERCENT | {"x": 1}}, "unknown_key", "percent_mt.x"),
        ({"gap_s_min": -1}, "out_of_range", "gap_s_min"),
        ({"gap_s_min": True}, "wrong_type", "gap_s_min"),
        ({"gap_s_min": 60}, "no_source", "gap_s_min"),
        ({"pulses_known": {"min": 1, "max": 2}}, "unknown_key", "pulses_known"),
        ({"steps": []}, "out_of_range", "steps"),
        ({"steps": [STEP, STEP, STEP]}, "out_of_range", "steps"),
        ({"steps": "x"}, "wrong_type", "steps"),
        ({"steps": [STEP | {"train_levels": 3}]}, "bad_levels", "steps[0].levels"),
        ({"steps": [STEP | {"levels": [[40, 100_000.0]]}]}, "wrong_type", "steps[0].levels"),
        ({"steps": [STEP | {"levels": [[40]]}]}, "wrong_type", "steps[0].levels"),
        ({"steps": [STEP | {"levels": "x"}]}, "wrong_type", "steps[0].levels"),
        ({"steps": [STEP | {"levels": [[40, 8_999]]}]}, "bad_levels", "steps[0].levels"),
        ({"steps": [STEP | {"levels": [[1801, 9_000]]}]}, "bad_levels", "steps[0].levels"),
        ({"steps": [STEP | {"levels": [[40, 120_000_000]]}]}, "bad_levels", "steps[0].levels"),
        ({"steps": [{"name": "a", "train_levels": 1}]}, "missing", "steps[0].levels"),
        ({"steps": [STEP | {"site": "DLPFC"}]}, "bad_id", "steps[0].site"),
        ({"mt_basis": None, "open": ["mt_basis"]}, "missing", "steps[0].mt_basis"),
        ({"sessions_course": None}, "missing", "sessions_course"),
        ({"open": ["steps"]}, "unknown_key", "open"),
        ({"open": ["name"]}, "wrong_code", "open"),
        ({"open": [1]}, "wrong_type", "open"),
        ({"notes": None}, "missing", "notes"),
        ({"sources": [SOURCE]}, "no_source", "status"),
        ({"sources": [SOURCE | {"field": "name"}]}, "wrong_code", "sources[0].field"),
        ({"sources": [SOURCE | {"tag": "V,X"}]}, "wrong_code", "sources[0].tag"),
        ({"sources": None}, "missing", "sources"),
    ],
)  # fmt: skip
def test_parse_of_data_with_a_fault_names_it(
    changes: dict[str, Any], code: str, where: str
) -> None:
    assert (code, where) in problems_of(itbs_data(**changes))


def test_parse_of_data_with_many_faults_reports_all_of_them() -> None:
    found = problems_of(itbs_data(id="A", status="x", gap_s_min="soon", extra=1))

    assert {code for code, _ in found} == {"bad_id", "wrong_code", "wrong_type", "unknown_key"}


def test_parse_shows_an_endless_value_shortened() -> None:
    result = parse_protocol(itbs_data(id="A" * 10_000))

    assert isinstance(result, list)
    assert len(result[0].value) == 80


def test_envelope_counts_the_gap_between_the_last_and_the_next_first_pulse() -> None:
    # Catches a check that looks at the periods only: 25 ms onset to onset leaves 5 ms here.
    plan = plan_of((3, 10_000), (2, 25_000), train_levels=1)

    assert envelope_faults(plan) == ["pulses 5000 µs apart, at least 9000"]


def test_envelope_of_a_single_pulse_is_kept() -> None:
    assert envelope_faults(plan_of((1, 0), train_levels=1)) == []


def test_protocol_is_hashed_by_identity_and_version() -> None:
    first, second = parse_protocol(itbs_data()), parse_protocol(itbs_data())

    assert hash(first) == hash(second)
