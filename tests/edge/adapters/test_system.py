"""Wall clock, init-system notices, space on the disk."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from shutil import _ntuple_diskusage

import pytest

from edge.adapters.disk_space import StoreDisk
from edge.adapters.service_manager import SystemdNotifier
from edge.adapters.system_clock import SystemClock, believed

pytestmark = pytest.mark.control("clock-trust")


def test_system_clock_is_utc_and_says_whether_it_is_trusted() -> None:
    now = SystemClock().now()
    assert now.utc.tzinfo is UTC
    assert isinstance(now.is_trusted, bool)


def test_clock_that_was_never_set_is_trusted_by_nobody_whatever_the_kernel_says() -> None:
    """Catches: a board without a battery whose clock begins in 1970 and is then disciplined."""
    unset, first = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
    assert not believed(unset, is_kept=True).is_trusted
    assert not believed(datetime(1970, 1, 1, tzinfo=UTC), is_kept=True).is_trusted
    assert believed(first, is_kept=True).is_trusted
    assert not believed(first, is_kept=False).is_trusted


def test_notifier_sends_to_the_socket_it_was_given(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.settimeout(5)
        SystemdNotifier(address).notify("READY=1")
        assert line.recv(100) == b"READY=1"


def test_notifier_reaches_an_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("\0tms-edge-test-notify")
        line.settimeout(5)
        SystemdNotifier("@tms-edge-test-notify").notify("WATCHDOG=1")
        assert line.recv(100) == b"WATCHDOG=1"


def test_notifier_without_or_with_a_dead_address_does_nothing(tmp_path: Path) -> None:
    SystemdNotifier("").notify("READY=1")
    SystemdNotifier(str(tmp_path / "nobody")).notify("READY=1")


def test_disk_is_told_in_whole_percent_rounded_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = StoreDisk(tmp_path / "store.db")
    used = disk.used_pct()
    assert used is not None
    assert 0 <= used <= 100

    for free, expected in ((1000, 0), (999, 1), (100, 90), (99, 91), (0, 100)):
        usage = _ntuple_diskusage(1000, 1000 - free, free)
        monkeypatch.setattr("shutil.disk_usage", lambda _, usage=usage: usage)
        assert disk.used_pct() == expected


def test_disk_that_cannot_be_asked_is_unknown(tmp_path: Path) -> None:
    disk = StoreDisk(tmp_path / "nowhere" / "store.db")

    assert disk.used_pct() is None
    assert disk.used_pct() is None
