# Stand-in for MicroPython's onewire module: the memory chip in the coil's plug answers as a DS2431
# does to reset, Read ROM, Skip ROM and Read Memory. Bytes, no bit times. Both interpreters.
import rig
from firmware.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from machine import Pin

_READ_ROM = 0x33
_SKIP_ROM = 0xCC
_READ_MEMORY = 0xF0


class OneWireError(Exception):
    """No presence pulse."""


class OneWire:
    def __init__(self, pin: "Pin") -> None:
        del pin  # there is one wire
        self._sent = b""
        self._answer = b""

    def reset(self, required: bool = False) -> bool:
        """True when a chip has answered with its presence pulse."""
        plug = rig.the().plug
        self._sent = b""
        self._answer = b""
        if required and not plug.is_there:
            raise OneWireError
        return plug.is_there

    def writebyte(self, value: int) -> None:
        """One byte to the chip."""
        self._sent += bytes((value,))
        plug = rig.the().plug
        if not plug.is_there:
            return
        if self._sent == bytes((_READ_ROM,)):
            self._answer = plug.rom
        elif len(self._sent) == 4 and self._sent[:2] == bytes((_SKIP_ROM, _READ_MEMORY)):
            plug.reads += 1
            self._answer = plug.memory[self._sent[2] + 256 * self._sent[3] :]

    def readbyte(self) -> int:
        """One byte from the chip; all ones when nothing drives the wire."""
        if not self._answer:
            return 255
        value = self._answer[0]
        self._answer = self._answer[1:]
        plug = rig.the().plug
        if plug.flips:
            plug.flips -= 1
            value ^= 1
        return value
