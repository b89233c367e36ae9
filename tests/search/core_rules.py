"""What must hold in every state the searched core can reach, judged by the world's own book.

The rules are written from design.md 4 and 5 and the reference's invariants, not from the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.core.bounds import CONFIRM_US_MAX
from firmware.core.supervision import FAULT_OF_INPUT
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    F_SENSOR,
    F_SURFACE_HOT,
    F_WINDING_HOT,
    FAULT,
    HOLD,
    IN_ESTOP,
    IN_HOST,
    INPUT_BITS,
    READY,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import Arm, Charge, ClearFault, Configure, Confirm, FireTrain
from firmware.wire.limits import (
    ADC_PERIOD_US,
    DEBOUNCE_CLOSE_US,
    HEARTBEAT_MS_MAX,
    INPUT_STALE_US,
    LEFT_CHARGED_MS_MAX,
    START_LEAD_US_MIN,
    V_FULL_MV,
)
from firmware.wire.message import Message
from tests.search.engine import RuleBrokenError

if TYPE_CHECKING:
    from tests.search.core_world import CoreWorld

HEAT_US = 1_000_000  # [P] reference I13
# Time from a flash write to the next call is nobody's silence (docs/decisions/0010); the sensors
# bound how far ahead a wake lies.
FORGIVEN_US = ADC_PERIOD_US + 1_000

RULES: dict[str, str] = {
    "gate": "the gate is on in ARMED and TRAIN only",
    "request": "pulses are requested in a train only, with gate, inputs, heat and edge good",
    "interlock": "with a required input open, unknown or stale the gate is off and nothing waits",
    "first cause": "FAULT keeps its first cause until a person clears it with every cause gone",
    "stop": "after Stop, in any state: gate off, nothing waits, charger open, bleeding",
    "tighten": "a limit never gets looser, and an input once required stays required",
    "token": "a token serves once, and only the newest told one",
    "late": "a train starts no nearer than the least lead time",
    "idle": "a unit left charged for a minute without a train lets go",
    "readback": "an enable that reads on at rest is a fault within a fifth of a second",
    "order": "only Confirm leads to ARMED, only Fire to TRAIN, only Charge to CHARGING",
    "refusal": "a refused command changes nothing",
    "silence": "without a heartbeat for 500 ms the unit is not energised",
    "heat": "a second after a sensor is hot or dead the unit is not energised",
    "dose": "the count is what the coil gave, and never above the plan but by unasked pulses",
    "flash": "flash is not written while the gate is on",
    "update": "an image arrives and the chip restarts only at rest",
    "hunger": "the chip's watchdog starves only at rest",
    "charger": "the charger is closed only while energised, and never above the limit",
    "progress": "every wake lies ahead",
    "assertion": "no assertion of the core fails",
}


def broken(rule: str, what: str) -> RuleBrokenError:
    return RuleBrokenError(rule, what)


def demand(is_true: bool, rule: str, what: str) -> None:
    if not is_true:
        assert rule in RULES
        raise broken(rule, what)


def unsafe_inputs(world: CoreWorld) -> int:
    """Required inputs that are not safe by the world's own book."""
    book, now_us = world.book, world.now_us
    required: int = world.unit.settings.inputs_required
    unsafe = 0
    is_stale = now_us - book.sampled_us > INPUT_STALE_US + FORGIVEN_US
    for index, bit in enumerate(INPUT_BITS):
        is_stable = book.closed_since_us[index] <= now_us - DEBOUNCE_CLOSE_US
        if required & bit and (is_stale or not is_stable):
            unsafe |= bit
    return unsafe


HEAT_CAUSES = {
    F_SURFACE_HOT: ("surface hot", "surface dead"),
    F_WINDING_HOT: ("winding hot", "winding dead"),
    F_SENSOR: ("surface dead", "winding dead"),
}
READBACK_US = 200_000  # [P] four readings


def is_energised(state: int) -> bool:
    return CHARGING <= state <= HOLD


