"""Pictures of what is foreseen of the coil's heat, from quiet to pressing.

Part of tests/kiosk/fixture_snapshots.py, which hands in the ordinary picture that these change.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from edge.api.heat_view import CurvePoint, HeatView
from edge.api.schema import Snapshot, VisitView
from edge.api.session_view import SessionView, StopView
from edge.api.unit_view import AlarmView

NO_HEAT = HeatView("none", None, None, 0, False, False, False, [])
# A passive coil in iTBS 600: the face goes on rising after the last pulse.
RISE = (34.2, 34.9, 35.6, 36.3, 36.9, 37.4, 37.8, 38.1, 38.2, 38.2, 38.1, 37.9)
AHEAD = HeatView(
    start="ok",
    ready_in_min=None,
    peak_c=38.2,
    peak_in_s=130,
    is_learned=True,
    is_off_head_due=False,
    has_cooling_failed=False,
    curve=[CurvePoint(15.0 * step, face_c) for step, face_c in enumerate(RISE)],
)
AT_RISK = replace(
    AHEAD,
    peak_c=42.6,
    curve=[CurvePoint(p.in_s, round(34.2 + (p.surface_c - 34.2) * 2.1, 1)) for p in AHEAD.curve],
)
TOO_WARM = replace(AT_RISK, start="wait", ready_in_min=12)
TOO_MUCH = replace(AT_RISK, start="never", peak_c=60.3)
NOT_COOLING = replace(AHEAD, has_cooling_failed=True)
OFF_HEAD = replace(AT_RISK, start="none", is_off_head_due=True)
LIMITS = {"value": 42.6, "limit": 41.0, "unit": "°C"}
HELD = StopView("too_hot_ahead", "09:58", 39.1, 41.0, "°C", True, True)
DRY = StopView("cooling_trend", "09:58", 47.3, 80.0, "°C", True, True)


def heat_pictures(
    idle: Snapshot, visit: VisitView, running: SessionView, chair: Mapping[str, object]
) -> dict[str, Snapshot]:
    """By name of the picture."""
    checks = [
        replace(check, state="red") if check.key == "temperature" else check
        for check in visit.checks
    ]
    warm_visit = replace(visit, checks=checks)
    device = replace(idle.device, reasons=["too_hot_ahead"], ready="not_ready", surface_c=33.1)
    warm = replace(idle, visit=warm_visit, device=device, heat=TOO_WARM)
    treating = replace(idle, phase="treating", visit=replace(visit, session=running), **chair)
    held = replace(running, paused_ms=42_000, pauses=1, stage="idle", stop=HELD)
    paused = replace(
        treating,
        phase="paused",
        visit=replace(visit, session=held),
        unit=replace(treating.unit, mcu_state="HOLD"),
        refusals={"resume": "too_hot_ahead"},
    )
    given = replace(running, delivered=600, remaining=0, train=20, stage="done")
    return {
        "checks_warm": replace(
            warm, phase="checks", refusals={"finish_checks": "checks_open", "arm": "checks_open"}
        ),
        "ready_warm": replace(warm, phase="ready", refusals={"arm": "checks_open"}),
        "ready_never": replace(warm, phase="ready", heat=TOO_MUCH, refusals={"arm": "checks_open"}),
        "treating_at_risk": replace(treating, heat=AT_RISK, alarms=[_alarm("heat_ahead", "low")]),
        "paused_hot": replace(paused, heat=TOO_WARM, alarms=[_alarm("too_hot_ahead", "low")]),
        "paused_not_cooling": replace(
            paused,
            visit=replace(visit, session=replace(held, stop=DRY)),
            heat=NOT_COOLING,
            alarms=[_alarm("cooling_trend", "medium")],
        ),
        "wrapup_hot": replace(
            idle,
            phase="wrapup",
            visit=replace(visit, session=given),
            heat=OFF_HEAD,
            alarms=[_alarm("coil_off_head", "medium")],
        ),
    }


def _alarm(alarm_id: str, priority: str) -> AlarmView:
    return AlarmView(alarm_id, priority, True, False, "09:58", dict(LIMITS))  # type: ignore[arg-type]
