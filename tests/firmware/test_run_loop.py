# The driver loop in virtual time, on both interpreters: a device that starts, answers, follows its
# inputs, and closes its outputs when the loop ends. The scenarios are coroutines; on CPython
# test_hosted_run_loop.py gives them a virtual loop, on MicroPython the runner does.
import asyncio

from firmware.compat import ThreadSafeFlag, sleep_ms, ticks_diff, ticks_us
from firmware.run_loop import close_outputs, run
from firmware.wire.codes import IN_DOOR, INPUTS_ALL, STANDBY
from firmware.wire.commands import Heartbeat, Hello
from firmware.wire.framing import Decoder, encode
from firmware.wire.protocol import PROTOCOL_VERSION, decode
from firmware.wire.reports import Identity, Status
from tests.firmware.fake_hal import FakeHal


class _Rig:
    def __init__(self) -> None:
        self.hal = FakeHal()
        self.wake = ThreadSafeFlag()
        self.inbox = b""
        self.decoder = Decoder()
        self.reports: list[object] = []
        self.samples = 0
        self._start = ticks_us()

    def read(self) -> bytes:
        data = self.inbox
        self.inbox = b""
        return data

    def write(self, data: bytes) -> None:
        for kind, _, payload in self.decoder.feed(data):
            self.reports.append(decode(kind, payload)[0])

    def read_inputs(self) -> int:
        self.samples += 1
        self.hal.advance(ticks_diff(ticks_us(), self._start))
        return self.hal.inputs

    def send(self, data: bytes) -> None:
        self.inbox += data
        self.wake.set()

    def last_status(self) -> Status:
        status = [report for report in self.reports if isinstance(report, Status)][-1]
        assert isinstance(status, Status)
        return status


async def scenario_loop_starts_answers_and_follows_inputs() -> None:
    rig = _Rig()
    rig.hal.target_mv = 1000000
    task = asyncio.create_task(run(rig.hal, rig, rig.read_inputs, rig.wake))
    await sleep_ms(300)
    assert rig.hal.target_mv == 0
    rig.send(encode(Hello.TYPE, 1, Hello(protocol=PROTOCOL_VERSION).pack()))
    await sleep_ms(5)
    assert isinstance(rig.reports[-1], Identity)
    rig.send(encode(Heartbeat.TYPE, 2, Heartbeat(beat=9).pack()))
    await sleep_ms(5)
    assert (rig.last_status().echo_beat, rig.last_status().state) == (9, STANDBY)
    rig.hal.inputs = INPUTS_ALL & ~IN_DOOR
    rig.wake.set()
    await sleep_ms(30)
    assert rig.last_status().inputs == INPUTS_ALL & ~IN_DOOR
    samples = rig.samples
    await sleep_ms(1000)
    assert 38 <= rig.samples - samples <= 90
    task.cancel()


async def scenario_loop_closes_outputs_whatever_ends_it() -> None:
    ended = 0
    for is_error in (True, False):
        rig = _Rig()
        task = asyncio.create_task(run(rig.hal, rig, rig.read_inputs, rig.wake))
        await sleep_ms(50)
        rig.hal.gate_until_us = rig.hal.now_us + 1000000
        rig.hal.target_mv = 1000000
        rig.hal.is_bleeding = False
        rig.hal.queue = [rig.hal.now_us + 500000]
        if is_error:
            setattr(rig, "write", None)  # noqa: B010
            rig.send(encode(Heartbeat.TYPE, 2, Heartbeat(beat=9).pack()))
        else:
            task.cancel()
        try:
            await task
        except (TypeError, asyncio.CancelledError):
            ended += 1
        hal = rig.hal
        assert not hal.gate_is_on()
        assert (hal.queue, hal.target_mv, hal.is_bleeding) == ([], 0, True)
    assert ended == 2


SCENARIOS = (
    scenario_loop_starts_answers_and_follows_inputs,
    scenario_loop_closes_outputs_whatever_ends_it,
)


def test_outputs_are_closed_gate_first() -> None:
    calls: list[str] = []

    class Noting:
        def __getattr__(self, name: str) -> object:
            def note(*_: object) -> None:
                calls.append(name)

            return note

    close_outputs(Noting())  # type: ignore[arg-type]
    assert calls == ["drop_gate", "cancel_pulses", "set_charger", "set_bleed"]
