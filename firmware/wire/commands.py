# What the edge may ask of the MCU. Each command is defined here and nowhere else; the number in
# the frame header (seq) makes a repeat harmless: the MCU answers a repeated number with the same
# answer and does nothing. What raises risk is sealed (IS_SEALED, seal.py). Stop is obeyed whatever
# its number. Times are MCU microseconds.
from firmware.wire.message import Message


class Hello(Message):
    # Answered by Identity in every state, whatever the version. Raises nothing.
    TYPE = 0x01
    CODES = "I"
    FIELDS = ("protocol",)
    protocol: int


class Heartbeat(Message):
    # Answered by Status with the same beat; the pair is also the clock measurement.
    TYPE = 0x02
    CODES = "I"
    FIELDS = ("beat",)
    beat: int


class Configure(Message):
    # Limits of this unit and coil; may only be at or inside firmware/wire/limits.py and, once set,
    # only tighten until the next boot. settings_hash is the first 4 bytes of the config hash.
    TYPE = 0x03
    IS_SEALED = True
    CODES = "IBIHIhhHB"
    FIELDS = (
        "settings_hash",
        "level_pct_max",
        "ipi_us_min",
        "train_pulses_max",
        "session_pulses_max",
        "surface_c10_max",
        "winding_c10_max",
        "heartbeat_ms_max",
        "inputs_required",
    )
    settings_hash: int
    level_pct_max: int
    ipi_us_min: int
    train_pulses_max: int
    session_pulses_max: int
    surface_c10_max: int
    winding_c10_max: int
    heartbeat_ms_max: int
    inputs_required: int


class Charge(Message):
    # STANDBY, READY or HOLD to CHARGING towards this level.
    TYPE = 0x04
    IS_SEALED = True
    CODES = "B"
    FIELDS = ("level_pct_mso",)
    level_pct_mso: int


class Discharge(Message):
    # Bleeds the bank to STANDBY. Allowed in every state but FAULT (where it is going on anyway).
    TYPE = 0x05
    CODES = ""
    FIELDS = ()


class Arm(Message):
    # READY only. Describes the whole plan as nested (count, period_us), innermost first, onset to
    # onset, unused levels (1, 0); the innermost train_levels of them make one train. The MCU
    # expands it itself and answers with ArmEcho carrying its own SHA-256 of the pulse times.
    # delivered is what the edge believes this session already gave; the MCU refuses if its ledger
    # differs.
    TYPE = 0x06
    IS_SEALED = True
    CODES = "ssBBHIHIHIHIII"
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


class Confirm(Message):
    # The edge compared the echo with what it asked; the echo's token arms the gate.
    TYPE = 0x07
    IS_SEALED = True
    CODES = "I"
    FIELDS = ("token",)
    token: int


class FireTrain(Message):
    # One train (or, when resuming, the rest of one) at an absolute MCU time. The token is the one
    # of the last Confirm or FireTrain answer; it is used up by this. Late means refused whole.
    TYPE = 0x08
    IS_SEALED = True
    CODES = "IHHHQ"
    FIELDS = ("token", "train_index", "first_pulse", "pulse_count", "start_us")
    token: int
    train_index: int
    first_pulse: int
    pulse_count: int
    start_us: int


class Hold(Message):
    # Closes the gate after the running pulse; bank stays charged; a new Arm is needed to go on.
    TYPE = 0x09
    CODES = ""
    FIELDS = ()


class Stop(Message):
    # Gate closed at once, pulses cancelled, bank bled. Accepted always, with any number.
    TYPE = 0x0A
    CODES = ""
    FIELDS = ()


class ClearFault(Message):
    # A person acknowledged. Refused while the cause is still there.
    TYPE = 0x0B
    IS_SEALED = True
    CODES = "H"
    FIELDS = ("fault",)
    fault: int


class ReadLedger(Message):
    # Answered by Ledger, in every state.
    TYPE = 0x0C
    CODES = ""
    FIELDS = ()


PROVE_SURFACE = 1
PROVE_WINDING = 2
PROVE_WATCHDOG = 3


class Prove(Message):
    # STANDBY only, for the safety test. A sensor's next reading is compared with a limit just below
    # it, so that the trip itself is seen; or the chip's watchdog is not fed until it bites.
    TYPE = 0x0D
    IS_SEALED = True
    CODES = "B"
    FIELDS = ("part",)
    part: int  # PROVE_*


# The update of the firmware. These and the head of Identity never change, so that an edge of any
# version can bring a controller of any other up to date: they are obeyed whatever the version.

NAME_BYTES = 48  # a file's path in the image, padded with zero bytes
WRITE_BYTES = 64


class UpdateBegin(Message):
    # STANDBY only. Clears the slot that is not running; an image half received is forgotten.
    TYPE = 0x10
    IS_SEALED = True
    CODES = ""
    FIELDS = ()


class UpdateFile(Message):
    # The next file, in the order of the names; its bytes follow in UpdateWrite.
    TYPE = 0x11
    IS_SEALED = True
    CODES = "sIs"
    SIZES = (NAME_BYTES, 32)
    FIELDS = ("name", "file_bytes", "sha256")
    name: bytes
    file_bytes: int
    sha256: bytes


class UpdateWrite(Message):
    # Bytes at this offset of the file; offsets run on without a gap.
    TYPE = 0x12
    IS_SEALED = True
    CODES = "IBs"
    SIZES = (WRITE_BYTES,)
    FIELDS = ("offset", "length", "data")
    offset: int
    length: int
    data: bytes


class UpdateFinish(Message):
    # All files are there: the controller reads them back and stores the manifest, whose SHA-256
    # must be this one.
    TYPE = 0x13
    IS_SEALED = True
    CODES = "s"
    SIZES = (32,)
    FIELDS = ("manifest_sha256",)
    manifest_sha256: bytes


class UpdateTry(Message):
    # Answered, then the controller restarts from the other slot, on trial.
    TYPE = 0x14
    IS_SEALED = True
    CODES = ""
    FIELDS = ()


class UpdateCommit(Message):
    # Keeps the slot that is running on trial.
    TYPE = 0x15
    IS_SEALED = True
    CODES = ""
    FIELDS = ()


UPDATES: "tuple[type[Message], ...]" = (
    UpdateBegin,
    UpdateFile,
    UpdateWrite,
    UpdateFinish,
    UpdateTry,
    UpdateCommit,
)
COMMANDS: "tuple[type[Message], ...]" = (
    Hello,
    Heartbeat,
    Configure,
    Charge,
    Discharge,
    Arm,
    Confirm,
    FireTrain,
    Hold,
    Stop,
    ClearFault,
    ReadLedger,
    Prove,
    UpdateBegin,
    UpdateFile,
    UpdateWrite,
    UpdateFinish,
    UpdateTry,
    UpdateCommit,
)
