"""The wall clock of the system, and whether anybody keeps it right.

Trusted means that the kernel says its clock is disciplined (adjtimex without STA_UNSYNC), and that
it shows a year in which there is such a unit. For records and screens, and for a gap that spans
a restart of the machine (edge/domain/resume.py), never otherwise for a decision.
"""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime

from edge.domain.resume import CLOCK_FIRST
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
        return believed(datetime.now(UTC), is_kept=self._is_disciplined())  # noqa: TID251

    def _is_disciplined(self) -> bool:
        timex = _Timex()
        if self._libc.adjtimex(ctypes.byref(timex)) == STATUS_ERROR:
            return False
        return not timex.status & STA_UNSYNC


def believed(utc: datetime, *, is_kept: bool) -> WallTime:
    """A clock that was never set is trusted by nobody, whatever the kernel says of it."""
    return WallTime(utc, is_kept and utc >= CLOCK_FIRST)
