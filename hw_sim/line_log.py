"""A second ear on the line: every frame that reached the controller or left it, kept as bytes.

Unlike wire_watch.py, which writes moments into the truth record, this keeps what was said, so that
rules can work seals, tokens and counts out beside the product. Decodes only when it is asked to.
Bounded: a unit that is left running keeps the newest. Owns no reaction.
"""

from __future__ import annotations

from collections import deque

from firmware.wire.commands import Heartbeat
from firmware.wire.framing import DELIMITER, FRAME_BYTES_MAX, decode_chunk
from firmware.wire.reports import Status
from hw_sim.checkers.facts import Frame

CHUNKS_MAX = 400_000  # a session of 37 minutes has about 50,000
_Chunk = tuple[int, bool, int, bytes]


class LineLog:
    """Of one unit. Feed it what the controller is fed, and what it sends."""

    def __init__(self) -> None:
        self._chunks: deque[_Chunk] = deque(maxlen=CHUNKS_MAX)

    def note(self, at_ns: int, boot_epoch: int, data: bytes, *, is_up: bool) -> None:
        """Bytes in this moment."""
        if data:
            self._chunks.append((at_ns, is_up, boot_epoch, data))

    def frames(self) -> tuple[Frame, ...]:
        """Whole frames in order; no heartbeats, and a status only where state or faults changed."""
        found: list[Frame] = []
        held = {True: b"", False: b""}
        boots = {True: 0, False: 0}
        told = b""
        for at_ns, is_up, boot_epoch, data in self._chunks:
            if boots[is_up] != boot_epoch:
                boots[is_up], held[is_up], told = boot_epoch, b"", b""
            parts = (held[is_up] + data).split(DELIMITER)
            held[is_up] = parts.pop()[-FRAME_BYTES_MAX:]
            for part in parts:
                # Byte 1 of an encoded frame is its type, which is never zero.
                if len(part) < 2 or part[1] == Heartbeat.TYPE:
                    continue
                frame = decode_chunk(part)
                if frame is None:
                    continue
                kind, seq, payload = frame
                if kind == Status.TYPE:
                    says = _state_of(payload)
                    if says == told:
                        continue
                    told = says
                found.append(Frame(at_ns, is_up, boot_epoch, kind, seq, payload))
        return tuple(found)


# In the order of Status: echo_beat u32, mcu_us u64, boot_epoch u32, then state, fault, fault_bits.
_STATE_AT, _STATE_BYTES = 16, 7


def _state_of(payload: bytes) -> bytes:
    return payload[_STATE_AT : _STATE_AT + _STATE_BYTES]
