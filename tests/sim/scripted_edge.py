"""A minimal edge for tests of the unit: speaks the wire, keeps a heartbeat, fires a plan.

No retries, no safety, no record: it exists so that the simulator can be proved before and without
the real edge. Runs on the running (virtual) loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from edge.domain.train_plan import Level, Plan
from firmware.wire.codes import DISCHARGING, FAULT, IN_COOLING, IN_HOST, INPUTS_ALL, OK
from firmware.wire.commands import (
    Arm,
    Charge,
    Configure,
    Confirm,
    FireTrain,
    Heartbeat,
    Hello,
)
from firmware.wire.framing import DELIMITER, Decoder, encode
from firmware.wire.limits import LEVELS_MAX
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION, decode
from firmware.wire.reports import (
    Answer,
    ArmEcho,
    Identity,
    PulseReport,
    Status,
    TrainResult,
)
from firmware.wire.seal import seal
from hw_sim.checkers import Facts, Reported
from hw_sim.unit import SimUnit

BEAT_S = 0.1
TOGGLE_S = 0.04
ANSWER_S = 2.0
LEAD_US = 200_000


class ScriptedEdge:
    """Holds one conversation with a unit."""

    def __init__(self, unit: SimUnit) -> None:
        self.unit = unit
        self.status: Status | None = None
        self.pulses: list[PulseReport] = []
        self.trains: list[TrainResult] = []
        self.boot_epoch = 0
        self._heard_s = 0.0
        self._seq = 0
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_enabling = False

    async def connect(self) -> None:
        """Open, read, say hello, keep the beat, configure."""
        self._end = await self.unit.link_opener().open()
        self._end.write(DELIMITER)
        self._tasks = [asyncio.create_task(self._read())]
        greeting = await self.ask(Hello(protocol=PROTOCOL_VERSION))
        assert isinstance(greeting, Identity)
        self._greeting = greeting
        self._tasks.append(asyncio.create_task(self._beat()))
        self._tasks.append(asyncio.create_task(self._toggle()))
        inputs = INPUTS_ALL
        if not self.unit.plant.coil.kind.is_cooled:
            inputs &= ~IN_COOLING
        await self.accepted(
            Configure(
                settings_hash=0x1234,
                level_pct_max=100,
                ipi_us_min=9_000,
                train_pulses_max=1_800,
                session_pulses_max=6_000,
                surface_c10_max=410,
                winding_c10_max=800,
                heartbeat_ms_max=500,
                inputs_required=inputs,
            )
        )

    async def close(self) -> None:
        """Fall silent, as a dead edge does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end.close()

    def send(self, command: Message) -> int:
        """Put one command on the line; its number."""
        self._seq = (self._seq + 1) % 65_536
        payload = command.pack()
        if command.IS_SEALED:
            epoch, challenge = self._greeting.boot_epoch, self._greeting.challenge
            key, seq = self.unit.hal.key(), self._seq
            payload = seal(key, epoch, challenge, seq + 1, command.TYPE, seq, payload)
        self._end.write(encode(command.TYPE, self._seq, payload))
        return self._seq

    async def ask(self, command: Message) -> Message:
        """Send and wait for the report with the same number."""
        future = asyncio.get_running_loop().create_future()
        self._answers[self.send(command)] = future
        async with asyncio.timeout(ANSWER_S):
            answer: Message = await future
            return answer

    async def accepted(self, command: Message) -> int:
        """Ask something that must be accepted; the answer's detail."""
        answer = await self.ask(command)
        assert isinstance(answer, Answer), answer
        assert answer.code == OK, f"{type(command).__name__} refused: {answer.code}"
        return answer.detail

    async def until_state(self, *states: int) -> None:
        """Wait for a Status with one of these states."""
        while self.status is None or self.status.state not in states:
            await self.change()

    async def change(self) -> None:
        """Wait for the next report of any kind."""
        self._changed.clear()
        async with asyncio.timeout(200):
            await self._changed.wait()

    def mcu_us(self) -> int:
        """Estimate of the controller's clock, good to the line's delay."""
        assert self.status is not None
        age_s = asyncio.get_running_loop().time() - self._heard_s
        return self.status.mcu_us + round(age_s * 1e6)

    async def enable(self) -> None:
        """Hold the edge's enable until the unit is at rest again."""
        self.is_enabling = True
        while self.status is None or not self.status.inputs & IN_HOST:
            await self.change()

    async def arm(self, plan: Plan, level_pct: int, *, delivered: int = 0) -> int:
        """Charge, arm, compare, confirm; the first token."""
        from firmware.wire.codes import READY

        await self.enable()
        await self.accepted(Charge(level_pct_mso=level_pct))
        await self.until_state(READY)
        levels = (*plan.levels, *(Level(1, 0) for _ in range(LEVELS_MAX - len(plan.levels))))
        timing = {}
        for number, level in enumerate(levels, start=1):
            timing[f"count_{number}"] = level.count
            timing[f"period_{number}_us"] = level.period_us
        echo = await self.ask(
            Arm(
                session_id=b"session-of-tests",
                plan_sha256=bytes.fromhex(plan.sha256),
                level_pct_mso=level_pct,
                train_levels=plan.train_levels,
                pulses_total=plan.pulses,
                delivered=delivered,
                **timing,
            )
        )
        assert isinstance(echo, ArmEcho), vars(echo)
        assert echo.plan_sha256.hex() == plan.sha256
        return await self.accepted(Confirm(token=echo.token))

    async def fire(self, plan: Plan, token: int) -> None:
        """Every train at its place, each asked for when the one before has ended."""
        start_us = self.mcu_us() + LEAD_US
        for index, onset_us in enumerate(plan.train_onsets_us):
            due_us = start_us + onset_us
            wait_us = due_us - self.mcu_us() - LEAD_US
            await asyncio.sleep(max(0, wait_us) / 1e6)
            token = await self.accepted(
                FireTrain(
                    token=token,
                    train_index=index,
                    first_pulse=0,
                    pulse_count=plan.pulses_per_train,
                    start_us=due_us,
                )
            )
            while len(self.trains) <= index:
                await self.change()

    def facts(self, plan: Plan, level_pct: int) -> Facts:
        """What this edge booked, for the checkers."""
        delivered = [report for report in self.pulses if report.ordinal]
        reported = tuple(Reported(p.ordinal, self.boot_epoch, p.at_us) for p in delivered)
        facts = Facts(plan=plan, level_pct_max=level_pct, ipi_us_min=9_000, reported=reported)
        return replace(facts, counts=(("reports", len(delivered)),))

    async def _read(self) -> None:
        decoder = Decoder()
        while True:
            for kind, seq, payload in decoder.feed(await self._end.read()):
                message, _, _ = decode(kind, payload)
                assert message is not None, kind
                self._take(seq, message)

    def _take(self, seq: int, message: Message) -> None:
        if isinstance(message, Status):
            self.status, self._heard_s = message, asyncio.get_running_loop().time()
            self.boot_epoch = message.boot_epoch
            self.is_enabling = self.is_enabling and message.state not in (DISCHARGING, FAULT)
        elif isinstance(message, PulseReport):
            self.pulses.append(message)
        elif isinstance(message, TrainResult):
            self.trains.append(message)
        else:
            future = self._answers.pop(seq, None)
            if future is not None and not future.done():
                future.set_result(message)
        self._changed.set()

    async def _beat(self) -> None:
        beat = 0
        while True:
            beat += 1
            self.send(Heartbeat(beat=beat))
            await asyncio.sleep(BEAT_S)

    async def _toggle(self) -> None:
        host = self.unit.edge_host_enable()
        while True:
            if self.is_enabling:
                host.beat()
            await asyncio.sleep(TOGGLE_S)
