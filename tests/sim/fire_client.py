"""A small edge for one purpose: bring a unit to fire a long train, then keep its heart beating.

Speaks the wire over pyserial, prints "firing" and goes on until it is killed. No safety of its own:
what happens after its death is the unit's doing.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time
from pathlib import Path

import serial

from firmware.wire import codes, limits
from firmware.wire.commands import Arm, Charge, Configure, Confirm, FireTrain, Heartbeat, Hello
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Answer, ArmEcho, Identity, PulseReport, Status
from firmware.wire.seal import seal
from hw_sim.realtime.pin_factory import SimFactory
from hw_sim.realtime.run_files import LINK_KEY_NAME
from hw_sim.realtime.wiring import DIR_VARIABLE, HOST_OUTPUT, OUTPUT_PINS

LEVEL_PCT = 60
COUNT, PERIOD_US = 300, 100_000  # 10 Hz for half a minute


class Client:
    """One command at a time, heartbeats in between."""

    def __init__(self, path: str) -> None:
        self._port = serial.Serial(path, 921600, exclusive=True, timeout=0.02)
        self._decoder = Decoder()
        self._key = Path(path).with_name(LINK_KEY_NAME).read_bytes()
        os.environ[DIR_VARIABLE] = str(Path(path).parent)
        self._pins = SimFactory()
        self._host_at = 0.0
        self._host = False
        self.is_enabling = False
        self._identity: Identity | None = None
        self._seq = 0
        self._beat = 0
        self._beat_at = 0.0
        self.pulses = 0
        self.status: Status | None = None

    def ask(self, command: Message, answer: type[Message]) -> Message:
        """Send and wait for the answer of this kind."""
        self._send(command)
        while True:
            for report in self.listen():
                if isinstance(report, Answer) and report.command == command.TYPE and report.code:
                    sys.exit(f"refused {command.__class__.__name__}: {report.code} {report.detail}")
                if isinstance(report, answer):
                    return report

    def listen(self) -> list[Message]:
        """Beat and toggle when due; what came meanwhile."""
        if self.is_enabling and time.monotonic() > self._host_at:
            self._host_at = time.monotonic() + 0.04
            self._host = not self._host
            self._pins.drive(OUTPUT_PINS[HOST_OUTPUT], self._host)
        if time.monotonic() > self._beat_at:
            self._beat_at = time.monotonic() + 0.1
            self._beat += 1
            self._send(Heartbeat(beat=self._beat))
        reports: list[Message] = []
        for kind, _, payload in self._decoder.feed(self._port.read(4096)):
            for known in (Identity, Status, Answer, ArmEcho, PulseReport):
                if kind == known.TYPE:
                    reports.append(known.unpack(payload))
        for report in reports:
            if isinstance(report, Status):
                self.status = report
            if isinstance(report, Identity):
                self._identity = report
            self.pulses += isinstance(report, PulseReport)
        return reports

    def until_state(self, state: int) -> Status:
        """Wait for a state, and for both sensors to be known."""
        while self.status is None or self.status.state != state or not _is_warm_known(self.status):
            self.listen()
        return self.status

    def until_input(self, bit: int) -> None:
        """Wait until the controller sees this input closed."""
        while self.status is None or not self.status.inputs & bit:
            self.listen()

    def _send(self, command: Message) -> None:
        self._seq += 1
        payload = command.pack()
        if command.IS_SEALED:
            assert self._identity is not None
            epoch, challenge = self._identity.boot_epoch, self._identity.challenge
            payload = seal(self._key, epoch, challenge, self._seq, command.TYPE, self._seq, payload)
        self._port.write(encode(command.TYPE, self._seq, payload))


def _is_warm_known(status: Status) -> bool:
    return codes.SENSOR_NONE not in (status.surface_c10, status.winding_c10)


def configuration() -> Configure:
    return Configure(
        settings_hash=1,
        level_pct_max=100,
        ipi_us_min=limits.IPI_US_MIN,
        train_pulses_max=limits.TRAIN_PULSES_MAX,
        session_pulses_max=limits.SESSION_PULSES_MAX,
        surface_c10_max=limits.SURFACE_C10_MAX,
        winding_c10_max=limits.WINDING_C10_MAX,
        heartbeat_ms_max=limits.HEARTBEAT_MS_MAX,
        inputs_required=codes.INPUTS_ALL,
    )


def arm() -> Arm:
    digest = hashlib.sha256()
    for index in range(COUNT):
        digest.update(struct.pack("<Q", index * PERIOD_US))
    return Arm(
        session_id=bytes(range(16)),
        plan_sha256=digest.digest(),
        level_pct_mso=LEVEL_PCT,
        train_levels=1,
        count_1=COUNT,
        period_1_us=PERIOD_US,
        **{f"count_{n}": 1 for n in (2, 3, 4)},
        **{f"period_{n}_us": 0 for n in (2, 3, 4)},
        pulses_total=COUNT,
        delivered=0,
    )


def main() -> None:
    client = Client(sys.argv[1])
    client.ask(Hello(protocol=PROTOCOL_VERSION), Identity)
    client.ask(configuration(), Answer)
    client.until_state(codes.STANDBY)
    client.is_enabling = True
    client.until_input(codes.IN_HOST)
    client.ask(Charge(level_pct_mso=LEVEL_PCT), Answer)
    client.until_state(codes.READY)
    echo = client.ask(arm(), ArmEcho)
    assert isinstance(echo, ArmEcho)
    answer = client.ask(Confirm(token=echo.token), Answer)
    assert isinstance(answer, Answer)
    client.status = None
    now_us = client.until_state(codes.ARMED).mcu_us
    fire = FireTrain(
        token=answer.detail,
        train_index=0,
        first_pulse=0,
        pulse_count=COUNT,
        start_us=now_us + 300_000,
    )
    client.ask(fire, Answer)
    while client.pulses < 5:
        client.listen()
    sys.stdout.write("firing\n")
    sys.stdout.flush()
    while True:
        client.listen()


if __name__ == "__main__":
    main()
