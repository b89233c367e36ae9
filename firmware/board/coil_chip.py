# The memory chip in the coil's plug: which coil is plugged in. A record counts only when every
# check of it is right; anything else is no coil, which nothing can be armed with. Owns the record's
# form and when the chip is read (25 ms of bit timing: at rest only). The IN_COIL contact says
# whether a plug is there (inputs.py). Python tasks only.
import struct
from binascii import crc32

import onewire
from firmware.board.pins import GP_COIL_ID
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.reports import COIL_CIRCULAR, COIL_FIGURE8, COIL_NONE
from machine import Pin

if TYPE_CHECKING:
    from typing import Protocol

    class Bus(Protocol):
        def reset(self) -> bool: ...

        def readbyte(self) -> int: ...

        def writebyte(self, value: int) -> None: ...


# [K] DS2431: family code, ROM commands, Read Memory from a two-byte address.
FAMILY = const(0x2D)
READ_ROM = const(0x33)
SKIP_ROM = const(0xCC)
READ_MEMORY = const(0xF0)
ROM_BYTES = const(8)
CRC8_POLY = const(0x8C)  # x^8 + x^5 + x^4 + 1, lowest bit first, of every 1-Wire ROM
MAGIC = b"TMSC"
LAYOUT = 1
# Magic, layout, coil type, serial; a CRC-32 of them follows. Read Memory has no check of its own.
RECORD = "<4sBB8s"
RECORD_BYTES = const(14)
TRIES = const(3)  # a bad contact settles; a bad chip does not
# Coils without a fan or pump: only these may be used while nothing reports a flow.
PASSIVE = (COIL_FIGURE8, COIL_CIRCULAR)


def crc8(data: bytes) -> int:
    """Check byte of a 1-Wire ROM; 0 over a ROM with its check byte."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ CRC8_POLY if value & 1 else value >> 1
    return value


def pack_record(serial: bytes, coil_type: int) -> bytes:
    """What a coil's chip holds from its address 0 on."""
    body = struct.pack(RECORD, MAGIC, LAYOUT, coil_type, serial)
    return body + struct.pack("<I", crc32(body))


def unpack_record(data: bytes) -> "tuple[bytes, int] | None":
    """(serial, type) of a record that passes every check."""
    body = data[:RECORD_BYTES]
    if len(body) + 4 > len(data) or data[len(body) : len(body) + 4] != struct.pack(
        "<I", crc32(body)
    ):
        return None
    magic, layout, coil_type, serial = struct.unpack(RECORD, body)
    if magic != MAGIC or layout != LAYOUT or not COIL_NONE < coil_type <= COIL_CIRCULAR:
        return None
    return serial, coil_type


def open_bus() -> "Bus":
    """The wire to the plug; interrupts wait 70 us at most (sources.md board 3)."""
    return onewire.OneWire(Pin(GP_COIL_ID))


class CoilChip:
    # serial and coil_type are of the coil that is plugged in and read; bad_reads counts failures.

    def __init__(self, bus: "Bus") -> None:
        self._bus = bus
        self._tries_left = TRIES
        self.serial = bytes(8)
        self.coil_type = COIL_NONE
        self.bad_reads = 0

    def work(self, is_plugged: bool, may_read: bool) -> None:
        """Forget a coil that was pulled; read a new one when that may take its time."""
        if not is_plugged:
            self.forget()
        elif may_read and self.coil_type == COIL_NONE and self._tries_left:
            self._tries_left -= 1
            found = self._read()
            if found is None:
                self.bad_reads += 1
            else:
                self.serial, self.coil_type = found

    def forget(self) -> None:
        """No coil."""
        self.serial = bytes(8)
        self.coil_type = COIL_NONE
        self._tries_left = TRIES

    def has_coil(self) -> bool:
        """A coil is plugged in and says what it is."""
        return self.coil_type != COIL_NONE

    def is_passive(self) -> bool:
        """This coil needs no cooling; unknown and absent coils do."""
        return self.coil_type in PASSIVE

    def _read(self) -> "tuple[bytes, int] | None":
        bus = self._bus
        if not bus.reset():
            return None
        bus.writebyte(READ_ROM)
        rom = self._bytes(ROM_BYTES)
        if rom[0] != FAMILY or crc8(rom):
            return None
        if not bus.reset():
            return None
        for byte in (SKIP_ROM, READ_MEMORY, 0, 0):
            bus.writebyte(byte)
        return unpack_record(self._bytes(RECORD_BYTES + 4))

    def _bytes(self, count: int) -> bytes:
        return bytes([self._bus.readbyte() for _ in range(count)])
