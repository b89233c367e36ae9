# Scenarios on the app's own board over the stand-in chip: PIO programs, DMA, converters, contacts
# are the real firmware's, and the plant tells what was given. scenarios.py has the table. Portable.
import clock
import rig
from clock import CYCLES_PER_US
from firmware import app
from firmware.board.pins import GP_DOOR, GP_ENABLE, GP_ESTOP, GP_TRIGGER
from firmware.compat import sleep_ms
from firmware.wire.codes import (
    ENDED_COMPLETE,
    F_DOOR,
    F_ESTOP,
    F_PULSE_UNASKED,
    FAULT,
    OK,
    READY,
    STANDBY,
)
from firmware.wire.commands import Charge, Discharge, Hold, ReadLedger, Stop
from firmware.wire.reports import Identity, TrainResult
from tests.firmware.bench import ITBS_600, SESSION_A
from tests.firmware.chair import Chair, LoggingHal
from tests.firmware.chip_seat import ChipSeat
from tests.firmware.scenarios_normal import SHORT_10


async def _seated(seat: "ChipSeat | None" = None) -> Chair:
    seat = seat or ChipSeat()
    assert await app.self_test(seat) == 0  # type: ignore[arg-type]
    return Chair(LoggingHal(), seat)  # the HAL is there for its log only


async def _armed(levels: "tuple[tuple[int, int], ...]" = SHORT_10, train_levels: int = 1) -> Chair:
    chair = await _seated()
    await chair.configured()
    await chair.expect(OK, Charge(level_pct_mso=60))
    await chair.until(READY)
    await chair.arm(levels, train_levels)
    return chair


def _note_pulses(chair: Chair) -> "list[int]":
    # The plant's own record into the log: cycle and amplitude of each current.
    for pulse in rig.the().pulses:
        chair.log.append(f"{pulse.at_cycle} pulse {pulse.amplitude_pm} {int(pulse.is_complete)}")
    return [pulse.at_cycle for pulse in rig.the().pulses]


def _is_dark(chair: Chair) -> bool:
    rig.sync()
    hal = chair.board.hal
    is_open = rig.net(GP_ENABLE).level_at(rig.now_cycles()) == 0 and not hal.gate_is_on()
    return is_open and rig.net(GP_TRIGGER).level_at(rig.now_cycles()) == 0


async def itbs_train_on_the_chip() -> Chair:
    """Three bursts of three; from edge to edge not a cycle off."""
    chair = await _armed(ITBS_600, 2)
    await chair.fire(0, 0, 9)
    await sleep_ms(700)
    cycles = _note_pulses(chair)
    intervals = [cycles[n + 1] - cycles[n] for n in range(len(cycles) - 1)]
    planned = [20000, 20000, 160000] * 10
    assert intervals == [us * CYCLES_PER_US for us in planned[:8]]
    result = chair.of(TrainResult)[-1]
    assert (result.ended, result.emitted) == (ENDED_COMPLETE, 9)
    await chair.expect(OK, Discharge())
    await chair.until(STANDBY, 20000)
    await sleep_ms(100)
    ledger = await chair.ask(ReadLedger())
    assert (ledger.session_id, ledger.session_pulses, ledger.is_valid) == (SESSION_A, 9, 1)
    return chair


async def stop_on_the_chip() -> Chair:
    """STOP in mid-train: dark at once, the bank bled."""
    chair = await _armed()
    await chair.fire(0, 0, 5)
    await sleep_ms(270)
    await chair.expect(OK, Stop())
    assert _is_dark(chair)
    given = len(rig.the().pulses)
    await chair.until(STANDBY, 20000)
    assert len(_note_pulses(chair)) == given == 2
    return chair


async def hold_and_resume_on_the_chip() -> Chair:
    """A pause, and exactly the rest."""
    chair = await _armed()
    await chair.fire(0, 0, 5)
    await sleep_ms(270)
    await chair.expect(OK, Hold())
    await sleep_ms(20)
    assert _is_dark(chair)
    given = len(rig.the().pulses)
    await chair.expect(OK, Charge(level_pct_mso=60))
    await chair.until(READY)
    await chair.arm(SHORT_10, 1, SESSION_A, given)
    await chair.fire(0, given, 5 - given)
    await sleep_ms(900)
    assert len(_note_pulses(chair)) == 5
    return chair


async def _cut(gp: int, fault: int) -> Chair:
    chair = await _armed()
    await chair.fire(0, 0, 5)
    await sleep_ms(270)
    rig.set_contact(gp, False)
    clock.spend()  # a quarter of a microsecond: no Python has run since
    assert _is_dark(chair)
    await sleep_ms(5)
    assert chair.state() == FAULT
    assert chair.latched[-1] == fault
    given = len(rig.the().pulses)
    await sleep_ms(400)
    assert len(_note_pulses(chair)) == given
    return chair


async def estop_on_the_chip() -> Chair:
    """The loop opens: hardware first, the core explains it."""
    return await _cut(GP_ESTOP, F_ESTOP)


async def door_on_the_chip() -> Chair:
    """The same by the door."""
    return await _cut(GP_DOOR, F_DOOR)


async def unasked_pulse_on_the_chip() -> Chair:
    """The switch closes by itself: counted, and the unit stops."""
    chair = await _armed()
    assert rig.fire_unasked()
    await chair.until(FAULT, 200)
    assert F_PULSE_UNASKED in chair.latched
    _note_pulses(chair)
    return chair


async def boot_on_the_chip_says_simulated() -> Chair:
    """Who it is comes from the chip and its files, not from a setting."""
    chair = await (await _seated()).hello()
    identity = chair.identity
    assert isinstance(identity, Identity)
    assert (identity.is_simulated, identity.self_test, identity.boot_epoch) == (1, 0, 1)
    assert identity.unit_id == b"TEST-001"
    return chair


CHIP = (
    itbs_train_on_the_chip,
    estop_on_the_chip,
    boot_on_the_chip_says_simulated,
)
# Under CPython only: the models of the chip take ten times as long in WebAssembly.
CHIP_HOSTED = (
    stop_on_the_chip,
    hold_and_resume_on_the_chip,
    door_on_the_chip,
    unasked_pulse_on_the_chip,
)
