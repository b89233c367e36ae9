"""Bugs planted in the device core, one for each rule and more; the search has to find every one.

Each is written as the mistake a tired person makes: a check left out, an order turned round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from firmware.core import dispatcher, envelope, interlocks, supervision, transitions
from firmware.core.arming import Arming
from firmware.core.counters import Counters
from firmware.core.gate import Gate
from firmware.core.heat import Heat
from firmware.core.machine import Machine
from firmware.core.power import Power
from firmware.core.unit import Unit
from firmware.core.watchdogs import ChargedWatch, HeartbeatWatch
from firmware.wire.codes import ARMED, DISCHARGING, HOLD, OK, READY, TRAIN
from firmware.wire.commands import Charge, Configure

REST = ("a while", "Hello", "Configure", "host on", "a while")
CHARGED = (*REST, "Charge", "a while")
ECHOED = (*CHARGED, "Arm", "next wake", "next wake")
ARMED_UNIT = (*ECHOED, "Confirm")
IN_TRAIN = (*ARMED_UNIT, "Fire", "past the pulse")

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Planted:
    """rules: those of which one has to break; start: where the search begins."""

    name: str
    rules: tuple[str, ...]
    start: tuple[str, ...]
    plant: Callable[[Patch], None]


PLANTED: list[Planted] = []


def _planted(
    *rules: str, start: tuple[str, ...]
) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def keep(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        PLANTED.append(Planted((plant.__doc__ or "").rstrip("."), rules, start, plant))
        return plant

    return keep


@contextmanager
def planted(bug: Planted) -> Iterator[None]:
    """The core with this bug in it."""
    with pytest.MonkeyPatch.context() as patch:
        bug.plant(patch)
        yield


def _cell(patch: Patch, state: int, event: int, cell: int) -> None:
    table = [list(row) for row in transitions.TABLE]
    table[state][event] = cell
    patch.setattr(transitions, "TABLE", tuple(tuple(row) for row in table))


@_planted("gate", start=ARMED_UNIT)
def _hold_keeps_gate(patch: Patch) -> None:
    """Hold forgets the plan and leaves the gate on."""

    def hold(unit: Any, now_us: int) -> None:
        unit._apply(transitions.EV_HOLD, now_us)
        unit._forget_arm()

    patch.setattr(Unit, "hold", hold)


@_planted("request", start=ARMED_UNIT)
def _gate_not_looked_at(patch: Patch) -> None:
    """pulses are handed over without looking whether the gate is still on."""

    def work(gate: Any, now_us: int) -> bool:
        gate.feed_due_us = now_us + 20_000
        return True

    patch.setattr(Gate, "work", work)


@_planted("interlock", start=ARMED_UNIT)
def _opening_waits(patch: Patch) -> None:
    """an opened input acts at the next poll, not at once."""
    patch.setattr(Unit, "take_input", lambda unit, now, mask: unit.inputs.sample(now, mask))


@_planted("interlock", start=REST)
def _closing_at_once(patch: Patch) -> None:
    """a contact counts as closed at its first touch."""
    patch.setattr(interlocks, "DEBOUNCE_CLOSE_US", 0)


@_planted("interlock", start=CHARGED)
def _old_inputs_believed(patch: Patch) -> None:
    """inputs that nobody samples stay as they were."""
    patch.setattr(interlocks, "INPUT_STALE_US", 1 << 40)


@_planted("interlock", "heat", "silence", start=REST)
def _charge_without_permissives(patch: Patch) -> None:
    """Charge, Arm and Confirm do not look at inputs, heat and heartbeat."""
    patch.setattr(envelope, "_judge_permissives", lambda situation: envelope.ACCEPTED)


@_planted("first cause", start=CHARGED)
def _last_cause_first(patch: Patch) -> None:
    """the newest fault is shown as the cause."""

    def latch(machine: Any, fault: int) -> bool:
        machine.faults.insert(0, fault)
        return bool(machine.apply(transitions.EV_FAULT))

    patch.setattr(Machine, "latch", latch)


@_planted("first cause", start=CHARGED)
def _clear_with_cause(patch: Patch) -> None:
    """a fault is cleared while its cause is there."""
    patch.setattr(supervision, "has_cause", lambda unit, fault, now_us: False)


@_planted("stop", start=IN_TRAIN)
def _stop_waits_for_train(patch: Patch) -> None:
    """Stop lets the running train end."""
    stop = Unit.stop

    def late(unit: Any, now_us: int) -> None:
        if unit.machine.state != TRAIN:
            stop(unit, now_us)

    patch.setattr(Unit, "stop", late)


@_planted("tighten", start=REST)
def _any_configuration(patch: Patch) -> None:
    """a Configure is taken whatever it says."""
    accept = lambda command, situation: envelope.ACCEPTED  # noqa: E731
    rules = {**envelope._RULES, Configure.TYPE: (transitions.EV_CONFIGURE, accept)}
    patch.setattr(envelope, "_RULES", rules)


@_planted("token", start=ARMED_UNIT)
def _token_kept(patch: Patch) -> None:
    """a token stays in force after it was used."""
    patch.setattr(Arming, "next_token", lambda arming: arming._token)


@_planted("token", start=ECHOED)
def _token_never_expires(patch: Patch) -> None:
    """an echo can be confirmed an hour later."""
    patch.setattr(Arming, "token", lambda arming, now_us: arming._token)


@_planted("late", start=ARMED_UNIT)
def _late_taken(patch: Patch) -> None:
    """a train whose start is too near is taken all the same."""
    patch.setattr(envelope, "START_LEAD_US_MIN", 0)


@_planted("idle", start=CHARGED)
def _ready_for_ever(patch: Patch) -> None:
    """a unit left charged and not armed stays charged."""
    patch.setattr(supervision, "is_waiting", lambda state: state in (ARMED, HOLD))


@_planted("idle", start=ARMED_UNIT)
def _armed_for_ever(patch: Patch) -> None:
    """a unit left armed stays armed."""
    patch.setattr(ChargedWatch, "is_idle", lambda watch, now_us: False)


@_planted("readback", start=CHARGED)
def _enable_not_read_back(patch: Patch) -> None:
    """nobody looks whether the enable really opened."""
    patch.setattr(Gate, "is_on", lambda gate: False)


@_planted("order", "request", start=ECHOED)
def _fire_without_confirm(patch: Patch) -> None:
    """a train is taken in READY with the token of the echo."""
    _cell(patch, READY, transitions.EV_FIRE, TRAIN)


@_planted("refusal", start=REST)
def _refusal_changes_limits(patch: Patch) -> None:
    """a refused command has already changed a limit."""
    judge = envelope.judge_command

    def leaky(command: Any, situation: Any) -> tuple[int, int]:
        code, detail = judge(command, situation)
        if code != OK:
            situation.settings.train_pulses_max -= 1
        return code, detail

    patch.setattr(dispatcher, "judge_command", leaky)


@_planted("silence", "progress", start=CHARGED)
def _silence_ignored(patch: Patch) -> None:
    """a lost heartbeat is not noticed."""
    patch.setattr(HeartbeatWatch, "is_lost", lambda watch, now_us: False)


@_planted("heat", start=CHARGED)
def _dead_sensor_believed(patch: Patch) -> None:
    """a sensor without a value counts as cool."""
    patch.setattr(Heat, "is_known", lambda heat: True)


@_planted("dose", start=ARMED_UNIT)
def _first_pulse_not_counted(patch: Patch) -> None:
    """the first pulse of a train is not counted."""
    count = Counters.count

    def short(counters: Any, train_index: int, pulse_index: int) -> None:
        if pulse_index:
            count(counters, train_index, pulse_index)

    patch.setattr(Counters, "count", short)


@_planted("flash", start=ARMED_UNIT)
def _flash_at_any_time(patch: Patch) -> None:
    """the count is stored once more when a train starts."""
    fire = Unit.fire

    def careful(unit: Any, command: Any, now_us: int) -> None:
        fire(unit, command, now_us)
        unit._store(True, now_us)

    patch.setattr(Unit, "fire", careful)


@_planted("update", start=REST)
def _charge_while_updating(patch: Patch) -> None:
    """the bank is charged while a firmware image arrives."""
    judge = envelope._judge_charge

    def blind(command: Any, situation: Any) -> tuple[int, int]:
        situation.is_staging = False
        return judge(command, situation)

    rules = {**envelope._RULES, Charge.TYPE: (transitions.EV_CHARGE, blind)}
    patch.setattr(envelope, "_RULES", rules)


@_planted("hunger", start=REST)
def _charge_while_starving(patch: Patch) -> None:
    """the bank is charged while the watchdog starves."""
    judge = envelope._judge_charge

    def blind(command: Any, situation: Any) -> tuple[int, int]:
        situation.is_starving = False
        return judge(command, situation)

    rules = {**envelope._RULES, Charge.TYPE: (transitions.EV_CHARGE, blind)}
    patch.setattr(envelope, "_RULES", rules)


@_planted("charger", "stop", start=CHARGED)
def _charger_left_on(patch: Patch) -> None:
    """the bank is bled with its charger still closed."""
    patch.setattr(Power, "discharge", lambda power: power._bleed(True))


@_planted("charger", start=REST)
def _level_not_judged(patch: Patch) -> None:
    """a level above the limit is charged."""
    patch.setattr(envelope, "_judge_level", lambda level, field, situation: envelope.ACCEPTED)


@_planted("progress", start=CHARGED)
def _wake_now(patch: Patch) -> None:
    """the core asks to be woken in the past: a driver that would spin."""
    patch.setattr(Unit, "next_wake_us", lambda unit, now_us: now_us)


@_planted("assertion", start=CHARGED)
def _hole_in_the_table(patch: Patch) -> None:
    """an empty bank is no event of DISCHARGING."""
    _cell(patch, DISCHARGING, transitions.EV_BANK_LOW, transitions.REJECT)