def check_request(world: CoreWorld, at_us: int) -> None:
    """Asked for one pulse."""
    unit, book = world.unit, world.book
    demand(unit.machine.state == TRAIN, "request", "not in TRAIN")
    demand(world.hal.gate_is_on(), "request", "the gate is off")
    demand(at_us > world.now_us, "request", "in the past")
    demand(not unsafe_inputs(world), "request", f"inputs {unsafe_inputs(world)} are not safe")
    demand(world.now_us - book.sick_since_us < HEAT_US, "request", "hot or unknown")
    demand(not _is_silent(world), "request", "the edge is silent")
    deviation_mv = abs(world.hal.millivolts - unit.power.level_pct * V_FULL_MV // 100)
    is_first = not world.hal.queue and unit.pulser.delivered == 0
    demand(
        not is_first or deviation_mv * 50 <= world.hal.millivolts, "request", "bank off its level"
    )


def _is_silent(world: CoreWorld) -> bool:
    return world.now_us - world.book.heard_us > HEARTBEAT_MS_MAX * 1000


def check_restart(world: CoreWorld) -> None:
    state = world.unit.machine.state
    demand(state in (STANDBY, FAULT), "update", f"restart in state {state}")


def check_after(world: CoreWorld) -> None:
    """After each call of the device."""
    unit, hal = world.unit, world.hal
    state = unit.machine.state
    is_on = hal.gate_is_on() and not hal.is_gate_stuck
    demand(not is_on or state in (ARMED, TRAIN), "gate", f"on in state {state}")
    _check_inputs(world, state, is_on)
    _check_first_cause(world, state)
    _check_limits(world)
    if is_energised(state):
        demand(not _is_silent(world), "silence", f"state {state}")
        demand(world.now_us - world.book.sick_since_us < HEAT_US, "heat", f"state {state}")
        demand(not unit.staging.is_busy, "update", f"an image arrives in state {state}")
        is_hungry = unit.hunger.lasts(world.now_us)
        demand(not is_hungry, "hunger", f"the watchdog starves in state {state}")
    demand(not hal.target_mv or is_energised(state), "charger", f"closed in state {state}")
    highest_mv = unit.settings.level_pct_max * V_FULL_MV // 100
    demand(hal.target_mv <= highest_mv, "charger", "above the limit")
    demand(state != ARMED or not hal.queue, "request", "a pulse waits in ARMED")
    _check_dose(world)
    _check_ages(world, state)


def _check_ages(world: CoreWorld, state: int) -> None:
    book, now_us = world.book, world.now_us
    if state != book.state or state not in (READY, ARMED, HOLD):
        book.state, book.entered_us = state, now_us
    longest_us = LEFT_CHARGED_MS_MAX * 1000 + FORGIVEN_US
    demand(now_us - book.entered_us <= longest_us, "idle", f"a minute in state {state}")
    if state in (ARMED, TRAIN, FAULT) or not world.hal.gate_is_on():
        book.gate_off_us = now_us
    demand(now_us - book.gate_off_us <= READBACK_US, "readback", f"gate on in state {state}")


def _check_inputs(world: CoreWorld, state: int, is_on: bool) -> None:
    unsafe = unsafe_inputs(world)
    if unsafe:
        waiting = [at_us for at_us in world.hal.queue if not world.is_near()]
        demand(not is_on, "interlock", f"gate on with inputs {unsafe} not safe")
        demand(not waiting, "interlock", f"a pulse waits with inputs {unsafe} not safe")
        demand(not is_energised(state), "interlock", f"state {state} with {unsafe} not safe")


def _check_first_cause(world: CoreWorld, state: int) -> None:
    book, machine = world.book, world.unit.machine
    demand((state == FAULT) == bool(machine.faults), "first cause", f"{machine.faults} in {state}")
    first = machine.first_fault()
    if book.first_fault:
        demand(first == book.first_fault, "first cause", f"{book.first_fault} became {first}")
    book.first_fault = first


def _check_limits(world: CoreWorld) -> None:
    book, settings = world.book, world.unit.settings
    now, was = settings.__dict__, book.settings
    if now == was:
        return
    for name, value in was.items():
        if name == "settings_hash":
            continue
        if name == "inputs_required":
            demand(now[name] & value == value, "tighten", f"{name} {value} to {now[name]}")
        elif name.endswith("_min"):
            demand(now[name] >= value, "tighten", f"{name} {value} to {now[name]}")
        else:
            demand(now[name] <= value, "tighten", f"{name} {value} to {now[name]}")
    if now["settings_hash"]:
        always = IN_ESTOP | IN_HOST
        demand(now["inputs_required"] & always == always, "tighten", "estop or host not required")
    book.settings = dict(now)


def _check_dose(world: CoreWorld) -> None:
    if world.hal.results:
        return  # not collected yet
    counted, given = world.unit.counters.lifetime_pulses, world.book.sensed
    demand(counted == given, "dose", f"counted {counted}, given {given}")


def check_stopped(world: CoreWorld) -> None:
    """Right after a Stop."""
    unit, hal = world.unit, world.hal
    demand(not hal.gate_is_on() or hal.is_gate_stuck, "stop", "the gate is on")
    demand(not hal.queue or world.is_near(), "stop", "a pulse waits")
    demand(hal.target_mv == 0 and hal.is_bleeding, "stop", "the bank is not being bled")
    state = unit.machine.state
    demand(state in (0, 1, STANDBY, DISCHARGING, FAULT), "stop", f"state {state}")
    demand(unit.arming.token(world.now_us) == 0, "stop", "a token is left")


class Before:
    """What a refused command must leave as it was."""

    def __init__(self, world: CoreWorld) -> None:
        unit, hal = world.unit, world.hal
        self.state: int = unit.machine.state
        self.told = world.book.told_token
        self.told_us = world.book.told_us
        self.used = tuple(world.book.used_tokens)
        self.faults = tuple(unit.machine.faults)
        self.token: int = unit.arming.token(world.now_us)
        self.given: int = unit.counters.session_pulses
        self.rest = (
            self.state,
            tuple(unit.machine.faults),
            tuple(sorted(unit.settings.__dict__.items())),
            hal.gate_is_on(),
            hal.target_mv,
            hal.is_bleeding,
            tuple(hal.queue),
            tuple(sorted((n, repr(v)) for n, v in unit.counters.__dict__.items())),
            unit.arming.plan,
            unit.arming.is_busy(),
            self.token,
            unit.staging.is_busy,
            unit.pulser.is_active,
        )


def _check_causes_gone(world: CoreWorld, faults: tuple[int, ...]) -> None:
    for bit, fault in FAULT_OF_INPUT:
        is_open = not world.book.level & bit and bit != IN_HOST  # that one is off at rest
        demand(fault not in faults or not is_open, "first cause", f"{fault} cleared while there")
    for fault, wrongs in HEAT_CAUSES.items():
        is_there = fault in faults and world.wrong in wrongs
        demand(not is_there, "first cause", f"{fault} cleared while there")


def check_refused(world: CoreWorld, command: Message, before: Before) -> None:
    """A command that the envelope refuses was sent."""
    demand(Before(world).rest == before.rest, "refusal", command.__class__.__name__)


def check_answer(world: CoreWorld, command: Message, before: Before) -> None:
    """A command that the envelope accepts was obeyed."""
    state = world.unit.machine.state
    if isinstance(command, (Confirm, FireTrain)):
        demand(command.token not in before.used, "token", "used before")
        demand(command.token == before.told, "token", "not the newest")
        demand(command.token == before.token, "token", "not in force")
        is_old = isinstance(command, Confirm) and world.now_us - before.told_us > CONFIRM_US_MAX
        demand(not is_old, "token", "too old")
    if isinstance(command, FireTrain):
        demand(command.start_us >= world.now_us + START_LEAD_US_MIN, "late", "accepted")
        after = before.given + command.pulse_count
        demand(after <= world.unit.arming.pulses_total, "dose", f"{after} pulses were promised")
    moved = (before.state, state)
    demand(isinstance(command, Confirm) or moved != (READY, ARMED), "order", "armed")
    is_new = before.state != state
    demand(not is_new or state != TRAIN or before.state == ARMED, "order", "train without Confirm")
    demand(isinstance(command, FireTrain) or moved != (ARMED, TRAIN), "order", "in a train")
    demand(not is_new or state != CHARGING or isinstance(command, Charge), "order", "charging")
    if isinstance(command, (Charge, Arm, Confirm, FireTrain)):
        demand(not unsafe_inputs(world), "interlock", f"{command.TYPE} accepted")
        demand(not _is_silent(world), "silence", f"{command.TYPE} accepted")
        is_calm = world.now_us - world.book.sick_since_us < HEAT_US
        demand(is_calm, "heat", f"{command.TYPE} accepted")
    if before.state == FAULT and state != FAULT:
        demand(isinstance(command, ClearFault), "first cause", "left without a clear")
        _check_causes_gone(world, before.faults)
        world.book.first_fault = 0
    if isinstance(command, Configure):
        demand(before.state not in (CHARGING, READY, ARMED, TRAIN), "tighten", "while charged")
