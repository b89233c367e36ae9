# Inside real MicroPython: what the firmware costs in heap and stack, "BUDGET name bytes" a line.
# budget.mjs calls one step after the other, because this port collects garbage only between calls
# from outside. The stand-in chip is imported before the count begins; what its own objects cost
# afterwards is in the figures, which are upper bounds for that reason. Decides nothing.
import gc

import micropython

import clock
import machine  # noqa: F401 - imported before the count
import onewire  # noqa: F401
import rig
import rp2  # noqa: F401
from firmware.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

TRAIN_PULSES = 40
MESSAGES = 8
kept: "dict[str, Any]" = {}  # alive over the steps
marks: "dict[str, int]" = {}


def mark(name: str) -> None:
    marks[name] = int(gc.mem_alloc())  # type: ignore[attr-defined]


def tell(name: str, since: str) -> None:
    """What has been added since that mark."""
    now = int(gc.mem_alloc())  # type: ignore[attr-defined]
    print("BUDGET", name, now - marks[since])  # noqa: T201


def import_app() -> None:
    from firmware import app

    kept["app"] = app


def make_board() -> None:
    """A board with its tasks, as app.main makes it."""
    from firmware.board.slots import Choice
    from firmware.tasks import Tasks

    class Files:
        def read(self, path: str) -> "bytes | None":
            return bytes(32) if path == "link.key" else None

        def replace(self, path: str, data: bytes) -> bool:
            return True

        write = replace

    class Watchdog:
        def feed(self) -> None:
            pass

    app = kept["app"]
    app.random_u32 = lambda: 1
    board = app.ChipBoard(Files(), Choice(0, bytes(8), False), Watchdog())
    board.hal.random_u32 = lambda: 1
    kept["tasks"] = Tasks(board)
    kept["tasks"].poll()


def make_bench() -> None:
    """The core on the tests' fake HAL, which looks at the stack in its leaves."""
    from tests.firmware.bench import Bench
    from tests.firmware.fake_hal import FakeHal

    kept["deepest"] = 0

    class StackHal(FakeHal):
        def _look(self) -> None:
            kept["deepest"] = max(kept["deepest"], micropython.stack_use())

        def queue_pulse(self, at_us: int) -> bool:
            self._look()
            return super().queue_pulse(at_us)

        def drop_gate(self) -> None:
            self._look()
            super().drop_gate()

        def save_ledger(self, data: bytes) -> bool:
            self._look()
            return super().save_ledger(data)

    kept["at_rest"] = micropython.stack_use()
    kept["bench"] = Bench(StackHal()).configured()


def make_frames(name: str) -> None:
    from firmware.wire import commands

    made = {
        "Heartbeat": commands.Heartbeat(beat=7),
        "ReadLedger": commands.ReadLedger(),
        "Charge": commands.Charge(level_pct_mso=95),  # sealed, and refused each time
    }
    bench = kept["bench"]
    first = bench._seq + 1
    bench._seq += MESSAGES
    kept["frames"] = [bench.frame_of(made[name], first + n) for n in range(MESSAGES)]


def feed_frames() -> None:
    """The core alone, as the line task calls it."""
    bench = kept["bench"]
    for frame in kept["frames"]:
        bench.device.on_bytes(bench.now_us, frame)
        bench.device.take_output()


def arm() -> None:
    from tests.firmware.bench import TEN_HZ_80

    bench = kept["bench"]
    bench.charged().armed(TEN_HZ_80, 1)
    kept["start_us"] = bench.now_us + 100000
    bench.is_beating = False  # five seconds of silence are allowed below
    bench.device._unit.beats.silence_us_max = 60000000


def fire() -> None:
    bench = kept["bench"]
    bench.fire(0, 0, TRAIN_PULSES, kept["start_us"])
    bench.run_until(kept["start_us"] + 550000)


def run_pulses() -> None:
    """Twenty pulses: the core's own calls, no report decoded."""
    bench = kept["bench"]
    bench._collect = bench.device.take_output
    bench.run_until(kept["start_us"] + 2550000)


def end_train() -> None:
    bench = kept["bench"]
    bench.run_until(kept["start_us"] + 5000000)
    bench.reports = []
    bench.numbers = []
    bench.hal.pulses = []


def tell_stack() -> None:
    print("BUDGET stack_deepest", kept["deepest"] - kept["at_rest"])  # noqa: T201


def start() -> None:
    clock.set_manual(0)
    clock.use_ticks()
    rig.reset()
