"""The serial line of the real-time unit, opened with pyserial as the production edge does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import serial

from hw_sim.realtime.serial_pty import PtySerial

HOLDER = """
import sys, serial
port = serial.Serial(sys.argv[1], 921600, exclusive=True, timeout=5)
port.write(b"hello")
print(port.read(3).decode(), flush=True)
sys.stdin.read()
"""


class Line:
    """A pty with what arrived at the unit's end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tms-serial"
        self.heard = bytearray()
        self.pty = PtySerial(self.path, self.heard.extend)

    def open(self) -> serial.Serial:
        return serial.Serial(str(self.path), 921600, exclusive=True, timeout=0)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    it = Line(tmp_path)
    it.pty.plug()
    yield it
    it.pty.unplug()


async def until(condition: object, what: str) -> None:
    """Poll a condition on the loop; real time is the subject here."""
    assert callable(condition)
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"never: {what}")


async def test_serial_opened_carries_all_byte_values_both_ways(line: Line) -> None:
    every = bytes(range(256))
    with line.open() as port:
        port.write(every)
        await until(lambda: line.heard == every, "all bytes at the unit")
        line.pty.write(every)
        got = bytearray()

        def collect() -> bool:
            got.extend(port.read(512))
            return bytes(got) == every

        await until(collect, "all bytes at the edge")


async def test_serial_opened_twice_is_refused_to_the_second(line: Line) -> None:
    with line.open(), pytest.raises(serial.SerialException):
        line.open()


async def test_serial_nobody_listening_drops_and_counts(line: Line) -> None:
    for _ in range(1000):
        line.pty.write(b"x" * 1000)
    assert line.pty.dropped_bytes == 1_000_000
    with line.open() as port:
        await until(lambda: line.pty.is_open, "open seen")
        assert port.read(10) == b""  # nothing old greets the new reader


async def test_serial_reader_stalled_drops_the_rest_without_blocking(line: Line) -> None:
    with line.open():
        await until(lambda: line.pty.is_open, "open seen")
        for _ in range(1000):
            line.pty.write(b"x" * 1000)
        assert 500_000 < line.pty.dropped_bytes < 1_000_000


async def test_serial_closed_and_reopened_works_again_without_old_bytes(line: Line) -> None:
    with line.open():
        await until(lambda: line.pty.is_open, "open seen")
        line.pty.write(b"for the first reader")
    await until(lambda: not line.pty.is_open, "close seen")
    fd = os.open(line.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)  # no flush of its own
    try:
        await until(lambda: line.pty.is_open, "second open seen")
        assert os.read(fd, 100) == b""
        line.pty.write(b"second")
        assert os.read(fd, 100) == b"second"
    finally:
        os.close(fd)


async def test_serial_unplugged_hangs_up_and_plugged_again_works(line: Line) -> None:
    port = line.open()
    line.pty.unplug()
    assert not line.path.is_symlink()
    with pytest.raises((serial.SerialException, OSError)):
        port.write(b"x")
    port.close()
    line.pty.plug()
    with line.open() as again:
        again.write(b"back")
        await until(lambda: line.heard.endswith(b"back"), "bytes after plugging in")


async def test_serial_stale_name_of_a_dead_unit_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "tms-serial").symlink_to("/dev/pts/does-not-exist")
    it = Line(tmp_path)
    it.pty.plug()
    with it.open() as port:
        port.write(b"x")
        await until(lambda: it.heard == b"x", "bytes")
    it.pty.unplug()


@pytest.mark.process
async def test_serial_reader_killed_is_noticed_and_the_next_one_served(line: Line) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", HOLDER, str(line.path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await until(lambda: line.heard == b"hello", "hello")
    line.pty.write(b"hey")
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"hey\n"

    holder.send_signal(signal.SIGKILL)
    await holder.wait()
    await until(lambda: not line.pty.is_open, "hang-up seen")

    with line.open() as port:
        await until(lambda: line.pty.is_open, "second open seen")
        port.write(b" again")
        await until(lambda: line.heard == b"hello again", "bytes of the next reader")
