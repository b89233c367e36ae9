"""The PIO programs in two assemblers and two emulators, cycle by cycle."""

import sys
from pathlib import Path

CHIP = str(Path(__file__).parents[2] / "hw_sim" / "chip")
if CHIP not in sys.path:  # pytest has it from pyproject.toml, the campaign has not
    sys.path.append(CHIP)
