"""How full the disk of the store is.

A disk that cannot be asked is told once in the log; the store itself fails loudly when it is full.
No clock.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


class StoreDisk:
    """edge.ports.DiskSpace of the folder that holds this file."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._is_failed = False

    def used_pct(self) -> int | None:
        """Used part of the disk, rounded up."""
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError as error:
            if not self._is_failed:
                log.warning("disk cannot be asked for its space", why=str(error))
            self._is_failed = True
            return None
        self._is_failed = False
        return -(-(usage.total - usage.free) * 100 // usage.total)
