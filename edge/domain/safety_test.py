"""The safety test of a unit: its steps, what each must show, and the run through them.

Every path that stops a treatment is tripped once, with no patient in the chair and no pulse
possible: nothing is armed, no token is asked for, and the bank is charged no higher than is safe to
touch. Automatic steps need nobody; guided ones ask a person to press, open or pull something.
Driving and measuring are edge/services/safety_test.py. Total: any observation of any step is
judged. Pure: times come in measured.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from edge.domain.device_facts import ATTEND, ENABLE_NAMES
from firmware.wire import codes

# [K] 60 V is the touch limit for direct voltage; 3 % of 1800 V is 54 V. [C] Its tolerance of 2 % is
# two steps of the controller's converter: less could not be held.
PROOF_LEVEL_PCT = 3
ATTEMPTS_MAX = 3  # [P] a step may be repeated twice
# Class E and F of sources.md domain 2.8: 10 ms [P]; from the edge's wire to the controller's latch,
# on two clocks that may differ by half of it. Where the controller was first, it was fast enough.
TRIP_MS = 10
OWN_MS = 100  # [P] class S of the same table: the edge sees the opening this late at most
CLOCK_US_MAX = 5_000  # [P] the clocks' own uncertainty, half of the shortest limit
HOST_RISE_MS = 500  # [P] one edge, 20 ms of debouncing, one status, one reading of the wires
# [P] The one-shot's life of 250 ms (edge/services/host_enable.py), and one status.
HOST_FALL_MS = 300
BEAT_MS = 500  # [P] sources.md domain 2.8
HEAT_MS = 250  # [P] five readings of the controller, a quarter of the 1 s of the same table
HEAT_OWN_MS = 1_000  # [P] the same 1 s: four readings of the edge's own sensor
# [V] The board's watchdog bites after 8 s (firmware/main.py); [P] 4 s to start and be greeted.
WATCHDOG_MS = 12_000
QUICK_S = 5.0  # [P] for what nobody has to do
WATCHDOG_S = 15.0
# [P] To find the button, or to walk to the door. The unit stands charged meanwhile, which the
# controller calls a fault after a minute (LEFT_CHARGED_MS_MAX).
PERSON_S = 50.0

DAILY, FULL = "daily", "full"
VARIANTS: tuple[str, ...] = (DAILY, FULL)


@dataclass(frozen=True)
class Step:
    """key: of the texts safety-<key>. fault: what the controller has to latch, 0 for none."""

    key: str
    is_guided: bool = False
    fault: int = codes.F_NONE
    limit_ms: int | None = None  # None: seen or not seen, nothing to measure
    wait_s: float = QUICK_S


def _guided(key: str, fault: int) -> Step:
    return Step(key, is_guided=True, fault=fault, limit_ms=TRIP_MS, wait_s=PERSON_S)


REST, ALARM, HOST_RISE, HOST_FALL = "rest", "alarm", "host_rise", "host_fall"
BEAT, FACE, WINDING, FACE_OWN = "heartbeat", "face", "winding", "face_own"
COOLING, WATCHDOG = "cooling", "watchdog"

# In this order: what needs nobody first, so that a unit that fails costs no walk to the door.
STEPS: tuple[Step, ...] = (
    Step(REST),
    Step(ALARM),
    Step(HOST_RISE, limit_ms=HOST_RISE_MS),
    Step(HOST_FALL, fault=codes.F_HOST_ENABLE, limit_ms=HOST_FALL_MS),
    Step(BEAT, fault=codes.F_LINK_LOST, limit_ms=BEAT_MS),
    Step(FACE, fault=codes.F_SURFACE_HOT, limit_ms=HEAT_MS),
    Step(WINDING, fault=codes.F_WINDING_HOT, limit_ms=HEAT_MS),
    Step(FACE_OWN, limit_ms=HEAT_OWN_MS),
    Step(COOLING),
    Step(WATCHDOG, limit_ms=WATCHDOG_MS, wait_s=WATCHDOG_S),
    _guided("estop", codes.F_ESTOP),
    _guided("patient", codes.F_PATIENT_STOP),
    _guided("door", codes.F_DOOR),
    _guided("coil", codes.F_COIL_ABSENT),
    _guided("enclosure", codes.F_ENCLOSURE),
    Step(ATTEND, is_guided=True, wait_s=PERSON_S),
)
# Chips with a watchdog of their own. A core in a process of the Pi has the Pi's, which would take
# the service down with it; there the step is left out and the certificate does not name it.
WATCHDOG_TIMINGS = (codes.TIMING_SIMULATED, codes.TIMING_PIO)

# Why a step failed (texts safety-failure-<code>), in the order in which they are looked for.
FAILURES: tuple[str, ...] = (
    "link_lost",
    "not_ready",
    "refused",
    "frozen",
    "too_warm",
    "clock_unsure",
    "enable_at_rest",
    "contact_at_rest",
    "temperature_at_rest",
    "sounder_dead",
    "no_enable",
    "no_cooling",
    "no_restart",
    "other_fault",
    "not_opened",
    "own_blind",
    "controller_blind",
    "not_measured",
    "too_slow",
    "own_slow",
    "enable_stayed",
    "not_restored",
)


@dataclass(frozen=True)
class Fitted:
    """What this unit has."""

    inputs: Collection[str]  # the controller's, by INPUT_NAMES
    panel: Collection[str]  # the edge's own
    timing_class: int | None


@dataclass(frozen=True)
class Seen:
    """What a step brought about. The starting values are the ones that fail."""

    hindrance: str = ""  # a word of FAILURES: it could not be driven at all
    detail: str = ""
    is_own_seen: bool | None = False  # on the edge's own wire; None: there is none
    latched: tuple[int, ...] = ()  # the controller's faults, the first one first
    took_us: int | None = None
    own_us: int | None = None  # how much later the edge saw it than the controller
    are_enables_low: bool = False  # both read-backs
    is_restored: bool = False  # as before: contact closed, fault cleared, at rest


@dataclass(frozen=True)
class Attempt:
    """One try of one step. failure is '' when it passed."""

    key: str
    failure: str
    detail: str
    took_us: int | None
    limit_ms: int | None
    own_us: int | None = None  # how much later the edge saw it than the controller

    @property
    def is_passed(self) -> bool:
        return not self.failure


def steps_for(fitted: Fitted, variant: str) -> tuple[Step, ...]:
    """The steps of a unit; what opens only with a tool belongs to the full test."""
    return tuple(step for step in STEPS if _belongs(step, fitted, variant))


def _belongs(step: Step, fitted: Fitted, variant: str) -> bool:
    if step.key == WATCHDOG:
        return fitted.timing_class in WATCHDOG_TIMINGS
    if step.key == COOLING:
        return COOLING in fitted.inputs
    if step.key == "enclosure" and variant != FULL:
        return False
    if step.key == ATTEND:
        return ATTEND in fitted.panel
    return True


def judge(step: Step, seen: Seen) -> Attempt:
    """The attempt that this observation is."""
    failure, detail = _failure(step, seen)
    return Attempt(step.key, failure, detail, seen.took_us, step.limit_ms, seen.own_us)


def _failure(step: Step, seen: Seen) -> tuple[str, str]:
    if seen.hindrance:
        return seen.hindrance, seen.detail
    first = seen.latched[0] if seen.latched else codes.F_NONE
    if first not in (codes.F_NONE, step.fault):
        return "other_fault", str(first)
    if seen.is_own_seen is False:
        is_nobody = step.is_guided and first == codes.F_NONE
        return ("not_opened" if is_nobody else "own_blind"), ""
    if first != step.fault:
        return "controller_blind", ""
    if step.limit_ms is not None and seen.took_us is None:
        return "not_measured", ""
    if step.limit_ms is not None and (seen.took_us or 0) > step.limit_ms * 1000:
        return "too_slow", ""
    if (seen.own_us or 0) > OWN_MS * 1000:
        return "own_slow", ""
    if not seen.are_enables_low:
        return "enable_stayed", ""
    return ("", "") if seen.is_restored else ("not_restored", "")


@dataclass(frozen=True)
class Rest:
    """The unit before anything is tripped."""

    enables_on: tuple[str, ...]  # read-backs that are not low
    contacts: tuple[tuple[str, str], ...]  # (name, state) as edge.domain.device_facts has them
    temperatures_c10: tuple[int | None, ...]  # contact face, winding, the edge's own


# [P] sources.md domain 11.1: temperatures equal the room +-3 degrees at the start of a day: two
# differ by twice that at most. A coil that has just been used must rest first.
REST_SPREAD_C10 = 60


def judge_rest(rest: Rest) -> Seen:
    """Nothing is where it must not be, and everything is known."""
    if rest.enables_on:
        return Seen("enable_at_rest", rest.enables_on[0])
    if not rest.contacts:
        return Seen("contact_at_rest", "")
    for name, state in rest.contacts:
        if state != "ok" and name not in ENABLE_NAMES:
            return Seen("contact_at_rest", name)
    known = [value for value in rest.temperatures_c10 if value is not None]
    if len(known) < len(rest.temperatures_c10):
        return Seen("temperature_at_rest")
    if max(known) - min(known) > REST_SPREAD_C10:
        return Seen("temperature_at_rest")
    return Seen(is_own_seen=None, are_enables_low=True, is_restored=True)


@dataclass(frozen=True)
class Run:
    """A test that is under way, or over."""

    variant: str
    steps: tuple[Step, ...]
    attempts: tuple[Attempt, ...] = ()


def recorded(run: Run, attempt: Attempt) -> Run:
    """With one more attempt of the step that is due."""
    return replace(run, attempts=(*run.attempts, attempt))


def tries(run: Run, key: str) -> tuple[Attempt, ...]:
    """Attempts of this step, oldest first."""
    return tuple(attempt for attempt in run.attempts if attempt.key == key)


def step_state(run: Run, key: str) -> str:
    """open, passed or failed: the last attempt counts."""
    made = tries(run, key)
    if not made:
        return "open"
    return "passed" if made[-1].is_passed else "failed"


def due_step(run: Run) -> Step | None:
    """The first step that has not passed; None when all have."""
    return next((step for step in run.steps if step_state(run, step.key) != "passed"), None)


def is_failed(run: Run) -> bool:
    """A step stands failed."""
    return any(step_state(run, step.key) == "failed" for step in run.steps)


def may_repeat(run: Run) -> bool:
    """The step that failed may be tried once more."""
    step = due_step(run)
    if step is None or step_state(run, step.key) != "failed":
        return False
    return len(tries(run, step.key)) < ATTEMPTS_MAX


def is_passed(run: Run) -> bool:
    """Every step has passed; a test without steps proves nothing."""
    return bool(run.steps) and due_step(run) is None
