"""Pictures of the chair for the page's tests: one snapshot for each screen and each awkward case.

Written with the service's own structs, so that a changed message breaks here first. Run as a module
it writes kiosk/tests/fixtures/*.json, which Vitest and the browser tests read. Data only; no clock.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from edge.api.controller_view import ControllerView
from edge.api.schema import (
    AlarmView,
    AppointmentView,
    Args,
    CheckView,
    DeviceView,
    InterlockView,
    LogView,
    Operator,
    OrderView,
    ProblemView,
    SessionView,
    Snapshot,
    StopView,
    SyncView,
    TodayView,
    UnitView,
    VisitView,
)
from edge.mcu.connection import KEY_PROBLEMS

FOLDER = Path(__file__).parents[2] / "kiosk" / "tests" / "fixtures"

NOVAK = Operator("tech1", "A. Novak", "technician")
OPERATORS = [
    NOVAK,
    Operator("tech2", "M. Okafor", "technician"),
    Operator("eng1", "J. Lindqvist", "engineer"),
    Operator("clin1", "Dr. S. Brandt", "clinician"),
]
UNIT = UnitView("CHAIR-01", True, "0.1.0", "0.1.0", "live", "", "STANDBY", 40, False)
ARMED_UNIT = replace(UNIT, mcu_state="ARMED", can_fire=True)
NAMES = ("estop", "door", "coil", "patient", "cooling")
DEVICE = DeviceView(
    ready="ready",
    reasons=[],
    self_test="passed",
    self_test_at="07:52",
    bank_pct=0,
    surface_c=24.1,
    winding_c=24.6,
    surface_limit_c=41.0,
    coil_type="figure8_cooled",
    coil_serial="F8-00217",
    lifetime_pulses=1_284_600,
    interlocks=[InterlockView(name, "ok") for name in NAMES],
)
# Three findings in words: the widest that must fit.
CONTROLLER = ControllerView(
    ["clock", "trigger", "key"], "pio", 9.0, "a", "3f9a01c7", False, 2, 1, 3, 0
)
WARM = replace(DEVICE, bank_pct=62, surface_c=34.2, winding_c=44.8, ready="in_use")


def _visit_row(
    at: str,
    initials: str,
    last4: str,
    number: int,
    state: str,
    due: str = "",
    name: str = "10 Hz standard",
) -> AppointmentView:
    return AppointmentView(
        appointment_id=f"appt-{last4}",
        at=at,
        initials=initials,
        mrn_last4=last4,
        protocol_name=name,
        side="left",
        percent_mt=120,
        session_number=number,
        sessions_total=36,
        state=state,  # type: ignore[arg-type]
        due=[due] if due else [],
    )


ROWS = [
    _visit_row("08:00", "C. V.", "7731", 9, "done"),
    _visit_row("08:30", "N. P.", "2250", 30, "done"),
    _visit_row("09:00", "R. S.", "9023", 2, "done"),
    _visit_row("09:45", "M. K.", "4182", 12, "arrived"),
    _visit_row("10:15", "J. R.", "0517", 15, "booked", name="iTBS 600"),
    _visit_row("10:45", "T. A.", "3306", 21, "booked", due="threshold_old"),
    _visit_row("11:15", "L. O.", "1174", 3, "booked", name="iTBS 600"),
    _visit_row("13:00", "D. W.", "4021", 1, "problem", name="1 Hz right, 360"),
    _visit_row("13:30", "B. N.", "5518", 4, "booked", name="PTSD 1 Hz right (Kozel 2019)"),
]
TODAY = TodayView("2026-11-21", ROWS, "appt-4182", 3, 6)
ORDER = OrderView(
    protocol_id="itbs-600",
    protocol_version="1.0.0",
    protocol_name="iTBS 600",
    indication="major depression, adults",
    side="left",
    site="dlpfc-left",
    coil_type="figure8_cooled",
    percent_mt=120,
    mt_basis="rmt",
    mt_pct_mso=52,
    mt_date="2026-11-02",
    mt_method="visual",
    level_pct_mso=62,
    pulses=600,
    trains=20,
    pulses_per_train=30,
    length_s=192,
    session_number=12,
    sessions_total=36,
    prescriber="Dr. S. Brandt",
    authored="2026-10-29",
    valid_until="2027-01-29",
    status="cleared",
)
SESSION = SessionView(
    session_id="",
    prescribed=600,
    delivered=0,
    remaining=600,
    uncertain=0,
    train=1,
    trains=20,
    train_pulses=0,
    pulses_per_train=30,
    stage="idle",
    stage_left_ms=0,
    stage_ms=0,
    left_ms=192_000,
    ends="",
    started="",
    peak_surface_c=None,
    paused_ms=None,
    pauses=0,
    stop=None,
    log=[],
)
QUESTIONS: tuple[tuple[str, list[str]], ...] = (
    ("identity", ["confirmed", "not_confirmed"]),
    ("medication", ["unchanged", "changed"]),
    ("sleep", ["usual", "short"]),
    ("alcohol", ["none", "alcohol_or_drugs"]),
    ("health", ["well", "illness", "headache", "hearing_change"]),
    ("mood", ["usual", "worse", "suicidal_thoughts"]),
    ("metal", ["none_on", "still_on", "new_implant"]),
    ("earplugs", ["both_in", "not_in"]),
)
MACHINE = ("link", "self_test", "interlocks", "coil", "temperature", "order", "threshold")


def _checks(answered: int, red: str = "") -> list[CheckView]:
    """The checklist with this many questions answered, one of them red."""
    checks = []
    for index, (key, choices) in enumerate(QUESTIONS):
        if index >= answered:
            checks.append(CheckView(key, "question", "", "open", "", choices, False))
        elif key == red:
            checks.append(CheckView(key, "question", choices[1], "red", "A. Novak", choices, True))
        else:
            checks.append(CheckView(key, "question", choices[0], "ok", "A. Novak", choices, False))
    return checks + [CheckView(key, "machine", "", "ok", "", [], False) for key in MACHINE]


VISIT = VisitView(
    appointment_id="appt-4182",
    initials="M. K.",
    mrn_last4="4182",
    full_name=None,
    birth_date=None,
    mrn=None,
    order=ORDER,
    problems=[],
    checks=_checks(8),
    session=SESSION,
    record_state="",
)
RUNNING = replace(
    SESSION,
    session_id="0b7c",
    delivered=330,
    remaining=270,
    train=12,
    stage="gap",
    stage_left_ms=5_200,
    stage_ms=8_000,
    left_ms=87_000,
    ends="09:59",
    started="09:55",
    peak_surface_c=34.6,
    log=[LogView("09:55", "started", {})],
)
STOP_HOT = StopView("201", "09:58", 41.2, 41.0, "°C", True, False)
IDLE = Snapshot(
    rev=41,
    phase="idle",
    at_ms=1_234_567,
    clock="2026-11-21T09:36:12+01:00",
    clock_is_trusted=True,
    me=NOVAK,
    control="here",
    operators=OPERATORS,
    unit=UNIT,
    device=DEVICE,
    controller=CONTROLLER,
    sync=SyncView("ok", 2, 0),
    alarms=[],
    audio_paused_ms=0,
    today=TODAY,
    visit=None,
    refusals={},
    lock_in_ms=None,
)


def _at(phase: str, visit: VisitView, **changes: object) -> Snapshot:
    return replace(IDLE, phase=phase, visit=visit, **changes)


def _session(session: SessionView, **changes: object) -> VisitView:
    return replace(VISIT, session=replace(session, **changes))


def _alarm(alarm_id: str, priority: str) -> AlarmView:
    args: Args = {"limit": 41, "minutes": 12, "value": 91}
    return AlarmView(alarm_id, priority, True, False, "09:58", args)  # type: ignore[arg-type]


PROBLEMS = [
    ProblemView("threshold_old", "threshold.measured_utc", "41 days", "30 days"),
    ProblemView("percent_above", "order.percent_mt", "130 %", "120 %"),
]
TROUBLED = replace(VISIT, problems=PROBLEMS)
CHAIR: dict[str, object] = {
    "unit": ARMED_UNIT,
    "device": WARM,
    "clock": "2026-11-21T09:58:12+01:00",
}
STOPPED_CHAIR = CHAIR | {
    "unit": replace(UNIT, mcu_state="FAULT"),
    "device": replace(WARM, surface_c=41.2),
}
TRAIN = {
    "stage": "train",
    "stage_left_ms": 800,
    "stage_ms": 2000,
    "train_pulses": 18,
    "delivered": 348,
}
LONG_NAME = "PTSD and depression 5 Hz left (Philip)"
TENHZ = replace(ORDER, protocol_name=LONG_NAME, pulses=3000, trains=75, length_s=1125)
LONG = replace(
    _session(
        RUNNING,
        prescribed=3000,
        delivered=1240,
        remaining=1760,
        train=31,
        trains=75,
        pulses_per_train=40,
    ),
    order=TENHZ,
)
OPEN_DOOR = [InterlockView(name, "open" if name == "door" else "ok") for name in NAMES]
NOT_READY = replace(
    DEVICE,
    ready="not_ready",
    reasons=["self_test_open", "interlock_open"],
    self_test="open",
    self_test_at="",
)


def _lock_and_day() -> dict[str, Snapshot]:
    locked = replace(IDLE, me=None, control="free", today=None)
    return {
        "lock": locked,
        "lock_not_ready": replace(locked, device=NOT_READY, alarms=[_alarm("link_down", "medium")]),
        "lock_treating": replace(locked, phase="treating", unit=ARMED_UNIT, device=WARM),
        "today": IDLE,
        "today_key_refused": replace(
            IDLE,
            unit=replace(UNIT, link="key_refused", link_detail=max(KEY_PROBLEMS.values(), key=len)),
        ),
        "today_locking": replace(IDLE, lock_in_ms=42_000),
        "today_low_alarm": replace(IDLE, alarms=[_alarm("clinic_offline", "low")]),
        "today_empty": replace(IDLE, today=TodayView("2026-11-21", [], None, 0, 0)),
        "patient": _at("patient", VISIT),
        "patient_revealed": _at(
            "patient",
            replace(
                VISIT, full_name="Maria Kowalczyk-Andersen", birth_date="1981-04-17", mrn="004182"
            ),
        ),
        "patient_problems": _at(
            "patient", TROUBLED, refusals={"begin_checks": "order_has_problems"}
        ),
        "patient_no_order": _at(
            "patient",
            replace(VISIT, order=None, problems=PROBLEMS[:1]),
            refusals={"begin_checks": "order_has_problems"},
        ),
        "wrapup": _at(
            "wrapup", _session(RUNNING, delivered=600, remaining=0, train=20, stage="done")
        ),
        "wrapup_partial": _at("wrapup", _session(RUNNING, stop=STOP_HOT)),
        "record": _at(
            "record",
            replace(_session(RUNNING, delivered=600, remaining=0, train=20), record_state="queued"),
        ),
        "record_sent": _at(
            "record", replace(_session(RUNNING, delivered=600, remaining=0), record_state="sent")
        ),
        "record_refused": _at("record", replace(_session(RUNNING), record_state="refused")),
    }


def _chair() -> dict[str, Snapshot]:
    cooling = _session(RUNNING, paused_ms=42_000, pauses=1, stage="idle")
    refused = {"finish_checks": "checks_open", "arm": "checks_open"}
    return {
        "checks": _at("checks", replace(VISIT, checks=_checks(4)), refusals=refused),
        "checks_red": _at("checks", replace(VISIT, checks=_checks(8, "sleep")), refusals=refused),
        "checks_summary": _at("checks", replace(VISIT, checks=_checks(8)), refusals={}),
        "ready": _at("ready", VISIT),
        "ready_elsewhere": _at("ready", VISIT, control="elsewhere"),
        "ready_long": _at("ready", replace(VISIT, order=TENHZ)),
        "arming": _at(
            "arming",
            VISIT,
            unit=replace(ARMED_UNIT, mcu_state="CHARGING"),
            device=replace(WARM, bank_pct=38),
        ),
        "armed": _at("armed", VISIT, unit=ARMED_UNIT, device=WARM),
        "treating": _at("treating", _session(RUNNING), **CHAIR),
        "treating_train": _at("treating", _session(RUNNING, **TRAIN), **CHAIR),
        "treating_countdown": _at(
            "treating",
            _session(SESSION, stage="countdown", stage_left_ms=2_400, stage_ms=3_000, ends="10:03"),
            **CHAIR,
        ),
        "treating_long": _at("treating", LONG, **CHAIR),
        "treating_warm": _at(
            "treating", _session(RUNNING), **CHAIR, alarms=[_alarm("surface_warm", "medium")]
        ),
        "paused": _at(
            "paused", cooling, **(CHAIR | {"unit": replace(UNIT, mcu_state="HOLD", can_fire=True)})
        ),
        "resuming": _at("resuming", cooling, **CHAIR),
        "stopped": _at(
            "stopped",
            _session(RUNNING, stop=STOP_HOT, stage="idle"),
            **STOPPED_CHAIR,
            alarms=[_alarm("surface_hot", "high"), _alarm("surface_warm", "medium")],
        ),
        "stopped_by_hand": _at(
            "stopped",
            _session(
                RUNNING,
                stop=StopView("operator", "09:58", None, None, "", True, False),
                stage="idle",
            ),
            **(CHAIR | {"unit": UNIT}),
        ),
        "stopped_door": _at(
            "stopped",
            _session(
                RUNNING, stop=StopView("102", "09:58", None, None, "", True, False), stage="idle"
            ),
            **(STOPPED_CHAIR | {"device": replace(WARM, interlocks=OPEN_DOOR)}),
            alarms=[_alarm("door", "high")],
            refusals={"acknowledge": "interlock_open"},
        ),
        "uncertain": _at("uncertain", _session(RUNNING, uncertain=30, stage="idle"), **CHAIR),
    }


def snapshots() -> dict[str, Snapshot]:
    """Every picture by name."""
    return _lock_and_day() | _chair()


def main() -> None:
    """Writes the files; an old file without a picture goes away."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pictures = snapshots()
    for path in FOLDER.glob("*.json"):
        if path.stem not in pictures:
            path.unlink()
    for name, picture in pictures.items():
        text = msgspec.json.format(msgspec.json.encode(picture), indent=1)
        (FOLDER / f"{name}.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
