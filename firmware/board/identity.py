# Who this controller is and what it may do at most: unit.cfg written at bring-up, the number of
# this boot, why the chip started, the link key. A file that is missing or wrong never makes
# anything possible that would otherwise not be. Reads at boot, writes the boot number. No clock.
import struct
from binascii import crc32, hexlify

import machine
from firmware.compat import TYPE_CHECKING
from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
    RESET_POWER,
    RESET_WATCHDOG,
)
from firmware.wire.limits import LEVEL_PCT_MAX, LEVEL_PCT_MIN

if TYPE_CHECKING:
    from typing import Protocol

    class Files(Protocol):
        def read(self, path: str) -> "bytes | None": ...

        def replace(self, path: str, data: bytes) -> bool: ...


CONFIG_PATH = "unit.cfg"
EPOCH_PATH = "boot_epoch"
KEY_PATH = "link.key"
KEY_BYTES = 32
UNIT_ID_BYTES = 8
EPOCH_MASK = 0xFFFFFFFF
# Everybody's inputs. COOLING is added by the coil that needs it, or by unit.cfg for every coil.
ALWAYS_FITTED = IN_ESTOP | IN_DOOR | IN_COIL | IN_PATIENT | IN_HOST | IN_ENCLOSURE
# [P] A stand-in chip says so in its own number, so that no setting can hide it.
SIMULATED_PREFIX = b"SIM"


class Identity:
    # is_config_bad: unit.cfg cannot be understood, so the level is held at its minimum.
    # is_store_bad: the boot number could not be read or stored.

    def __init__(self, files: "Files", random_u32: int) -> None:
        """random_u32 stands in for a boot number that is lost."""
        chip_id = machine.unique_id()
        self.unit_id = hexlify(chip_id)[-UNIT_ID_BYTES:]
        self.is_simulated = int(chip_id[: len(SIMULATED_PREFIX)] == SIMULATED_PREFIX)
        self.level_pct_max = LEVEL_PCT_MAX
        self.must_cool = 0  # IN_COOLING when unit.cfg wants it for every coil
        self.is_config_bad = False
        self.is_store_bad = False
        self._read_config(files.read(CONFIG_PATH))
        self.boot_epoch = self._count_boot(files, random_u32)
        key = files.read(KEY_PATH)
        self.key = key if key is not None and len(key) == KEY_BYTES else b""
        is_watchdog = machine.reset_cause() == machine.WDT_RESET
        self.reset_cause = RESET_WATCHDOG if is_watchdog else RESET_POWER

    def inputs_fitted(self, is_passive_coil: bool) -> int:
        """IN_* mask that must be safe with this coil."""
        return ALWAYS_FITTED | self.must_cool | (0 if is_passive_coil else IN_COOLING)

    def _read_config(self, data: "bytes | None") -> None:
        if data is None:
            return  # not brought up yet: no key either, so nothing is obeyed
        try:
            for line in data.decode().split("\n"):
                words = line.split("#")[0].split("=")
                if len(words) == 2:
                    self._take(words[0].strip(), words[1].strip())
                elif words[0].strip() or len(words) > 2:
                    raise ValueError("no key = value")
        except ValueError:  # a UnicodeError is one, too
            self.is_config_bad = True
            self.level_pct_max = LEVEL_PCT_MIN

    def _take(self, key: str, value: str) -> None:
        if key == "unit_id":
            is_plain = all(32 < ord(letter) < 127 for letter in value)
            if not is_plain or not 1 <= len(value) <= UNIT_ID_BYTES:
                raise ValueError("unit_id")
            self.unit_id = (value.encode() + bytes(UNIT_ID_BYTES))[:UNIT_ID_BYTES]
        elif key == "level_pct_max":
            level_pct = int(value)
            if not LEVEL_PCT_MIN <= level_pct <= LEVEL_PCT_MAX:
                raise ValueError("level_pct_max")
            self.level_pct_max = min(self.level_pct_max, level_pct)
        elif key == "cooling_always":
            if value not in ("0", "1"):
                raise ValueError("cooling_always")
            self.must_cool |= IN_COOLING if value == "1" else 0
        else:
            raise ValueError("unknown key")

    def _count_boot(self, files: "Files", random_u32: int) -> int:
        stored = files.read(EPOCH_PATH)
        epoch = 1
        if stored is not None:
            if len(stored) == 8 and struct.unpack("<I", stored[4:])[0] == crc32(stored[:4]):
                epoch = (struct.unpack("<I", stored[:4])[0] + 1) & EPOCH_MASK
            else:
                # Never a number that was used before: two seals of one epoch would look alike.
                epoch = random_u32
                self.is_store_bad = True
        body = struct.pack("<I", epoch)
        if not files.replace(EPOCH_PATH, body + struct.pack("<I", crc32(body))):
            self.is_store_bad = True
        return epoch
