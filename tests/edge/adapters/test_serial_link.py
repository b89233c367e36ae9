"""The serial adapter on a pty: bytes both ways, and every loss of the device is LinkLostError."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.adapters.serial_link import UNSENT_MAX, SerialLinkOpener
from edge.ports import ByteLink, LinkLostError


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    """(our end, name of the device)."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    name = os.ttyname(theirs)
    os.close(theirs)
    yield ours, name
    os.close(ours)


async def opened(name: str) -> ByteLink:
    return await SerialLinkOpener(name, 115_200).open()


async def test_serial_carries_bytes_both_ways(line: tuple[int, str]) -> None:
    ours, name = line
    link = await opened(name)
    os.write(ours, b"from the controller\0")
    async with asyncio.timeout(5):
        assert await link.read() == b"from the controller\0"
    link.write(b"\x00\x01\xff to it")
    assert os.read(ours, 100) == b"\x00\x01\xff to it"
    link.close()


async def test_serial_waiting_read_ends_when_the_link_is_closed(line: tuple[int, str]) -> None:
    link = await opened(line[1])
    reading = asyncio.ensure_future(link.read())
    await asyncio.sleep(0)
    link.close()
    with pytest.raises(LinkLostError, match="closed"):
        await asyncio.wait_for(reading, 5)
    with pytest.raises(LinkLostError, match="closed"):
        link.write(b"x")


async def test_serial_unplugged_while_reading_is_a_lost_link() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    link = await opened(os.ttyname(theirs))
    os.close(theirs)
    reading = asyncio.ensure_future(link.read())
    await asyncio.sleep(0)
    os.close(ours)
    with pytest.raises(LinkLostError, match=r"reading failed|without data"):
        await asyncio.wait_for(reading, 5)


async def test_serial_opened_twice_is_refused_with_the_device_named(line: tuple[int, str]) -> None:
    first = await opened(line[1])
    with pytest.raises(LinkLostError, match=line[1]):
        await opened(line[1])
    first.close()
    second = await opened(line[1])
    second.close()


async def test_serial_missing_device_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkLostError, match="nothing-here"):
        await opened(str(tmp_path / "nothing-here"))


async def test_serial_reader_that_takes_nothing_is_a_lost_link_not_a_full_memory(
    line: tuple[int, str],
) -> None:
    """Catches: an unbounded send buffer."""
    link = await opened(line[1])

    def flood() -> None:
        for _ in range(200 + UNSENT_MAX // 1000):
            link.write(b"x" * 1000)

    with pytest.raises(LinkLostError, match="takes no more"):
        flood()


async def test_serial_rest_of_a_full_buffer_is_sent_when_the_device_takes_it_again(
    line: tuple[int, str],
) -> None:
    ours, name = line
    os.set_blocking(ours, False)
    link = await opened(name)
    sent = b"".join(index.to_bytes(4, "little") for index in range(6000))
    got = bytearray()
    for start in range(0, len(sent), 1000):
        link.write(sent[start : start + 1000])
        if start % 8000 == 0:
            for _ in range(3):
                await asyncio.sleep(0)
                got += _drain(ours)
    async with asyncio.timeout(5):
        while len(got) < len(sent):
            await asyncio.sleep(0.001)
            got += _drain(ours)
    assert bytes(got) == sent
    link.close()


def _drain(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""
