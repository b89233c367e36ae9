"""Messages between the service and the page: defined here, once.

edge/api/export_schema.py writes kiosk/src/wire.ts from these structs. The server sends whole
snapshots, never differences; the page sends commands with an id and the revision the operator saw.
Numbers carry their unit in the name. Texts travel as keys with arguments, never as sentences.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from edge.api.controller_view import ControllerView
from edge.api.heat_view import HeatView
from edge.api.safety_test_view import SafetyTestView
from edge.api.session_view import SessionView
from edge.api.unit_view import AlarmView, Args, DeviceView, UnitView

Phase = Literal[
    "idle",
    "patient",
    "checks",
    "ready",
    "arming",
    "armed",
    "treating",
    "paused",
    "resuming",
    "stopped",
    "uncertain",
    "wrapup",
    "record",
]
Role = Literal["technician", "engineer", "clinician"]


class Operator(Struct, frozen=True):
    user_id: str
    name: str
    role: Role


class SyncView(Struct, frozen=True):
    clinic: Literal["never", "ok", "unreachable", "refused"]
    to_send: int
    quarantined: int


class AppointmentView(Struct, frozen=True):
    appointment_id: str
    at: str  # clock text, HH:MM
    initials: str
    mrn_last4: str
    protocol_name: str
    side: str
    percent_mt: int
    session_number: int
    sessions_total: int
    state: Literal["booked", "arrived", "done", "problem"]
    due: list[str]


class TodayView(Struct, frozen=True):
    date: str  # ISO date, the page formats it
    appointments: list[AppointmentView]
    next_id: str | None
    done: int
    to_come: int


class ProblemView(Struct, frozen=True):
    code: str
    where: str
    value: str
    limit: str


class OrderView(Struct, frozen=True):
    protocol_id: str
    protocol_version: str
    protocol_name: str
    indication: str
    side: str
    site: str
    coil_type: str
    percent_mt: int
    mt_basis: str
    mt_pct_mso: int
    mt_date: str
    mt_method: str
    level_pct_mso: int
    pulses: int
    trains: int
    pulses_per_train: int
    length_s: int
    session_number: int
    sessions_total: int
    prescriber: str
    authored: str
    valid_until: str | None
    status: str  # cleared, published, off_label


class CheckView(Struct, frozen=True):
    key: str  # text keys check-<key>, check-<key>-help
    kind: Literal["question", "machine"]
    answer: str
    state: Literal["open", "ok", "red", "released"]
    by: str
    choices: list[str]  # text keys choice-<...>, empty for machine checks
    may_release: bool  # a clinician may release this red answer; else it is put right


class VisitView(Struct, frozen=True):
    appointment_id: str
    initials: str
    mrn_last4: str
    full_name: str | None  # only while revealed
    birth_date: str | None
    mrn: str | None
    order: OrderView | None
    problems: list[ProblemView]
    checks: list[CheckView]
    session: SessionView
    record_state: Literal["", "signed", "queued", "sent", "refused"]


class Snapshot(Struct, frozen=True, tag_field="t", tag="snapshot"):
    rev: int
    phase: Phase
    at_ms: int  # service's monotonic clock
    clock: str  # ISO local time
    clock_is_trusted: bool
    me: Operator | None
    control: Literal["here", "elsewhere", "free"]
    operators: list[Operator]  # for the lock screen
    unit: UnitView
    device: DeviceView
    controller: ControllerView
    heat: HeatView
    safety_test: SafetyTestView
    sync: SyncView
    alarms: list[AlarmView]
    audio_paused_ms: int
    today: TodayView | None
    visit: VisitView | None
    refusals: dict[str, str]  # command kind -> refusal code now; absent when allowed
    lock_in_ms: int | None


class Accepted(Struct, frozen=True, tag_field="t", tag="accepted"):
    id: int


class Refused(Struct, frozen=True, tag_field="t", tag="refused"):
    """text is the catalogue's sentence in the unit's language, for clients without a catalogue."""

    id: int
    code: str
    args: Args
    text: str


class Malformed(Struct, frozen=True, tag_field="t", tag="malformed"):
    """The message could not be read; where names the field."""

    where: str
    text: str


ServerMessage = Snapshot | Accepted | Refused | Malformed

Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Rev = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Note = Annotated[str, Meta(max_length=500)]
Pin = Annotated[str, Meta(min_length=4, max_length=12, pattern=r"^[0-9]+$")]


class Beat(Struct, frozen=True, tag_field="t", tag="beat", forbid_unknown_fields=True):
    """Every 500 ms: frames drawn since start, screen and revision shown, touches since start."""

    frames: Annotated[int, Meta(ge=0)]
    screen: Name
    shown_rev: Rev
    touches: Annotated[int, Meta(ge=0)] = 0  # a grown count keeps the screen unlocked


class Stop(Struct, frozen=True, tag_field="t", tag="stop", forbid_unknown_fields=True):
    """Needs no revision, no log-in, no control. Sent on pointerdown, repeated until answered."""

    id: Id


class _Command(Struct, frozen=True, tag_field="t", forbid_unknown_fields=True):
    id: Id
    rev: Rev


class TakeControl(_Command, frozen=True, tag="take_control"):
    pass


class OpenVisit(_Command, frozen=True, tag="open_visit"):
    appointment_id: Name


class LeaveVisit(_Command, frozen=True, tag="leave_visit"):
    pass


class Reveal(_Command, frozen=True, tag="reveal"):
    """Show name, birth date and number for 10 s; logged."""


class BeginChecks(_Command, frozen=True, tag="begin_checks"):
    pass


class AnswerCheck(_Command, frozen=True, tag="answer_check"):
    key: Name
    answer: Name


class ReleaseCheck(_Command, frozen=True, tag="release_check"):
    """A clinician releases a red answer, with reason and PIN."""

    key: Name
    user_id: Name
    pin: Pin
    reason: Annotated[str, Meta(min_length=3, max_length=200)]


class ReleaseGap(_Command, frozen=True, tag="release_gap"):
    """A clinician lets a broken-off session go on after its gap, with reason and PIN."""

    user_id: Name
    pin: Pin
    reason: Annotated[str, Meta(min_length=3, max_length=200)]


class DecideHeld(_Command, frozen=True, tag="decide_held"):
    """A clinician decides about the first stored session that nobody can read, with PIN."""

    user_id: Name
    pin: Pin
    reason: Annotated[str, Meta(min_length=3, max_length=200)]


class FinishChecks(_Command, frozen=True, tag="finish_checks"):
    pass


class Back(_Command, frozen=True, tag="back"):
    pass


class ArmUnit(_Command, frozen=True, tag="arm"):
    pass


class Start(_Command, frozen=True, tag="start"):
    """After a held button."""


class Pause(_Command, frozen=True, tag="pause"):
    pass


class Resume(_Command, frozen=True, tag="resume"):
    """After a held button."""


class Acknowledge(_Command, frozen=True, tag="acknowledge"):
    """The stop or alarm was understood; clears it when its cause is gone."""


class AcknowledgeAlarm(_Command, frozen=True, tag="acknowledge_alarm"):
    alarm_id: Name


class PauseAudio(_Command, frozen=True, tag="pause_audio"):
    pass


class TestAlarms(_Command, frozen=True, tag="test_alarms"):
    """Light the lamps and sound a short tone; the result shows with the device."""

    __test__: ClassVar[bool] = False  # not a test, whatever its name looks like


class StartSafetyTest(_Command, frozen=True, tag="start_safety_test"):
    """Nobody is in the chair: trip every path that stops a treatment."""


class StartFullSafetyTest(_Command, frozen=True, tag="start_full_safety_test"):
    """The same with what opens only with a tool; the engineer's."""


