"""A gpiozero pin factory whose pins end in the simulated unit's process.

Registered as `tms_sim` under gpiozero's entry points, so the production edge reaches it by
configuration alone. TMS_SIM_DIR names the folder of the unit's socket and is read when the factory
is built. A lost or silent unit never reads as its last level: reading raises, and every watcher is
called once. Callbacks come on the factory's reader thread, as with real pin factories.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from gpiozero.exc import (
    PinError,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPull,
    PinPWMFixedValue,
    PinPWMUnsupported,
    PinSetInput,
    PinSPIUnsupported,
)
from gpiozero.pins import PinInfo
from gpiozero.pins.pi import PiFactory, PiPin

from edge.domain.alarm_sounds import Tone
from hw_sim.realtime.pin_lines import Drive, LineBuffer, LineError, decode_levels, encode
from hw_sim.realtime.pin_spi import SimConverter, decode_analogue, is_analogue
from hw_sim.realtime.wiring import CONVERTER_PINS, DIR_VARIABLE, SOCKET_NAME, STALE_S, is_input

PI_4B_REVISION: Final = 0xC03114  # any Pi with the 40-pin header would do
RECONNECT_S: Final = 0.25

Edges = Literal["none", "falling", "rising", "both"]
Pull = Literal["floating", "up", "down"]


class UnitLostError(PinError):  # type: ignore[misc]  # gpiozero has no types
    """The simulated unit does not answer on its GPIO socket; no level is known."""


class SimFactory(PiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins of the simulated unit. Raises UnitLostError when the unit is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.pin_class = SimPin
        folder = os.environ.get(DIR_VARIABLE)
        if not folder:
            raise UnitLostError(
                f"{DIR_VARIABLE} is not set: it names the folder of the simulated unit's sockets"
            )
        self._path = str(Path(folder) / SOCKET_NAME)
        self._lock = threading.Lock()
        self._levels: dict[int, bool] | None = None
        self._analogue: dict[int, int] = {}
        self._drive: dict[int, Drive] = {}
        self._is_closed = threading.Event()
        self._has_levels = threading.Event()
        self._socket: socket.socket | None = self._connect()
        self._reader = threading.Thread(target=self._run, name="tms-sim-gpio", daemon=True)
        self._reader.start()
        if not self._has_levels.wait(STALE_S):
            self.close()
            raise UnitLostError(f"the simulated unit at {self._path} sends no levels")

    def close(self) -> None:
        """Release the pins and the socket; safe to call twice."""
        if self._is_closed.is_set():
            return
        super().close()
        self._is_closed.set()
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):  # the unit may have hung up first
                    self._socket.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def level(self, bcm: int) -> bool:
        """Level of a wired input now. Raises UnitLostError when it is not known."""
        with self._lock:
            if self._levels is None or bcm not in self._levels:
                raise UnitLostError(f"the simulated unit at {self._path} is lost: level unknown")
            return self._levels[bcm]

    def drive(self, bcm: int, level: Drive | None) -> None:
        """Drive an output, or release it with None. Raises UnitLostError when nobody hears it."""
        with self._lock:
            if level is None:
                self._drive.pop(bcm, None)
            else:
                self._drive[bcm] = level
            if self._socket is None:
                raise UnitLostError(f"the simulated unit at {self._path} is lost: not driven")
            try:
                self._socket.sendall(encode("drive", self._drive, time.monotonic_ns()))
            except OSError as error:
                raise UnitLostError(f"the simulated unit at {self._path}: {error}") from error

    def ticks(self) -> float:
        """Seconds of the machine's monotonic clock, as the local factories do."""
        return time.monotonic()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """Seconds between two ticks."""
        return later - earlier

    def analogue(self, channel: int) -> int:
        """Raw value of the converter's channel. Raises UnitLostError when it is not known."""
        raw = self._analogue.get(channel)
        if raw is None:
            raise UnitLostError(f"the simulated unit at {self._path} is lost: no channel {channel}")
        return raw

    def spi(self, **spi_args: object) -> SimConverter:
        """The one converter of the unit; refused on other pins, where nothing is wired."""
        pins, _ = self._extract_spi_args(**spi_args)
        wired = {
            f"{name.removeprefix('adc_')}_pin": f"GPIO{bcm}" for name, bcm in CONVERTER_PINS.items()
        }
        if pins != wired:
            raise PinSPIUnsupported(f"the simulated unit has no SPI device on {pins}")
        return SimConverter(self)

    def _get_revision(self) -> int:
        return PI_4B_REVISION

    def _connect(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(STALE_S)
        try:
            line.connect(self._path)
        except OSError as error:
            line.close()
            raise UnitLostError(
                f"no simulated unit at {self._path} ({error.strerror}): start it with"
                " 'python -m hw_sim unit --dir FOLDER'"
            ) from error
        return line

    def _run(self) -> None:
        """Reader thread: read until lost, tell the watchers, connect again."""
        while not self._is_closed.is_set():
            with self._lock:
                line = self._socket
            if line is not None:
                self._read_until_lost(line)
                self._forget(line)
            elif not self._is_closed.wait(RECONNECT_S):
                self._reconnect()

    def _read_until_lost(self, line: socket.socket) -> None:
        buffer = LineBuffer()
        while not self._is_closed.is_set():
            try:
                data = line.recv(4096)
                if not data:
                    return
                for text in buffer.feed(data):
                    if is_analogue(text):
                        self._analogue = decode_analogue(text)
                    else:
                        self._take(decode_levels(text))
            except (OSError, LineError):
                return

    def _take(self, levels: dict[int, bool]) -> None:
        with self._lock:
            before = self._levels
            self._levels = levels
        self._has_levels.set()
        for bcm, level in levels.items():
            if before is None or before.get(bcm) is not level:
                self._notify(bcm, level)

    def _forget(self, line: socket.socket) -> None:
        """Levels are unknown from here on; every watcher hears of it as the stopping level."""
        with self._lock:
            known, self._levels = self._levels, None
            self._analogue = {}
            self._socket = None
            line.close()
        if not self._is_closed.is_set():
            for bcm in known or {}:
                self._notify(bcm, False)

    def _reconnect(self) -> None:
        try:
            line = self._connect()
        except UnitLostError:
            return
        with self._lock:
            self._socket = line
            if self._drive:
                with suppress(OSError):  # the reader notices the same loss and comes back here
                    line.sendall(encode("drive", self._drive, time.monotonic_ns()))

    def _notify(self, bcm: int, level: bool) -> None:
        for pin in list(self.pins.values()):
            if pin.bcm == bcm:
                pin.changed(self.ticks(), level)


class SimPin(PiPin):  # type: ignore[misc]  # gpiozero has no types
    """One GPIO: digital input with a pull, digital output, or square wave."""

    def __init__(self, factory: SimFactory, info: PinInfo) -> None:
        super().__init__(factory, info)
        self.bcm: int = self._number
        self._sim = factory
        self._is_output = False
        self._out = 0.0
        self._frequency: float | None = None
        self._pull: Pull = "floating"
        self._edges: Edges = "both"
        self._is_watched = False

    def close(self) -> None:
        """Back to a floating input that nobody watches. Never raises."""
        self.when_changed = None
        if self._is_output:
            self._release()
        self._pull = "floating"

    def changed(self, ticks: float, level: bool) -> None:
        """The unit moved this wire: call the watcher if it asked for this edge."""
        wanted = self._edges in ("both", "rising" if level else "falling")
        if wanted and not self._is_output:
            with self._when_changed_lock:
                if self._is_watched and self._when_changed is not None:
                    self._call_when_changed(ticks, int(level))

    def _release(self) -> None:
        self._is_output = False
        with suppress(UnitLostError):  # a wire that is gone is released
            self._sim.drive(self.bcm, None)

    def _get_function(self) -> str:
        return "output" if self._is_output else "input"

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f"function of {self!r} is input or output, not {value!r}")
        if value == "input" and self._is_output:
            self._release()
        elif value == "output" and not self._is_output:
            self._is_output = True
            self._sim.drive(self.bcm, self._driven())

    def _driven(self) -> Drive:
        if self._frequency is None or not self._out:
            return bool(self._out)
        return Tone(round(self._frequency), round(self._out * 100))

    def _get_state(self) -> float:
        if self._is_output:
            return int(self._out) if self._frequency is None else self._out
        if not is_input(self.bcm):
            return int(self._pull == "up")  # nothing is wired here
        return int(self._sim.level(self.bcm))

    def _set_state(self, value: float) -> None:
        if not self._is_output:
            raise PinSetInput(f"{self!r} is an input")
        if self._frequency is None and value not in (0, 1):
            raise PinPWMUnsupported(f"{self!r} is on or off, not {value}: give it a frequency")
        self._out = float(value)
        self._sim.drive(self.bcm, self._driven())

    def _get_pull(self) -> Pull:
        return self._pull

    def _set_pull(self, value: Pull) -> None:
        if value not in ("floating", "up", "down"):
            raise PinInvalidPull(f"pull of {self!r} is floating, up or down, not {value!r}")
        self._pull = value

    def _get_bounce(self) -> None:
        return None

    def _set_bounce(self, value: float | None) -> None:
        """Accepted only when off: a factory's debounce loses edges (gpiozero #550, #1039 [V])."""
        if value is not None:
            raise PinInvalidBounce("debounce in your own code, on your own clock")

    def _get_edges(self) -> Edges:
        return self._edges

    def _set_edges(self, value: Edges) -> None:
        if value not in ("none", "falling", "rising", "both"):
            raise PinInvalidEdges(f"edges of {self!r}: not {value!r}")
        self._edges = value

    def _get_frequency(self) -> float | None:
        return self._frequency

    def _set_frequency(self, value: float | None) -> None:
        """A square wave of this frequency, or with None a level again, which is low."""
        if value is not None and not self._is_output:
            raise PinPWMFixedValue(f"{self!r} is an input")
        was, self._frequency = self._frequency, value
        if value is None:
            self._out = 0.0
            with suppress(UnitLostError):  # a wire that is gone is silent
                self._sim.drive(self.bcm, False if self._is_output else None)
        elif value != was:
            self._sim.drive(self.bcm, self._driven())

    def _enable_event_detect(self) -> None:
        self._is_watched = True

    def _disable_event_detect(self) -> None:
        self._is_watched = False
