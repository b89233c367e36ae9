"""The programs of firmware/board/pio_programs.py, assembled by any stand-in for rp2."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import asm_pio

SOURCE = Path(__file__).parents[2] / "firmware" / "board" / "pio_programs.py"
NAMES = ("trig", "guard", "stamp")


class Programs(ModuleType):
    """The module's programs and constants; typed as Any, because no linter can read the source."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def load(assembler: Any = asm_pio, old: str = "", new: str = "") -> Programs:
    """Run the source with this rp2; old is replaced by new once (a planted bug)."""
    source = SOURCE.read_text()
    if old:
        assert source.count(old) == 1, f"not exactly once in the source: {old}"
        source = source.replace(old, new)
    module = Programs("pio_programs")
    before = sys.modules.get("rp2")
    sys.modules["rp2"] = assembler
    try:
        exec(compile(source, str(SOURCE), "exec"), vars(module))
    finally:
        if before is None:
            del sys.modules["rp2"]
        else:
            sys.modules["rp2"] = before
    return module
