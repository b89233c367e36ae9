"""Everything that can happen to the searched core, and when two of its states count as one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from firmware.core import supervision
from firmware.core.bounds import CONFIRM_US_MAX, SENSOR_SLEW_HOLD_US
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    FAULT,
    HOLD,
    IN_HOST,
    INPUT_BITS,
    INPUT_NAMES,
    INPUTS_ALL,
    OK,
    READY,
    SELF_TEST,
    SENSOR_NONE,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import (
    PROVE_SURFACE,
    PROVE_WATCHDOG,
    Charge,
    ClearFault,
    Confirm,
    Discharge,
    Hold,
    Prove,
    UpdateBegin,
    UpdateCommit,
    UpdateTry,
)
from firmware.wire.limits import CANCEL_LEAD_US, SURFACE_C10_MAX, WINDING_C10_MAX
from firmware.wire.message import Message
from tests.firmware.bench import SESSION_A, arm_of, configure_of
from tests.search import core_rules

if TYPE_CHECKING:
    from tests.search.core_world import CoreWorld

PLAN = ((2, 100_000), (2, 400_000), (1, 0), (1, 0))
LEVEL_PCT = 60
ARM_OF_PLAN = arm_of(PLAN, 1, LEVEL_PCT, SESSION_A)
LEAD_US = 60_000
WHILE_US = 300_000  # six readings of the sensors: a median of five has followed
SICK_US = 1_200_000  # [P] reference I13: an invalid sensor is a safe state within 1 s
CALM_US = SENSOR_SLEW_HOLD_US + 1_000_000  # a change that steep is forgotten
CALM_SURFACE, CALM_WINDING = 250, 260

OPEN_BITS: dict[str, int] = {
    "all open": INPUTS_ALL,
    **{
        f"{name} open": bit
        for name, bit in zip(INPUT_NAMES, INPUT_BITS, strict=True)
        if bit != IN_HOST
    },
}
# Surface and winding as read.
SICK_READINGS: dict[str, tuple[int, int]] = {
    "surface hot": (SURFACE_C10_MAX + 5, CALM_WINDING),
    "surface dead": (SENSOR_NONE, CALM_WINDING),
    "winding hot": (CALM_SURFACE, WINDING_C10_MAX + 5),
    "winding dead": (CALM_SURFACE, SENSOR_NONE),
}
WARM_READINGS = {
    "surface warm": (SURFACE_C10_MAX - 10, CALM_WINDING),
    "winding warm": (CALM_SURFACE, WINDING_C10_MAX - 10),
}
# Attribute of the fake hardware, value when wrong, value when right.
DEFECTS: dict[str, tuple[str, Any, Any]] = {
    "bank stuck": ("is_bank_stuck", True, False),
    "gate dead": ("is_gate_dead", True, False),
    "gate stuck": ("is_gate_stuck", True, False),
    "flash full": ("is_flash_full", True, False),
    "self-test fails": ("self_test_bits", 4, 0),
    "queue refuses": ("is_queue_refusing", True, False),
    "pulses weak": ("amplitude_scale_pm", 800, 1000),
    "pulses not sensed": ("misfires_next", 9, 0),
    "results missing": ("silent_next", 9, 0),
    "results late": ("result_shift_us", 2_000, 0),
}
WRONGS: tuple[str, ...] = (
    *OPEN_BITS,
    *SICK_READINGS,
    *WARM_READINGS,
    *DEFECTS,
    "not sampled",
    "not beating",
    "host stuck",
)


def set_surroundings(world: CoreWorld, wrong: str) -> None:
    """Make exactly this wrong and everything else right."""
    hal = world.hal
    readings = {**SICK_READINGS, **WARM_READINGS}
    hal.surface, hal.winding = readings.get(wrong, (CALM_SURFACE, CALM_WINDING))
    for name, (attribute, bad, good) in DEFECTS.items():
        setattr(hal, attribute, bad if name == wrong else good)
    world.is_sampling = wrong != "not sampled"
    world.is_beating = wrong != "not beating"
    if wrong == "host stuck":
        world.host(True)


def _go_wrong(wrong: str, world: CoreWorld) -> None:
    world.set_wrong(wrong)
    if wrong in SICK_READINGS:
        world.run_us(SICK_US)
    elif wrong in WARM_READINGS:
        world.run_us(WHILE_US)


def _repair(world: CoreWorld) -> None:
    was_reading = world.wrong in SICK_READINGS or world.wrong in WARM_READINGS
    world.set_wrong("")
    if was_reading:
        world.run_us(CALM_US if world.faults() else WHILE_US)


def _bounce(world: CoreWorld) -> None:
    """Every contact opens and closes again within a millisecond."""
    levels = world.hal.inputs
    world.hal.set_inputs(0)
    world.sample()
    world.run_us(1_000)
    world.hal.set_inputs(levels)
    world.sample()


def _arm(world: CoreWorld, **over: int | bytes) -> Message:
    counters = world.unit.counters
    given = counters.session_pulses if counters.session_id == SESSION_A else 0
    return _but(ARM_OF_PLAN, **{"delivered": given, **over})


def _but(command: Message, **over: int | bytes) -> Message:
    values = {name: getattr(command, name) for name in command.FIELDS}
    return command.__class__(**{**values, **over})


def _fire(world: CoreWorld) -> Message:
    return world.fire_of(max(world.unit.last_pulse_us + 400_000, world.now_us + LEAD_US))


def _used_token(world: CoreWorld) -> int:
    return world.book.used_tokens[-1] if world.book.used_tokens else 1


def _confirm(world: CoreWorld) -> Message:
    token: int = world.book.told_token
    return Confirm(token=token)


COMMANDS: dict[str, Callable[[CoreWorld], Message]] = {
    "Configure": lambda w: configure_of(),
    "Configure tighter": lambda w: configure_of(level_pct_max=LEVEL_PCT),
    "Configure a looser level": lambda w: configure_of(level_pct_max=100),
    "Configure fewer inputs": lambda w: configure_of(inputs_required=0),
    "Charge": lambda w: Charge(level_pct_mso=LEVEL_PCT),
    "Charge too high": lambda w: Charge(level_pct_mso=95),
    "Discharge": lambda w: Discharge(),
    "Arm": _arm,
    "Arm with another plan's hash": lambda w: _arm(w, plan_sha256=bytes(32)),
    "Arm with a wrong count": lambda w: _arm(w, delivered=4),
    "Confirm": _confirm,
    "Confirm with a used token": lambda w: Confirm(token=_used_token(w)),
    "Fire": _fire,
    "Fire with a used token": lambda w: _but(_fire(w), token=_used_token(w)),
    "Fire too late": lambda w: w.fire_of(w.now_us + 1_000),
    "Fire too many": lambda w: _but(_fire(w), pulse_count=3),
    "Hold": lambda w: Hold(),
    "ClearFault": lambda w: ClearFault(fault=0),
    "Prove the face": lambda w: Prove(part=PROVE_SURFACE),
    "Prove the watchdog": lambda w: Prove(part=PROVE_WATCHDOG),
    "UpdateBegin": lambda w: UpdateBegin(),
    "UpdateTry": lambda w: UpdateTry(),
    "UpdateCommit": lambda w: UpdateCommit(),
}


def _ask(name: str, world: CoreWorld) -> None:
    world.ask(COMMANDS[name](world))


def _ask_all_refused(world: CoreWorld) -> int:
    """Every command that is refused here, one after the other: nothing may change."""
    refused = [make(world) for make in COMMANDS.values()]
    refused = [command for command in refused if world.judge(command) != OK]
    for command in refused:
        world.ask_in_vain(command)
    return len(refused)


def _new_session(world: CoreWorld) -> None:
    world.unit.counters.begin(bytes(15) + b"Z", 0)  # as if another patient had been treated


def _just_before_pulse(world: CoreWorld) -> None:
    world.run_us(world.us_to_pulse() - CANCEL_LEAD_US // 2)


def _past_pulse(world: CoreWorld) -> None:
    world.run_us(world.us_to_pulse() + 1_500)


def _unasked(world: CoreWorld) -> None:
    world.hal.fire_unasked()
    world.run_us(5_000)


# How long until the deadline of a state has passed.
_PATIENCE_US = {
    SELF_TEST: 31_000_000,
    STANDBY: 6_000_000,
    CHARGING: 5_100_000,
    READY: 61_000_000,
    ARMED: 61_000_000,
    HOLD: 61_000_000,
    DISCHARGING: 31_000_000,
    FAULT: 6_000_000,
}


_TOKEN_US = CONFIRM_US_MAX + 500_000


def _wait_long(world: CoreWorld) -> None:
    state, has_token = world.unit.machine.state, world.unit.arming.token(world.now_us) != 0
    is_confirmable = state == READY and has_token
    world.run_us(_TOKEN_US if is_confirmable else _PATIENCE_US.get(state, 600_000))


EVENTS: dict[str, Callable[[CoreWorld], int | None]] = {
    "next wake": lambda w: w.run_to_wake(),
    "a while": lambda w: w.run_us(WHILE_US),
    "long wait": _wait_long,
    "just before the pulse": _just_before_pulse,
    "past the pulse": _past_pulse,
    "bounce": _bounce,
    "pulse unasked": _unasked,
    "repair": _repair,
    **{f"wrong: {wrong}": partial(_go_wrong, wrong) for wrong in WRONGS},
    "host on": lambda w: w.host(True),
    "host off": lambda w: w.host(False),
    "Hello": lambda w: w.hello(),
    "Hello of another version": lambda w: w.hello(1),
    "Stop": lambda w: w.stop(),
    "every refused command": _ask_all_refused,
    **{name: partial(_ask, name) for name in COMMANDS},
    "another session": _new_session,
}


# Where something wrong can first make a difference; elsewhere it is not begun.
_PULSES = ("queue refuses", "pulses weak", "pulses not sensed", "results missing", "results late")
_AT_WORK = (STANDBY, CHARGING, READY, ARMED, TRAIN, HOLD)
_ONE_OF_EACH = ("all open", "surface hot", "winding dead")  # begin elsewhere too
_BEGINS: dict[str, tuple[int, ...]] = {
    **{wrong: _AT_WORK for wrong in WRONGS if wrong not in _ONE_OF_EACH},
    **dict.fromkeys(_PULSES, (ARMED, TRAIN)),
    "gate dead": (READY, ARMED, TRAIN),
    "gate stuck": (STANDBY, READY, ARMED, TRAIN, HOLD),
    "flash full": (STANDBY, READY, TRAIN),
    "self-test fails": (SELF_TEST, STANDBY, FAULT),
    "bank stuck": (SELF_TEST, STANDBY, CHARGING, READY, HOLD),
    "host stuck": (STANDBY, HOLD, ARMED),
}


def possible(world: CoreWorld) -> Iterable[str]:
    """Everything but what makes no difference here."""
    state = world.unit.machine.state
    for event in EVENTS:
        if event in COMMANDS:
            if world.judge(COMMANDS[event](world)) == OK:
                yield event
        elif event.startswith("wrong: "):
            if world.wrong == "" and state in _BEGINS.get(event[7:], (state,)):
                yield event
        elif not _is_idle(world, event, state):
            yield event


def _is_idle(world: CoreWorld, event: str, state: int) -> bool:
    us_to_pulse = world.us_to_pulse()
    if event == "long wait":
        # Elsewhere a while is as good.
        is_stuck = world.wrong in ("bank stuck", "host stuck")
        is_left_charged = not world.wrong and state in (READY, ARMED, HOLD)
        return not (is_stuck or is_left_charged)
    return {
        "repair": not world.wrong,
        "just before the pulse": us_to_pulse <= CANCEL_LEAD_US,
        "past the pulse": us_to_pulse < 0,
        "host on": world.is_host_wanted or state != STANDBY,
        "host off": not world.is_host_wanted,
        "another session": state != STANDBY or world.unit.counters.session_id != SESSION_A,
    }.get(event, False)


def key_of(world: CoreWorld) -> Hashable:
    """States with this key count as one. At rest only what bears on the way on is told apart."""
    unit = world.unit
    state = unit.machine.state
    unsafe = unit.inputs.unsafe(unit.settings.inputs_required)
    common = (
        state,
        unit.settings.settings_hash != 0,
        unit.pulser.is_active,
        unit.heat.is_cool(),
        unit.power.is_low(),
    )
    if CHARGING <= state <= HOLD:
        return (*common, unsafe, world.wrong, *_charged_key(world))
    if state == FAULT:
        faults = unit.machine.faults
        causes = [supervision.has_cause(unit, fault, world.now_us) for fault in faults]
        return (*common, faults[0], min(len(faults), 2), any(causes), world.wrong != "")
    if state != STANDBY or world.wrong:
        return (*common, world.wrong, unsafe != 0)
    is_tight = unit.settings.level_pct_max == LEVEL_PCT
    return (
        *common,
        "",
        unsafe != 0,
        world.is_host_wanted,
        is_tight,
        world.dispatcher._is_identified,
        unit.beats.is_lost(world.now_us),
        unit.staging.is_busy,
        unit.hunger.lasts(world.now_us),
        core_rules.unsafe_inputs(world) != 0,
        _given(unit),
    )


def _charged_key(world: CoreWorld) -> tuple[Hashable, ...]:
    unit, pulser = world.unit, world.unit.pulser
    token = unit.arming.token(world.now_us)
    dose = None if world.wrong else (unit.settings.level_pct_max == LEVEL_PCT, _given(unit))
    train = (pulser._next, len(pulser._waiting), pulser._is_ending, pulser.ended)
    return (
        dose,
        unit.power.is_within(),
        unit.power.bad_samples,
        token != 0,
        world.now_us - world.book.told_us > CONFIRM_US_MAX,
        unit.arming.is_busy(),
        world.dispatcher._is_identified,
        train if pulser.is_active else None,
        len(world.hal.queue),
        world.is_near(),
        unit.gate._lost_us >= 0,
    )


def _given(unit: Any) -> Hashable:
    """How much of the dose, and whether the count is exact; None before the first Arm."""
    counters = unit.counters
    if counters.session_id != SESSION_A:
        return None
    return min(counters.session_pulses, 5), counters.is_valid
