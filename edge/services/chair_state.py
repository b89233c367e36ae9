"""What the chair knows right now: the one picture that services keep and the API shows.

Plain data, written by the services on the loop, read by edge/api/snapshot.py. No behaviour. Ages
are in seconds of the event loop; a value that is None is unknown, which counts as unsafe.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.domain.certificate import Certificate
from edge.domain.device_facts import HeatAhead
from edge.domain.dose import TrainDose, Unsettled
from edge.domain.held import HeldSession
from edge.domain.prescription import MotorThreshold, Order, Patient, Problem
from edge.domain.resume import GapLimit, Release
from edge.domain.safety_test import Run
from edge.domain.session_states import S
from edge.domain.train_plan import Plan


@dataclass(frozen=True)
class AppointmentRow:
    """One line of today's list."""

    appointment_id: str
    start_utc_s: float  # seconds since 1970, for display
    patient: Patient
    order_id: str
    protocol_name: str
    side: str
    percent_mt: int
    session_number: int
    sessions_total: int
    state: str  # booked, arrived, done, problem
    due: tuple[str, ...]  # text keys (due-...), worst first


@dataclass
class CheckState:
    """One line of the checklist. answer is '' until given."""

    key: str
    kind: str  # question or machine
    answer: str = ""
    state: str = "open"  # open, ok, red, released
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, eq=False)
class LogLine:
    """A line of the session's story for the screen; two lines of the same words are still two."""

    at_utc_s: float
    kind: str  # text key log-<kind>
    args: dict[str, str | int | float]


@dataclass
class StopState:
    """Why it stopped, in the words of the fault registry (text keys stop-<code>-...)."""

    code: str  # operator, patient, or the fault number as text
    at_utc_s: float
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    dose_counts: bool = True
    is_cleared: bool = False  # cause gone and acknowledged


@dataclass
class Dose:
    """Pulses of the session. delivered is what was sensed; uncertain may have been given beside."""

    prescribed: int = 0
    delivered: int = 0
    uncertain: int = 0

    @property
    def remaining(self) -> int:
        """Certainly not given: prescribed = delivered + uncertain + remaining, unless the
        controller counted more than was ever prescribed."""
        return max(0, self.prescribed - self.delivered - self.uncertain)


@dataclass
class RestState:
    """Of a session that was broken off: since when, and how long it may stay so."""

    last_pulse_at: float | None = None  # loop seconds; None: none was given, or nobody can say
    doubt: str = ""  # why nobody can say: edge.domain.resume.GAP_DOUBTS
    limit: GapLimit = field(default_factory=lambda: GapLimit(0, "unit"))
    release: Release | None = None


@dataclass
class SessionState:
    """The running or last session of the open visit."""

    session_id: str = ""
    dose: Dose = field(default_factory=Dose)
    train_index: int = 0  # 0-based train being given or due next
    train_pulses: int = 0  # delivered in it
    stage: str = "idle"  # idle, countdown, train, gap, done
    stage_ends_at: float | None = None  # loop seconds
    stage_s: float = 0.0
    ends_at: float | None = None  # loop seconds, when all goes well
    started_utc_s: float | None = None
    peak_surface_c10: int | None = None
    stop: StopState | None = None
    pauses: int = 0
    paused_at: float | None = None
    cuts: tuple[int, ...] = ()  # pulses given where a train was cut short
    rest: RestState = field(default_factory=RestState)
    ledger: tuple[TrainDose, ...] = ()  # each train, once no more pulses are given
    unsettled: Unsettled | None = None  # the controller was asked, and the count stays open
    log: list[LogLine] = field(default_factory=list)  # newest last, at most 50


@dataclass
class VisitState:
    """The open visit."""

    appointment: AppointmentRow
    patient: Patient
    order: Order | None
    threshold: MotorThreshold | None
    plan: Plan | None
    level_pct_mso: int | None
    problems: tuple[Problem, ...]
    checks: list[CheckState] = field(default_factory=list)
    session: SessionState = field(default_factory=SessionState)
    record_state: str = ""  # '', signed, queued, sent, refused
    operator: str = ""


