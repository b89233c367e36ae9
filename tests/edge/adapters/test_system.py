"""Wall clock and init-system notices."""

from __future__ import annotations

import socket
from datetime import UTC
from pathlib import Path

from edge.adapters.service_manager import SystemdNotifier
from edge.adapters.system_clock import SystemClock


def test_system_clock_is_utc_and_says_whether_it_is_trusted() -> None:
    now = SystemClock().now()
    assert now.utc.tzinfo is UTC
    assert isinstance(now.is_trusted, bool)


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
