"""Ordinary values for the tests of the domain: an order that is fine, a unit that is ready.

Each builder takes only what the test is about as named arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from edge.domain.device_facts import NOTHING_AHEAD, DeviceFacts
from edge.domain.prescription import MotorThreshold, MtBasis, Order, Side
from edge.domain.protocol import Protocol
from edge.domain.protocol_parse import parse_protocol

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Limits:
    """Fits OrderLimits, like edge.config.LimitsConfig does."""

    level_pct_max: int = 100
    session_pulses_max: int = 3000
    day_pulses_max: int = 18_000
    percent_mt_max: int = 130
    threshold_age_days_max: int = 30


def itbs_data(**changes: Any) -> dict[str, Any]:
    """Plain data of a protocol file; a change to None takes the key away."""
    data: dict[str, Any] = {
        "id": "itbs-600",
        "version": "1.0.0",
        "name": "iTBS 600",
        "indication": "major depression",
        "status": "cleared",
        "side": "left",
        "site": "dlpfc-left",
        "coil_types": ["figure8"],
        "mt_basis": "rmt",
        "percent_mt": {"min": 80, "default": 120, "max": 120},
        "gap_s_min": 0,
        "sessions_per_day_max": 1,
        "sessions_course": 36,
        "open": [],
        "notes": [],
        "steps": [
            {
                "name": "itbs",
                "train_levels": 2,
                "levels": [[3, 20_000], [10, 200_000], [20, 10_000_000]],
            }
        ],
        "sources": [
            {"field": field, "tag": "V", "text": "a paper"}
            for field in (
                "status",
                "steps",
                "percent_mt",
                "sessions_per_day_max",
                "sessions_course",
            )
        ],
    }
    data |= changes
    return {key: value for key, value in data.items() if value is not None}


def itbs(**changes: Any) -> Protocol:
    """The checked protocol, with changed fields."""
    protocol = parse_protocol(itbs_data())
    assert isinstance(protocol, Protocol), protocol
    return replace(protocol, **changes)


def order(**changes: Any) -> Order:
    return replace(
        Order(
            order_id="o1",
            order_version="1",
            patient_id="p1",
            protocol_id="itbs-600",
            protocol_version="1.0.0",
            side=Side.LEFT,
            site="dlpfc-left",
            percent_mt=120,
            mt_basis=MtBasis.RMT,
            coil_type="figure8",
            sessions_total=36,
            sessions_done=3,
            diagnosis="F33.2",
            prescriber="Dr. A",
            authored_utc=datetime(2026, 11, 1, tzinfo=UTC),
            valid_until_utc=datetime(2027, 1, 1, tzinfo=UTC),
        ),
        **changes,
    )


def threshold(**changes: Any) -> MotorThreshold:
    return replace(
        MotorThreshold(
            mt_pct_mso=50,
            basis=MtBasis.RMT,
            coil_type="figure8",
            side=Side.LEFT,
            method="emg",
            measured_utc=datetime(2026, 11, 10, tzinfo=UTC),
        ),
        **changes,
    )


OWN_SAFE = {
    "estop": True,
    "door": True,
    "coil": True,
    "patient": True,
    "enclosure": True,
    "flow": True,
}
ALL_SAFE = {
    "estop": True,
    "door": True,
    "coil": True,
    "patient": True,
    "cooling": True,
    "enclosure": True,
}


def device(**changes: Any) -> DeviceFacts:
    """A unit that is ready."""
    return replace(
        DeviceFacts(
            link="live",
            is_heard=True,
            self_test="passed",
            fault=0,
            faults=(),
            mcu_state="STANDBY",
            inputs=ALL_SAFE,
            panel=OWN_SAFE,
            chattering=(),
            unproved=(),
            inputs_fitted=tuple(ALL_SAFE),
            certificate="",
            surface_c10=310,
            surface_own_c10=312,
            surface_own_doubt="",
            is_surface_own_hot=False,
            surface_c10_warn=390,
            surface_c10_max=410,
            winding_c10=350,
            winding_c10_max=800,
            coil_type="figure8",
            settings_match=True,
            clock_uncertainty_us=200,
            ahead=NOTHING_AHEAD,
            host_back=False,
            gate_back=False,
            enable_fault="",
            sounder="passed",
        ),
        **changes,
    )
