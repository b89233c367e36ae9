# Judges every command against state, limits, interlocks, token and counts. Pure and total: any
# command in any situation gets a code and a detail, never an exception, and nothing is changed.
# unit.py acts on what is accepted. The order of the cases is the order of the answers.
from firmware.compat import TYPE_CHECKING, const
from firmware.core.bounds import HEARTBEAT_MS_MIN, PULSE_ERROR_US_MAX
from firmware.core.counters import NO_SESSION
from firmware.core.settings import Settings
from firmware.core.train import TrainPlan
from firmware.core.transitions import (
    EV_ARM,
    EV_CHARGE,
    EV_CLEAR,
    EV_CONFIGURE,
    EV_CONFIRM,
    EV_DISCHARGE,
    EV_FIRE,
    EV_HOLD,
    EV_PROVE,
    EV_UPDATE,
    REJECT,
    judge,
)
from firmware.wire.codes import (
    BOOT,
    F_LINK_LOST,
    F_SENSOR_FROZEN,
    FAULT,
    IN_ESTOP,
    IN_HOST,
    OK,
    REJ_BUSY,
    REJ_CAUSE,
    REJ_FAULT,
    REJ_HOT,
    REJ_INTERLOCK,
    REJ_INTERVAL,
    REJ_LATE,
    REJ_LEDGER,
    REJ_LIMIT,
    REJ_LOOSER,
    REJ_NOT_CONFIGURED,
    REJ_RANGE,
    REJ_STATE,
    REJ_TIMING,
    REJ_TOKEN,
    REJ_TOO_FAR,
    REJ_TOTAL,
    REJ_UPDATING,
    REJ_VERSION,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import (
    PROVE_SURFACE,
    PROVE_WATCHDOG,
    PROVE_WINDING,
    Arm,
    Charge,
    ClearFault,
    Configure,
    Confirm,
    Discharge,
    FireTrain,
    Hold,
    Prove,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.limits import (
    LEVEL_PCT_MAX,
    LEVEL_PCT_MIN,
    LEVELS_MAX,
    PERIOD_US_MAX,
    SENSOR_C10_MIN,
    START_LEAD_US_MAX,
    START_LEAD_US_MIN,
)
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

ACCEPTED = (OK, 0)
_FIRST_PERIOD_FIELD = const(6)  # Arm.period_1_us counted from 1; each level has two fields


class Situation:
    # What a command is judged against, as plain values; the starting ones refuse everything.

    def __init__(self) -> None:
        self.now_us = 0
        self.state = BOOT
        self.first_fault = 0
        self.is_identified = False  # Hello with our protocol version since boot
        self.settings = Settings()
        self.unit_level_pct_max = 0
        self.inputs_fitted = 0
        self.unsafe_inputs = 0
        self.is_cool = False
        self.is_alive = False
        self.is_arming = False  # an echo is being worked out
        self.is_settling = False  # results of an ended train are still awaited
        self.charged_level_pct = 0
        self.token = 0  # 0: none is valid
        self.plan: "TrainPlan | None" = None
        self.pulses_total = 0
        self.session_id = NO_SESSION
        self.session_pulses = 0
        self.is_ledger_valid = False
        self.last_pulse_us = -1  # last delivered pulse, -1 none
        self.armed_pulse_us = -1  # the same since the last Confirm
        self.timing_ipi_us_min = PERIOD_US_MAX  # what this controller can time
        self.is_staging = False  # a firmware image is being received
        self.is_starving = True  # the chip is about to be restarted by its watchdog
        self.is_face_still = True  # its sensor has no noise
        self.is_winding_still = True
        self.faults: "list[int]" = []
        self.faults_with_cause: "list[int]" = []


def judge_command(command: Message, situation: Situation) -> "tuple[int, int]":
    """(OK, 0) or (code, detail), for all but Hello, Heartbeat, Stop and ReadLedger."""
    event, special = _RULES[command.TYPE]
    # An update must be possible from an edge of any version.
    if not situation.is_identified and event != EV_UPDATE:
        return REJ_VERSION, PROTOCOL_VERSION
    if judge(situation.state, event) == REJECT:
        if situation.state == FAULT:
            return REJ_FAULT, situation.first_fault
        if situation.state == TRAIN and event == EV_FIRE:
            return REJ_BUSY, situation.state
        return REJ_STATE, situation.state
    return special(command, situation)


def _judge_nothing(command: Message, situation: Situation) -> "tuple[int, int]":
    del command, situation
    return ACCEPTED


def _judge_configure(command: Configure, situation: Situation) -> "tuple[int, int]":
    if command.settings_hash == 0:
        return REJ_RANGE, 1
    # Field number, asked, least sensible value, value in force; the last is the loosest allowed.
    now = situation.settings
    for field, asked, least, loosest in (
        (2, command.level_pct_max, LEVEL_PCT_MIN, now.level_pct_max),
        (4, command.train_pulses_max, 1, now.train_pulses_max),
        (5, command.session_pulses_max, 1, now.session_pulses_max),
        (6, command.surface_c10_max, SENSOR_C10_MIN, now.surface_c10_max),
        (7, command.winding_c10_max, SENSOR_C10_MIN, now.winding_c10_max),
        (8, command.heartbeat_ms_max, HEARTBEAT_MS_MIN, now.heartbeat_ms_max),
    ):
        if asked < least:
            return REJ_RANGE, field
        if asked > loosest:
            return REJ_LOOSER, max(loosest, 0)  # detail is unsigned
    if command.ipi_us_min < now.ipi_us_min:
        return REJ_LOOSER, now.ipi_us_min
    # The emergency stop and the second enable are not a matter of configuration.
    least_inputs = now.inputs_required | IN_ESTOP | IN_HOST
    if command.inputs_required & least_inputs != least_inputs:
        return REJ_LOOSER, least_inputs
    if command.inputs_required & ~situation.inputs_fitted:
        return REJ_RANGE, 9
    return ACCEPTED


def _judge_permissives(situation: Situation) -> "tuple[int, int]":
    # What charging, arming and confirming have in common.
    if situation.settings.settings_hash == 0:
        return REJ_NOT_CONFIGURED, 0
    if situation.unsafe_inputs:
        return REJ_INTERLOCK, situation.unsafe_inputs
    if not situation.is_cool:
        return REJ_HOT, max(situation.settings.surface_c10_max, 0)
    if not situation.is_alive:
        return REJ_CAUSE, F_LINK_LOST
    if situation.is_settling:
        return REJ_BUSY, situation.state
    return ACCEPTED


def _judge_level(level_pct: int, field: int, situation: Situation) -> "tuple[int, int]":
    if not LEVEL_PCT_MIN <= level_pct <= LEVEL_PCT_MAX:
        return REJ_RANGE, field
    level_pct_max = min(situation.settings.level_pct_max, situation.unit_level_pct_max)
    if level_pct > level_pct_max:
        return REJ_LIMIT, level_pct_max
    return ACCEPTED


def _judge_charge(command: Charge, situation: Situation) -> "tuple[int, int]":
    if situation.is_staging or situation.is_starving:
        return REJ_UPDATING, 0
    verdict = _judge_permissives(situation)
    if verdict[0] != OK:
        return verdict
    return _judge_level(command.level_pct_mso, 1, situation)


def plan_of(command: Arm) -> TrainPlan:
    """The levels of an Arm as a plan, sound or not; train_levels outside its range is clipped."""
    levels = (
        (command.count_1, command.period_1_us),
        (command.count_2, command.period_2_us),
        (command.count_3, command.period_3_us),
        (command.count_4, command.period_4_us),
    )
    return TrainPlan(levels, min(max(command.train_levels, 1), LEVELS_MAX))


def _judge_plan(command: Arm, situation: Situation) -> "tuple[int, int]":
    if not 1 <= command.train_levels <= LEVELS_MAX:
        return REJ_RANGE, 4
    plan = plan_of(command)
    unsound = plan.first_unsound_level()
    if unsound < LEVELS_MAX:
        return REJ_RANGE, _FIRST_PERIOD_FIELD + 2 * unsound
    limits = situation.settings
    if command.pulses_total != plan.pulses:
        return REJ_RANGE, 13
    if plan.pulses > limits.session_pulses_max:
        return REJ_LIMIT, limits.session_pulses_max
    if plan.train_pulses > limits.train_pulses_max:
        return REJ_LIMIT, limits.train_pulses_max
    if plan.pulses > 1 and plan.interval_us_min() < limits.ipi_us_min:
        return REJ_INTERVAL, limits.ipi_us_min
    if plan.pulses > 1 and plan.interval_us_min() < situation.timing_ipi_us_min:
        return REJ_TIMING, situation.timing_ipi_us_min
    return ACCEPTED


def _judge_count(command: Arm, situation: Situation) -> "tuple[int, int]":
    # The same session goes on where this unit's own count stands; another one starts at zero. A
    # count that is only a lower bound (power was lost while armed) may be raised, never lowered.
    counted = situation.session_pulses if command.session_id == situation.session_id else 0
    is_exact = situation.is_ledger_valid or command.session_id != situation.session_id
    if command.delivered < counted or (is_exact and command.delivered != counted):
        return REJ_LEDGER, counted
    if command.delivered >= command.pulses_total:
        return REJ_TOTAL, counted
    return ACCEPTED


def _judge_arm(command: Arm, situation: Situation) -> "tuple[int, int]":
    if situation.is_arming:
        return REJ_BUSY, situation.state
    verdict = _judge_permissives(situation)
    if verdict[0] == OK:
        verdict = _judge_level(command.level_pct_mso, 3, situation)
    if verdict[0] != OK:
        return verdict
    if command.session_id == NO_SESSION:
        return REJ_RANGE, 1
    if command.level_pct_mso != situation.charged_level_pct:
        return REJ_LIMIT, situation.charged_level_pct
    verdict = _judge_plan(command, situation)
    if verdict[0] != OK:
        return verdict
    return _judge_count(command, situation)


def _judge_confirm(command: Confirm, situation: Situation) -> "tuple[int, int]":
    if situation.token == 0 or command.token != situation.token:
        return REJ_TOKEN, 0
    return _judge_permissives(situation)


def _judge_start(command: FireTrain, plan: TrainPlan, situation: Situation) -> "tuple[int, int]":
    lead_us = command.start_us - situation.now_us
    if lead_us < START_LEAD_US_MIN:
        return REJ_LATE, START_LEAD_US_MIN
    if lead_us > START_LEAD_US_MAX:
        return REJ_TOO_FAR, START_LEAD_US_MAX
    ipi_us_min = situation.settings.ipi_us_min
    if 0 <= situation.last_pulse_us > command.start_us - ipi_us_min:
        return REJ_INTERVAL, ipi_us_min
    # While armed, trains follow each other no sooner than the plan has it. After a new Arm the edge
    # decides, and the rest of an interrupted train is not preceded by the plan's pause.
    pause_us = plan.pause_us_min() - PULSE_ERROR_US_MAX
    if command.first_pulse == 0 and 0 <= situation.armed_pulse_us > command.start_us - pause_us:
        return REJ_INTERVAL, pause_us
    return ACCEPTED


def _judge_fire(command: FireTrain, situation: Situation) -> "tuple[int, int]":
    plan = situation.plan
    if situation.token == 0 or command.token != situation.token or plan is None:
        return REJ_TOKEN, 0
    verdict = _judge_permissives(situation)
    if verdict[0] != OK:
        return verdict
    if command.train_index >= plan.trains:
        return REJ_RANGE, 2
    if command.first_pulse >= plan.train_pulses:
        return REJ_RANGE, 3
    if not 1 <= command.pulse_count <= plan.train_pulses - command.first_pulse:
        return REJ_RANGE, 4
    if situation.session_pulses + command.pulse_count > situation.pulses_total:
        return REJ_TOTAL, situation.session_pulses
    return _judge_start(command, plan, situation)


def _judge_clear(command: ClearFault, situation: Situation) -> "tuple[int, int]":
    if situation.is_settling:
        return REJ_BUSY, situation.state
    if command.fault == 0:
        if situation.faults_with_cause:
            return REJ_CAUSE, situation.faults_with_cause[0]
        return ACCEPTED
    if command.fault not in situation.faults:
        return REJ_RANGE, 1
    if command.fault in situation.faults_with_cause:
        return REJ_CAUSE, command.fault
    return ACCEPTED


def _judge_prove(command: Prove, situation: Situation) -> "tuple[int, int]":
    # A reading that cannot be believed would make a trip that proves nothing.
    if not PROVE_SURFACE <= command.part <= PROVE_WATCHDOG:
        return REJ_RANGE, 1
    if situation.settings.settings_hash == 0:
        return REJ_NOT_CONFIGURED, 0
    if situation.is_staging or situation.is_starving:
        return REJ_UPDATING, 0
    if command.part == PROVE_WATCHDOG:
        return ACCEPTED
    is_winding = command.part == PROVE_WINDING
    if situation.is_winding_still if is_winding else situation.is_face_still:
        return REJ_CAUSE, F_SENSOR_FROZEN
    if not situation.is_cool:
        return REJ_HOT, max(situation.settings.surface_c10_max, 0)
    return ACCEPTED


def _judge_commit(command: UpdateCommit, situation: Situation) -> "tuple[int, int]":
    # Firmware that came up with a fault is not kept.
    del command
    if situation.state != STANDBY:
        return REJ_FAULT, situation.first_fault
    return ACCEPTED


# By type number: the event in the table of states, and what else must hold.
_RULES: "dict[int, tuple[int, Callable[..., tuple[int, int]]]]" = {
    Configure.TYPE: (EV_CONFIGURE, _judge_configure),
    Charge.TYPE: (EV_CHARGE, _judge_charge),
    Discharge.TYPE: (EV_DISCHARGE, _judge_nothing),
    Arm.TYPE: (EV_ARM, _judge_arm),
    Confirm.TYPE: (EV_CONFIRM, _judge_confirm),
    FireTrain.TYPE: (EV_FIRE, _judge_fire),
    Hold.TYPE: (EV_HOLD, _judge_nothing),
    ClearFault.TYPE: (EV_CLEAR, _judge_clear),
    Prove.TYPE: (EV_PROVE, _judge_prove),
    UpdateBegin.TYPE: (EV_UPDATE, _judge_nothing),
    UpdateFile.TYPE: (EV_UPDATE, _judge_nothing),
    UpdateWrite.TYPE: (EV_UPDATE, _judge_nothing),
    UpdateFinish.TYPE: (EV_UPDATE, _judge_nothing),
    UpdateTry.TYPE: (EV_UPDATE, _judge_nothing),
    UpdateCommit.TYPE: (EV_UPDATE, _judge_commit),
}
