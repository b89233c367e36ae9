# Scenarios in which nothing is wrong: whole sessions, pauses, stops, restarts, updates, odd lines.
# Each runs through the app's tasks and returns its chair; scenarios.py has the table. Portable.
from firmware.compat import sha256, sleep_ms, ticks_us
from firmware.tasks import QUIET_US
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    ENDED_COMPLETE,
    ENDED_HOLD,
    FAULT,
    HOLD,
    IN_DOOR,
    INPUTS_ALL,
    OK,
    READY,
    STANDBY,
)
from firmware.wire.commands import (
    NAME_BYTES,
    PROVE_SURFACE,
    PROVE_WATCHDOG,
    PROVE_WINDING,
    WRITE_BYTES,
    Charge,
    ClearFault,
    Confirm,
    Discharge,
    Hello,
    Hold,
    Prove,
    ReadLedger,
    Stop,
    UpdateBegin,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Ledger, PulseReport, TrainResult
from firmware.wire.ticks import TICKS_PERIOD
from tests.firmware.bench import ITBS_600, SESSION_A, SESSION_B, arm_of
from tests.firmware.chair import LEAD_US, Chair, LoggingHal

SHORT_10 = ((5, 100000), (2, 1000000), (1, 0), (1, 0))
ONE_HZ_5 = ((5, 1000000), (1, 0), (1, 0), (1, 0))


async def itbs_train_whole() -> Chair:
    """One train of theta burst: 10 bursts of 3, every pulse where the plan has it."""
    chair = await Chair().armed(ITBS_600, 2)
    start_us = chair.now_us() + LEAD_US
    await chair.fire(0, 0, 30)
    await sleep_ms(2200)
    planned = [start_us + burst * 200000 + i * 20000 for burst in range(10) for i in range(3)]
    assert [at_us for at_us, _ in chair.hal.pulses] == planned
    result = chair.of(TrainResult)[-1]
    assert (result.ended, result.asked, result.emitted) == (ENDED_COMPLETE, 30, 30)
    assert _collections_in_gaps(chair) >= 2
    return chair


def _collections_in_gaps(chair: Chair) -> int:
    # How many collections of garbage fell into the train; none shortly before a pulse.
    times = [at_us for at_us, _ in chair.hal.pulses]
    inside = [at for at in chair.board.collections if times[0] < at < times[-1]]
    for at_us in inside:
        assert min([time_us for time_us in times if time_us > at_us]) - at_us >= QUIET_US
    return len(inside)


async def ten_hz_train_whole() -> Chair:
    """40 pulses of 10 Hz, and what the unit counted."""
    chair = await Chair().armed()
    await chair.fire()
    await sleep_ms(4300)
    assert chair.state() == ARMED
    assert [report.ordinal for report in chair.of(PulseReport)] == list(range(1, 41))
    assert _collections_in_gaps(chair) >= 3
    ledger = await chair.ask(ReadLedger())
    assert isinstance(ledger, Ledger) and ledger.session_pulses == 40
    return chair


async def one_hz_train_never_starts_cold() -> Chair:
    """A second between pulses: two requests always wait."""
    chair = await Chair().armed(ONE_HZ_5, 1)
    await chair.fire(0, 0, 5)
    await sleep_ms(1500)
    assert len(chair.hal.queue) == 2
    await sleep_ms(3000)
    assert len(chair.hal.pulses) == 5
    return chair


async def session_whole_with_two_trains() -> Chair:
    """Two trains, discharge, the stored count closed."""
    chair = await Chair().armed(SHORT_10, 1)
    await chair.fire(0, 0, 5)
    await sleep_ms(1020)
    await chair.fire(1, 0, 5)
    await sleep_ms(800)
    await chair.expect(OK, Discharge())
    await chair.until(STANDBY)
    await sleep_ms(50)
    ledger = await chair.ask(ReadLedger())
    assert (ledger.session_pulses, ledger.is_valid) == (10, 1)
    assert chair.is_safe()
    return chair


async def ticks_wrap_in_a_train() -> Chair:
    """Raw ticks run over 2**30 between two pulses."""
    await sleep_ms((TICKS_PERIOD - ticks_us()) // 1000 - 2500)
    chair = await Chair().armed()
    before = ticks_us()
    await chair.fire()
    await sleep_ms(4300)
    assert ticks_us() < before
    times = [at_us for at_us, _ in chair.hal.pulses]
    assert [times[n + 1] - times[n] for n in range(39)] == [100000] * 39
    return chair


async def boot_in_mid_session_counts_at_least() -> Chair:
    """Power was lost while armed: the stored count is a lower bound; the rest is given."""
    hal = (await _armed_and_lost()).hal
    chair = Chair(LoggingHal(hal.ledger))
    await chair.configured()
    ledger = await chair.ask(ReadLedger())
    assert (ledger.session_id, ledger.session_pulses, ledger.is_valid) == (SESSION_A, 0, 0)
    await chair.expect(OK, Charge(level_pct_mso=60))
    await chair.until(READY)
    await chair.arm(SHORT_10, 1, SESSION_A, 3)
    await chair.fire(0, 3, 2)
    await sleep_ms(400)
    assert chair.of(PulseReport)[-1].ordinal == 5
    return chair


async def _armed_and_lost() -> Chair:
    chair = await Chair().armed(SHORT_10, 1)
    await chair.fire(0, 0, 5)
    await sleep_ms(350)
    await chair.end()
    return chair


async def boot_with_a_charged_bank_bleeds_first() -> Chair:
    """A reset in mid-treatment leaves a charged bank: no STANDBY before it is empty."""
    hal = LoggingHal()
    hal.millivolts = 1500000
    chair = await Chair(hal).hello()
    assert chair.state() != STANDBY
    assert hal.is_bleeding
    await chair.until(STANDBY)
    assert hal.millivolts <= 90000
    return chair


async def _stopped(chair: Chair) -> Chair:
    await chair.expect(OK, Stop())
    given = len(chair.hal.pulses)
    assert chair.is_safe()
    await chair.until(STANDBY)
    await sleep_ms(400)
    assert len(chair.hal.pulses) == given
    return chair


async def stop_while_charging() -> Chair:
    """STOP on the way up."""
    chair = await Chair().configured()
    await chair.expect(OK, Charge(level_pct_mso=60))
    assert chair.state() == CHARGING
    return await _stopped(chair)


async def stop_while_ready() -> Chair:
    """STOP with a charged bank."""
    return await _stopped(await Chair().charged())


async def stop_while_armed() -> Chair:
    """STOP with the gate on."""
    return await _stopped(await Chair().armed())


async def stop_in_a_train() -> Chair:
    """STOP between two pulses."""
    return await _stopped(await Chair().in_train())


async def stop_while_held() -> Chair:
    """STOP in a pause."""
    chair = await Chair().in_train()
    await chair.expect(OK, Hold())
    await sleep_ms(20)
    return await _stopped(chair)


async def stop_at_rest() -> Chair:
    """STOP closes what is closed."""
    return await _stopped(await Chair().configured())


async def hold_in_a_train_and_resume() -> Chair:
    """A pause in mid-train; the rest of the train, never one more."""
    chair = await Chair().armed(SHORT_10, 1)
    await chair.fire(0, 0, 5)
    await sleep_ms(270)
    await chair.expect(OK, Hold())
    await sleep_ms(10)
    assert (chair.state(), chair.of(TrainResult)[-1].ended) == (HOLD, ENDED_HOLD)
    given = len(chair.hal.pulses)
    await chair.expect(OK, Charge(level_pct_mso=60))
    await chair.until(READY)
    await chair.arm(SHORT_10, 1, SESSION_A, given)
    await chair.fire(0, given, 5 - given)
    await sleep_ms(700)
    assert len(chair.hal.pulses) == 5
    return chair


async def hello_again_in_a_train() -> Chair:
    """The edge was restarted: a new challenge, the train goes on, counts stay."""
    chair = await Chair().in_train()
    old = chair.identity.challenge
    await chair.hello()
    assert chair.identity.challenge != old
    given = len(chair.hal.pulses)
    await sleep_ms(300)
    assert len(chair.hal.pulses) == given + 3
    await chair.expect(OK, Hold())
    return chair


async def garbage_on_the_line() -> Chair:
    """Noise between frames: counted, survived, and the next frame is obeyed."""
    chair = await Chair().configured()
    noise = bytes((index * 37 + 11) & 0xFF for index in range(400))
    for cut in (1, 7, 64, 150):
        chair.board.feed(noise[:cut])
        await sleep_ms(7)
    chair.board.feed(b"\x00")
    await chair.expect(OK, Charge(level_pct_mso=40))
    await chair.until(READY)
    return chair


async def frames_in_single_bytes() -> Chair:
    """A slow line: a command arrives a byte a millisecond."""
    chair = await Chair().configured()
    chair.is_beating = False
    await sleep_ms(3)
    seq = chair.next_seq()
    frame = chair.frame(Charge(level_pct_mso=30), seq)
    mark = len(chair.reports)
    for index in range(len(frame)):
        chair.board.feed(frame[index : index + 1])
        await sleep_ms(1)
    chair.is_beating = True
    assert (await chair.answer_to(seq, mark)).code == OK
    return chair


async def command_repeated_after_a_lost_answer() -> Chair:
    """The same bytes again: the same answer, nothing done twice."""
    chair = await Chair().configured()
    await chair.expect(OK, Charge(level_pct_mso=60))
    frame = chair.last_frame
    moved = len([line for line in chair.log if "set_charger" in line])
    for _ in range(3):
        chair.board.feed(frame)
        await sleep_ms(5)
    assert len([line for line in chair.log if "set_charger" in line]) == moved
    await chair.until(READY)
    return chair


async def input_bounces_at_rest() -> Chair:
    """A door that rattles is told at a bounded rate and becomes safe again."""
    chair = await Chair().configured()
    for step in range(30):
        chair.board.set_inputs(INPUTS_ALL & ~IN_DOOR if step % 2 else INPUTS_ALL)
        await sleep_ms(2)
    chair.board.set_inputs(INPUTS_ALL)
    await sleep_ms(60)
    await chair.expect(OK, Charge(level_pct_mso=20))
    return chair


async def level_changed_down_and_up() -> Chair:
    """READY to another level bleeds or charges; nothing stays armed."""
    chair = await Chair().charged(80)
    for level_pct in (30, 70):
        await chair.expect(OK, Charge(level_pct_mso=level_pct))
        await chair.until(READY)
    return chair


async def another_session_starts_at_zero() -> Chair:
    """A second patient: the count is not carried over."""
    chair = await session_whole_with_two_trains()
    await chair.expect(OK, Charge(level_pct_mso=60))
    await chair.until(READY)
    await chair.arm(SHORT_10, 1, SESSION_B, 0)
    await chair.fire(0, 0, 2)
    await sleep_ms(350)
    assert chair.of(PulseReport)[-1].ordinal == 2
    return chair


async def fault_acknowledged_and_on_again() -> Chair:
    """The door opened and closed: cleared by a person, charged again."""
    chair = await Chair().charged()
    chair.board.set_inputs(INPUTS_ALL & ~IN_DOOR)
    await sleep_ms(10)
    chair.board.set_inputs(INPUTS_ALL)
    await sleep_ms(60)
    await chair.expect(OK, ClearFault(fault=0))
    assert chair.state() == DISCHARGING
    await chair.until(STANDBY)
    await chair.expect(OK, Charge(level_pct_mso=50))
    return chair


async def confirm_that_does_not_close_leaves_nothing_armed() -> Chair:
    """The hardware chain is open where no input shows it."""
    chair = await Chair().charged()
    echo = await chair.ask(arm_of(SHORT_10, 1))
    chair.hal.is_gate_dead = True
    answer = await chair.ask(Confirm(token=echo.token))
    assert answer.code != OK
    assert not chair.hal.gate_is_on()
    return chair


async def image_staged_and_tried() -> Chair:
    """A whole image over the line, then the restart into its trial."""
    chair = await Chair().configured()
    await chair.expect(OK, UpdateBegin())
    lines = b""
    for name, data in (("core/a.mpy", b"A" * 150), ("core/b.mpy", b"B" * 64)):
        digest = sha256(data).digest()
        padded = name.encode() + bytes(NAME_BYTES - len(name))
        await chair.expect(OK, UpdateFile(name=padded, file_bytes=len(data), sha256=digest))
        for offset in range(0, len(data), WRITE_BYTES):
            part = data[offset : offset + WRITE_BYTES]
            padded = part + bytes(WRITE_BYTES - len(part))
            await chair.expect(OK, UpdateWrite(offset=offset, length=len(part), data=padded))
        lines += f"{_hex(digest)} {len(data)} {name}\n".encode()
    await chair.expect(OK, UpdateFinish(manifest_sha256=sha256(lines).digest()))
    await chair.expect(OK, UpdateTry())
    await sleep_ms(150)
    assert chair.hal.restarts >= 1 and chair.hal.is_tried
    return chair


def _hex(data: bytes) -> str:
    return "".join([f"{one:02x}" for one in data])


async def safety_test_trips_and_starves() -> Chair:
    """Both sensors trip on a limit below their reading; then the watchdog is not fed."""
    chair = await Chair().configured()
    await sleep_ms(300)
    for part in (PROVE_SURFACE, PROVE_WINDING):
        await chair.expect(OK, Prove(part=part))
        await chair.until(FAULT)
        await sleep_ms(200)
        await chair.expect(OK, ClearFault(fault=0))
        await chair.until(STANDBY)
    await chair.expect(OK, Prove(part=PROVE_WATCHDOG))
    await sleep_ms(400)
    return chair


async def hello_of_another_version_identifies_only() -> Chair:
    """An older edge learns who is there and can read the count."""
    chair = Chair()
    await sleep_ms(2)
    identity = await chair.ask(Hello(protocol=PROTOCOL_VERSION ^ 1))
    assert identity.protocol == PROTOCOL_VERSION
    assert isinstance(await chair.ask(ReadLedger()), Ledger)
    return chair
