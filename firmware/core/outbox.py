# Frames for the edge, in order and bounded. When it is full the oldest Status goes first, then the
# oldest answer (the edge asks again); results of pulses and trains are never dropped for them. Owns
# the running number of unsolicited reports. No clock.
from firmware.compat import const
from firmware.wire.framing import encode
from firmware.wire.message import Message

RANK_STATUS = const(0)
RANK_ANSWER = const(1)
RANK_RESULT = const(2)
# Half a second of pulses 9 ms apart with their train results, the time after which a link that
# takes nothing is lost anyway.
FRAMES_MAX = const(64)


class Outbox:
    # is_overrun: a result had to be refused since the last take(), which only a driver that never
    # drains can cause.

    def __init__(self) -> None:
        self.is_overrun = False
        self._ranks: "list[int]" = []
        self._frames: "list[bytes]" = []
        self._seq = 0

    def report(self, message: Message, rank: int) -> None:
        """Queue an unsolicited report under the next running number."""
        self._seq = (self._seq + 1) & 0xFFFF
        self.put(encode(message.TYPE, self._seq, message.pack()), rank)

    def put(self, frame: bytes, rank: int) -> None:
        """Queue a finished frame."""
        if len(self._frames) >= FRAMES_MAX and not self._make_room(rank):
            self.is_overrun = self.is_overrun or rank == RANK_RESULT
            return
        self._ranks.append(rank)
        self._frames.append(frame)

    def _make_room(self, rank: int) -> bool:
        for victim in range(RANK_STATUS, min(rank, RANK_ANSWER) + 1):
            if victim in self._ranks:
                index = self._ranks.index(victim)
                self._ranks.pop(index)
                self._frames.pop(index)
                return True
        return False

    def take(self) -> bytes:
        """Everything queued, as one run of bytes."""
        if not self._frames:
            return b""
        data = b"".join(self._frames)
        self.is_overrun = False
        self._ranks = []
        self._frames = []
        return data
