"""The simulated unit as a process, with the real firmware core behind an ordinary serial device."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import serial

from firmware.wire.commands import Hello
from firmware.wire.framing import Decoder, encode
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity

pytestmark = pytest.mark.process

CLIENT = str(Path(__file__).with_name("fire_client.py"))
REPOSITORY = Path(__file__).resolve().parents[2]


class UnitProcess:
    """`python -m hw_sim unit` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: asyncio.subprocess.Process

    async def start(self) -> None:
        argv = ("-m", "hw_sim", "unit", "--dir", str(self.folder), "--port", str(self.port))
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *argv, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )

    async def ready(self) -> None:
        """The controller has booted."""
        for _ in range(200):
            try:
                if (await self.get("/state"))["mcu"] == "running":
                    return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
        pytest.fail("the unit never got ready")

    async def get(self, path: str) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(trust_env=False) as http,
            http.get(f"http://127.0.0.1:{self.port}{path}") as answer,
        ):
            body: dict[str, Any] = await answer.json()
            return body

    async def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and what it said."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        out, err = await self.process.communicate()
        return self.process.returncode or 0, (out + err).decode()


@pytest.fixture
async def unit(tmp_path: Path) -> AsyncIterator[UnitProcess]:
    it = UnitProcess(tmp_path)
    await it.start()
    await it.ready()
    yield it
    if it.process.returncode is None:
        await it.end(signal.SIGKILL)


def identify(path: Path) -> Identity:
    """Hello over pyserial, as the edge does first of all."""
    decoder = Decoder()
    with serial.Serial(str(path), 921600, exclusive=True, timeout=0.02) as port:
        port.write(encode(Hello.TYPE, 1, Hello(protocol=PROTOCOL_VERSION).pack()))
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            for kind, seq, payload in decoder.feed(port.read(4096)):
                if kind == Identity.TYPE:
                    assert seq == 1
                    identity = Identity.unpack(payload)
                    assert isinstance(identity, Identity)
                    return identity
    pytest.fail("no Identity")


async def test_unit_hello_over_the_pty_is_answered_by_the_real_firmware(unit: UnitProcess) -> None:
    identity = await asyncio.to_thread(identify, unit.folder / "tms-serial")
    assert identity.protocol == PROTOCOL_VERSION
    assert identity.unit_id == b"SIM-0001"
    assert identity.is_simulated == 1


async def test_unit_client_killed_in_a_train_is_safe_within_500_ms_by_the_truth(
    unit: UnitProcess,
) -> None:
    """I4 and I14. Catches a unit that goes on without heartbeats, and a pty that dies with its
    reader: the next one must be answered."""
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        *(CLIENT, str(unit.folder / "tms-serial")),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    try:
        assert client.stdout is not None
        assert await asyncio.wait_for(client.stdout.readline(), 20) == b"firing\n"
        await asyncio.sleep(0.5)
        killed_ns = time.monotonic_ns()
    finally:
        client.kill()
        await client.communicate()
    await asyncio.sleep(1.0)

    truth = await unit.get("/truth")
    assert truth["pulses_total"] >= 8
    assert all(pulse["was_gate_on"] and pulse["is_complete"] for pulse in truth["pulses"])
    assert truth["last_pulse_ns"] > killed_ns - 150_000_000  # it was firing when it was killed
    gate = truth["wires"]["gate"][-1]
    assert gate["value"] == 0
    assert killed_ns < gate["at_ns"] <= killed_ns + 500_000_000
    assert truth["last_pulse_ns"] <= gate["at_ns"]
    assert truth["is_bleeding"]
    told = [change["state"] for change in truth["told_states"]]
    assert told[:-1] == ["SELF_TEST", "STANDBY", "CHARGING", "READY", "ARMED", "TRAIN"]
    assert told[-1] == "FAULT"

    assert (await asyncio.to_thread(identify, unit.folder / "tms-serial")).is_simulated == 1


async def test_unit_second_in_the_same_folder_is_refused(unit: UnitProcess) -> None:
    second = UnitProcess(unit.folder)
    await second.start()
    code, words = await second.end(signal.SIGCONT)
    assert code == 1
    assert "Another simulated unit lives in" in words
    assert (await unit.get("/state"))["mcu"] == "running"


async def test_unit_killed_is_followed_by_one_that_remembers_its_flash(unit: UnitProcess) -> None:
    """A killed unit leaves its socket, its symlink and its lock file behind."""
    boots = (await unit.get("/state"))["boot_epoch"]
    await asyncio.sleep(0.3)
    await unit.end(signal.SIGKILL)
    assert (unit.folder / "tms-gpio.sock").exists()

    again = UnitProcess(unit.folder)
    await again.start()
    await again.ready()
    assert (await again.get("/state"))["boot_epoch"] == boots + 1
    assert (await asyncio.to_thread(identify, unit.folder / "tms-serial")).is_simulated == 1
    code, words = await again.end()
    assert code == 0, words


async def test_unit_told_to_end_leaves_no_device_files(unit: UnitProcess) -> None:
    async with asyncio.timeout(2):
        code, words = await unit.end(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in words
    assert not (unit.folder / "tms-serial").is_symlink()
    assert not (unit.folder / "tms-gpio.sock").exists()
