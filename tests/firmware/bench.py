# The edge's side of the line for tests: a device on a fake HAL, a clock that jumps from wake to
# wake, heartbeats, and the reports decoded. Looks into the device only for its state. Runs on both
# interpreters; a sum over every byte the device sent lets two runs be compared.
from binascii import crc32

from firmware.compat import TYPE_CHECKING
from firmware.core.device import Device
from firmware.core.train import PlanHash, TrainPlan
from firmware.wire.codes import INPUTS_ALL, OK, STANDBY
from firmware.wire.commands import (
    Arm,
    Charge,
    Configure,
    Confirm,
    FireTrain,
    Heartbeat,
    Hello,
    Stop,
)
from firmware.wire.framing import Decoder, encode
from firmware.wire.limits import (
    HEARTBEAT_MS_MAX,
    IPI_US_MIN,
    SESSION_PULSES_MAX,
    SURFACE_C10_MAX,
    TRAIN_PULSES_MAX,
    WINDING_C10_MAX,
)
from firmware.wire.protocol import PROTOCOL_VERSION, decode
from firmware.wire.reports import Identity, PulseReport, Status, TrainResult
from firmware.wire.seal import seal
from tests.firmware.fake_hal import FakeHal

if TYPE_CHECKING:
    from typing import Any

    from firmware.wire.message import Message

SAMPLE_US = 45000
BEAT_US = 100000
SESSION_A = b"A" * 16
SESSION_B = b"B" * 16
ITBS_600 = ((3, 20000), (10, 200000), (20, 10000000), (1, 0))
ONE_HZ_120 = ((120, 1000000), (1, 0), (1, 0), (1, 0))
ONE_HZ_600 = ((600, 1000000), (1, 0), (1, 0), (1, 0))
TEN_HZ_80 = ((40, 100000), (2, 15000000), (1, 0), (1, 0))


def sha_of(levels: "tuple[tuple[int, int], ...]", train_levels: int) -> bytes:
    plan_hash = PlanHash(TrainPlan(levels, train_levels))
    while not plan_hash.work(1000):
        pass
    return plan_hash.digest()


def arm_of(
    levels: "tuple[tuple[int, int], ...]",
    train_levels: int,
    level_pct: int = 60,
    session: bytes = SESSION_A,
    delivered: int = 0,
    **over: "int | bytes",
) -> Arm:
    values: dict[str, int | bytes] = {
        "session_id": session,
        "plan_sha256": sha_of(levels, train_levels),
        "level_pct_mso": level_pct,
        "train_levels": train_levels,
        "pulses_total": TrainPlan(levels, train_levels).pulses,
        "delivered": delivered,
    }
    for index in range(4):
        values[f"count_{index + 1}"] = levels[index][0]
        values[f"period_{index + 1}_us"] = levels[index][1]
    values.update(over)
    return Arm(**values)


def configure_of(**over: int) -> Configure:
    values = {
        "settings_hash": 0x1234,
        "level_pct_max": 90,
        "ipi_us_min": IPI_US_MIN,
        "train_pulses_max": TRAIN_PULSES_MAX,
        "session_pulses_max": SESSION_PULSES_MAX,
        "surface_c10_max": SURFACE_C10_MAX,
        "winding_c10_max": WINDING_C10_MAX,
        "heartbeat_ms_max": HEARTBEAT_MS_MAX,
        "inputs_required": INPUTS_ALL,
    }
    values.update(over)
    return Configure(**values)


