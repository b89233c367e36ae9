# The app's own board on the stand-in chip, with a bench around it: a chair (chair.py) can sit on it
# as on the fake one. Virtual or real time, whichever the ticks follow. Portable.
import clock
import rig
from firmware import app
from firmware.board.identity import KEY_PATH
from firmware.board.slots import Choice
from firmware.compat import TYPE_CHECKING
from tests.firmware.chip_bench import DictFiles, write_coil
from tests.firmware.fake_hal import LINK_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class NotedWatchdog:
    # Counts what the loader's watchdog would be fed.

    def __init__(self) -> None:
        self.feeds = 0

    def feed(self) -> None:
        self.feeds += 1


def bring_up(unit_id: str, key: bytes = LINK_KEY) -> DictFiles:
    """A fresh chip with a coil on the bench, following the ticks; its flash as after bring-up."""
    clock.set_manual(0)
    clock.use_ticks()
    rig.reset()
    write_coil()
    files = DictFiles()
    files.write(KEY_PATH, key)
    files.write("unit.cfg", f"unit_id = {unit_id}\n".encode())
    return files


class Chance:
    # In the place of the chip's entropy, which the WebAssembly build of MicroPython has not got:
    # two interpreters must draw the same, or a host brings its own numbers.

    def __init__(self) -> None:
        self._last = 1000

    def draw(self) -> int:
        self._last += 1
        return self._last


def board_on(
    files: DictFiles, watchdog: NotedWatchdog, draw: "Callable[[], int]"
) -> "app.ChipBoard":
    """What app.main makes of it."""
    app.random_u32 = draw  # type: ignore[attr-defined]
    board = app.ChipBoard(files, Choice(0, bytes(8), False), watchdog)
    board.hal.random_u32 = draw  # type: ignore[method-assign]
    return board


class ChipSeat:
    # A board for chair.py: everything is the app's, only the far end of the line is here.

    def __init__(self, files: "DictFiles | None" = None) -> None:
        self.files = files or bring_up("TEST-001")
        self.watchdog = NotedWatchdog()
        self._board = board_on(self.files, self.watchdog, Chance().draw)
        self.on_output: "Callable[[bytes], None]" = self._forget
        rig.the().lines[0].on_write = self._on_write

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._board, name)

    def feed(self, data: bytes) -> None:
        rig.the().lines[0].feed(data)

    def noted_us(self) -> int:
        return self._board.now_us()

    def _on_write(self, data: bytes) -> None:
        self.on_output(data)

    def _forget(self, data: bytes) -> None:
        del data
