# Scenarios in which something breaks: one for every fault that the core can latch. Each runs
# through the app's tasks and returns its chair; scenarios.py has the table. Portable.
from firmware.compat import sleep_ms
from firmware.wire.codes import (
    F_DOOR,
    F_HOST_STUCK,
    FAULT,
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
    INPUTS_ALL,
    OK,
    READY,
    REJ_CAUSE,
    SELF_TEST_CLOCK,
    SENSOR_NONE,
)
from firmware.wire.commands import Charge, ClearFault
from tests.firmware.bench import ONE_HZ_120
from tests.firmware.chair import Chair, LoggingHal


async def _faulted(chair: Chair, within_ms: int = 500) -> Chair:
    # In FAULT, everything closed, and not a pulse more.
    await chair.until(FAULT, within_ms)
    assert chair.is_safe()
    given = len(chair.hal.pulses)
    await sleep_ms(300)
    assert len(chair.hal.pulses) == given
    assert chair.is_safe()
    return chair


async def _opened(chair: Chair, bit: int) -> Chair:
    chair.board.set_inputs(INPUTS_ALL & ~bit)
    return await _faulted(chair, 5)


async def estop_in_a_train() -> Chair:
    """The red button between two pulses."""
    return await _opened(await Chair().in_train(), IN_ESTOP)


async def door_while_ready() -> Chair:
    """Somebody comes in."""
    return await _opened(await Chair().charged(), IN_DOOR)


async def coil_unplugged_while_charging() -> Chair:
    """The connector is pulled on the way up."""
    chair = await Chair().configured()
    await chair.expect(OK, Charge(level_pct_mso=60))
    return await _opened(chair, IN_COIL)


async def patient_button_in_a_train() -> Chair:
    """The patient's own button."""
    return await _opened(await Chair().in_train(), IN_PATIENT)


async def cooling_lost_while_armed() -> Chair:
    """The fan stops."""
    return await _opened(await Chair().armed(), IN_COOLING)


async def inputs_stale_after_a_stall() -> Chair:
    """The chip stood still longer than a level may be old."""
    chair = await Chair().charged()
    chair.board.stall_next_us = 300000
    return await _faulted(chair, 600)


async def surface_hot_in_a_train() -> Chair:
    """The contact face reaches its limit."""
    chair = await Chair().in_train()
    chair.hal.surface = 412
    return await _faulted(chair)


async def winding_hot_while_armed() -> Chair:
    """The winding reaches its limit."""
    chair = await Chair().armed()
    chair.hal.winding = 805
    return await _faulted(chair)


async def sensor_lost_while_ready() -> Chair:
    """A thermistor's wire breaks."""
    chair = await Chair().charged()
    chair.hal.surface = SENSOR_NONE
    return await _faulted(chair)


async def sensor_frozen_in_a_train() -> Chair:
    """A thermistor's reading has stood still since the stimulation began."""
    chair = await Chair().armed(ONE_HZ_120, 1)
    chair.hal.is_noiseless = True
    await chair.fire(0, 0, 120)
    return await _faulted(chair, 35000)


async def sensor_runs_away_while_ready() -> Chair:
    """A loose contact: 6 K in one reading."""
    chair = await Chair().charged()
    chair.hal.winding += 60
    return await _faulted(chair)


async def face_far_above_the_winding_while_ready() -> Chair:
    """The two sensors tell of a coil that cannot be."""
    chair = await Chair().configured()
    for _ in range(14):  # slow enough for a sensor that drifts
        chair.hal.winding -= 10
        await sleep_ms(250)
    await chair.expect(OK, Charge(level_pct_mso=60))
    await chair.until(READY, 2000)
    for _ in range(13):
        chair.hal.surface += 10
        await sleep_ms(250)
    return await _faulted(chair)


async def bank_wanders_while_ready() -> Chair:
    """The bank stands far above its set point."""
    chair = await Chair().charged()
    chair.hal.millivolts += 200000
    return await _faulted(chair)


async def charger_dead() -> Chair:
    """The bank never reaches its set point."""
    chair = await Chair().configured()
    chair.hal.charger_rate = 1
    await chair.expect(OK, Charge(level_pct_mso=60))
    return await _faulted(chair, 5200)


