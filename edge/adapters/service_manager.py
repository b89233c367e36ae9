"""Notices to the init system, by hand on its datagram socket.

Does nothing without an address (a service started by hand). A lost notice is not an error: the init
system's own time limits are. No clock.
"""

from __future__ import annotations

import os
import socket

import structlog

log = structlog.get_logger(__name__)


class SystemdNotifier:
    """edge.ports.ServiceManager."""

    def __init__(self, address: str | None = None) -> None:
        """address: by default what the init system put into NOTIFY_SOCKET."""
        if address is None:
            address = os.environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def notify(self, state: str) -> None:
        """READY=1, WATCHDOG=1, STOPPING=1 or STATUS=..."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            try:
                line.sendto(state.encode(), self._address)
            except OSError as error:
                log.warning("the init system was not reached", state=state, why=str(error))
