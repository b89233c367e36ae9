# Scenarios of commands that are not obeyed: one for every refusal code. After each the outputs have
# not moved. Each runs through the app's tasks and returns its chair; scenarios.py has the table.
# Portable.
from firmware.compat import TYPE_CHECKING, sleep_ms
from firmware.wire.codes import (
    IN_DOOR,
    INPUTS_ALL,
    OK,
    READY,
    REJ_BUSY,
    REJ_CAUSE,
    REJ_EPOCH,
    REJ_FAULT,
    REJ_HOT,
    REJ_IMAGE,
    REJ_INTERLOCK,
    REJ_INTERVAL,
    REJ_KEY,
    REJ_LATE,
    REJ_LEDGER,
    REJ_LENGTH,
    REJ_LIMIT,
    REJ_LOOSER,
    REJ_MAC,
    REJ_NOT_CONFIGURED,
    REJ_RANGE,
    REJ_SEQUENCE,
    REJ_STATE,
    REJ_STORE,
    REJ_TIMING,
    REJ_TOKEN,
    REJ_TOO_FAR,
    REJ_TOTAL,
    REJ_UNKNOWN,
    REJ_UPDATING,
    REJ_VERSION,
    SENSOR_NONE,
)
from firmware.wire.commands import (
    NAME_BYTES,
    Charge,
    ClearFault,
    Confirm,
    Hello,
    UpdateBegin,
    UpdateFile,
)
from firmware.wire.framing import encode
from firmware.wire.protocol import PROTOCOL_VERSION
from tests.firmware.bench import ITBS_600, TEN_HZ_80, arm_of, configure_of
from tests.firmware.chair import Chair, LoggingHal
from tests.firmware.scenarios_normal import SHORT_10

if TYPE_CHECKING:
    from firmware.wire.message import Message

CHARGE = Charge(level_pct_mso=60)
OUTPUTS = ("arm_gate", "set_charger", "set_bleed", "queue_pulse", "save_ledger", "stage", "restart")


def _moves(chair: Chair) -> int:
    return len([line for line in chair.log if line.split(" ")[1].startswith(OUTPUTS)])


async def _refused(chair: Chair, code: int, command: "Message", **forged: int) -> Chair:
    moved = _moves(chair)
    state = chair.state()
    await chair.expect(code, command, **forged)
    assert (_moves(chair), chair.state()) == (moved, state)
    return chair


async def state() -> Chair:
    """A Confirm at rest."""
    return await _refused(await Chair().configured(), REJ_STATE, Confirm(token=1))


async def version() -> Chair:
    """An edge of another version may not configure."""
    chair = Chair()
    await sleep_ms(2)
    chair.identity = await chair.ask(Hello(protocol=PROTOCOL_VERSION ^ 1))
    return await _refused(chair, REJ_VERSION, configure_of())


async def range_() -> Chair:
    """Zero percent is no level."""
    return await _refused(await Chair().configured(), REJ_RANGE, Charge(level_pct_mso=0))


async def limit() -> Chair:
    """Above what was configured."""
    return await _refused(await Chair().configured(), REJ_LIMIT, Charge(level_pct_mso=95))


async def looser() -> Chair:
    """A limit may only be tightened."""
    chair = await Chair().configured(level_pct_max=50)
    return await _refused(chair, REJ_LOOSER, configure_of(level_pct_max=60))


async def not_configured() -> Chair:
    """No limits yet."""
    return await _refused(await Chair().booted(), REJ_NOT_CONFIGURED, CHARGE)


async def interlock() -> Chair:
    """The door is open."""
    chair = await Chair().configured()
    chair.board.set_inputs(INPUTS_ALL & ~IN_DOOR)
    await sleep_ms(5)
    return await _refused(chair, REJ_INTERLOCK, CHARGE)


async def token_wrong() -> Chair:
    """A token that was never given."""
    chair = await Chair().charged()
    echo = await chair.ask(arm_of(TEN_HZ_80, 1))
    return await _refused(chair, REJ_TOKEN, Confirm(token=echo.token ^ 1))


async def token_used() -> Chair:
    """The token of a train already fired."""
    chair = await Chair().armed(SHORT_10, 1)
    used = chair.token
    await chair.fire(0, 0, 5)
    await sleep_ms(700)
    chair.token = used
    return await _refused(chair, REJ_TOKEN, chair.fire_of(1, 0, 5, 900000))


async def late() -> Chair:
    """A start 10 ms ahead."""
    chair = await Chair().armed()
    return await _refused(chair, REJ_LATE, chair.fire_of(lead_us=10000))


async def too_far() -> Chair:
    """A start two minutes ahead."""
    chair = await Chair().armed()
    return await _refused(chair, REJ_TOO_FAR, chair.fire_of(lead_us=120000000))


async def busy() -> Chair:
    """A second Arm while the first is worked on."""
    chair = await Chair().charged()
    chair.send(arm_of(ITBS_600, 2))
    await sleep_ms(2)
    await chair.expect(REJ_BUSY, arm_of(ITBS_600, 2))
    return chair


async def total() -> Chair:
    """One train more than prescribed."""
    chair = await Chair().armed(SHORT_10, 1)
    await chair.fire(0, 0, 5)
    await sleep_ms(1020)
    await chair.fire(1, 0, 5)
    await sleep_ms(1200)
    return await _refused(chair, REJ_TOTAL, chair.fire_of(1, 0, 5))


