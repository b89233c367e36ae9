# Command numbers: a command is obeyed once and in order. Keeps the last few commands with their
# answers, so that an exact repeat gets the same answer and does nothing. Numbers are 16 bits and
# wrap; heartbeats carry them too and keep the window moving. No clock.
from firmware.compat import const

ANSWERS_KEPT = const(4)  # [P] the edge asks one thing at a time and repeats only the last
_MASK = const(0xFFFF)
_HALF = const(0x8000)
# A unit may idle for hours with heartbeats only; the last command's number is then pulled along, so
# that it never comes to look newer than the next command.
_DRAG = const(0x4000)

NEW = const(0)
REPEATED = const(1)
OLD = const(2)


def is_newer(seq: int, than: int) -> bool:
    """seq comes after than, by less than half the numbers."""
    return 0 < (seq - than) & _MASK < _HALF


class Sequence:
    # last_command is also what Status reports as echo_seq.

    def __init__(self) -> None:
        self.last_command = 0
        # (number, type and payload as received, frame of the answer; empty while it is worked out)
        self._kept: "list[tuple[int, bytes, bytes]]" = []

    def restart(self, seq: int) -> None:
        """A new Hello: numbering starts over from its number."""
        self.last_command = seq & _MASK
        self._kept = []

    def see_beat(self, seq: int) -> None:
        """A heartbeat's number."""
        if is_newer(seq, self.last_command) and (seq - self.last_command) & _MASK > _DRAG:
            self.last_command = (seq - _DRAG) & _MASK

    def judge(self, seq: int, told: bytes) -> int:
        """NEW (to be obeyed), REPEATED (the very same: see answer) or OLD (never to be obeyed)."""
        for number, kept, _ in self._kept:
            if number == seq and kept == told:
                return REPEATED
        return NEW if is_newer(seq, self.last_command) else OLD

    def take(self, seq: int, told: bytes) -> None:
        """A new command: its number is used up, whatever becomes of it."""
        self.last_command = seq
        self._kept.append((seq, told, b""))
        if len(self._kept) > ANSWERS_KEPT:
            self._kept.pop(0)

    def keep(self, seq: int, frame: bytes) -> None:
        """Remember the answer to a command that was taken."""
        for index in range(len(self._kept)):
            if self._kept[index][0] == seq:
                self._kept[index] = (seq, self._kept[index][1], frame)

    def answer(self, seq: int) -> bytes:
        """The kept answer, b"" when there is none yet."""
        for number, _, frame in self._kept:
            if number == seq:
                return frame
        return b""
