# Command numbers: a command is obeyed once and in order. Keeps the answers to the last few, so that
# a repeat gets the same answer and does nothing. Numbers are 16 bits and wrap; heartbeats carry
# them too and keep the window moving. No clock.
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
        self._answers: "list[tuple[int, bytes]]" = []

    def restart(self, seq: int) -> None:
        """A new Hello: numbering starts over from its number."""
        self.last_command = seq & _MASK
        self._answers = []

    def see_beat(self, seq: int) -> None:
        """A heartbeat's number."""
        if is_newer(seq, self.last_command) and (seq - self.last_command) & _MASK > _DRAG:
            self.last_command = (seq - _DRAG) & _MASK

    def judge(self, seq: int) -> int:
        """NEW (to be obeyed, now the last), REPEATED (see answer) or OLD (to be left alone)."""
        if is_newer(seq, self.last_command):
            self.last_command = seq
            return NEW
        for kept, _ in self._answers:
            if kept == seq:
                return REPEATED
        return OLD

    def keep(self, seq: int, frame: bytes) -> None:
        """Remember the answer to a command."""
        self._answers.append((seq, frame))
        if len(self._answers) > ANSWERS_KEPT:
            self._answers.pop(0)

    def answer(self, seq: int) -> bytes:
        """The kept answer, b"" when there is none."""
        for kept, frame in self._answers:
            if kept == seq:
                return frame
        return b""