@dataclass
class DeviceState:
    """The unit as last heard."""

    link: str = "closed"  # words of UnitView.link
    link_detail: str = ""
    lost_at: float | None = None  # loop seconds at which a live link was lost last
    unit_id: str = ""
    is_simulated: bool | None = None
    timing_class: int | None = None
    firmware_version: str = ""
    boot_epoch: int | None = None
    coil_type: str = ""
    coil_serial: str = ""
    heard_at: float | None = None  # loop seconds of the last Status
    mcu_state: str = ""  # STATE_NAMES, '' unknown
    fault: int = 0
    faults: tuple[int, ...] = ()
    surface_c10: int | None = None
    winding_c10: int | None = None
    surface_own_c10: int | None = None  # the edge's own sensor at the contact face
    surface_own_doubt: str = ""  # why it is not believed; of a plugged coil
    is_surface_own_hot: bool = False  # until it is well below the limit again
    bank_mv: int | None = None
    level_pct_mso: int = 0  # the bank is charged to; 0 while it is bled
    ordered_pct_mso: int = 0  # the last one that was not 0: what the last pulses were to be
    amplitude_pm: int | None = None  # last pulse that was sensed, per mille of full output
    inputs: dict[str, bool | None] = field(default_factory=dict)  # MCU's view by INPUT_NAMES
    panel: dict[str, bool | None] = field(default_factory=dict)  # edge's own view by PanelInput
    chattering: tuple[str, ...] = ()  # inputs of the panel that open again and again
    unproved: tuple[str, ...] = ()  # contacts that nobody has seen to open for too long
    host_back: bool | None = None  # read-backs of the two enables, on wires of the edge's own
    gate_back: bool | None = None
    enable_fault: str = ""  # edge.domain.enables.DIFFERENCES that has lasted, '' none
    lifetime_pulses: int = 0
    clock_uncertainty_us: int | None = None
    settings_match: bool = False
    ipi_us_min: int | None = None  # shortest interval that the controller can time
    slot: int | None = None  # SLOT_*
    image_hash: str = ""  # hex, '' for an image without a manifest
    is_trial: bool = False
    self_test_found: tuple[str, ...] = ()  # SELF_TEST_NAMES
    bad_frames: int = 0  # unreadable here, since the service started
    bad_frames_mcu: int | None = None  # unreadable there, since the controller started
    refused: int | None = None  # commands, since the controller started
    forged: int | None = None  # of them with a wrong seal, boot or number


@dataclass(frozen=True)
class HeatForecast:
    """How the coil's face will warm with what is left to give, without any margin."""

    made_at: float  # loop seconds
    ahead: HeatAhead  # as it is judged, with margins
    peak_c: float
    peak_in_s: float
    points: tuple[tuple[float, float], ...]  # (seconds from made_at, contact face)
    is_learned: bool  # by this coil's own record


@dataclass(frozen=True)
class AlarmState:
    """One alarm signal."""

    alarm_id: str  # text key alarm-<id>
    priority: str  # high, medium, low
    kind: str  # technical, patient
    since_utc_s: float
    is_active: bool  # condition present now
    is_acknowledged: bool
    args: dict[str, str | int | float]


@dataclass
class SafetyState:
    """The safety test that is under way, or whose result is shown."""

    # off; running: by itself; person: waits for one; failed: the step may be repeated, or not;
    # over: the result is shown
    stage: str = "off"
    outcome: str = ""  # with over: passed, failed, dropped, stopped
    run: Run | None = None
    who: str = ""
    prompt: str = ""  # with person: open or close, the contact of the step that is due
    prompt_until: float | None = None  # loop seconds
    expected: tuple[str, ...] = ()  # alarms that the step itself brings about

    @property
    def is_busy(self) -> bool:
        """Nothing else may begin on this unit."""
        return self.stage in ("running", "person", "failed")


@dataclass
class ChairState:
    """Everything. rev grows by one whenever something an operator could see has changed."""

    rev: int = 0
    state: S = S.IDLE
    device: DeviceState = field(default_factory=DeviceState)
    visit: VisitState | None = None
    alarms: tuple[AlarmState, ...] = ()  # highest priority first
    audio_paused_until: float | None = None
    today: tuple[AppointmentRow, ...] = ()
    clinic_state: str = "never"  # never, ok, unreachable, refused
    clinic_heard_at: float | None = None
    to_send: int = 0
    quarantined: int = 0
    self_test: str = "open"  # open, passed, failed
    self_test_utc_s: float | None = None
    heat: HeatForecast | None = None  # None: no coil, or its temperature is not known
    safety: SafetyState = field(default_factory=SafetyState)
    held: tuple[HeldSession, ...] = ()  # stored sessions that cannot be understood
    is_held: bool = False  # of them one that keeps the whole unit from treating
    certificate: Certificate | None = None  # of the last safety test, good or not
    sounder: str = "open"  # open, passed, failed: heard when it was last tried
    sounder_utc_s: float | None = None
