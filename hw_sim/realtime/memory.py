"""The simulated controller's flash, kept in a file between runs of the unit's process.

What a real controller does not forget when the mains go: its files and how often it booted. A
missing or damaged file is a new controller. Written whole, under another name first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import structlog

from hw_sim.unit import SimUnit

MEMORY_NAME: Final = "unit-flash.json"

log = structlog.get_logger()


class UnitMemory:
    """File of one unit."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MEMORY_NAME
        self._kept = (-1, -1)

    def restore(self, unit: SimUnit) -> None:
        """Call right after the unit was made: its controller reads the flash when it has booted."""
        try:
            kept = json.loads(self._path.read_text())
            boots = int(kept["boot_epoch"])
            unit.hal.flash.restore(kept["files"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the unit's flash cannot be read: a new controller", reason=str(error))
            return
        unit.hal.boot_epoch += boots

    def keep(self, unit: SimUnit) -> None:
        """Write what changed since the last time; cheap when nothing did."""
        now = (unit.hal.flash.files.revision, unit.hal.boot_epoch)
        if now == self._kept:
            return
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps({"files": unit.hal.flash.dump(), "boot_epoch": now[1]}))
        part.rename(self._path)
        self._kept = now
