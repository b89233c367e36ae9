"""The line to the controller without I/O: bytes in, reports out, numbering and repeats.

Owns the frame decoder, the command numbers, the one command that waits for its answer (stop and
wait: the controller remembers only its last answer) and the repeated Stop. A lost answer is asked
for again under the same number, which the controller answers without acting twice. One object per
open connection, never reused. Pure: the caller brings the time and carries the bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.mcu.outcome import (
    CUT_BY_STOP,
    LINK_DOWN,
    NO_ANSWER,
    QUEUE_FULL,
    STOPPED,
    Done,
    Outcome,
    Refused,
    Uncertain,
)
from firmware.wire import codes
from firmware.wire.commands import Arm, Charge, Confirm, FireTrain, Hello, ReadLedger, Stop
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.protocol import REPORT_TYPE_MIN, decode
from firmware.wire.reports import Answer, ArmEcho, Identity, Ledger, Status, TrainResult

WAITING_MAX = 8  # commands not yet sent; a person cannot cause more
STOP_REPEAT_S = 0.02  # a screen STOP has 100 ms in all, so a lost frame costs little
RAISES_RISK = (Charge, Arm, Confirm, FireTrain)  # never sent while a Stop is unconfirmed
SAFE_STATES = (codes.STANDBY, codes.DISCHARGING, codes.FAULT, codes.BOOT, codes.SELF_TEST)
_OWN_REPORT = {Hello: Identity, Arm: ArmEcho, ReadLedger: Ledger}


@dataclass(frozen=True)
class Patience:
    """How often a lost answer is asked for again before the outcome is uncertain."""

    retry_s: float
    tries: int


QUICK = Patience(0.06, 6)  # round trips are a few ms; six chances within 360 ms
THINKING = Patience(0.25, 16)  # Arm: the controller hashes up to 6000 onsets first


@dataclass
class _Exchange:
    command: Message
    on_outcome: Callable[[Outcome], None]
    patience: Patience
    seq: int = 0
    frame: bytes = b""
    tries_left: int = 0
    retry_at: float = 0.0


class LinkProtocol:
    """State of one open line."""

    def __init__(self, first_seq: int) -> None:
        self._decoder = Decoder()
        self._seq = first_seq & 0xFFFF
        self._out: list[bytes] = []
        self._waiting: deque[_Exchange] = deque()
        self._asked: _Exchange | None = None
        self._stop_frame = b""
        self._stop_seq = -1
        self._stop_at = 0.0
        self._last_result_seq = -1
        self.foreign_identities = 0  # introductions in the form of another version
        self.strange_frames = 0  # whole and checked, but not a report of ours

    @property
    def bad_frames(self) -> int:
        """Frames that failed their check, or were no report of ours."""
        return self._decoder.bad_frames + self.strange_frames

    @property
    def is_stopping(self) -> bool:
        """A Stop was sent and is not yet confirmed."""
        return bool(self._stop_frame)

    def take_output(self) -> bytes:
        """Bytes to write now."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def send(self, command: Message) -> int:
        """Send once, without waiting; returns the number."""
        seq = self._next_seq()
        self._out.append(encode(command.TYPE, seq, command.pack()))
        return seq

    def submit(
        self,
        now: float,
        command: Message,
        on_outcome: Callable[[Outcome], None],
        patience: Patience = QUICK,
    ) -> None:
        """Queue a command; on_outcome is called exactly once."""
        if self.is_stopping and isinstance(command, RAISES_RISK):
            on_outcome(Refused(STOPPED))
        elif len(self._waiting) >= WAITING_MAX:
            on_outcome(Refused(QUEUE_FULL))
        else:
            self._waiting.append(_Exchange(command, on_outcome, patience))
            self._ask_next(now)

    def stop(self, now: float) -> None:
        """Send Stop now and repeat it until confirmed; drops everything that was waiting."""
        if not self.is_stopping:
            self._stop_seq = self._next_seq()
            self._stop_frame = encode(Stop.TYPE, self._stop_seq, Stop().pack())
        self._out.append(self._stop_frame)
        self._stop_at = now + STOP_REPEAT_S
        asked, self._asked = self._asked, None
        waiting, self._waiting = list(self._waiting), deque()
        if asked is not None:
            asked.on_outcome(Uncertain(CUT_BY_STOP))
        for exchange in waiting:
            exchange.on_outcome(Refused(STOPPED))

    def receive(self, now: float, data: bytes) -> list[Message]:
        """Decode, settle what was asked, and return every report."""
        reports = []
        for kind, seq, payload in self._decoder.feed(data):
            report = decode(kind, payload)[0] if kind >= REPORT_TYPE_MIN else None
            if report is None:
                self.strange_frames += 1
                self.foreign_identities += kind == Identity.TYPE
                continue
            if isinstance(report, TrainResult):
                # Unasked reports carry a running number: a doubled frame is heard once.
                if seq == self._last_result_seq:
                    continue
                self._last_result_seq = seq
            self._confirm_stop(seq, report)
            self._settle(now, seq, report)
            reports.append(report)
        return reports

    def poll(self, now: float) -> float | None:
        """Repeat what is due; returns when to call again, None when nothing waits."""
        wakes = []
        if self.is_stopping:
            if now >= self._stop_at:
                self._out.append(self._stop_frame)
                self._stop_at = now + STOP_REPEAT_S
            wakes.append(self._stop_at)
        asked = self._asked
        if asked is not None and now >= asked.retry_at:
            self._ask_again(now, asked)
        if self._asked is not None:
            wakes.append(self._asked.retry_at)
        return min(wakes) if wakes else None

    def fail(self, reason: str) -> None:
        """The line or the controller's memory is gone: what was sent is uncertain, what was not
        is refused, and the controller's running numbers begin anew."""
        self._last_result_seq = -1
        asked, self._asked = self._asked, None
        waiting, self._waiting = list(self._waiting), deque()
        if asked is not None:
            asked.on_outcome(Uncertain(reason))
        for exchange in waiting:
            exchange.on_outcome(Refused(LINK_DOWN))

    def _next_seq(self) -> int:
        seq = self._seq
        self._seq = (seq + 1) & 0xFFFF
        return seq

    def _ask_next(self, now: float) -> None:
        if self._asked is not None or not self._waiting:
            return
        asked = self._waiting.popleft()
        asked.seq = self._next_seq()
        asked.frame = encode(asked.command.TYPE, asked.seq, asked.command.pack())
        asked.tries_left = asked.patience.tries
        self._asked = asked
        self._ask_again(now, asked)

    def _ask_again(self, now: float, asked: _Exchange) -> None:
        if asked.tries_left == 0:
            self._asked = None
            asked.on_outcome(Uncertain(NO_ANSWER))
            self._ask_next(now)
            return
        asked.tries_left -= 1
        asked.retry_at = now + asked.patience.retry_s
        self._out.append(asked.frame)

    def _settle(self, now: float, seq: int, report: Message) -> None:
        asked = self._asked
        if asked is None or seq != asked.seq:
            return
        outcome: Outcome
        if isinstance(report, Answer) and report.command == asked.command.TYPE:
            outcome = _judge(report)
        elif isinstance(report, _OWN_REPORT.get(type(asked.command), ())):
            outcome = Done(report)
        else:
            return
        self._asked = None
        asked.on_outcome(outcome)
        self._ask_next(now)

    def _confirm_stop(self, seq: int, report: Message) -> None:
        if not self.is_stopping:
            return
        if isinstance(report, Answer):
            done = seq == self._stop_seq and report.command == Stop.TYPE
        elif isinstance(report, Status):
            # The echoed number proves that this Status is younger than our Stop.
            done = report.echo_seq == self._stop_seq and report.state in SAFE_STATES
        else:
            done = False
        if done:
            self._stop_frame = b""


def _judge(answer: Answer) -> Outcome:
    if answer.code == codes.OK:
        return Done(answer)
    names = codes.REJECTION_NAMES
    name = names[answer.code] if answer.code < len(names) else f"code_{answer.code}"
    return Refused(name, answer.detail)