async def ledger() -> Chair:
    """The edge believes in pulses that the unit never gave."""
    chair = await Chair().charged()
    return await _refused(chair, REJ_LEDGER, arm_of(TEN_HZ_80, 1, delivered=5))


async def fault() -> Chair:
    """Nothing is charged with a fault latched."""
    chair = await Chair().charged()
    chair.board.set_inputs(INPUTS_ALL & ~IN_DOOR)
    await sleep_ms(5)
    return await _refused(chair, REJ_FAULT, CHARGE)


async def hot() -> Chair:
    """A temperature that nobody knows."""
    chair = await Chair().configured()
    chair.hal.surface = SENSOR_NONE
    await sleep_ms(400)
    return await _refused(chair, REJ_HOT, CHARGE)


async def cause() -> Chair:
    """The door is still open."""
    chair = await fault()
    return await _refused(chair, REJ_CAUSE, ClearFault(fault=0))


async def _refused_bytes(chair: Chair, code: int, kind: int, payload: bytes) -> Chair:
    moved = _moves(chair)
    seq = chair.next_seq()
    mark = len(chair.reports)
    chair.board.feed(encode(kind, seq, payload))
    answer = await chair.answer_to(seq, mark)
    assert (answer.code, _moves(chair)) == (code, moved)
    return chair


async def unknown() -> Chair:
    """No such message."""
    return await _refused_bytes(await Chair().configured(), REJ_UNKNOWN, 0x3F, b"abc")


async def length() -> Chair:
    """A sealed command that lost its last byte, and one without a seal."""
    chair = await Chair().configured()
    await _refused_bytes(chair, REJ_LENGTH, Charge.TYPE, bytes(24))
    return await _refused_bytes(chair, REJ_LENGTH, Charge.TYPE, CHARGE.pack())


async def interval() -> Chair:
    """Pulses 5 ms apart."""
    chair = await Chair().charged()
    levels = ((4, 5000), (1, 0), (1, 0), (1, 0))
    return await _refused(chair, REJ_INTERVAL, arm_of(levels, 1))


async def timing() -> Chair:
    """A controller that cannot time 10 Hz."""
    hal = LoggingHal()
    hal.ipi_us_min = 200000
    return await _refused(await Chair(hal).charged(), REJ_TIMING, arm_of(TEN_HZ_80, 1))


async def mac_of_another_key() -> Chair:
    """Sealed with a key that is not this unit's."""
    chair = await Chair().configured()
    chair.key = bytes(32)
    return await _refused(chair, REJ_MAC, CHARGE)


async def mac_of_an_old_hello() -> Chair:
    """A recorded command after a new Hello."""
    chair = await Chair().configured()
    old = chair.identity.challenge
    await chair.hello()
    return await _refused(chair, REJ_MAC, CHARGE, challenge=old)


async def epoch_of_another_boot() -> Chair:
    """Sealed for the boot before this one."""
    chair = await Chair().configured()
    return await _refused(chair, REJ_EPOCH, CHARGE, boot_epoch=chair.identity.boot_epoch - 1)


async def sequence_counter_used() -> Chair:
    """A counter that was used before, with a new number."""
    chair = await Chair().configured()
    return await _refused(chair, REJ_SEQUENCE, CHARGE, counter=1)


async def sequence_session_replayed() -> Chair:
    """Everything that was recorded is played back: nothing moves."""
    chair = await Chair().armed(SHORT_10, 1)
    await chair.fire(0, 0, 5)
    recorded = chair.last_frame
    await sleep_ms(900)
    pulses = len(chair.hal.pulses)
    for _ in range(6):
        await chair.expect(REJ_STATE, Confirm(token=7))
    moved = _moves(chair)
    chair.board.feed(recorded)
    await sleep_ms(400)
    assert (_moves(chair), len(chair.hal.pulses)) == (moved, pulses)
    return chair


async def no_key() -> Chair:
    """A unit without a key obeys nothing that raises risk."""
    hal = LoggingHal()
    hal.link_key = b""
    return await _refused(await Chair(hal).booted(), REJ_KEY, configure_of())


async def image() -> Chair:
    """A file's name that leads out of the slot."""
    chair = await Chair().configured()
    await chair.expect(OK, UpdateBegin())
    name = b"../main.py" + bytes(NAME_BYTES - 10)
    return await _refused(chair, REJ_IMAGE, UpdateFile(name=name, file_bytes=1, sha256=bytes(32)))


async def updating() -> Chair:
    """Nothing is charged while an image arrives."""
    chair = await Chair().configured()
    await chair.expect(OK, UpdateBegin())
    return await _refused(chair, REJ_UPDATING, CHARGE)


async def update_while_energised() -> Chair:
    """No image while the bank is charged."""
    chair = await Chair().charged()
    assert chair.state() == READY
    return await _refused(chair, REJ_STATE, UpdateBegin())


async def store() -> Chair:
    """The flash does not take it."""
    chair = await Chair().configured()
    chair.hal.is_flash_full = True
    await chair.expect(REJ_STORE, UpdateBegin())
    return chair
