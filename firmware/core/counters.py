# Counts of delivered pulses for reconciliation: of the session, of the unit's life, and how far the
# last train came; and their stored form. Only grows within a session. Saves nothing by itself:
# unit.py does, and only while the gate is off. A copy stored as open was written before pulses
# could follow: after a power loss its counts are a lower bound and is_valid is 0.
import struct
from binascii import crc32

from firmware.compat import const

_FORMAT = "<4s16sIHHIB"  # last: counts are only a lower bound
_MAGIC = b"TML1"
_SIZE = struct.calcsize(_FORMAT)
LEDGER_BYTES = _SIZE + 4
NO_SESSION = bytes(16)
COUNT_MAX = const(0xFFFFFFFF)  # stops there instead of wrapping


class Counters:
    # is_valid False: the stored copy was damaged or open, the true counts may be higher.

    def __init__(self) -> None:
        self.session_id = NO_SESSION
        self.session_pulses = 0
        self.train_index = 0
        self.train_next_pulse = 0
        self.lifetime_pulses = 0
        self.is_valid = True

    def load(self, data: bytes) -> bool:
        """Take a stored copy; False when it fails its check. No copy at all is a new unit."""
        if not data:
            return True
        if len(data) != LEDGER_BYTES or struct.unpack("<I", data[_SIZE:])[0] != crc32(data[:_SIZE]):
            self.is_valid = False
            return False
        fields = struct.unpack(_FORMAT, data[:_SIZE])
        if fields[0] != _MAGIC:
            self.is_valid = False
            return False
        self.session_id = fields[1]
        self.session_pulses = fields[2]
        self.train_index = fields[3]
        self.train_next_pulse = fields[4]
        self.lifetime_pulses = fields[5]
        self.is_valid = fields[6] == 0
        return True

    def dump(self, is_open: bool) -> bytes:
        """The copy to store; is_open: pulses may follow before the next copy."""
        data = struct.pack(
            _FORMAT,
            _MAGIC,
            self.session_id,
            self.session_pulses,
            self.train_index,
            self.train_next_pulse,
            self.lifetime_pulses,
            1 if is_open or not self.is_valid else 0,
        )
        return data + struct.pack("<I", crc32(data))

    def begin(self, session_id: bytes, delivered: int) -> None:
        """A session is armed. Its own count goes on; another session starts at what was agreed."""
        if session_id != self.session_id:
            self.train_index = 0
            self.train_next_pulse = 0
        self.session_id = session_id
        self.session_pulses = delivered
        self.is_valid = True

    def count(self, train_index: int, pulse_index: int) -> None:
        """A pulse was sensed; it was asked as this one of this train."""
        self.train_index = train_index
        self.train_next_pulse = pulse_index + 1
        self.count_unasked()

    def count_unasked(self) -> None:
        """A pulse was sensed that nobody asked for: it reached the patient and counts."""
        self.session_pulses = min(self.session_pulses + 1, COUNT_MAX)
        self.lifetime_pulses = min(self.lifetime_pulses + 1, COUNT_MAX)
