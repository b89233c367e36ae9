"""The real device core on a fake HAL as a world that can be searched.

One thing is wrong with the surroundings at a time (an input open, a sensor hot or dead, nobody
samples or beats, one defect of the hardware); what is wrong may change in any order. The plan has
two trains of two pulses. Commands are judged and obeyed by the real envelope and dispatcher; seals
and frames have searches of their own (test_authority.py, frame_fuzz.py). Beside the core stands a
book of what the world itself knows, by which core_rules.py judges. Virtual microseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable
from typing import Any

from firmware.core.device import Device
from firmware.core.envelope import judge_command
from firmware.core.snapshot import situation_of
from firmware.core.train import PlanHash
from firmware.wire.codes import IN_HOST, INPUT_BITS, INPUTS_ALL, OK, STATE_NAMES
from firmware.wire.commands import Confirm, FireTrain, Heartbeat, Hello
from firmware.wire.limits import CANCEL_LEAD_US
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Answer, ArmEcho
from tests.firmware.fake_hal import FakeHal
from tests.search import core_events, core_rules

SAMPLE_US = 45_000
BEAT_US = 100_000
HOST_DROP_US = 200_000  # the edge takes its enable away after a session ended by itself
NEVER = 1 << 60
POLLS_MAX = 200  # in one run: a core that asks for more is spinning
POLL_US_MEAN = 1_000
_OURS = ("firmware.core", "firmware.wire", "tests.")
_COPIED = (list, dict, bytearray, set, PlanHash)


class SearchHal(FakeHal):
    """A bank that is where it should be after one look, unless it is stuck; tells of each edge."""

    world: CoreWorld

    def __init__(self) -> None:
        super().__init__()
        self.is_bank_stuck = False

    def set_inputs(self, mask: int) -> None:
        self.inputs = mask
        if mask != INPUTS_ALL:
            self.gate_until_us = -1

    def arm_gate(self, life_us: int) -> None:
        if self.inputs == INPUTS_ALL and not self.is_gate_dead:
            self.gate_until_us = self.now_us + life_us

    def queue_pulse(self, at_us: int) -> bool:
        core_rules.check_request(self.world, at_us)
        return super().queue_pulse(at_us)

    def save_ledger(self, data: bytes) -> bool:
        # A gate that is stuck is found at the next reading of the sensors.
        is_on = self.gate_is_on() and not self.is_gate_stuck
        core_rules.demand(not is_on, "flash", "written while the gate is on")
        if not self.is_flash_full:
            self.ledger = data
        return not self.is_flash_full

    def restart(self) -> None:
        core_rules.check_restart(self.world)
        super().restart()

    def _drift(self, now_us: int) -> None:
        if not self.is_bank_stuck and now_us > self.now_us:
            self.millivolts = 0 if self.is_bleeding else self.target_mv


class Book:
    """What the world knows by itself, whatever the core believes."""

    def __init__(self) -> None:
        self.level = 0  # of the wires, as last sampled
        self.closed_since_us = [NEVER for _ in INPUT_BITS]
        self.sampled_us = -NEVER
        self.heard_us = -NEVER
        self.sick_since_us = NEVER  # a temperature is past its limit or no value
        self.told_token = 0  # the newest token that was told
        self.told_us = 0
        self.used_tokens: list[int] = []
        self.sensed = 0  # pulses in the coil since the plan was armed
        self.first_fault = 0
        self.state = -1  # the present one, and since when it is seen
        self.entered_us = 0
        self.gate_off_us = 0  # the enable read off, or was wanted
        self.settings: dict[str, int] = {}

    def sample(self, now_us: int, mask: int) -> None:
        self.level = mask
        self.sampled_us = now_us
        for index, bit in enumerate(INPUT_BITS):
            if not mask & bit:
                self.closed_since_us[index] = NEVER
            elif self.closed_since_us[index] == NEVER:
                self.closed_since_us[index] = now_us

    def open_inputs(self) -> int:
        return INPUTS_ALL & ~self.level


class CoreWorld:
    """Device, hardware and book; saved and restored as one."""

    now_us: int
    book: Book

    def __init__(self) -> None:
        self.now_us = 0
        self.hal = SearchHal()
        self.hal.world = self
        self.book = Book()
        self.wrong = ""  # the one thing that is wrong with the surroundings
        self.is_sampling = True
        self.is_beating = True
        self.is_host_wanted = False
        self._beat = 0
        self._wake_us = 0
        self._sample_us = 0
        self._beat_us = 0
        self._rest_us = NEVER  # when the edge takes its enable away
        self._was_energised = False
        self.device = Device(self.hal, 0)
        self.dispatcher: Any = self.device._dispatcher
        self.unit: Any = self.device._unit
        self.replies: list[Message] = []
        # Frames are not searched: replies are kept as messages, reports are dropped.
        self.dispatcher.__dict__["_reply"] = self._take_reply
        self.unit.outbox.__dict__["report"] = _drop
        self._set_levels()
        self._parts = _parts(self)

    def _take_reply(self, seq: int, message: Message) -> bytes:
        del seq
        self.replies.append(message)
        if isinstance(message, ArmEcho):
            self.book.told_token = message.token
            self.book.told_us = self.now_us
        return b""

    # what the search needs

    def save(self) -> Any:
        return [(dict(part.__dict__), _changing(part)) for part in self._parts]

    def restore(self, saved: Any) -> None:
        for part, (values, changing) in zip(self._parts, saved, strict=True):
            part.__dict__ = {**values, **{name: _copied(changing[name]) for name in changing}}

    def key(self) -> Hashable:
        return core_events.key_of(self)

    def place(self) -> str:
        return STATE_NAMES[self.unit.machine.state]

    def events(self) -> Iterable[str]:
        return core_events.possible(self)

    def do(self, event: str) -> int:
        try:
            return core_events.EVENTS[event](self) or 1
        except AssertionError as error:
            raise core_rules.broken("assertion", repr(error)) from error

    # time

    def run_us(self, duration_us: int) -> None:
        """Let this time pass: polls, samples and heartbeats as they fall due."""
        until_us = self.now_us + duration_us
        polls_max = POLLS_MAX + duration_us // POLL_US_MEAN
        while True:
            polls_max -= 1
            core_rules.demand(polls_max > 0, "progress", "the core spins")
            due_us = [until_us, self._wake_us]
            if self.is_sampling:
                due_us.append(self._sample_us)
            if self.is_beating:
                due_us.append(self._beat_us)
            self._advance(max(min(due_us), self.now_us))
            if self.is_sampling and self.now_us >= self._sample_us:
                self.sample()
            if self.is_beating and self.now_us >= self._beat_us:
                self.beat()
            if self.now_us >= self._wake_us:
                self.poll()
            if self.now_us >= until_us:
                return

    def run_to_wake(self) -> None:
        self.run_us(max(self._wake_us - self.now_us, 1))

    def us_to_pulse(self) -> int:
        """Until the next requested pulse; -1 when none waits."""
        return self.hal.queue[0] - self.now_us if self.hal.queue else -1

    def _advance(self, now_us: int) -> None:
        self.hal.advance(now_us)
        self.now_us = now_us
        self.book.sensed += sum(1 for _, amplitude_pm in self.hal.pulses if amplitude_pm >= 3)
        self.hal.pulses.clear()

    def poll(self) -> None:
        self._wake_us = self.device.poll(self.now_us)
        core_rules.demand(self._wake_us > self.now_us, "progress", "a wake that is not ahead")
        self.device.take_output()
        self._follow_host()
        core_rules.check_after(self)

    def _follow_host(self) -> None:
        # The edge's enable: an edge that hears of the end of a session takes it away.
        if core_rules.is_energised(self.unit.machine.state):
            self._rest_us = NEVER
            self._was_energised = True
        elif self._was_energised:
            self._rest_us = self.now_us + HOST_DROP_US
            self._was_energised = False
        elif self.now_us >= self._rest_us and self.wrong != "host stuck":
            self.host(False)

    # the wires

    def host(self, is_on: bool) -> None:
        self.is_host_wanted = is_on
        self._rest_us = NEVER
        self._set_levels()

    def _set_levels(self) -> None:
        open_bits = 0 if self.is_host_wanted else IN_HOST
        self.hal.set_inputs(INPUTS_ALL & ~open_bits & ~core_events.OPEN_BITS.get(self.wrong, 0))

    def sample(self) -> None:
        self._sample_us = self.now_us + SAMPLE_US
        self.book.sample(self.now_us, self.hal.inputs)
        self.device.on_input(self.now_us, self.hal.inputs)
        core_rules.check_after(self)
        self.poll()

    def set_wrong(self, wrong: str) -> None:
        """This is wrong from now on, and nothing else; '' is nothing."""
        self.wrong = wrong
        self._set_levels()
        core_events.set_surroundings(self, wrong)
        is_sick = wrong in core_events.SICK_READINGS
        self.book.sick_since_us = self.now_us if is_sick else NEVER
        if self.is_sampling:
            self.sample()

    # the line

    def beat(self) -> None:
        self._beat += 1
        self._beat_us = self.now_us + BEAT_US
        if self.dispatcher._is_identified:
            self.book.heard_us = self.now_us
        self.dispatcher._take_beat(self.now_us, 0, Heartbeat(beat=self._beat))
        self.replies.clear()
        self.poll()

    def hello(self, protocol: int = PROTOCOL_VERSION) -> None:
        self.dispatcher._take_hello(0, Hello(protocol=protocol))
        self.replies.clear()
        self.poll()

    def stop(self) -> None:
        self.dispatcher._take_stop(self.now_us, 0)
        core_rules.check_stopped(self)
        self.replies.clear()
        self.poll()

    def judge(self, command: Message) -> int:
        """What the envelope says to it now."""
        situation = situation_of(self.unit, self.now_us, self.dispatcher._is_identified)
        return judge_command(command, situation)[0]

    def ask(self, command: Message) -> None:
        """A genuine new command that the envelope accepts: obeyed and held against the rules."""
        before = core_rules.Before(self)
        self.dispatcher._obey(self.now_us, 0, command)
        core_rules.check_answer(self, command, before)
        self._learn_token(command)
        self.replies.clear()
        self.poll()

    def ask_in_vain(self, command: Message) -> None:
        """A genuine command that the envelope refuses."""
        before = core_rules.Before(self)
        self.dispatcher._obey(self.now_us, 0, command)
        core_rules.check_refused(self, command, before)
        self.replies.clear()

    def _learn_token(self, command: Message) -> None:
        for reply in self.replies:
            if isinstance(reply, Answer) and reply.code == OK and "token" in command.FIELDS:
                assert isinstance(command, (Confirm, FireTrain))
                self.book.used_tokens = [*self.book.used_tokens[-3:], command.token]
                self.book.told_token = reply.detail
                self.book.told_us = self.now_us

    def fire_of(self, start_us: int) -> FireTrain:
        """The rest of the train that is due, or one past the end."""
        given = self.unit.counters.session_pulses
        return FireTrain(
            token=self.book.told_token,
            train_index=given // 2,
            first_pulse=given % 2,
            pulse_count=2 - given % 2,
            start_us=start_us,
        )

    def is_near(self) -> bool:
        """The next pulse can no longer be called back."""
        return 0 <= self.us_to_pulse() < CANCEL_LEAD_US

    def faults(self) -> list[int]:
        found: list[int] = self.unit.machine.faults
        return found


def _drop(message: Message, rank: int) -> None:
    del message, rank


def _changing(part: Any) -> dict[str, Any]:
    """Values that change in place."""
    found = part.__dict__.items()
    return {name: _copied(value) for name, value in found if type(value) in _COPIED}


def _copied(value: Any) -> Any:
    # A fingerprint in work is made anew by each Arm; a slice takes this plan whole, so it can only
    # be found at its start.
    return PlanHash(value._plan) if type(value) is PlanHash else copy.copy(value)


def _parts(world: CoreWorld) -> list[Any]:
    """Every object that can change: of the core, the fake hardware and the world."""
    found: list[Any] = [world]
    for part in found:
        for value in part.__dict__.values():
            is_ours = type(value).__module__.startswith(_OURS)
            is_new = not any(value is each for each in found)
            if is_ours and is_new and hasattr(value, "__dict__") and not isinstance(value, Message):
                found.append(value)
    return found
