"""The machine's own watchdog, when one is configured: a process that hangs restarts the whole Pi.

After a restart every pin is an input again and the pull-downs outside hold every output low. Petted
from the core's healthy polls, not from a timer. Closed in order only at a clean end.
"""

from __future__ import annotations

import os

from firmware.pi.clock import Clock
from firmware.pi.wiring import WiringError

FEED_NS = 500_000_000  # [P] the Pi's watchdog allows 15 s; no need for a system call each poll
_MAGIC_CLOSE = b"V"  # linux/watchdog.h: without it, closing does not stop the watchdog


class Watchdog:
    """One watchdog device, or none with an empty path."""

    def __init__(self, clock: Clock, path: str) -> None:
        """Raises WiringError when the device cannot be had."""
        self._clock = clock
        self._fed_ns = clock.now_ns()
        try:
            self._device = os.open(path, os.O_WRONLY | os.O_CLOEXEC) if path else None
        except OSError as error:
            raise WiringError(f"core.watchdog {path}: {error.strerror}") from error

    def feed(self) -> None:
        """Pet it, now and then."""
        now_ns = self._clock.now_ns()
        if self._device is not None and now_ns - self._fed_ns >= FEED_NS:
            self._fed_ns = now_ns
            os.write(self._device, b"\0")

    def close(self, *, is_clean: bool) -> None:
        """Stop the watchdog, unless this is a crash: then the next start has to feed it in time."""
        if self._device is not None:
            if is_clean:
                os.write(self._device, _MAGIC_CLOSE)
            os.close(self._device)
            self._device = None
