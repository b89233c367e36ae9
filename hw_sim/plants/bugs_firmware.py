"""Bugs of the controller's firmware, and of the guard and trigger beside it.

Each leaves one defence out. The metal is in here only where it is a defence by itself: the guard
that watches the loop, the trigger that looks at the enable, the one-shot of the edge's enable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firmware.core import envelope, supervision
from firmware.core.arming import Arming
from firmware.core.authority import Authority
from firmware.core.counters import Counters
from firmware.core.dispatcher import Dispatcher
from firmware.core.heat import Heat
from firmware.core.interlocks import Interlocks
from firmware.core.power import Power
from firmware.core.pulser import Pulser
from firmware.core.sequence import NEW, Sequence
from firmware.core.unit import Unit
from firmware.core.watchdogs import HeartbeatWatch
from firmware.wire.codes import F_DOOR, F_ESTOP, F_NONE, IN_DOOR, OK, TRAIN
from firmware.wire.commands import Arm, Confirm, FireTrain
from firmware.wire.limits import GATE_LIFE_US
from firmware.wire.reports import ArmEcho
from hw_sim.mcu import SimMcu
from hw_sim.plant.host_enable import HostOneShot
from hw_sim.plant.plant import Plant as Metal
from hw_sim.plants.plant import around, entry, nothing, swap
from hw_sim.sim_hal import SimHal

Call = Callable[..., Any]

# --- inputs -------------------------------------------------------------------------------------

guard_blind = swap(
    "the guard does not see the interlock loop",
    (SimHal, "_is_loop_closed", lambda _hal: True),
)


def _without(fault: int) -> Callable[[Call], Call]:
    return lambda was: lambda unit: [found for found in was(unit) if found != fault]


door_ignored = around(
    "the firmware does not react to the door", supervision, "input_faults", _without(F_DOOR)
)
estop_ignored = around(
    "the firmware does not react to the mushroom", supervision, "input_faults", _without(F_ESTOP)
)


def _slow(was: Call) -> Call:
    """An opening counts when it was there at the sample before as well."""

    def sample(self: Interlocks, now_us: int, mask: int) -> None:
        held = getattr(self, "_held_us", None)
        if not mask & IN_DOOR and (held is None or now_us - held < 20_000):
            self._held_us = now_us if held is None else held  # type: ignore[attr-defined]
            mask |= IN_DOOR
        was(self, now_us, mask)

    return sample


openings_debounced = around(
    "the firmware waits 20 ms before it believes an opening", Interlocks, "sample", _slow
)
interrupt_lost = swap(
    "the pin interrupt never comes; levels are still sampled", (SimMcu, "on_inputs", nothing)
)
chain_welded = swap(
    "the contacts in the power path are bridged",
    (Metal, "is_path_closed", property(lambda self: self.host.is_on(self.kernel.now_ns))),
)

# --- enable and trigger -------------------------------------------------------------------------

trigger_blind = around(
    "the trigger gives its edge without a look at the enable",
    SimHal,
    "_on_edge",
    lambda was: lambda self: _with_gate(self, was),
)


def _with_gate(hal: SimHal, was: Call) -> None:
    before = hal.faults.gate_stuck
    hal.faults.gate_stuck = True
    try:
        was(hal)
    finally:
        hal.faults.gate_stuck = before


cancel_forgotten = swap(
    "what waits for its time in the queue is not called back",
    (SimHal, "cancel_pulses", lambda _hal: 0),
)


guard_never_decays = swap(
    "the guard holds the enable although nobody feeds it",
    (SimHal, "_on_gate_due", nothing),
    (SimHal, "_is_guard_on", lambda self: self._gate_until_ns is not None),
)


def _reset_keeps(was: Call) -> Call:
    def reset(self: SimHal) -> None:
        until_ns = self._gate_until_ns
        self._gate_until_ns = None
        was(self)
        self._gate_until_ns = until_ns

    return reset


reset_keeps_enable = around(
    "a reset of the chip leaves the enable as it is", SimHal, "reset", _reset_keeps
)
one_shot_holds = swap(
    "the edge's one-shot follows the pin's last edge for ever",
    (HostOneShot, "is_on", lambda self, _now_ns: self._edge_ns is not None),
)


def _glitch(was: Call) -> Call:
    def begin(self: Unit, *args: Any) -> None:
        was(self, *args)
        self.hal.arm_gate(GATE_LIFE_US)
        self.hal.drop_gate()

    return begin


boot_glitch = around("the enable is tried out at each start", Unit, "__init__", _glitch)


def _hello_glitch(was: Call) -> Call:
    def take(self: Dispatcher, *args: Any) -> None:
        was(self, *args)
        self._unit.hal.arm_gate(GATE_LIFE_US)
        self._unit.hal.drop_gate()

    return take


hello_glitch = around(
    "the enable is tried out when the port is opened", Dispatcher, "_take_hello", _hello_glitch
)


def _deaf_stop(was: Call) -> Call:
    def take(self: Dispatcher, now_us: int, seq: int) -> None:
        unit = self._unit
        if unit.machine.state != TRAIN:
            was(self, now_us, seq)

    return take


stop_in_train_ignored = around(
    "a STOP in a train waits for its end", Dispatcher, "_take_stop", _deaf_stop
)
beat_deaf = swap(
    "the firmware never misses a heartbeat",
    (HeartbeatWatch, "is_lost", lambda _self, _now_us: False),
    (HeartbeatWatch, "due_us", lambda _self: 1 << 60),
)

# --- commands -----------------------------------------------------------------------------------

seal_ignored = swap(
    "a seal is not compared", (Authority, "judge", lambda _self, _kind, _seq, _sealed: OK)
)
counter_ignored = swap(
    "a counter may be used twice", (Authority, "is_newer", lambda _self, _sealed: True)
)
numbers_ignored = swap(
    "a command's number may be used twice", (Sequence, "judge", lambda _self, _seq, _told: NEW)
)
token_kept = around(
    "the token stays the same from train to train",
    Arming,
    "next_token",
    lambda _was: lambda self: self._token,
)


def _any_token(was: Call) -> Call:
    def judge(command: Any, situation: Any) -> Any:
        if situation.token:
            command.token = situation.token
        return was(command, situation)

    return judge


_RULES = vars(envelope)["_RULES"]  # the table of judges
fire_without_token = entry(
    "a train is taken with any token",
    _RULES,
    FireTrain.TYPE,
    (_RULES[FireTrain.TYPE][0], _any_token(_RULES[FireTrain.TYPE][1])),
)
confirm_without_token = entry(
    "an arming is confirmed with any token",
    _RULES,
    Confirm.TYPE,
    (_RULES[Confirm.TYPE][0], _any_token(_RULES[Confirm.TYPE][1])),
)


def _any_level(was: Call) -> Call:
    def judge(command: Any, situation: Any) -> Any:
        situation.charged_level_pct = command.level_pct_mso
        return was(command, situation)

    return judge


arm_without_level = entry(
    "an arming is taken whatever the bank is charged to",
    _RULES,
    Arm.TYPE,
    (_RULES[Arm.TYPE][0], _any_level(_RULES[Arm.TYPE][1])),
)


def _believed(was: Call) -> Call:
    def work(self: Arming) -> Any:
        done = was(self)
        return None if done is None else (done[0], done[0].plan_sha256)

    return work


fingerprint_believed = around(
    "the fingerprint of a plan is not compared", Arming, "work", _believed
)
start_unjudged = swap(
    "the pause between trains is not held by the firmware",
    (envelope, "_judge_start", lambda _command, _plan, _situation: envelope.ACCEPTED),
)
count_unjudged = swap(
    "the count that the edge claims is believed",
    (envelope, "_judge_count", lambda _command, _situation: envelope.ACCEPTED),
)


def _other_echo(was: Call) -> Call:
    def reply(self: Arming) -> Any:
        told = was(self)
        if isinstance(told, ArmEcho):
            told.level_pct_mso -= 1
        return told

    return reply


echo_differs = around(
    "the firmware understands another level than it was asked for",
    Arming,
    "take_reply",
    _other_echo,
)

# --- faults -------------------------------------------------------------------------------------


def _self_clearing(was: Call) -> Call:
    def work(self: Unit, now_us: int) -> None:
        was(self, now_us)
        for fault in list(self.machine.faults):
            if fault == F_DOOR and not supervision.has_cause(self, fault, now_us):
                self.clear(fault, now_us)

    return work


fault_clears_itself = around(
    "the door's fault goes when the door is shut", Unit, "work", _self_clearing
)

# --- heat, bank, pulses, counts -----------------------------------------------------------------

heat_ignored = swap(
    "the firmware does not trip on heat",
    (supervision, "_heat_faults", lambda *_: []),
    (Heat, "is_cool", lambda _self: True),
)
sensor_believed = swap(
    "a sensor without a reading counts as known",
    (Heat, "is_known", lambda _self: True),
    (Heat, "doubt", lambda _self: F_NONE),
)
bank_unread = swap("the bank always counts as charged", (Power, "is_within", lambda _self: True))


def _squeeze(early_us: int) -> Callable[[Call], Call]:
    def wrap(was: Call) -> Call:
        def fill(self: Pulser, *args: Any) -> Any:
            if self._next == 5 and not getattr(self, "_is_squeezed", False):
                self._is_squeezed = True  # type: ignore[attr-defined]
                self._next_at_us -= early_us
            return was(self, *args)

        return fill

    return wrap


pulse_too_near = around("one pulse follows within 8 ms", Pulser, "fill", _squeeze(92_000))
pulse_caught_up = around("one pulse comes 20 ms early", Pulser, "fill", _squeeze(20_000))


def _skips(was: Call) -> Call:
    def count(self: Counters) -> None:
        if self.session_pulses != 12:
            was(self)
        else:
            self._skipped = getattr(self, "_skipped", 0) + 1  # type: ignore[attr-defined]
            if self._skipped > 1:  # type: ignore[attr-defined]
                was(self)

    return count


pulse_uncounted = around(
    "the controller does not count one pulse", Counters, "count_unasked", _skips
)


def _amplitude_lies(was: Call) -> Call:
    def report(self: Pulser, outcome: Any, ordinal: int) -> Any:
        told = was(self, outcome, ordinal)
        told.amplitude_pm = round(told.amplitude_pm * 0.95)
        return told

    return report


amplitude_misreported = around(
    "the controller tells a smaller amplitude than it sensed",
    Pulser,
    "pulse_report",
    _amplitude_lies,
)
