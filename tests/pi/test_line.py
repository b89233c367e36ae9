"""Way b: the pseudo-terminal behaves like a serial line that can be pulled and plugged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from firmware.pi.clock import MonotonicClock
from firmware.pi.line import BACKLOG_BYTES_MAX, LineError, PtyLine

MS = 1_000_000


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    made = PtyLine(MonotonicClock(), tmp_path / "run/serial")
    yield made
    made.close()


def opened(line: PtyLine) -> serial.Serial:
    port = serial.Serial(str(line.name), timeout=1)
    line.read()
    assert line.is_open
    return port


def test_bytes_go_both_ways_unchanged(line: PtyLine) -> None:
    everything = bytes(range(256))
    with opened(line) as port:
        port.write(everything)
        line.wait_until(line._clock.now_ns() + 1000 * MS)
        assert line.read() == everything

        line.write(everything)
        assert port.read(256) == everything


def test_bytes_for_nobody_are_dropped_and_counted(line: PtyLine) -> None:
    line.read()
    line.write(b"status")

    assert not line.is_open
    assert line.dropped_bytes == 6


def test_edge_that_comes_back_finds_no_old_bytes(line: PtyLine) -> None:
    with opened(line):
        line.write(b"for the first one")
    assert line.read() == b""
    assert not line.is_open

    # Without pyserial, which would empty the line by itself when it opens it.
    port = os.open(line.name, os.O_RDWR | os.O_NOCTTY)
    line.read()
    line.write(b"new")
    assert os.read(port, 100) == b"new"
    os.close(port)


def test_stalled_reader_costs_a_bounded_backlog(line: PtyLine) -> None:
    with opened(line):
        for _ in range(100):
            line.write(bytes(1000))
            assert len(line._pending) <= BACKLOG_BYTES_MAX
        assert line.dropped_bytes > 0


def test_wait_ends_when_bytes_arrive(line: PtyLine) -> None:
    with opened(line) as port:
        clock = line._clock
        port.write(b"x")
        begun_ns = clock.now_ns()
        line.wait_until(begun_ns + 5000 * MS)
        assert clock.now_ns() - begun_ns < 2500 * MS


def test_wait_ends_at_its_time_open_or_not(line: PtyLine) -> None:
    clock = line._clock
    at_ns = clock.now_ns() + 5 * MS
    line.wait_until(at_ns)
    assert clock.now_ns() >= at_ns
    with opened(line):
        at_ns = clock.now_ns() + 5 * MS
        line.wait_until(at_ns)
        assert clock.now_ns() >= at_ns - MS
        line.wait_until(at_ns - 100 * MS)  # long ago: returns


def test_name_of_a_dead_process_is_replaced_and_taken_away_at_the_end(tmp_path: Path) -> None:
    name = tmp_path / "serial"
    name.symlink_to("/dev/pts/gone")
    line = PtyLine(MonotonicClock(), name)
    assert name.exists()

    line.close()

    assert not name.is_symlink()


def test_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    name = tmp_path / "serial"
    name.write_text("mine")

    with pytest.raises(LineError, match="something else has this name"):
        PtyLine(MonotonicClock(), name)

    assert name.read_text() == "mine"
