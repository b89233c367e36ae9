# What the MCU tells the edge. Answers carry the seq of their command; the others a running number.
# Status is the whole state, never a difference. Times are MCU microseconds since boot.
from firmware.wire.message import Message


class Identity(Message):
    # The first three fields stay where they are in every version: all that an update needs.
    TYPE = 0x81
    CODES = "IIIBBBsBBBsBBBIIBsBH"
    SIZES = (8, 8, 8)
    FIELDS = (
        "protocol",
        "challenge",
        "boot_epoch",
        "version_major",
        "version_minor",
        "version_patch",
        "unit_id",
        "reset_cause",
        "is_simulated",
        "timing_class",
        "coil_serial",
        "coil_type",
        "level_pct_max",
        "inputs_fitted",
        "ipi_us_min",
        "lateness_us",
        "slot",
        "image_hash",
        "is_trial",
        "self_test",
    )
    protocol: int
    challenge: int  # new at each Hello; part of every seal
    boot_epoch: int  # grows by one at each MCU boot
    version_major: int
    version_minor: int
    version_patch: int
    unit_id: bytes  # ASCII, padded with zero bytes
    reset_cause: int
    is_simulated: int
    timing_class: int
    coil_serial: bytes  # ASCII, padded with zero bytes
    coil_type: int  # COIL_* below
    level_pct_max: int
    inputs_fitted: int  # IN_* mask
    ipi_us_min: int  # the shortest interval that this controller can time
    lateness_us: int  # worst lateness it measured at start; 0 where hardware makes the edges
    slot: int  # SLOT_*
    image_hash: bytes  # first 8 bytes of the manifest's SHA-256, zeros without one
    is_trial: int
    self_test: int  # SELF_TEST_* bits


IDENTITY_HEAD = "<III"  # protocol, challenge, boot_epoch, in every version
COIL_NONE = 0
COIL_FIGURE8 = 1
COIL_FIGURE8_COOLED = 2
COIL_H1 = 3
COIL_H4 = 4
COIL_H7 = 5
COIL_CIRCULAR = 6


class Status(Message):
    TYPE = 0x82
    CODES = "IQIBHIBBhhIBIHHIIIIHHHH"
    FIELDS = (
        "echo_beat",
        "mcu_us",
        "boot_epoch",
        "state",
        "fault",
        "fault_bits",
        "inputs",
        "inputs_known",
        "surface_c10",
        "winding_c10",
        "bank_mv",
        "level_pct_mso",
        "settings_hash",
        "train_index",
        "train_pulses",
        "session_pulses",
        "lifetime_pulses",
        "token",
        "echo_seq",
        "amplitude_pm",
        "bad_frames",
        "refused",
        "forged",
    )
    echo_beat: int  # 0 when unsolicited
    mcu_us: int
    boot_epoch: int
    state: int
    fault: int  # first latched fault, 0 none
    fault_bits: int  # bit i set: FAULTS[i] is latched
    inputs: int  # debounced, IN_* mask, 1 = safe
    inputs_known: int  # bits that have been sampled and are fresh
    surface_c10: int  # contact face, tenths of a degree, SENSOR_NONE without a valid reading
    winding_c10: int
    bank_mv: int
    level_pct_mso: int  # set point of the charger, 0 when open
    settings_hash: int  # 0 until configured
    train_index: int
    train_pulses: int  # delivered in the running or last train
    session_pulses: int  # delivered in the session of the ledger
    lifetime_pulses: int
    token: int  # next valid token, 0 none
    echo_seq: int  # last command number obeyed or refused
    amplitude_pm: int  # of the last pulse, per mille of full output
    bad_frames: int
    refused: int  # commands refused since boot, forged ones included; stops at 65535
    forged: int  # commands whose seal, epoch or number was not right; stops at 65535


class Answer(Message):
    # Reply to every command that has no report of its own. detail: for Confirm and FireTrain the
    # next token; for a rejection the limit or state it was judged against.
    TYPE = 0x83
    CODES = "BBI"
    FIELDS = ("command", "code", "detail")
    command: int
    code: int
    detail: int


class ArmEcho(Message):
    # What the MCU understood, and the SHA-256 of the pulse times that it expanded itself
    # (see firmware/core/train.py: little-endian u64 offsets in microseconds, all pulses).
    TYPE = 0x84
    CODES = "ssBBHIHIHIHIIII"
    SIZES = (16, 32)
    FIELDS = (
        "session_id",
        "plan_sha256",
        "level_pct_mso",
        "train_levels",
        "count_1",
        "period_1_us",
        "count_2",
        "period_2_us",
        "count_3",
        "period_3_us",
        "count_4",
        "period_4_us",
        "pulses_total",
        "delivered",
        "token",
    )
    session_id: bytes
    plan_sha256: bytes
    level_pct_mso: int
    train_levels: int
    count_1: int
    period_1_us: int
    count_2: int
    period_2_us: int
    count_3: int
    period_3_us: int
    count_4: int
    period_4_us: int
    pulses_total: int
    delivered: int
    token: int


class PulseReport(Message):
    # One per pulse request. ordinal counts the session's delivered pulses from 1; 0 when refused.
    TYPE = 0x85
    CODES = "IHHQBH"
    FIELDS = ("ordinal", "train_index", "pulse_index", "at_us", "result", "amplitude_pm")
    ordinal: int
    train_index: int
    pulse_index: int
    at_us: int
    result: int
    amplitude_pm: int  # sensed, per mille of full output


class TrainResult(Message):
    TYPE = 0x86
    CODES = "HHHHHHBHQQI"
    FIELDS = (
        "train_index",
        "first_pulse",
        "asked",
        "emitted",
        "cut",
        "refused",
        "ended",
        "fault",
        "first_us",
        "last_us",
        "session_pulses",
    )
    train_index: int
    first_pulse: int
    asked: int
    emitted: int
    cut: int
    refused: int
    ended: int  # ENDED_*
    fault: int
    first_us: int  # 0 when no pulse came out
    last_us: int
    session_pulses: int


class Ledger(Message):
    # The MCU's own non-volatile count; the tie-breaker after any crash. Delivered pulses of the
    # train in progress when it was interrupted are included.
    TYPE = 0x87
    CODES = "sIHHIB"
    SIZES = (16,)
    FIELDS = (
        "session_id",
        "session_pulses",
        "train_index",
        "train_next_pulse",
        "lifetime_pulses",
        "is_valid",
    )
    session_id: bytes
    session_pulses: int
    train_index: int  # train of the last delivered pulse
    train_next_pulse: int  # index in that train after the last delivered pulse
    lifetime_pulses: int
    is_valid: int  # 0: the stored copy failed its check, counts are a lower bound


REPORTS: "tuple[type[Message], ...]" = (
    Identity,
    Status,
    Answer,
    ArmEcho,
    PulseReport,
    TrainResult,
    Ledger,
)