async def pulse_without_a_result() -> Chair:
    """A request of which nothing is heard."""
    chair = await Chair().in_train()
    chair.hal.silent_next = 1
    return await _faulted(chair)


async def pulse_that_nobody_asked_for() -> Chair:
    """Current in the coil without a request; it counts."""
    chair = await Chair().armed()
    chair.now_us()
    chair.hal.fire_unasked()
    return await _faulted(chair)


async def amplitude_of_four_fifths() -> Chair:
    """The coil gives a fifth less than asked."""
    chair = await Chair().in_train()
    chair.hal.amplitude_scale_pm = 800
    return await _faulted(chair)


async def trigger_refuses_a_request() -> Chair:
    """The queue does not take a pulse: never caught up."""
    chair = await Chair().in_train()
    chair.hal.is_queue_refusing = True
    return await _faulted(chair)


async def edge_falls_silent_in_a_train() -> Chair:
    """No heartbeat for half a second."""
    chair = await Chair().armed(ONE_HZ_120, 1)
    await chair.fire(0, 0, 120)
    await sleep_ms(1500)
    chair.is_beating = False
    return await _faulted(chair, 600)


async def armed_and_forgotten() -> Chair:
    """A minute without a train, most of it lived through before."""
    chair = await Chair().armed()
    await sleep_ms(1000)
    chair.tasks.device._unit.charged._since_us -= 58000000
    return await _faulted(chair, 1100)


async def ledger_damaged_at_boot() -> Chair:
    """The stored count fails its check."""
    chair = await Chair(LoggingHal(b"not a ledger")).hello()
    return await _faulted(chair)


async def ledger_not_stored() -> Chair:
    """The flash does not take the open copy: nothing is armed."""
    chair = await Chair().charged()
    chair.hal.is_flash_full = True
    try:
        await chair.arm()
    except (AssertionError, AttributeError):
        pass
    return await _faulted(chair)


async def gate_stuck_on() -> Chair:
    """The enable reads closed while nothing is armed; it cannot be opened from here."""
    chair = await Chair().charged()
    chair.hal.is_gate_stuck = True
    await chair.until(FAULT, 500)
    assert (chair.hal.target_mv, chair.hal.is_bleeding) == (0, True)
    chair.hal.is_gate_stuck = False
    return chair


async def self_test_failed() -> Chair:
    """The board found itself wrong at boot."""
    hal = LoggingHal()
    hal.self_test_bits = SELF_TEST_CLOCK
    return await _faulted(await Chair(hal).hello())


async def host_enable_lost_in_a_train() -> Chair:
    """The Pi makes no edges any more."""
    return await _opened(await Chair().in_train(), IN_HOST)


async def host_enable_lost_while_charging() -> Chair:
    """The same on the way up: the bank is not kept for nobody."""
    chair = await Chair().configured()
    await chair.expect(OK, Charge(level_pct_mso=60))
    return await _opened(chair, IN_HOST)


async def host_enable_stuck_at_rest() -> Chair:
    """The Pi's enable is on for more than five seconds and nothing is charged."""
    chair = await Chair().configured()
    chair.hal.is_host_stuck = True
    await _faulted(chair, 5200)
    await chair.expect(REJ_CAUSE, ClearFault(fault=F_HOST_STUCK))
    chair.board.set_inputs(INPUTS_ALL & ~IN_HOST)
    await chair.expect(OK, ClearFault(fault=F_HOST_STUCK))
    return chair


async def host_enable_stuck_after_a_fault() -> Chair:
    """A second defect under the first: both are told."""
    chair = await _opened(await Chair().armed(), IN_DOOR)
    chair.hal.is_host_stuck = True
    chair.board.set_inputs(INPUTS_ALL)
    await sleep_ms(5200)
    assert chair.tasks.device._unit.machine.faults == [F_DOOR, F_HOST_STUCK]
    await chair.expect(REJ_CAUSE, ClearFault(fault=0))
    chair.board.set_inputs(INPUTS_ALL & ~IN_HOST)
    await chair.expect(OK, ClearFault(fault=F_DOOR))
    chair.latched.append(F_HOST_STUCK)  # a Status names the first one only
    return chair


async def cover_opened_while_armed() -> Chair:
    """Somebody opens the power stage."""
    return await _opened(await Chair().armed(), IN_ENCLOSURE)
