"""Which start of the machine this is: as long as it lasts, the monotonic clock runs on.

So what was timed by an earlier process of the same start can be timed on, whatever the wall clock
says.
"""

from __future__ import annotations

from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def machine_boot(path: Path = BOOT_ID) -> str:
    """The kernel's name of this start; '' when it cannot be read, which equals no other."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
