"""What the pictures of the page's tests are made of: people, unit, order, visit, session.

Part of tests/kiosk/fixture_snapshots.py. Data only; no clock.
"""

from __future__ import annotations

from msgspec.structs import replace

from edge.api.controller_view import ControllerView
from edge.api.schema import (
    AppointmentView,
    CheckView,
    Operator,
    OrderView,
    ProblemView,
    Snapshot,
    SyncView,
    TodayView,
    VisitView,
)
from edge.api.session_view import LogView, RestView, SessionView, StopView, TrainView
from edge.api.unit_view import AlarmView, DeviceView, HeldView, InterlockView, UnitView
from tests.kiosk.fixture_heat import AHEAD, NO_HEAT
from tests.kiosk.fixture_safety import HOLDS

NOVAK = Operator("tech1", "A. Novak", "technician")
OPERATORS = [
    NOVAK,
    Operator("tech2", "M. Okafor", "technician"),
    Operator("eng1", "J. Lindqvist", "engineer"),
    Operator("clin1", "Dr. S. Brandt", "clinician"),
]
UNIT = UnitView("CHAIR-01", True, "0.1.0", "0.1.0", "live", "", "STANDBY", 40, False)
ARMED_UNIT = replace(UNIT, mcu_state="ARMED", can_fire=True)
NAMES = ("estop", "door", "coil", "patient", "cooling", "enclosure")
DEVICE = DeviceView(
    ready="ready",
    reasons=[],
    self_test="passed",
    self_test_at="07:52",
    sounder="passed",
    sounder_at="07:52",
    bank_pct=0,
    surface_c=24.1,
    surface_own_c=24.3,
    winding_c=24.6,
    surface_limit_c=41.0,
    coil_type="figure8_cooled",
    coil_serial="F8-00217",
    lifetime_pulses=1_284_600,
    held=[],
    interlocks=[InterlockView(name, "ok") for name in NAMES],
    attend="not_fitted",
    to_prove=[],
)
HELD = [
    HeldView("9f3c21aa", "2026-11-20T16:42", "newer", True, False, 0),
    HeldView("0b7c44e1", "2026-11-19T09:10", "damaged", True, True, 0),
]
UNKNOWN = [HeldView("c1d77e20", "", "unknown", True, False, 333)]
# Every contact wants something: the longest notes that must fit.
WITH_NOTES = replace(DEVICE, attend="held", to_prove=["enclosure", "door"])
# Three findings in words: the widest that must fit.
CONTROLLER = ControllerView(
    ["clock", "trigger", "key"], "pio", 9.0, "a", "3f9a01c7", False, 2, 1, 3, 0
)
WARM = replace(DEVICE, bank_pct=62, surface_c=34.2, winding_c=44.8, ready="in_use")


def visit_row(
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
    visit_row("08:00", "C. V.", "7731", 9, "done"),
    visit_row("08:30", "N. P.", "2250", 30, "done"),
    visit_row("09:00", "R. S.", "9023", 2, "done"),
    visit_row("09:45", "M. K.", "4182", 12, "arrived"),
    visit_row("10:15", "J. R.", "0517", 15, "booked", name="iTBS 600"),
    visit_row("10:45", "T. A.", "3306", 21, "booked", due="threshold_old"),
    visit_row("11:15", "L. O.", "1174", 3, "booked", name="iTBS 600"),
    visit_row("13:00", "D. W.", "4021", 1, "problem", name="1 Hz right, 360"),
    visit_row("13:30", "B. N.", "5518", 4, "booked", name="PTSD 1 Hz right (Kozel 2019)"),
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
    cuts=[],
    rest=None,
    unsettled=None,
    ledger=[],
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


def checks(answered: int, red: str = "") -> list[CheckView]:
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
    checks=checks(8),
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
# Broken off in train 15, two earlier cuts mended.
REST = RestView(
    length_ms=51_840,
    rest_of_train=27,
    first_train=16,
    last_train=20,
    since_ms=151_000,
    left_ms=749_000,
    doubt="",
    limit_s=900,
    source="unit",
    released_by="",
    release_left_ms=0,
)
BROKEN = replace(
    RUNNING,
    delivered=423,
    remaining=177,
    train=15,
    train_pulses=3,
    stage="idle",
    stage_left_ms=0,
    left_ms=0,
    ends="",
    paused_ms=149_000,
    pauses=2,
    cuts=[64, 423],
    rest=REST,
)
WHOLE_TRAIN = TrainView(30, 30, 30, 0)
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
    heat=NO_HEAT,
    safety_test=HOLDS,
    sync=SyncView("ok", 2, 0),
    alarms=[],
    audio_paused_ms=0,
    today=TODAY,
    visit=None,
    refusals={},
    lock_in_ms=None,
)


def at(phase: str, visit: VisitView, **changes: object) -> Snapshot:
    return replace(IDLE, phase=phase, visit=visit, **changes)


def session(session: SessionView, **changes: object) -> VisitView:
    return replace(VISIT, session=replace(session, **changes))


def alarm(alarm_id: str, priority: str, **args: str | int | float) -> AlarmView:
    return AlarmView(alarm_id, priority, True, False, "09:58", args)  # type: ignore[arg-type]


HOT = alarm("surface_hot", "high", value=41.2, limit=41.0, unit="°C")
WARM_FACE = alarm("surface_warm", "low", value=39.4, limit=41.0, unit="°C")
FULL = alarm("disk_full", "low", value=93, limit=90, unit="%")


PROBLEMS = [
    ProblemView("threshold_old", "threshold.measured_utc", "41 days", "30 days"),
    ProblemView("percent_above", "order.percent_mt", "130 %", "120 %"),
]
TROUBLED = replace(VISIT, problems=PROBLEMS)
CHAIR: dict[str, object] = {
    "unit": ARMED_UNIT,
    "device": WARM,
    "heat": AHEAD,
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
    session(
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
