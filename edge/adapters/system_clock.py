"""The wall clock of the system, and whether anybody keeps it right.

Trusted means that the kernel says its clock is disciplined (adjtimex without STA_UNSYNC). For
records and screens only; no decision is taken by this clock.
"""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime

from edge.ports import WallTime

STA_UNSYNC = 0x0040  # linux/timex.h
STATUS_ERROR = -1


class _Timex(ctypes.Structure):
    """The head of struct timex; the kernel writes 208 bytes on 64-bit systems."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


class SystemClock:
    """edge.ports.WallClock."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def now(self) -> WallTime:
        """UTC now."""
        utc = datetime.now(UTC)  # noqa: TID251 - this is the adapter
        return WallTime(utc, self._is_disciplined())

    def _is_disciplined(self) -> bool:
        timex = _Timex()
        if self._libc.adjtimex(ctypes.byref(timex)) == STATUS_ERROR:
            return False
        return not timex.status & STA_UNSYNC
