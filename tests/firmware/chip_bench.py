# The board's parts on the stand-in chip, put together as app.py does, on a clock that a test moves.
# Portable. Pulse times for parts that only want to know them come from QuietPulses.
import clock
import rig
from firmware.board.charger import STEP_MS, Charger
from firmware.board.coil_chip import CoilChip, crc8, open_bus, pack_record
from firmware.board.guard import Guard
from firmware.board.hal import BoardHal
from firmware.board.identity import KEY_PATH, Identity
from firmware.board.inputs import Inputs
from firmware.board.ledger_store import LedgerStore
from firmware.board.pulses import Pulses
from firmware.board.sensors import Sensors
from firmware.board.slots import Choice
from firmware.board.stage import Stage
from firmware.board.uart import SerialLine
from firmware.compat import TYPE_CHECKING, ThreadSafeFlag, sha256
from firmware.wire.reports import COIL_FIGURE8_COOLED

if TYPE_CHECKING:
    from firmware.board.files import Flash

SERIAL = b"F8C-0042"


class BoardClock:
    # Continuous MCU microseconds of the stand-in.

    def us(self) -> int:
        return rig.now_cycles() // clock.CYCLES_PER_US


class QuietPulses:
    # Times of the last and the next pulse, set by a test; -1 none.

    def __init__(self) -> None:
        self.last = -1
        self.next = -1
        self.comes_in = -1  # conversions until one comes unforeseen

    def last_us(self) -> int:
        if self.comes_in == 0:
            self.last = rig.now_cycles() // clock.CYCLES_PER_US
        self.comes_in -= 1
        return self.last

    def next_us(self) -> int:
        return self.next


class DictFiles:
    # The flash as a dictionary without folders; is_full makes writes fail.

    def __init__(self) -> None:
        self.data: "dict[str, bytes]" = {}
        self.is_full = False

    def read(self, path: str) -> "bytes | None":
        return self.data.get(path)

    def write(self, path: str, data: bytes) -> bool:
        if not self.is_full:
            self.data[path] = data
        return not self.is_full

    def replace(self, path: str, data: bytes) -> bool:
        return self.write(path, data)

    def append(self, path: str, data: bytes) -> bool:
        return self.write(path, self.data.get(path, b"") + data)

    def remove(self, path: str) -> bool:
        return self.data.pop(path, None) is not None

    def mkdir(self, path: str) -> bool:
        del path
        return not self.is_full

    def list(self, path: str) -> "list[tuple[str, bool]]":
        return sorted([(name, False) for name in self.data if name.startswith(path)])

    def digest(self, path: str) -> "tuple[int, bytes] | None":
        found = self.data.get(path)
        return None if found is None else (len(found), sha256(found).digest())

    def free_bytes(self) -> int:
        return 0 if self.is_full else 1000000


def new_rig() -> "rig.Rig":
    """A fresh board on a clock that stands still."""
    clock.set_manual(0)
    return rig.reset()


def pass_us(us: int) -> None:
    """Let time go by."""
    clock.advance_us(us)
    rig.sync()


def write_coil(serial: bytes = SERIAL, coil_type: int = COIL_FIGURE8_COOLED) -> None:
    """Put this record into the plug's chip, as production does."""
    plug = rig.the().plug
    rom = plug.rom[:7]
    plug.rom = rom + bytes((crc8(rom),))
    record = pack_record(serial, coil_type)
    plug.memory = record + bytes(128 - len(record))


class Parts:
    # The parts that need no PIO.

    def __init__(self) -> None:
        new_rig()
        write_coil()
        self.clock = BoardClock()
        self.pulses = QuietPulses()
        self.line_flag = ThreadSafeFlag()
        self.input_flag = ThreadSafeFlag()
        self.sensors = Sensors(self.clock, self.pulses)
        self.charger = Charger()
        self.inputs = Inputs(self.input_flag)
        self.line = SerialLine(self.clock, self.line_flag)
        self.coil = CoilChip(open_bus())

    def sample_for(self, us: int) -> None:
        """Run the thermal task for this long."""
        end_us = self.clock.us() + us
        while self.clock.us() < end_us:
            pass_us(self.sensors.sample() * 1000)

    def charge_for(self, us: int) -> None:
        """Run the charge task for this long."""
        for _ in range(us // 10000):
            pass_us(10000)
            self.charger.step(self.clock.us(), self.sensors.bank_mv(), self.pulses.last < 0)


class LatePeak:
    # The peak-hold, for a part that is made before the sensors are.

    def __init__(self) -> None:
        self.sensors: "Sensors | None" = None

    def read_pm(self) -> int:
        assert self.sensors is not None
        return self.sensors.take_peak_pm()


class ChipUnit:
    # All parts with the real PIO programs. run_us() does what the app's tasks do.

    def __init__(self, files: "Flash | None" = None) -> None:
        """On the rig as it is: call new_rig() before, and write_coil() if there is a coil."""
        self.files: "Flash" = files or DictFiles()
        self.files.write(KEY_PATH, bytes(range(32)))
        self.clock = BoardClock()
        self.line_flag = ThreadSafeFlag()
        self.input_flag = ThreadSafeFlag()
        peak = LatePeak()
        self.pulses = Pulses(self.clock, peak.read_pm)
        self.sensors = peak.sensors = Sensors(self.clock, self.pulses)
        self.guard = Guard()
        self.charger = Charger()
        self.line = SerialLine(self.clock, self.line_flag)
        self.hal = BoardHal(
            self.clock,
            Identity(self.files, 12345),
            CoilChip(open_bus()),
            Inputs(self.input_flag),
            self.sensors,
            self.charger,
            self.guard,
            self.pulses,
            LedgerStore(self.files, self.guard.is_on),
            Stage(self.files, Choice(0, bytes(8), False)),
        )
        self.hal.look_at_coil(True)
        self._sample_us = 0
        self._step_us = 0

    def now_us(self) -> int:
        return self.clock.us()

    def run_us(self, duration_us: int) -> None:
        """The thermal and the charge task run when they are due."""
        end_us = self.now_us() + duration_us
        now_us = self.now_us()
        while now_us < end_us:
            if now_us >= self._sample_us:
                self._sample_us = now_us + self.sensors.sample() * 1000
            if now_us >= self._step_us:
                self._step_us = now_us + STEP_MS * 1000
                self.hal.step_charger(now_us)
            due_us = min(end_us, self._sample_us, self._step_us)
            pass_us(max(0, due_us - self.now_us()))
            now_us = self.now_us()
        rig.sync()
