# The envelope: every command in every state has a fixed answer, every bound is tried at and beyond,
# and no combination whatever raises.
from firmware.core.counters import NO_SESSION
from firmware.core.envelope import Situation, judge_command
from firmware.wire.codes import (
    ARMED,
    F_DOOR,
    F_ESTOP,
    F_LINK_LOST,
    FAULT,
    IN_DOOR,
    IN_ESTOP,
    OK,
    READY,
    REJ_BUSY,
    REJ_CAUSE,
    REJ_FAULT,
    REJ_HOT,
    REJ_INTERLOCK,
    REJ_INTERVAL,
    REJ_LATE,
    REJ_LEDGER,
    REJ_LIMIT,
    REJ_NOT_CONFIGURED,
    REJ_RANGE,
    REJ_STATE,
    REJ_TIMING,
    REJ_TOKEN,
    REJ_TOO_FAR,
    REJ_TOTAL,
    REJ_UPDATING,
    REJ_VERSION,
    REJECTION_NAMES,
    STANDBY,
    STATE_NAMES,
    TRAIN,
)
from firmware.wire.commands import (
    Arm,
    Charge,
    ClearFault,
    Confirm,
    Discharge,
    Hold,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.limits import (
    IPI_US_MIN,
    PERIOD_US_MAX,
    SESSION_PULSES_MAX,
    START_LEAD_US_MAX,
    START_LEAD_US_MIN,
    SURFACE_C10_MAX,
    TRAIN_PULSES_MAX,
)
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from tests.firmware.bench import (
    SESSION_A,
    SESSION_B,
    TEN_HZ_80,
    arm_of,
    configure_of,
)
from tests.firmware.chance import Chance, sized
from tests.firmware.marks import control
from tests.firmware.situations import NOW, TOKEN, fire_of, good

pytestmark = control("mcu-limits")

ONE = (1, 0)

GOOD: "tuple[Message, ...]" = (
    configure_of(),
    Charge(level_pct_mso=60),
    Discharge(),
    arm_of(TEN_HZ_80, 1),
    Confirm(token=TOKEN),
    fire_of(),
    Hold(),
    ClearFault(fault=F_DOOR),
    UpdateBegin(),
    UpdateCommit(),
)

# One letter a command in the order of GOOD: o accepted, s wrong state, b busy, f fault latched.
OUTCOMES = (
    ("BOOT", "osossss" + "s" + "ss"),
    ("SELF_TEST", "osossss" + "s" + "ss"),
    ("STANDBY", "ooossss" + "s" + "oo"),
    ("CHARGING", "ssossss" + "s" + "ss"),
    ("READY", "soooo" + "ss" + "s" + "ss"),
    ("ARMED", "ssossoo" + "s" + "ss"),
    ("TRAIN", "ssossbo" + "s" + "ss"),
    ("HOLD", "ooosss" + "o" + "s" + "ss"),
    ("DISCHARGING", "osossss" + "s" + "ss"),
    ("FAULT", "offffff" + "o" + "of"),
)
UPDATE = (UpdateBegin.TYPE, UpdateCommit.TYPE)
LETTERS = {OK: "o", REJ_STATE: "s", REJ_BUSY: "b", REJ_FAULT: "f"}


def test_every_command_in_every_state_has_its_outcome() -> None:
    for state in range(len(STATE_NAMES)):
        name, expected = OUTCOMES[state]
        assert name == STATE_NAMES[state]
        found = ""
        for command in GOOD:
            found += LETTERS[judge_command(command, good(state))[0]]
        assert found == expected, name
    assert len(GOOD) * len(STATE_NAMES) == 100


def test_state_rejections_name_the_state_or_the_fault() -> None:
    assert judge_command(Confirm(token=TOKEN), good(STANDBY)) == (REJ_STATE, STANDBY)
    assert judge_command(Confirm(token=TOKEN), good(FAULT)) == (REJ_FAULT, F_DOOR)
    assert judge_command(fire_of(), good(TRAIN)) == (REJ_BUSY, TRAIN)


def test_unidentified_edge_is_refused_everything() -> None:
    for state in range(len(STATE_NAMES)):
        situation = good(state)
        situation.is_identified = False
        for command in GOOD:
            if command.TYPE not in UPDATE:
                assert judge_command(command, situation) == (REJ_VERSION, PROTOCOL_VERSION)


def test_update_is_judged_whatever_the_version_and_never_outside_rest() -> None:
    # Catches: a controller that only an edge of its own version could bring up to date.
    for state in range(len(STATE_NAMES)):
        situation = good(state)
        situation.is_identified = False
        is_at_rest = state in (STANDBY, FAULT)
        for command in (
            UpdateBegin(),
            UpdateFile(name=bytes(48), file_bytes=1, sha256=bytes(32)),
            UpdateWrite(offset=0, length=1, data=bytes(64)),
            UpdateFinish(manifest_sha256=bytes(32)),
            UpdateTry(),
        ):
            assert (judge_command(command, situation)[0] == OK) == is_at_rest


def test_charge_waits_for_an_image_that_is_being_received() -> None:
    situation = good(STANDBY)
    situation.is_staging = True
    assert judge_command(Charge(level_pct_mso=60), situation) == (REJ_UPDATING, 0)


def test_plan_that_this_controller_cannot_time_is_refused() -> None:
    for ipi_us_min, code in ((100000, OK), (100001, REJ_TIMING)):
        situation = good(READY)
        situation.timing_ipi_us_min = ipi_us_min
        verdict = judge_command(arm_of(TEN_HZ_80, 1), situation)
        assert verdict == (code, 0 if code == OK else ipi_us_min)
    situation = good(READY)
    situation.timing_ipi_us_min = PERIOD_US_MAX
    assert judge_command(arm_of((ONE, ONE, ONE, ONE), 1), situation)[0] == OK


def test_starting_situation_refuses_everything() -> None:
    # Catches: a starting value that is the good case.
    for command in GOOD:
        assert judge_command(command, Situation())[0] != OK


def test_permissives_are_demanded_by_charge_arm_confirm_andfire_of() -> None:
    for state, command in (
        (STANDBY, Charge(level_pct_mso=60)),
        (READY, arm_of(TEN_HZ_80, 1)),
        (READY, Confirm(token=TOKEN)),
        (ARMED, fire_of()),
    ):
        situation = good(state)
        situation.is_settling = True
        assert judge_command(command, situation) == (REJ_BUSY, state)
        situation.is_alive = False
        assert judge_command(command, situation) == (REJ_CAUSE, F_LINK_LOST)
        situation.is_cool = False
        assert judge_command(command, situation) == (REJ_HOT, SURFACE_C10_MAX)
        situation.unsafe_inputs = IN_DOOR
        assert judge_command(command, situation) == (REJ_INTERLOCK, IN_DOOR)
        situation.settings = Situation().settings
        assert judge_command(command, situation) == (REJ_NOT_CONFIGURED, 0)


def test_charge_level_at_and_beyond_its_bounds() -> None:
    for level, outcome in (
        (0, (REJ_RANGE, 1)),
        (1, (OK, 0)),
        (90, (OK, 0)),
        (91, (REJ_LIMIT, 90)),
        (100, (REJ_LIMIT, 90)),
        (101, (REJ_RANGE, 1)),
    ):
        assert judge_command(Charge(level_pct_mso=level), good(STANDBY)) == outcome
    situation = good(STANDBY)
    situation.unit_level_pct_max = 50
    assert judge_command(Charge(level_pct_mso=51), situation) == (REJ_LIMIT, 50)


def _arm(*levels: "tuple[int, int]", train_levels: int = 1, **over: "int | bytes") -> Arm:
    padded = levels + (ONE,) * (4 - len(levels))
    return arm_of(padded, train_levels, 60, SESSION_A, 0, **over)


def _armed(command: Arm, situation: "Situation | None" = None) -> "tuple[int, int]":
    return judge_command(command, situation or good(READY))


def test_arm_fields_out_of_range_are_named() -> None:
    for field, name, value in (
        (1, "session_id", NO_SESSION),
        (4, "train_levels", 0),
        (4, "train_levels", 5),
        (13, "pulses_total", 79),
        (13, "pulses_total", 81),
        (6, "count_1", 0),
        (6, "period_1_us", 0),
        (8, "period_2_us", 3900000),
    ):
        command = arm_of(TEN_HZ_80, 1, 60, SESSION_A, 0)
        setattr(command, name, value)
        assert _armed(command) == (REJ_RANGE, field), name


def test_arm_level_must_be_the_charged_one() -> None:
    command = arm_of(TEN_HZ_80, 1, 59)
    assert _armed(command) == (REJ_LIMIT, 60)
    assert _armed(arm_of(TEN_HZ_80, 1, 91)) == (REJ_LIMIT, 90)
    assert _armed(arm_of(TEN_HZ_80, 1, 0)) == (REJ_RANGE, 3)


def test_arm_plan_at_and_beyond_its_bounds() -> None:
    # Catches: off by one in any limit of the plan.
    assert _armed(_arm((2, IPI_US_MIN))) == (OK, 0)
    assert _armed(_arm((2, IPI_US_MIN - 1))) == (REJ_INTERVAL, IPI_US_MIN)
    assert _armed(_arm((3, 20000), (2, 40000 + IPI_US_MIN))) == (OK, 0)
    assert _armed(_arm((3, 20000), (2, 39999 + IPI_US_MIN))) == (REJ_INTERVAL, IPI_US_MIN)
    assert _armed(_arm((1800, 20000))) == (OK, 0)
    assert _armed(_arm((1801, 20000))) == (REJ_LIMIT, TRAIN_PULSES_MAX)
    assert _armed(_arm((60, 20000), (100, 5000000))) == (OK, 0)
    assert _armed(_arm((61, 20000), (100, 5000000))) == (REJ_LIMIT, SESSION_PULSES_MAX)
    assert _armed(_arm(ONE)) == (OK, 0)


def test_arm_while_an_echo_is_worked_out_is_busy() -> None:
    situation = good(READY)
    situation.is_arming = True
    assert _armed(arm_of(TEN_HZ_80, 1), situation) == (REJ_BUSY, READY)


def test_arm_count_must_agree_with_the_ledger() -> None:
    # Catches: a resumed session that repeats or skips pulses.
    situation = good(READY)
    situation.session_pulses = 12
    for session, delivered, outcome in (
        (SESSION_A, 12, (OK, 0)),
        (SESSION_A, 11, (REJ_LEDGER, 12)),
        (SESSION_A, 13, (REJ_LEDGER, 12)),
        (SESSION_B, 0, (OK, 0)),
        (SESSION_B, 1, (REJ_LEDGER, 0)),
    ):
        assert _armed(arm_of(TEN_HZ_80, 1, 60, session, delivered), situation) == outcome
    situation.session_pulses = 80
    assert _armed(arm_of(TEN_HZ_80, 1, 60, SESSION_A, 80), situation) == (REJ_TOTAL, 80)


def test_arm_count_that_is_a_lower_bound_may_be_raised_never_lowered() -> None:
    situation = good(READY)
    situation.session_pulses = 12
    situation.is_ledger_valid = False
    assert _armed(arm_of(TEN_HZ_80, 1, 60, SESSION_A, 15), situation) == (OK, 0)
    assert _armed(arm_of(TEN_HZ_80, 1, 60, SESSION_A, 11), situation) == (REJ_LEDGER, 12)
    assert _armed(arm_of(TEN_HZ_80, 1, 60, SESSION_B, 1), situation) == (REJ_LEDGER, 0)


def test_confirm_takes_the_valid_token_only() -> None:
    for token in (0, TOKEN - 1, TOKEN + 1):
        assert judge_command(Confirm(token=token), good(READY)) == (REJ_TOKEN, 0)
    situation = good(READY)
    situation.token = 0
    assert judge_command(Confirm(token=0), situation) == (REJ_TOKEN, 0)


def test_fire_token_plan_and_fields_at_their_bounds() -> None:
    for over, outcome in (
        ({"token": TOKEN + 1}, (REJ_TOKEN, 0)),
        ({"train_index": 1}, (OK, 0)),
        ({"train_index": 2}, (REJ_RANGE, 2)),
        ({"first_pulse": 39, "pulse_count": 1}, (OK, 0)),
        ({"first_pulse": 40, "pulse_count": 1}, (REJ_RANGE, 3)),
        ({"first_pulse": 39, "pulse_count": 2}, (REJ_RANGE, 4)),
        ({"pulse_count": 0}, (REJ_RANGE, 4)),
        ({"pulse_count": 41}, (REJ_RANGE, 4)),
        ({"start_us": NOW + START_LEAD_US_MIN}, (OK, 0)),
        ({"start_us": NOW + START_LEAD_US_MIN - 1}, (REJ_LATE, START_LEAD_US_MIN)),
        ({"start_us": 0}, (REJ_LATE, START_LEAD_US_MIN)),
        ({"start_us": NOW + START_LEAD_US_MAX}, (OK, 0)),
        ({"start_us": NOW + START_LEAD_US_MAX + 1}, (REJ_TOO_FAR, START_LEAD_US_MAX)),
    ):
        assert judge_command(fire_of(**over), good(ARMED)) == outcome, over
    situation = good(ARMED)
    situation.token = 0
    assert judge_command(fire_of(token=0), situation) == (REJ_TOKEN, 0)
    situation = good(ARMED)
    situation.plan = None
    assert judge_command(fire_of(), situation) == (REJ_TOKEN, 0)


def test_fire_never_passes_the_prescribed_total() -> None:
    # Catches: >= in place of >, and counting trains instead of delivered pulses.
    situation = good(ARMED)
    situation.session_pulses = 40
    assert judge_command(fire_of(), situation) == (OK, 0)
    situation.session_pulses = 41
    assert judge_command(fire_of(), situation) == (REJ_TOTAL, 41)
    assert judge_command(fire_of(pulse_count=39), situation) == (OK, 0)


def test_fire_comes_no_sooner_after_the_last_pulse_than_allowed() -> None:
    start_us = NOW + START_LEAD_US_MIN
    situation = good(ARMED)
    situation.settings.ipi_us_min = 50000
    situation.last_pulse_us = start_us - 50000
    assert judge_command(fire_of(start_us=start_us), situation) == (OK, 0)
    situation.last_pulse_us += 1
    assert judge_command(fire_of(start_us=start_us), situation) == (REJ_INTERVAL, 50000)

    pause_us = 15000000 - 3900000 - 1000
    situation = good(ARMED)
    situation.last_pulse_us = situation.armed_pulse_us = start_us - pause_us
    assert judge_command(fire_of(start_us=start_us), situation) == (OK, 0)
    situation.last_pulse_us = situation.armed_pulse_us = start_us - pause_us + 1
    assert judge_command(fire_of(start_us=start_us), situation) == (REJ_INTERVAL, pause_us)
    rest = fire_of(start_us=start_us, first_pulse=1, pulse_count=39)
    assert judge_command(rest, situation) == (OK, 0)


def test_clear_needs_a_latched_fault_whose_cause_is_gone() -> None:
    situation = good(FAULT)
    situation.faults = [F_DOOR, F_ESTOP]
    situation.faults_with_cause = [F_ESTOP]
    for fault, outcome in (
        (F_DOOR, (OK, 0)),
        (F_ESTOP, (REJ_CAUSE, F_ESTOP)),
        (F_LINK_LOST, (REJ_RANGE, 1)),
        (0, (REJ_CAUSE, F_ESTOP)),
    ):
        assert judge_command(ClearFault(fault=fault), situation) == outcome
    situation.faults_with_cause = []
    assert judge_command(ClearFault(fault=0), situation) == (OK, 0)
    situation.is_settling = True
    assert judge_command(ClearFault(fault=0), situation) == (REJ_BUSY, FAULT)


def test_no_command_in_any_situation_raises_or_gives_an_unknown_code() -> None:
    chance = Chance(9)
    accepted = 0
    for _ in range(sized(20000, 400)):
        kind = type(GOOD[chance.below(len(GOOD))])
        values: dict[str, int | bytes] = {}
        for name, low, high in kind.layout()[2]:
            if high == -1:
                values[name] = chance.blob(low)
            elif chance.below(2):
                values[name] = low + chance.below(min(high - low, 100) + 1)
            else:
                values[name] = low + chance.below(high - low + 1)
        situation = good(chance.below(len(STATE_NAMES)))
        situation.is_cool = chance.below(8) > 0
        situation.unsafe_inputs = 0 if chance.below(8) else IN_DOOR
        situation.is_alive = chance.below(8) > 0
        code, detail = judge_command(kind(**values), situation)
        assert 0 <= code < len(REJECTION_NAMES)
        assert 0 <= detail <= 0xFFFFFFFF
        accepted += code == OK
    assert accepted


def test_situation_with_an_open_input_accepts_nothing_that_raises_risk() -> None:
    # Catches: a state in which a command goes past the interlocks.
    for state in range(len(STATE_NAMES)):
        situation = good(state)
        situation.unsafe_inputs = IN_ESTOP
        for command in GOOD[1:6]:
            if not isinstance(command, Discharge):
                assert judge_command(command, situation)[0] != OK
