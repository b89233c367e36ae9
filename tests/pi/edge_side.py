"""The edge's side of a way b line for tests: the production LinkProtocol, heartbeats, and asking.

Without threads or loops: whoever owns time hands over a pump, which moves bytes and lets a little
time pass. Works on a step clock and on a real line alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.mcu.outcome import Done, Outcome
from edge.mcu.protocol import QUICK, THINKING, LinkProtocol
from firmware.wire.codes import READY, STANDBY
from firmware.wire.commands import Arm, Charge, Confirm, FireTrain, Heartbeat, Hello
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import PulseReport, Status, TrainResult
from tests.firmware.bench import arm_of, configure_of
from tests.pi.unit import KEY

BEAT_S = 0.1
Levels = tuple[tuple[int, int], ...]


class EdgeSide:
    """One line. exchange(data) sends these bytes, lets time pass, returns (now, bytes received)."""

    def __init__(self, exchange: Callable[[bytes], tuple[float, bytes]], key: bytes = KEY) -> None:
        self._exchange = exchange
        self.protocol = LinkProtocol(1, key)
        self.now_s = 0.0
        self._beat_at = 0.0
        self._beat = 0
        self.is_beating = True
        self.reports: list[Any] = []

    def pump(self) -> None:
        """Once around."""
        if self.is_beating and self.now_s >= self._beat_at:
            self._beat_at = self.now_s + BEAT_S
            self._beat += 1
            self.protocol.send(Heartbeat(beat=self._beat))
        self.protocol.poll(self.now_s)
        self.now_s, data = self._exchange(self.protocol.take_output())
        self.reports += self.protocol.receive(self.now_s, data)

    def run_s(self, duration_s: float) -> None:
        end_s = self.now_s + duration_s
        while self.now_s < end_s:
            self.pump()

    def outcome(self, command: Message) -> Outcome:
        """What became of this command."""
        found: list[Outcome] = []
        patience = THINKING if isinstance(command, Arm) else QUICK
        self.protocol.submit(self.now_s, command, found.append, patience)
        while not found:
            self.pump()
        return found[0]

    def done(self, command: Message) -> Any:
        outcome = self.outcome(command)
        assert isinstance(outcome, Done), (type(command).__name__, outcome)
        return outcome.value

    def of(self, kind: type[Message]) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]

    def status(self) -> Any:
        return self.of(Status)[-1]

    def until_state(self, state: int, within_s: float = 10.0) -> None:
        end_s = self.now_s + within_s
        while not self.of(Status) or self.status().state != state:
            assert self.now_s < end_s, f"state {self.status().state}, not {state}"
            self.pump()

    # --- the usual way

    def ready(self, level_pct: int = 30) -> Any:
        """Hello to a charged bank; the Identity."""
        identity = self.done(Hello(protocol=PROTOCOL_VERSION))
        self.until_state(STANDBY)
        self.run_s(0.4)
        self.done(configure_of(heartbeat_ms_max=500))
        self.done(Charge(level_pct_mso=level_pct))
        self.until_state(READY)
        return identity

    def armed(self, levels: Levels, train_levels: int, level_pct: int = 30) -> int:
        """Arm and confirm; the token."""
        echo = self.done(arm_of(levels, train_levels, level_pct))
        return int(self.done(Confirm(token=echo.token)).detail)

    def fire(self, token: int, pulses: int, ahead_us: int = 300_000) -> int:
        """One train from its start; when its first pulse is due."""
        self.run_s(BEAT_S * 1.5)
        start_us = int(self.status().mcu_us) + ahead_us
        self.done(
            FireTrain(
                token=token, train_index=0, first_pulse=0, pulse_count=pulses, start_us=start_us
            )
        )
        return start_us

    def result(self, within_s: float) -> Any:
        """Of the train that is running."""
        end_s = self.now_s + within_s
        while not self.of(TrainResult):
            assert self.now_s < end_s, "no TrainResult"
            self.pump()
        return self.of(TrainResult)[-1]

    def pulses(self) -> list[Any]:
        return self.of(PulseReport)
