# One frame on the line: COBS(type u8, seq u16, payload, CRC-32 of all before, little-endian), and a
# zero byte. Owns the bytes only, not their meaning. The decoder is incremental and bounded: any
# garbage is survived, counted, and over at the next zero byte. CRC-32 guards against noise, not
# against people. No clock; runs wherever bytes arrive.
import struct
from binascii import crc32

from firmware.compat import const

DELIMITER = b"\x00"
HEADER_BYTES = const(3)
CRC_BYTES = const(4)
# Largest payload: ArmEcho has 86 bytes; a test holds every message against this bound.
PAYLOAD_BYTES_MAX = const(112)
# Encoded, without the delimiter: one COBS byte more than the body. Below 254, so that a body never
# needs a second COBS block and a length code of 255 is always an error.
FRAME_BYTES_MAX = const(120)
BAD_FRAMES_MAX = const(65535)  # the counter stops there: it travels as u16


def encode(kind: int, seq: int, payload: bytes) -> bytes:
    """The frame with its delimiter; a sender may put DELIMITER before it to end foreign bytes."""
    body = struct.pack("<BH", kind, seq) + payload
    body += struct.pack("<I", crc32(body))
    out = bytearray()
    for part in body.split(DELIMITER):
        out.append(len(part) + 1)
        out += part
    out.append(0)
    return bytes(out)


def _unstuffed(chunk: bytes) -> bytes:
    """COBS undone; empty when the length codes run past the end."""
    parts = []
    position = 0
    end = len(chunk)
    while position < end:
        following = position + chunk[position]
        if following > end:
            return b""
        parts.append(chunk[position + 1 : following])
        position = following
    return DELIMITER.join(parts)


def decode_chunk(chunk: bytes) -> "tuple[int, int, bytes] | None":
    """(type, seq, payload) of the bytes between two delimiters, None when they are no frame."""
    if len(chunk) > FRAME_BYTES_MAX:
        return None
    body = _unstuffed(chunk)
    cut = len(body) - CRC_BYTES
    if cut < HEADER_BYTES or struct.unpack("<I", body[cut:])[0] != crc32(body[:cut]):
        return None
    kind, seq = struct.unpack("<BH", body[:HEADER_BYTES])
    return kind, seq, body[HEADER_BYTES:cut]


class Decoder:
    # Bytes in, whole frames out. Keeps at most FRAME_BYTES_MAX bytes of an unfinished frame.

    def __init__(self) -> None:
        self.bad_frames = 0
        self._held = b""
        self._is_skipping = False  # the unfinished frame is too long: drop up to the delimiter

    def feed(self, data: bytes) -> "list[tuple[int, int, bytes]]":
        """Frames completed by these bytes. Empty chunks between delimiters are no error."""
        frames: "list[tuple[int, int, bytes]]" = []
        if DELIMITER not in data:
            self._hold(self._held + data)
            return frames
        chunks = (self._held + data).split(DELIMITER)
        self._held = b""
        if self._is_skipping:
            self._is_skipping = False
            chunks[0] = b""
        for index in range(len(chunks) - 1):
            chunk = chunks[index]
            if chunk:
                frame = decode_chunk(chunk)
                if frame is None:
                    self._count_bad()
                else:
                    frames.append(frame)
        self._hold(chunks[-1])
        return frames

    def _hold(self, rest: bytes) -> None:
        if self._is_skipping:
            return
        if len(rest) > FRAME_BYTES_MAX:
            self._is_skipping = True
            self._count_bad()
            rest = b""
        self._held = rest

    def _count_bad(self) -> None:
        if self.bad_frames < BAD_FRAMES_MAX:
            self.bad_frames += 1