class Bench:
    def __init__(self, hal: "FakeHal | None" = None) -> None:
        self.hal = hal or FakeHal()
        self.now_us = 0
        self.device = Device(self.hal, 0)
        self.reports: list[Any] = []  # every report, in order
        self.numbers: list[int] = []  # their seq
        self.transcript = 0  # crc32 over every byte the device sent
        self.polls = 0
        self.is_beating = True
        self.is_sampling = True
        self.challenge = 0  # of the last Identity, with its boot_epoch and our counter since then
        self.boot_epoch = 0
        self.counter = 0
        self._sealed: dict[tuple[int, bytes], bytes] = {}  # so that a repeat has the same bytes
        self._decoder = Decoder()
        self._seq = 0
        self._beat = 0
        self._wake_us = 0
        self._sample_us = 0
        self._beat_us = 0
        self.token = 0

    # time

    def run_until(self, until_us: int) -> None:
        while True:
            due = [until_us, self._wake_us]
            if self.is_sampling:
                due.append(self._sample_us)
            if self.is_beating:
                due.append(self._beat_us)
            at_us = max(min(due), self.now_us)
            self.hal.advance(at_us)
            self.now_us = at_us
            if self.is_sampling and at_us >= self._sample_us:
                self.sample()
            if self.is_beating and at_us >= self._beat_us:
                self._beat_us = at_us + BEAT_US
                self.beat()
            if at_us >= self._wake_us:
                self.poll()
            if at_us >= until_us:
                return

    def run_ms(self, duration_ms: int) -> None:
        self.run_until(self.now_us + duration_ms * 1000)

    def run_to_state(self, state: int, within_ms: int = 6000) -> None:
        until_us = self.now_us + within_ms * 1000
        while self.state() != state:
            assert self.now_us < until_us, f"state {self.state()}, not {state}"
            self.run_ms(1)

    def poll(self) -> None:
        self.polls += 1
        self._wake_us = self.device.poll(self.now_us)
        assert self._wake_us > self.now_us
        self._collect()

    def sample(self) -> None:
        self._sample_us = self.now_us + SAMPLE_US
        self.device.on_input(self.now_us, self.hal.levels())
        self.poll()

    def set_inputs(self, mask: int) -> None:
        self.hal.set_inputs(mask)
        self.sample()

    # the line

    def beat(self) -> None:
        self._beat += 1
        self.send(Heartbeat(beat=self._beat))

    def send(self, command: "Message", seq: "int | None" = None) -> int:
        if seq is None:
            self._seq = (self._seq + 1) & 0xFFFF
            seq = self._seq
        self.send_bytes(self.frame_of(command, seq))
        return seq

    def frame_of(self, command: "Message", seq: int) -> bytes:
        """Sealed where it must be; the same command under the same number has the same bytes."""
        payload = command.pack()
        if not command.IS_SEALED:
            return encode(command.TYPE, seq, payload)
        known = (seq, payload)
        if known not in self._sealed:
            self.counter += 1
            key = self.hal.key()
            self._sealed[known] = seal(
                key, self.boot_epoch, self.challenge, self.counter, command.TYPE, seq, payload
            )
        return encode(command.TYPE, seq, self._sealed[known])

    def send_bytes(self, data: bytes) -> None:
        self.device.on_bytes(self.now_us, data)
        self.poll()

    def _collect(self) -> None:
        data = self.device.take_output()
        self.transcript = crc32(data, self.transcript)
        for kind, seq, payload in self._decoder.feed(data):
            message, code, _ = decode(kind, payload)
            assert code == OK
            if isinstance(message, Identity):
                self._greet(message)
            self.reports.append(message)
            self.numbers.append(seq)

    def _greet(self, identity: Identity) -> None:
        self.boot_epoch = identity.boot_epoch
        if identity.challenge != self.challenge:
            self.challenge = identity.challenge
            self.counter = 0
            self._sealed = {}

    def ask(self, command: "Message", seq: "int | None" = None) -> "Any":
        """The answer to this command, whatever its class; None when nothing came at once."""
        mark = len(self.reports)
        seq = self.send(command, seq)
        return self._answer_since(mark, seq)

    def _answer_since(self, mark: int, seq: int) -> "Any":
        for index in range(mark, len(self.reports)):
            if self.numbers[index] == seq and self.reports[index].TYPE not in (0x85, 0x86):
                is_status = isinstance(self.reports[index], Status)
                if not is_status or self.reports[index].echo_beat:
                    return self.reports[index]
        return None

    def ask_arm(self, command: Arm) -> "Any":
        mark = len(self.reports)
        seq = self.send(command)
        for _ in range(200):
            found = self._answer_since(mark, seq)
            if found is not None:
                return found
            self.run_ms(1)
        return None

    def of(self, kind: "type[Message]") -> "list[Any]":
        return [report for report in self.reports if isinstance(report, kind)]

    def status(self) -> "Any":
        return self.ask(Heartbeat(beat=self.next_beat()))

    def next_beat(self) -> int:
        self._beat += 1
        return self._beat

    def state(self) -> int:
        return self.device._unit.machine.state

    def faults(self) -> "list[int]":
        return self.device._unit.machine.faults

    # the usual way

    def boot(self) -> "Bench":
        self.send(Hello(protocol=PROTOCOL_VERSION))
        self.run_to_state(STANDBY, 60000)
        self.run_ms(400)
        return self

    def configured(self, **over: int) -> "Bench":
        self.boot()
        assert self.ask(configure_of(**over)).code == OK
        return self

    def charged(self, level_pct: int = 60) -> "Bench":
        assert self.ask(Charge(level_pct_mso=level_pct)).code == OK
        self.run_to_state(4)
        return self

    def armed(
        self,
        levels: "tuple[tuple[int, int], ...]" = ITBS_600,
        train_levels: int = 2,
        level_pct: int = 60,
        session: bytes = SESSION_A,
        delivered: int = 0,
    ) -> "Bench":
        echo = self.ask_arm(arm_of(levels, train_levels, level_pct, session, delivered))
        assert echo.TYPE == 0x84, echo.__dict__
        answer = self.ask(Confirm(token=echo.token))
        assert answer.code == OK
        self.token = answer.detail
        return self

    def fire(self, train_index: int, first_pulse: int, pulse_count: int, start_us: int) -> "Any":
        answer = self.ask(
            FireTrain(
                token=self.token,
                train_index=train_index,
                first_pulse=first_pulse,
                pulse_count=pulse_count,
                start_us=start_us,
            )
        )
        if answer.code == OK:
            self.token = answer.detail
        return answer

    def stop(self) -> "Any":
        return self.ask(Stop())

    def pulse_times(self) -> "list[int]":
        return [at_us for at_us, _ in self.hal.pulses]

    def pulse_reports(self) -> "list[Any]":
        return self.of(PulseReport)

    def train_results(self) -> "list[Any]":
        return self.of(TrainResult)


def treat(bench: Bench, levels: "tuple[tuple[int, int], ...]", train_levels: int) -> int:
    """A whole session: every train at its planned time, fired half a second ahead."""
    plan = TrainPlan(levels, train_levels)
    origin_us = bench.now_us + 1000000
    for train_index in range(plan.trains):
        start_us = origin_us + plan.session_offset_us(train_index * plan.train_pulses)
        bench.run_until(start_us - 500000)
        assert bench.fire(train_index, 0, plan.train_pulses, start_us).code == OK
        bench.run_until(start_us + plan.pulse_offset_us(plan.train_pulses - 1) + 50000)
    return origin_us
