"""The board on the stand-in chip as a bench of the HAL conformance suite, on a flash in memory."""

from __future__ import annotations

import rig
from firmware.board.inputs import SOURCES
from hw_sim.flash import MemoryFiles
from tests.firmware.chip_bench import ChipUnit, new_rig, write_coil
from tests.support.hal_conformance import CUT, FLASH, UNASKED

GP_OF = {bit: gp for gp, bit in SOURCES}


class UnitOnChip(ChipUnit):
    """A fresh board with a coil; asyncio has nothing to wait for."""

    can = frozenset((CUT, FLASH, UNASKED))

    def __init__(self) -> None:
        new_rig()
        write_coil()
        self.flash = MemoryFiles()
        super().__init__(self.flash)
        self.run_us(50_000)

    async def pass_us(self, duration_us: int) -> None:
        self.run_us(duration_us)

    def set_contact(self, bit: int, is_closed: bool) -> None:
        rig.set_contact(GP_OF[bit], is_closed)

    def fire_unasked(self) -> None:
        assert rig.fire_unasked()

    def break_flash(self) -> None:
        self.flash.is_full = True