class RepeatSafetyStep(_Command, frozen=True, tag="repeat_safety_step"):
    pass


class EndSafetyTest(_Command, frozen=True, tag="end_safety_test"):
    """Give the test up, or close its result."""


class EndSession(_Command, frozen=True, tag="end_session"):
    reason: Literal["patient_wish", "discomfort", "adverse_event", "equipment", "time", "other"]


class AddNote(_Command, frozen=True, tag="add_note"):
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class WrapUp(_Command, frozen=True, tag="wrap_up"):
    """Signs the record: pain, note and the operator's PIN again."""

    pain_0_10: Annotated[int, Meta(ge=0, le=10)]
    note: Note
    pin: Pin


Command = (
    TakeControl
    | OpenVisit
    | LeaveVisit
    | Reveal
    | BeginChecks
    | AnswerCheck
    | ReleaseCheck
    | ReleaseGap
    | DecideHeld
    | FinishChecks
    | Back
    | ArmUnit
    | Start
    | Pause
    | Resume
    | Acknowledge
    | AcknowledgeAlarm
    | PauseAudio
    | TestAlarms
    | StartSafetyTest
    | StartFullSafetyTest
    | RepeatSafetyStep
    | EndSafetyTest
    | EndSession
    | AddNote
    | WrapUp
)
ClientMessage = Beat | Stop | Command


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/login."""

    user_id: Name
    pin: Pin


class TracePoint(Struct, frozen=True, array_like=True):
    """A point of GET /api/trace: seconds before now, contact face, winding."""

    ago_s: float
    surface_c: float | None
    winding_c: float | None


decode_client = msgspec.json.Decoder(ClientMessage).decode
encode = msgspec.json.Encoder().encode
